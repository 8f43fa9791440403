//! When a request is sent again, as client-go does it (`checkWait` in k8s.io/client-go): only if the server asks for it.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header::RETRY_AFTER};

/// How often a request is sent again.
pub(super) const MAX_RETRIES: usize = 10;

/// How long the server wants to be left alone before it is asked again. Where it says nothing of that, what it answered
/// is the answer: an aggregated API that is down stays down for longer than anybody waits for a command.
pub(super) fn after(code: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    if code != StatusCode::TOO_MANY_REQUESTS && !code.is_server_error() {
        return None;
    }
    headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok().map(Duration::from_secs)
}
