//! A command as the REST face takes it, and the kubectl command that it means.

use std::time::Duration;

use http::HeaderMap;
use kubently_core::{
    Error,
    command::{CommandSpec, DEFAULT_OUTPUT_BYTES, MAX_OUTPUT_BYTES},
    ids::{ClusterId, CorrelationId, IdempotencyKey},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Gateway,
    argv::{self, CommandType, DEFAULT_NAMESPACE, Layout},
    error::Problem,
    extract::{header, number},
};
use crate::dispatch::Request;

/// Most items of `args`.
const MAX_ARGS: usize = 20;
/// Seconds that a command gets when `timeout_seconds` is null.
const UNSAID_TIMEOUT: u64 = 30;
/// Longest time that `X-Request-Timeout` may ask for, in seconds.
const MAX_REQUEST_TIMEOUT: u64 = 60;
/// The header that wins over `correlation_id`.
const X_CORRELATION_ID: &str = "x-correlation-id";

/// The body of the endpoints that run a command.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct ExecuteRequest {
    /// Where to run it.
    cluster_id: String,
    /// The session it belongs to.
    #[serde(default)]
    session_id: Option<String>,
    /// The caller's own mark; the header `X-Correlation-ID` wins.
    #[serde(default)]
    correlation_id: Option<String>,
    /// The kubectl verb.
    #[serde(default = "get")]
    #[schema(default = "get")]
    command_type: CommandType,
    /// Its arguments.
    #[serde(default)]
    #[schema(max_items = 20)]
    args: Vec<String>,
    /// The namespace; null for the one the executor is set to.
    #[serde(default = "default_namespace")]
    #[schema(default = "default")]
    namespace: Option<String>,
    /// Time it may take: 1 to 30 s, for commands that nobody waits for and for streams 600 s.
    #[serde(default = "ten")]
    #[schema(default = 10, minimum = 1, maximum = 600)]
    timeout_seconds: Option<u64>,
    /// More arguments.
    #[serde(default)]
    extra_args: Option<Vec<String>>,
    /// Bytes of output to keep.
    #[serde(default)]
    #[schema(default = 1_048_576, minimum = 1, maximum = 16_777_216)]
    max_output_bytes: Option<u64>,
}

const fn get() -> CommandType {
    CommandType::Get
}

#[allow(clippy::unnecessary_wraps, reason = "serde's default for an optional field")]
fn default_namespace() -> Option<String> {
    Some(DEFAULT_NAMESPACE.to_owned())
}

#[allow(clippy::unnecessary_wraps, reason = "serde's default for an optional field")]
const fn ten() -> Option<u64> {
    Some(10)
}

impl ExecuteRequest {
    /// The command, checked as far as this face knows; `longest` bounds its time.
    pub(super) async fn read(
        self,
        gateway: &Gateway,
        headers: &HeaderMap,
        longest: Duration,
        live: bool,
    ) -> Result<(Request, Layout), Problem> {
        let timeout = self.timeout(headers, longest)?;
        if self.args.len() > MAX_ARGS {
            let given = self.args.len().to_string();
            return Err(Error::invalid("args", &given, "may have at most 20 items").into());
        }
        let max_output_bytes = self.max_output_bytes.unwrap_or(DEFAULT_OUTPUT_BYTES);
        if !(1..=MAX_OUTPUT_BYTES).contains(&max_output_bytes) {
            let given = max_output_bytes.to_string();
            return Err(Error::invalid("max_output_bytes", &given, "must be 1 to 16777216").into());
        }
        let cluster = cluster_id(gateway, &self.cluster_id).await?;
        let session = self.session_id.as_deref().filter(|id| !id.is_empty()).map(super::sessions::session_id);
        let correlation = correlation(headers, self.correlation_id.as_deref())?;
        let extra = self.extra_args.unwrap_or_default();
        let (argv, layout) = argv::build(self.command_type, self.args, self.namespace, extra);
        let spec = CommandSpec { cluster, argv, timeout, max_output_bytes, session: session.transpose()?, correlation };
        Ok((Request { spec, idempotency_key: idempotency_key(headers)?, live }, layout))
    }

    fn timeout(&self, headers: &HeaderMap, longest: Duration) -> Result<Duration, Problem> {
        let longest = longest.as_secs();
        let seconds = self.timeout_seconds.unwrap_or(UNSAID_TIMEOUT);
        if !(1..=longest).contains(&seconds) {
            let rule = format!("must be 1 to {longest}");
            return Err(Error::invalid("timeout_seconds", &seconds.to_string(), &rule).into());
        }
        let wait = number(headers, "x-request-timeout", 1..=MAX_REQUEST_TIMEOUT)?;
        Ok(Duration::from_secs(wait.unwrap_or(seconds)))
    }
}

/// A cluster's id. What cannot be one is answered like one that nobody has, as it used to be.
pub(super) async fn cluster_id(gateway: &Gateway, text: &str) -> Result<ClusterId, Problem> {
    match ClusterId::new(text) {
        Ok(id) => Ok(id),
        Err(_) => Err(gateway.services.clusters.not_found(text).await.into()),
    }
}

/// The caller's own mark: the header's, else the body's.
pub(super) fn correlation(headers: &HeaderMap, body: Option<&str>) -> Result<Option<CorrelationId>, Problem> {
    let given = header(headers, X_CORRELATION_ID).filter(|text| !text.is_empty());
    let (part, given) = given.map_or(("body", body), |text| ("header", Some(text)));
    let given = given.filter(|text| !text.is_empty());
    given.map(CorrelationId::new).transpose().map_err(|error| Problem::at(part, error))
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Problem> {
    let given = header(headers, "idempotency-key");
    given.map(IdempotencyKey::new).transpose().map_err(|error| Problem::at("header", error))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn request(mut body: Value) -> ExecuteRequest {
        body["cluster_id"] = json!("c");
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn the_time_is_the_headers_else_the_bodys_else_thirty_seconds() {
        let limit = Duration::from_secs(30);
        let header = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-request-timeout"),
            http::HeaderValue::from_static("60"),
        )]);
        let seconds = |body: Value, headers: &HeaderMap| request(body).timeout(headers, limit).unwrap().as_secs();
        assert_eq!(seconds(json!({}), &HeaderMap::new()), 10);
        assert_eq!(seconds(json!({"timeout_seconds": null}), &HeaderMap::new()), 30);
        assert_eq!(seconds(json!({"timeout_seconds": 5}), &header), 60);
        assert!(request(json!({"timeout_seconds": 31})).timeout(&HeaderMap::new(), limit).is_err());
    }

    #[test]
    fn the_headers_mark_wins() {
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static(X_CORRELATION_ID),
            http::HeaderValue::from_static("h"),
        )]);
        assert_eq!(correlation(&headers, Some("b")).unwrap().unwrap().as_str(), "h");
        assert_eq!(correlation(&HeaderMap::new(), Some("b")).unwrap().unwrap().as_str(), "b");
        assert_eq!(correlation(&HeaderMap::new(), Some("")).unwrap(), None);
        assert!(correlation(&HeaderMap::new(), Some("a b")).is_err());
    }
}
