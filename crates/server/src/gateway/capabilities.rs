//! What executors report about themselves, and that they live.

use axum::{Json, extract::State};
use http::HeaderMap;
use kubently_core::{
    Error,
    cluster::{Capabilities, CapabilityReport, MAX_POD, MAX_REPORTED, MAX_REPORTED_FLAGS, MAX_VERSION},
    ids::ClusterId,
    policy::Mode,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared, caller::ExecutorOf, error::Problem, executor::executor_id, extract::Body, responses::Errors, time::iso,
};
use crate::clusters::REPORT_TTL;

/// Longest verb, resource or flag, in bytes.
const MAX_NAME: usize = 253;

/// The body of `POST /executor/capabilities`.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ReportedCapabilities {
    /// readOnly, extendedReadOnly or fullAccess.
    #[schema(pattern = "^(readOnly|extendedReadOnly|fullAccess)$")]
    mode: String,
    /// The verbs it lets through.
    #[serde(default)]
    #[schema(max_items = 50)]
    allowed_verbs: Vec<String>,
    /// The resources whose content it never shows.
    #[serde(default)]
    #[schema(max_items = 50)]
    restricted_resources: Vec<String>,
    /// The flags it lets through.
    #[serde(default)]
    #[schema(max_items = 100)]
    allowed_flags: Vec<String>,
    /// Its version.
    #[serde(default)]
    #[schema(max_length = 50)]
    executor_version: Option<String>,
    /// The pod it runs in.
    #[serde(default)]
    #[schema(max_length = 253)]
    executor_pod: Option<String>,
}

impl ReportedCapabilities {
    fn read(self) -> Result<Capabilities, Error> {
        let mode = self.mode.parse::<Mode>();
        let mode = mode.map_err(|unknown| Error::invalid("mode", &self.mode, &unknown.to_string()))?;
        few("allowed_verbs", &self.allowed_verbs, MAX_REPORTED)?;
        few("restricted_resources", &self.restricted_resources, MAX_REPORTED)?;
        few("allowed_flags", &self.allowed_flags, MAX_REPORTED_FLAGS)?;
        short("executor_version", self.executor_version.as_deref(), MAX_VERSION)?;
        short("executor_pod", self.executor_pod.as_deref(), MAX_POD)?;
        Ok(Capabilities {
            mode,
            allowed_verbs: self.allowed_verbs,
            restricted_resources: self.restricted_resources,
            allowed_flags: self.allowed_flags,
            executor_version: self.executor_version,
            executor_pod: self.executor_pod,
        })
    }
}

fn few(field: &str, items: &[String], most: usize) -> Result<(), Error> {
    if items.len() > most {
        return Err(Error::invalid(field, &items.len().to_string(), &format!("may have at most {most} items")));
    }
    items.iter().try_for_each(|item| short(field, Some(item), MAX_NAME))
}

fn short(field: &str, text: Option<&str>, most: usize) -> Result<(), Error> {
    match text {
        Some(text) if text.chars().count() > most => {
            Err(Error::invalid(field, text, &format!("may have at most {most} characters")))
        }
        _ => Ok(()),
    }
}

/// The answer to a report.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReportStored {
    status: &'static str,
    message: String,
    mode: &'static str,
    /// How long it counts unless it is renewed.
    ttl_seconds: u64,
}

/// The answer to a heartbeat.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Heartbeat {
    /// `success`, or `not_found` when the executor should report its capabilities again.
    status: &'static str,
    message: String,
}

/// Keeps a capability report for an hour.
#[utoipa::path(
    post, path = "/executor/capabilities", tag = "executors", security(("executor" = [])),
    params(("X-Cluster-ID" = String, Header, description = "The cluster that the token is for")),
    request_body = ReportedCapabilities,
    responses((status = 200, body = ReportStored), Errors),
)]
pub(super) async fn report_capabilities(
    State(gateway): State<Shared>,
    ExecutorOf(cluster): ExecutorOf,
    Body(body): Body<ReportedCapabilities>,
) -> Result<Json<ReportStored>, Problem> {
    let capabilities = body.read()?;
    gateway.services.clusters.report_capabilities(&cluster, &capabilities).await?;
    let message = format!("Capabilities stored for cluster {cluster}");
    let mode = capabilities.mode.as_str();
    Ok(Json(ReportStored { status: "success", message, mode, ttl_seconds: REPORT_TTL.as_secs() }))
}

