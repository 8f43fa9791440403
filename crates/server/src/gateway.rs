//! The REST/SSE face: one file a noun. A handler reads the request, calls one method, and writes
//! the answer; errors are said by [`error`], which alone knows status codes.
//!
//! It speaks the older system's surface for its own clients and executors; where it differs on
//! purpose, `docs/rest-compat.md` says so.

mod admin;
mod answer;
mod argv;
mod audit;
mod caller;
mod capabilities;
mod check;
mod clusters;
mod command;
mod discovery;
mod envelope;
mod error;
mod execute;
mod executor;
mod extract;
mod fallback;
mod health;
mod metrics;
mod openapi;
mod operations;
mod poll;
mod pollers;
mod request;
mod responses;
mod results;
mod sessions;
mod sse;
mod status;
mod stream;
#[cfg(test)]
mod tests;
mod time;
mod utf8;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware::from_fn};
use bytes::Bytes;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::services::Services;
use pollers::Pollers;

/// Largest body of a client's request. The grammar reads at most 16 KiB of a command.
const MAX_BODY: usize = 2 << 20;
/// Largest body of an executor's result: the most output that a command may have comes twice in it
/// (`output` and `stdout`), with JSON's escapes.
const MAX_RESULT_BODY: usize = 64 << 20;

/// What every handler may use.
struct Gateway {
    services: Services,
    /// Executors that ask for their commands.
    pollers: Arc<Pollers>,
    /// The OpenAPI document.
    document: Bytes,
}

/// The state of the routes.
type Shared = Arc<Gateway>;

/// Every route.
pub(crate) fn router(services: Services) -> Router {
    let (router, document) = documented().split_for_parts();
    let document = openapi::print(&document);
    let gateway = Gateway { services, pollers: Arc::default(), document };
    router
        .fallback(fallback::not_found)
        .method_not_allowed_fallback(fallback::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn(request::identify))
        .with_state(Arc::new(gateway))
}

/// The routes, each added together with its description, so that none can be forgotten there.
fn documented() -> OpenApiRouter<Shared> {
    OpenApiRouter::with_openapi(openapi::base()).merge(for_clients()).merge(for_executors()).merge(for_everybody())
}

fn for_clients() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(sessions::create_session))
        .routes(routes!(sessions::get_session, sessions::end_session))
        .routes(routes!(execute::execute_command))
        .routes(routes!(check::check_command))
        .routes(routes!(operations::submit_command))
        .routes(routes!(stream::run_and_stream_command))
        .routes(routes!(operations::get_operation, operations::cancel_operation))
        .routes(routes!(stream::stream_command))
        .routes(routes!(clusters::list_clusters))
        .routes(routes!(clusters::get_cluster))
        .routes(routes!(clusters::get_capabilities))
        .routes(routes!(admin::list_executors))
        .routes(routes!(admin::get_executor_status))
        .routes(routes!(admin::create_token, admin::revoke_token))
        .routes(routes!(audit::query_audit))
}

fn for_executors() -> OpenApiRouter<Shared> {
    let results = OpenApiRouter::new()
        .routes(routes!(results::post_result))
        .routes(routes!(poll::post_polled_result))
        .layer(DefaultBodyLimit::max(MAX_RESULT_BODY));
    OpenApiRouter::new()
        .routes(routes!(executor::attach_executor))
        .routes(routes!(capabilities::report_capabilities))
        .routes(routes!(capabilities::heartbeat))
        .routes(routes!(poll::poll_commands))
        .routes(routes!(poll::get_poll_status))
        .merge(results)
}

fn for_everybody() -> OpenApiRouter<Shared> {
    OpenApiRouter::new()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::health))
        .routes(routes!(metrics::metrics))
        .routes(routes!(discovery::well_known))
        .routes(routes!(discovery::auth_discovery))
        .routes(routes!(discovery::auth_health))
        .routes(routes!(openapi::document))
}
