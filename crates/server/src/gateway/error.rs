//! The error table's REST face: [`Error`] as RFC 9457 problem details that also carry what the
//! older clients read (`detail`, `message`, `error`). The only place that knows status codes.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kubently_core::{Error, ErrorKind, error::FieldViolation};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::request::RequestId;

const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
/// The challenge for clients.
const API_KEY: HeaderValue = HeaderValue::from_static("ApiKey");
/// The challenge for executors.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer");

/// An error on its way out.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    error: Error,
    status: StatusCode,
    challenge: HeaderValue,
}

/// An error's body.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemDetails {
    /// What kind of problem, as a URI: `urn:kubently:error:` and the reason.
    r#type: String,
    /// The reason for people.
    title: String,
    /// The HTTP status.
    status: u16,
    /// One sentence; with status 422 a list with one item for each field at fault.
    #[schema(value_type = Object)]
    detail: Value,
    /// One sentence, always.
    message: String,
    /// Stable machine-readable reason.
    reason: &'static str,
    /// The id under which the server's log has more.
    request_id: String,
    /// What older clients look for while the store is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
}

impl Problem {
    /// An executor's credential proves nothing.
    pub(super) fn executor_credentials() -> Self {
        let error = Error::new(ErrorKind::Unauthenticated, "Invalid executor credentials");
        Self { challenge: BEARER, ..error.into() }
    }

    /// A body that is too large.
    pub(super) fn too_large() -> Self {
        let error = Error::new(ErrorKind::ResourceExhausted, "the request body is too large");
        Self { status: StatusCode::PAYLOAD_TOO_LARGE, error: Error { retry_after: None, ..error }, challenge: API_KEY }
    }

    /// A known path with a method that it does not have.
    pub(super) fn method_not_allowed() -> Self {
        let error = Error::new(ErrorKind::Unimplemented, "Method Not Allowed");
        Self { status: StatusCode::METHOD_NOT_ALLOWED, ..error.into() }
    }

    /// The same error as the older system's 400 instead of 422.
    pub(super) fn into_bad_request(self) -> Self {
        Self { status: StatusCode::BAD_REQUEST, ..self }
    }

    /// The same error in other words.
    pub(super) fn saying(mut self, message: &str) -> Self {
        message.clone_into(&mut self.error.message);
        self
    }

    /// The same error, its fields found in this part of the request.
    pub(super) fn at(part: &str, mut error: Error) -> Self {
        for violation in &mut error.fields {
            violation.field = format!("{part}.{}", violation.field);
        }
        error.into()
    }

    /// What is wrong.
    #[cfg(test)]
    pub(super) fn error(&self) -> &Error {
        &self.error
    }

    /// The body.
    pub(super) fn details(&self, request: &RequestId) -> ProblemDetails {
        let Error { kind, message, fields, .. } = &self.error;
        let reason = kind.row().reason;
        let detail = match self.status {
            StatusCode::UNPROCESSABLE_ENTITY => listed(&self.error, fields),
            _ => json!(message),
        };
        ProblemDetails {
            r#type: format!("urn:kubently:error:{reason}"),
            title: title(reason),
            status: self.status.as_u16(),
            detail,
            message: message.clone(),
            reason,
            request_id: request.to_string(),
            error: (*kind == ErrorKind::StoreUnavailable).then_some("Database connection failed"),
        }
    }

    /// Writes the body into `response`, which came of [`IntoResponse`].
    pub(super) fn write(&self, request: &RequestId, response: &mut Response) {
        // Strings and numbers always serialise.
        let body = serde_json::to_vec(&self.details(request)).unwrap_or_default();
        *response.body_mut() = Body::from(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, CONTENT_TYPE);
        headers.remove(header::CONTENT_LENGTH);
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, self.challenge.clone());
        }
        if let Some(delay) = self.error.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(delay.as_secs().max(1)));
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let status = StatusCode::from_u16(error.kind.row().http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { error, status, challenge: API_KEY }
    }
}

impl IntoResponse for Problem {
    /// Leaves the body to [`super::request::identify`], which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        response.extensions_mut().insert(self);
        response
    }
}

/// `CLUSTER_OFFLINE` as `Cluster offline`.
fn title(reason: &str) -> String {
    let words = reason.to_ascii_lowercase().replace('_', " ");
    let (first, rest) = words.split_at(1.min(words.len()));
    first.to_ascii_uppercase() + rest
}

/// The fields at fault in the form that the older system's clients parse.
fn listed(error: &Error, fields: &[FieldViolation]) -> Value {
    if fields.is_empty() {
        return json!([{"type": "value_error", "loc": ["body"], "msg": error.message, "input": null}]);
    }
    fields.iter().map(|violation| item(error.kind, violation)).collect()
}

fn item(kind: ErrorKind, violation: &FieldViolation) -> Value {
    let (name, message) = match (kind, violation.rule.as_str()) {
        (ErrorKind::CommandDenied, rule) => ("command_denied", rule),
        (_, "is required") => ("missing", "Field required"),
        (_, rule) => ("value_error", rule),
    };
    let input = Some(&violation.input).filter(|input| !input.is_empty());
    json!({"type": name, "loc": location(&violation.field), "msg": message, "input": input})
}

/// `body.args[1]` as `["body", "args", 1]`.
fn location(field: &str) -> Vec<Value> {
    let parts = field.split(['.', '[']).map(|part| part.trim_end_matches(']')).filter(|part| !part.is_empty());
    let value = |part: &str| part.parse::<u64>().map_or_else(|_| json!(part), |index| json!(index));
    let mut parts = parts.peekable();
    let known = ["body", "query", "path", "header"];
    let part = parts.next_if(|part| known.contains(part)).unwrap_or("body");
    std::iter::once(json!(part)).chain(parts.map(value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(problem: impl Into<Problem>) -> Value {
        serde_json::to_value(problem.into().details(&RequestId::new("r-1"))).unwrap()
    }

    #[test]
    fn a_plain_error_has_the_older_and_the_standard_fields() {
        let expected = json!({
            "type": "urn:kubently:error:SESSION_NOT_FOUND", "title": "Session not found", "status": 404,
            "detail": "Session not found", "message": "Session not found", "reason": "SESSION_NOT_FOUND",
            "request_id": "r-1",
        });
        assert_eq!(body(Error::new(ErrorKind::SessionNotFound, "Session not found")), expected);
    }

    #[test]
    fn field_errors_are_listed_as_fastapi_does() {
        let seen = body(Error::missing("cluster_id"));
        let expected =
            json!([{"type": "missing", "loc": ["body", "cluster_id"], "msg": "Field required", "input": null}]);
        assert_eq!(seen["detail"], expected);
        let seen = body(Problem::at("query", Error::invalid("limit", "0", "must be 1 to 1000")));
        assert_eq!(seen["detail"][0]["loc"], json!(["query", "limit"]));
        assert_eq!(seen["detail"][0]["input"], "0");
        assert_eq!(body(Error::invalid("body.args[1]", "x", "no"))["detail"][0]["loc"], json!(["body", "args", 1]));
    }

    #[test]
    fn a_store_that_is_away_says_what_older_clients_look_for() {
        let seen = body(Error::store_unavailable());
        assert_eq!((&seen["status"], &seen["error"]), (&json!(503), &json!("Database connection failed")));
    }

    #[test]
    fn every_kind_has_its_status() {
        for kind in ErrorKind::ALL {
            let problem = Problem::from(Error::new(*kind, "m"));
            assert_eq!(problem.status.as_u16(), kind.row().http, "{kind:?}");
            assert_eq!(body(problem)["message"], "m");
        }
    }
}
