//! The journal's keys.

use kubently_core::ids::CommandId;

/// The command as accepted.
pub(super) fn accepted(id: &CommandId) -> String {
    format!("command:{id}")
}

/// Who holds it.
pub(super) fn lease(id: &CommandId) -> String {
    format!("command:{id}:lease")
}

/// How it ended.
pub(super) fn result(id: &CommandId) -> String {
    format!("command:{id}:result")
}

/// What it printed, when that went ahead of the result.
pub(super) fn output(id: &CommandId) -> String {
    format!("command:{id}:output")
}

/// The request that an idempotency key stands for.
pub(super) fn idempotency(key: &str) -> String {
    format!("idempotency:{key}")
}