/// Keeps the present report for another hour.
#[utoipa::path(
    post, path = "/executor/heartbeat", tag = "executors", security(("executor" = [])),
    params(("X-Cluster-ID" = String, Header, description = "The cluster that the token is for")),
    responses((status = 200, body = Heartbeat), Errors),
)]
pub(super) async fn heartbeat(
    State(gateway): State<Shared>,
    ExecutorOf(cluster): ExecutorOf,
    headers: HeaderMap,
) -> Result<Json<Heartbeat>, Problem> {
    if let Some(executor) = executor_id(&headers)? {
        gateway.services.dispatch.heard(&cluster, &executor).await?;
    }
    Ok(Json(match gateway.services.clusters.refresh_report(&cluster).await? {
        true => Heartbeat { status: "success", message: format!("TTL refreshed for cluster {cluster}") },
        false => {
            let message = format!("No capabilities found for cluster {cluster}. Consider re-reporting.");
            Heartbeat { status: "not_found", message }
        }
    }))
}

/// What an executor can do, as clients read it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CapabilitiesResponse {
    cluster_id: String,
    mode: &'static str,
    allowed_verbs: Vec<String>,
    restricted_resources: Vec<String>,
    allowed_flags: Vec<String>,
    executor_version: Option<String>,
    executor_pod: Option<String>,
    reported_at: String,
    expires_at: String,
    features: Features,
    /// Always null: cloud telemetry is not part of this system.
    #[schema(value_type = Option<Object>)]
    cloud: Option<()>,
}

/// What follows from an executor's mode.
#[derive(Debug, Serialize, ToSchema)]
struct Features {
    exec: bool,
    port_forward: bool,
    proxy: bool,
}

impl CapabilitiesResponse {
    /// A cluster's report.
    pub(super) fn of(cluster: &ClusterId, report: CapabilityReport) -> Self {
        let CapabilityReport { capabilities, reported_at, expires_at } = report;
        let wider = capabilities.mode != Mode::ReadOnly;
        Self {
            cluster_id: cluster.to_string(),
            mode: capabilities.mode.as_str(),
            allowed_verbs: capabilities.allowed_verbs,
            restricted_resources: capabilities.restricted_resources,
            allowed_flags: capabilities.allowed_flags,
            executor_version: capabilities.executor_version,
            executor_pod: capabilities.executor_pod,
            reported_at: iso(reported_at),
            expires_at: iso(expires_at),
            features: Features { exec: wider, port_forward: wider, proxy: capabilities.mode == Mode::FullAccess },
            cloud: None,
        }
    }

    /// The executor's version.
    pub(super) fn version(&self) -> Option<&str> {
        self.executor_version.as_deref()
    }

    /// The executor's mode.
    pub(super) const fn mode(&self) -> &'static str {
        self.mode
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(body: Value) -> String {
        let reported: ReportedCapabilities = serde_json::from_value(body).unwrap();
        reported.read().unwrap_err().fields[0].field.clone()
    }

    #[test]
    fn a_report_is_checked_by_the_documented_limits() {
        assert_eq!(refused(json!({"mode": "root"})), "mode");
        assert_eq!(refused(json!({"mode": "readOnly", "allowed_verbs": vec!["get"; 51]})), "allowed_verbs");
        assert_eq!(refused(json!({"mode": "readOnly", "allowed_flags": vec!["-o"; 101]})), "allowed_flags");
        assert_eq!(refused(json!({"mode": "readOnly", "executor_version": "v".repeat(51)})), "executor_version");
        let good: ReportedCapabilities =
            serde_json::from_value(json!({"mode": "fullAccess", "cloud": {"provider": "aws"}})).unwrap();
        assert_eq!(good.read().unwrap().mode, Mode::FullAccess);
    }
}
