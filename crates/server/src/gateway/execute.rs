//! `POST /debug/execute`: runs a command and waits for its result.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    Shared,
    answer::{CommandResponse, strictly},
    caller::Caller,
    command::ExecuteRequest,
    error::Problem,
    extract::Body,
    responses::{Errors, NotFound, Unfinished},
};

/// Longest `timeout_seconds` of a command that a caller waits for.
const MAX_TIMEOUT: Duration = Duration::from_secs(30);
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const STRICT: &str = "handling=strict";

/// Runs a read-only kubectl command in a cluster and waits for its result.
///
/// A command that fails is an answer (200, `failure`, `exit_code`), and so is one whose time is over
/// (200, `timeout`). With `Prefer: handling=strict` (RFC 7240) what did not run to its end is a
/// problem instead: 408, 422, 429 or 499. A caller that goes away cancels the command.
#[utoipa::path(
    post, path = "/debug/execute", tag = "commands", security(("api_key" = []), ("bearer" = [])),
    params(
        ("X-Request-Timeout" = Option<u64>, Header, description = "Seconds to wait, 1 to 60; wins over `timeout_seconds`"),
        ("X-Correlation-ID" = Option<String>, Header, description = "The caller's own mark; wins over `correlation_id`"),
        ("Idempotency-Key" = Option<String>, Header, description = "Requests with the same key are one command"),
        ("Prefer" = Option<String>, Header, description = "`handling=strict`"),
    ),
    request_body = ExecuteRequest,
    responses((status = 200, body = CommandResponse), Errors, NotFound, Unfinished),
)]
pub(super) async fn execute_command(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Body(body): Body<ExecuteRequest>,
) -> Result<Response, Problem> {
    let (request, layout) = body.read(&gateway, &headers, MAX_TIMEOUT, false).await?;
    let command = gateway.services.dispatch.execute(&caller, request, false).await;
    let command = command.map_err(|error| layout.blame(error))?;
    let mut answer = Json(CommandResponse::of(&command)).into_response();
    if is_strict(&headers) {
        strictly(&command)?;
        answer.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static(STRICT));
    }
    Ok(answer)
}

/// Whether the caller wants HTTP's own words for commands that did not run to their end.
fn is_strict(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|preference| {
        let preference: String = preference.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
        preference.eq_ignore_ascii_case(STRICT)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strictness_is_one_of_the_preferences() {
        let strict = |text: &'static str| {
            is_strict(&HeaderMap::from_iter([(HeaderName::from_static("prefer"), HeaderValue::from_static(text))]))
        };
        for yes in ["handling=strict", "respond-async, Handling = \"strict\""] {
            assert!(strict(yes), "{yes}");
        }
        for no in ["handling=lenient", "strict", ""] {
            assert!(!strict(no), "{no}");
        }
        assert!(!is_strict(&HeaderMap::new()));
    }
}
