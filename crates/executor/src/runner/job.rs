//! A command as it reached this executor, whichever way it came.

use std::{sync::Arc, time::Duration};

/// A command to run.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    /// The command's id; older servers' ids need not be UUIDs.
    pub(crate) id: Arc<str>,
    /// The lease it belongs to; 0 where the server has none.
    pub(crate) epoch: u64,
    /// The argument vector, not judged yet.
    pub(crate) argv: Vec<String>,
    /// Time that is left.
    pub(crate) timeout: Duration,
    /// Bytes of output the server wants kept.
    pub(crate) max_output: u64,
    /// Whether output is to be sent while it is produced.
    pub(crate) live: bool,
    /// Output up to this many bytes goes inside the result, more goes ahead in chunks.
    pub(crate) inline_limit: usize,
}
