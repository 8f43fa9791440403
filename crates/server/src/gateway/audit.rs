//! `GET /audit`: who did what.

use std::time::SystemTime;

use axum::{Json, extract::State};
use kubently_core::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    caller::Caller,
    error::Problem,
    extract::Params,
    responses::{BadTime, Errors, Refused},
    time::{iso, parse},
};
use crate::audit::{Entry, Query};

/// Most entries that one query returns.
const MAX_ENTRIES: usize = 1_000;

/// Selects entries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditQuery {
    /// `command_executed`, `executor_token_created` or `executor_token_revoked`.
    #[serde(default)]
    event_type: Option<String>,
    /// The cluster.
    #[serde(default)]
    cluster_id: Option<String>,
    /// The session.
    #[serde(default)]
    session_id: Option<String>,
    /// At or after this time, ISO 8601.
    #[serde(default)]
    since: Option<String>,
    /// At or before this time, ISO 8601.
    #[serde(default)]
    until: Option<String>,
    /// At most this many.
    #[serde(default = "hundred")]
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: usize,
}

const fn hundred() -> usize {
    100
}

impl AuditQuery {
    fn read(self) -> Result<Query, Problem> {
        if !(1..=MAX_ENTRIES).contains(&self.limit) {
            let error = Error::invalid("limit", &self.limit.to_string(), "must be 1 to 1000");
            return Err(Problem::at("query", error));
        }
        let given = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(Query {
            kind: given(self.event_type),
            cluster: given(self.cluster_id),
            session: given(self.session_id),
            since: given(self.since).map(|text| time("since", &text)).transpose()?,
            until: given(self.until).map(|text| time("until", &text)).transpose()?,
            limit: self.limit,
        })
    }
}

/// A time; a plus sign that was not escaped in the query arrived as a space.
fn time(field: &str, text: &str) -> Result<SystemTime, Problem> {
    let time = parse(text).or_else(|| parse(&text.replace(' ', "+")));
    time.ok_or_else(|| Problem::at("query", Error::invalid(field, text, "must be ISO 8601")).into_bad_request())
}

/// Entries, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditResponse {
    entries: Vec<AuditEntry>,
    count: usize,
    /// The service whose entries these are: the caller's own.
    service_identity: Option<String>,
}

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
struct AuditEntry {
    timestamp: String,
    r#type: String,
    service_identity: Option<String>,
    cluster_id: Option<String>,
    session_id: Option<String>,
    command_id: Option<String>,
    command: Option<String>,
    /// `success`, `failure` or `timeout`.
    outcome: String,
    error: Option<String>,
    correlation_id: Option<String>,
}

impl From<Entry> for AuditEntry {
    fn from(entry: Entry) -> Self {
        Self {
            timestamp: iso(entry.time()),
            r#type: entry.kind,
            service_identity: entry.service,
            cluster_id: entry.cluster,
            session_id: entry.session,
            command_id: entry.command_id,
            command: entry.command,
            outcome: entry.outcome,
            error: entry.error,
            correlation_id: entry.correlation,
        }
    }
}

/// Shows what the caller's own service did. A bare key has no service, so it has no entries either.
#[utoipa::path(
    get, path = "/audit", tag = "admin", security(("api_key" = []), ("bearer" = [])), params(AuditQuery),
    responses((status = 200, body = AuditResponse), Errors, Refused, BadTime),
)]
pub(super) async fn query_audit(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Params(query): Params<AuditQuery>,
) -> Result<Json<AuditResponse>, Problem> {
    let entries = gateway.services.audit.query(&caller, &query.read()?).await?;
    let entries: Vec<AuditEntry> = entries.into_iter().map(AuditEntry::from).collect();
    Ok(Json(AuditResponse { count: entries.len(), entries, service_identity: caller.service }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unescaped_plus_is_understood() {
        assert_eq!(time("since", "2026-11-22T20:34:55 00:00").unwrap(), parse("2026-11-22T20:34:55Z").unwrap());
        assert!(time("since", "yesterday").is_err());
    }
}
