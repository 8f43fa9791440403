//! What is asked for and not here.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, header};
use kubently_core::{Error, ErrorKind};
use tonic::Status;

use super::error::Problem;

/// No such path. gRPC's services are on the same port, so a gRPC caller gets gRPC's answer.
pub(super) async fn not_found(headers: HeaderMap) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).map(http::HeaderValue::as_bytes);
    if content_type.is_some_and(|given| given.starts_with(b"application/grpc")) {
        return Status::unimplemented("no such service or method").into_http();
    }
    Problem::from(Error::new(ErrorKind::NotFound, "Not Found")).into_response()
}

/// No such method on a path that exists; axum adds `Allow`.
pub(super) async fn method_not_allowed() -> Problem {
    Problem::method_not_allowed()
}
