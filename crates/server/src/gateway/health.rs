//! Whether this server lives, and whether it can work.

use axum::{Json, extract::State};
use kubently_policy::Standing;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Shared, status::Health};

/// That the process lives.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Alive {
    status: &'static str,
}

/// Whether requests should be sent here.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ready {
    /// `ready`, `degraded` (the store is away; commands wait for it) or `not_ready`.
    status: &'static str,
    /// Whether the store answers.
    store: bool,
    /// Whether this server is stopping.
    draining: bool,
}

/// Health in the older system's words.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HealthReport {
    /// `healthy`, or `degraded` while the store is away.
    status: &'static str,
    /// `connected`, `disconnected`, or `memory` where no Redis is used.
    redis: &'static str,
    modules: &'static str,
    tls: &'static str,
    environment: &'static str,
    /// `built_in`, `current` (it is what the policy file says), or `outdated` while the policy file cannot be used: then
    /// the policy is what it said before, and the server's log has the reason.
    policy: &'static str,
    version: &'static str,
}

/// Says that the process lives; never looks at the store.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, body = Alive)))]
pub(super) async fn healthz() -> Json<Alive> {
    Json(Alive { status: "ok" })
}

/// Says whether requests should be sent here. A server whose store is away stays in service: all
/// replicas share the store, and commands wait for it.
#[utoipa::path(
    get, path = "/readyz", tag = "health",
    responses((status = 200, body = Ready), (status = 503, body = Ready, description = "The server stops")),
)]
pub(super) async fn readyz(State(gateway): State<Shared>) -> Health<Ready> {
    let store = gateway.services.probe.health().await.store_up;
    let draining = gateway.services.dispatch.is_draining();
    let status = match (draining, store) {
        (true, _) => "not_ready",
        (false, true) => "ready",
        (false, false) => "degraded",
    };
    Health { good: !draining, body: Ready { status, store, draining } }
}

/// Says how this server is, in the older system's words.
#[utoipa::path(
    get, path = "/health", tag = "health",
    responses((status = 200, body = HealthReport), (status = 503, body = HealthReport, description = "The store is away")),
)]
pub(super) async fn health(State(gateway): State<Shared>) -> Health<HealthReport> {
    let health = gateway.services.probe.health().await;
    let redis = match (health.redis, health.store_up) {
        (false, _) => "memory",
        (true, true) => "connected",
        (true, false) => "disconnected",
    };
    let body = HealthReport {
        status: if health.store_up { "healthy" } else { "degraded" },
        redis,
        modules: "initialized",
        tls: "disabled",
        environment: "production",
        policy: match gateway.services.policy.standing() {
            Standing::BuiltIn => "built_in",
            Standing::Current => "current",
            Standing::Outdated(_) => "outdated",
        },
        version: env!("CARGO_PKG_VERSION"),
    };
    Health { good: health.store_up, body }
}
