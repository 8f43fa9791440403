//! The successes that are not 200, so that no handler names a status.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use serde::Serialize;

/// 201: something new is there.
pub(super) struct Created<T>(pub(super) T);

/// 202: it will be done.
pub(super) struct Accepted<T>(pub(super) T);

/// 204: done, and nothing to say.
pub(super) struct NoContent;

/// 200 or, when it is not `good`, 503; with the same body.
pub(super) struct Health<T> {
    /// Whether all is well.
    pub(super) good: bool,
    /// What there is to say.
    pub(super) body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, Json(self.0)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        (StatusCode::ACCEPTED, Json(self.0)).into_response()
    }
}

impl IntoResponse for NoContent {
    fn into_response(self) -> Response {
        StatusCode::NO_CONTENT.into_response()
    }
}

impl<T: Serialize> IntoResponse for Health<T> {
    fn into_response(self) -> Response {
        let status = if self.good { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        (status, Json(self.body)).into_response()
    }
}
