//! `/debug/clusters` and the capabilities of one cluster.

use std::time::SystemTime;

use axum::{Json, extract::State};
use kubently_core::{Error, ErrorKind, ids::ClusterId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    Shared,
    caller::Caller,
    capabilities::CapabilitiesResponse,
    error::Problem,
    extract::Segment,
    responses::{Errors, NotFound},
};
use crate::clusters::ClusterStatus;

/// The clusters that have a token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClusterList {
    clusters: Vec<String>,
    count: usize,
}

/// A cluster as it stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterDetails {
    cluster_id: String,
    status: ClusterFacts,
    capabilities: Option<CapabilitiesResponse>,
    /// Seconds until the capability report is forgotten.
    ttl_remaining: Option<u64>,
}

/// What is known of a cluster.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ClusterFacts {
    has_token: bool,
    has_active_session: bool,
    /// Whether an executor reported its capabilities.
    executor_reporting: bool,
    /// Whether an executor is attached now.
    connected: bool,
}

/// A cluster's capability report.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClusterCapabilities {
    cluster_id: String,
    capabilities: Option<CapabilitiesResponse>,
    available: bool,
}

/// Lists the clusters.
#[utoipa::path(
    get, path = "/debug/clusters", tag = "clusters", security(("api_key" = []), ("bearer" = [])),
    responses((status = 200, body = ClusterList), Errors),
)]
pub(super) async fn list_clusters(
    State(gateway): State<Shared>,
    Caller(_caller): Caller,
) -> Result<Json<ClusterList>, Problem> {
    let clusters = gateway.services.tokens.clusters().await?;
    let clusters: Vec<String> = clusters.iter().map(ToString::to_string).collect();
    Ok(Json(ClusterList { count: clusters.len(), clusters }))
}

/// Shows a cluster.
#[utoipa::path(
    get, path = "/debug/clusters/{cluster_id}", tag = "clusters", security(("api_key" = []), ("bearer" = [])),
    params(("cluster_id" = String, Path)),
    responses((status = 200, body = ClusterDetails), Errors, NotFound),
)]
pub(super) async fn get_cluster(
    State(gateway): State<Shared>,
    Caller(_caller): Caller,
    Segment(name): Segment,
) -> Result<Json<ClusterDetails>, Problem> {
    let id = ClusterId::new(&name).map_err(|_| unknown(&name))?;
    let status = gateway.services.clusters.status(&id).await?;
    if !status.has_token && !status.has_session && status.cluster.report.is_none() {
        return Err(unknown(&name).into());
    }
    Ok(Json(ClusterDetails::of(status)))
}

impl ClusterDetails {
    fn of(status: ClusterStatus) -> Self {
        let ClusterStatus { cluster, has_token, has_session } = status;
        let left = cluster.report.as_ref().map(|report| report.expires_at.duration_since(SystemTime::now()));
        let status = ClusterFacts {
            has_token,
            has_active_session: has_session,
            executor_reporting: cluster.report.is_some(),
            connected: !cluster.executors.is_empty(),
        };
        Self {
            cluster_id: cluster.id.to_string(),
            status,
            ttl_remaining: left.map(|left| left.unwrap_or_default().as_secs()),
            capabilities: cluster.report.map(|report| CapabilitiesResponse::of(&cluster.id, report)),
        }
    }
}

/// The older system's words for a cluster of which nothing is known.
fn unknown(name: &str) -> Error {
    let name: String = name.chars().take(kubently_core::ids::MAX_CLUSTER_ID).collect();
    let message = format!("Cluster '{name}' not found. No token, session, or capabilities exist.");
    Error::new(ErrorKind::ClusterNotFound, message)
}

/// Shows a cluster's capability report; also of a cluster that nobody knows.
#[utoipa::path(
    get, path = "/api/v1/clusters/{cluster_id}/capabilities", tag = "clusters",
    security(("api_key" = []), ("bearer" = [])),
    params(("cluster_id" = String, Path)),
    responses((status = 200, body = ClusterCapabilities), Errors),
)]
pub(super) async fn get_capabilities(
    State(gateway): State<Shared>,
    Caller(_caller): Caller,
    Segment(name): Segment,
) -> Result<Json<ClusterCapabilities>, Problem> {
    let capabilities = match ClusterId::new(&name) {
        Ok(id) => {
            let report = gateway.services.clusters.report(&id).await?;
            report.map(|report| CapabilitiesResponse::of(&id, report))
        }
        Err(_) => None,
    };
    let available = capabilities.is_some();
    Ok(Json(ClusterCapabilities { cluster_id: name, capabilities, available }))
}
