//! What a failure of Redis means: for the caller, for the connection, and at the start.

use std::time::Duration;

use kubently_core::Error;
use redis::{RedisError, RedisResult};

/// What Redis says that is no primary (any more), or has not loaded its data yet. `UNBLOCKED` ends a `WAIT` when
/// the primary is demoted meanwhile.
const NOT_HERE_OR_NOT_NOW: [&str; 5] = ["READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN", "UNBLOCKED"];

/// Whether another connection may do better than the one that failed so.
pub(super) fn is_links_fault(cause: &RedisError) -> bool {
    cause.is_io_error() || cause.code().is_some_and(|code| NOT_HERE_OR_NOT_NOW.contains(&code))
}

/// Logs why Redis failed and says it in the error table's words. The loss of a connection is logged where it is
/// met, once, so here it is for those who look closely.
#[allow(clippy::needless_pass_by_value, reason = "used as map_err(unavailable)")]
pub(super) fn unavailable(cause: RedisError) -> Error {
    match is_links_fault(&cause) {
        true => tracing::debug!(error = %cause, "redis does not answer"),
        false => tracing::warn!(error = %cause, "redis refuses a command"),
    }
    Error::store_unavailable()
}

/// At the start a person reads the error, and wants to know why. Causes hold addresses, users' names and
/// certificates' faults, never passwords.
pub(super) fn unreachable_at_start(cause: &RedisError) -> Error {
    let rule = format!("cannot connect to Redis: {cause}");
    let Error { message, fields, .. } = Error::invalid("redis_url", "", &rule);
    Error { message, fields, ..Error::store_unavailable() }
}

/// Bounds work that is made of several round trips, or waits for room on the connection.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// A failure of the connection, in words.
pub(super) fn broken(what: &'static str) -> RedisError {
    std::io::Error::other(what).into()
}
