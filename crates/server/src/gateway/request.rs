//! What every request gets: an id, which its answer and its log lines carry.

use std::fmt;

use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue};
use tracing::Instrument;
use uuid::Uuid;

use super::error::Problem;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a caller, in characters.
const MAX_ID: usize = 128;

/// A request's id.
#[derive(Debug, Clone)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    /// The caller's own id if it is harmless in a log line, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID).filter(|value| is_harmless(value.as_bytes()));
        given.cloned().map_or_else(Self::random, Self)
    }

    fn random() -> Self {
        let mut text = [0; uuid::fmt::Simple::LENGTH];
        let text = Uuid::new_v4().simple().encode_lower(&mut text);
        // Hexadecimal digits always make a header value.
        Self(HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown")))
    }

    #[cfg(test)]
    pub(super) fn new(text: &'static str) -> Self {
        Self(HeaderValue::from_static(text))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

fn is_harmless(id: &[u8]) -> bool {
    let harmless = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=MAX_ID).contains(&id.len()) && id.iter().all(harmless)
}

/// Gives the request its id, and writes errors with it.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let (method, path) = (request.method(), request.uri().path());
    let span = tracing::info_span!("request", request_id = %id, %method, path);
    request.extensions_mut().insert(id.clone());
    let mut response = next.run(request).instrument(span).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        problem.write(&id, &mut response);
    }
    response.headers_mut().insert(X_REQUEST_ID, id.0);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harmless_id_is_kept_and_another_replaced() {
        let of = |text: &'static str| {
            RequestId::of(&HeaderMap::from_iter([(X_REQUEST_ID, HeaderValue::from_static(text))])).to_string()
        };
        assert_eq!(of("abc-1.2:3_x"), "abc-1.2:3_x");
        for bad in ["", "a b", "a\tb", "{}", &"x".repeat(129)] {
            assert_eq!(of(bad.to_owned().leak()).len(), 32, "{bad}");
        }
    }
}
