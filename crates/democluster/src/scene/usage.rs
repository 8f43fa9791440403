//! What running containers use, for the metrics API.

/// One container's use of its node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) cpu_millis: u64,
    pub(crate) memory_mi: u64,
}
