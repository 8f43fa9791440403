//! The journal's keys.

use kubently_core::ids::CommandId;

/// The commands that the server with this tag accepted and that have not ended: id to record. The
/// empty field tells that the table is there, and keeps its time to live.
pub(super) fn open(tag: &str) -> String {
    format!("commands:{tag}")
}

/// A command's state, and at last its result.
pub(super) fn state(id: &CommandId) -> String {
    format!("command:{id}")
}

/// That its caller came back for it.
pub(super) fn wanted(id: &CommandId) -> String {
    format!("command:{id}:wanted")
}

/// What it printed, when that went ahead of the result.
pub(super) fn output(id: &CommandId) -> String {
    format!("command:{id}:output")
}

/// The request that an idempotency key stands for.
pub(super) fn idempotency(key: &str) -> String {
    format!("idempotency:{key}")
}

/// All servers by the time of their last beat.
pub(super) const SERVERS: &str = "servers";

/// The tag of the server that accepted a command: the end of its id.
pub(super) fn tag(id: &CommandId) -> &str {
    id.as_str().rsplit('-').next().unwrap_or_default()
}
