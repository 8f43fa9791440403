//! The REST/SSE face. (First routes; its author completes it.)

use axum::{Json, Router, routing::get};

use crate::services::Services;

/// Every route.
pub(crate) fn router(services: Services) -> Router {
    Router::new().route("/healthz", get(|| async { Json(serde_json::json!({"status": "ok"})) })).with_state(services)
}
