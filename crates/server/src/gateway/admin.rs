//! `/admin/agents`: executors and their clusters' tokens.

use axum::{Json, extract::State};
use kubently_core::{
    cluster::{AttachedExecutor, Cluster},
    ids::ClusterId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    caller::Caller,
    capabilities::CapabilitiesResponse,
    command::cluster_id,
    error::Problem,
    extract::{OptionalBody, Segment},
    responses::{Errors, NotFound, Taken},
    status::NoContent,
    time::iso,
};

/// The clusters with their executors' presence.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExecutorList {
    clusters: Vec<Presence>,
    count: usize,
}

/// Whether a cluster has an executor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Presence {
    id: String,
    connected: bool,
    /// When its executor was last confirmed; null while none is attached.
    last_seen: Option<String>,
}

/// A cluster's executor.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExecutorStatus {
    id: String,
    connected: bool,
    /// `connected` or `disconnected`.
    status: &'static str,
    last_seen: Option<String>,
    version: Option<String>,
    /// Always null: executors do not report it.
    kubernetes_version: Option<String>,
    capabilities: Option<CapabilitiesResponse>,
    mode: Option<&'static str>,
}

/// The body of `POST /admin/agents/{cluster_id}/token`.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CreateTokenRequest {
    /// The token to take; a random one when absent.
    #[serde(default)]
    #[schema(min_length = 32, max_length = 128, pattern = "^[A-Za-z0-9_-]+$")]
    token: Option<String>,
}

/// A new token; the only time it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TokenResponse {
    token: String,
    cluster_id: String,
    created_at: String,
}

fn last_seen(executors: &[AttachedExecutor]) -> Option<String> {
    executors.iter().map(|executor| executor.last_seen).max().map(iso)
}

impl From<Cluster> for Presence {
    fn from(cluster: Cluster) -> Self {
        Self {
            id: cluster.id.to_string(),
            connected: !cluster.executors.is_empty(),
            last_seen: last_seen(&cluster.executors),
        }
    }
}

impl From<Cluster> for ExecutorStatus {
    fn from(cluster: Cluster) -> Self {
        let connected = !cluster.executors.is_empty();
        let capabilities = cluster.report.map(|report| CapabilitiesResponse::of(&cluster.id, report));
        let attached = cluster.executors.iter().map(|executor| executor.version.as_str());
        let attached = attached.filter(|version| !version.is_empty()).max();
        let version = capabilities.as_ref().and_then(CapabilitiesResponse::version).or(attached).map(str::to_owned);
        Self {
            id: cluster.id.to_string(),
            connected,
            status: if connected { "connected" } else { "disconnected" },
            last_seen: last_seen(&cluster.executors),
            version,
            kubernetes_version: None,
            mode: capabilities.as_ref().map(CapabilitiesResponse::mode),
            capabilities,
        }
    }
}

/// Lists the clusters with their executors' presence.
#[utoipa::path(
    get, path = "/admin/agents", tag = "admin", security(("api_key" = []), ("bearer" = [])),
    responses((status = 200, body = ExecutorList), Errors),
)]
pub(super) async fn list_executors(
    State(gateway): State<Shared>,
    Caller(_caller): Caller,
) -> Result<Json<ExecutorList>, Problem> {
    let clusters = gateway.services.clusters.list().await?;
    let clusters: Vec<Presence> = clusters.into_iter().map(Presence::from).collect();
    Ok(Json(ExecutorList { count: clusters.len(), clusters }))
}

/// Shows a cluster's executor.
#[utoipa::path(
    get, path = "/admin/agents/{cluster_id}/status", tag = "admin", security(("api_key" = []), ("bearer" = [])),
    params(("cluster_id" = String, Path)),
    responses((status = 200, body = ExecutorStatus), Errors, NotFound),
)]
pub(super) async fn get_executor_status(
    State(gateway): State<Shared>,
    Caller(_caller): Caller,
    Segment(name): Segment,
) -> Result<Json<ExecutorStatus>, Problem> {
    let id = cluster_id(&gateway, &name).await?;
    let status = gateway.services.clusters.status(&id).await?;
    if !status.has_token {
        return Err(gateway.services.clusters.not_found(&name).await.into());
    }
    Ok(Json(status.cluster.into()))
}

/// Makes a cluster's token. The cluster is known from then on.
#[utoipa::path(
    post, path = "/admin/agents/{cluster_id}/token", tag = "admin", security(("api_key" = []), ("bearer" = [])),
    params(("cluster_id" = String, Path)), request_body = Option<CreateTokenRequest>,
    responses((status = 200, body = TokenResponse), Errors, Taken),
)]
pub(super) async fn create_token(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Segment(name): Segment,
    OptionalBody(body): OptionalBody<CreateTokenRequest>,
) -> Result<Json<TokenResponse>, Problem> {
    let cluster = ClusterId::new(&name).map_err(|error| Problem::at("path", error))?;
    let chosen = body.and_then(|body| body.token);
    let made = gateway.services.create_token(&caller, &cluster, chosen.as_deref()).await?;
    Ok(Json(TokenResponse { token: made.token, cluster_id: name, created_at: iso(made.created_at) }))
}

/// Revokes a cluster's token and detaches its executors.
#[utoipa::path(
    delete, path = "/admin/agents/{cluster_id}/token", tag = "admin", security(("api_key" = []), ("bearer" = [])),
    params(("cluster_id" = String, Path)),
    responses((status = 204), Errors, NotFound),
)]
pub(super) async fn revoke_token(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Segment(name): Segment,
) -> Result<NoContent, Problem> {
    let cluster = cluster_id(&gateway, &name).await?;
    gateway.services.revoke_token(&caller, &cluster).await?;
    Ok(NoContent)
}
