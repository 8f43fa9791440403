//! Clusters as the server knows them: who is attached, and what it lets through.

use std::time::SystemTime;

use crate::{
    ids::{ClusterId, ExecutorId},
    policy::Mode,
};

/// Most verbs and restricted resources in a capability report.
pub const MAX_REPORTED: usize = 50;
/// Most flags in a capability report.
pub const MAX_REPORTED_FLAGS: usize = 100;
/// Longest executor version, in characters.
pub const MAX_VERSION: usize = 50;
/// Longest pod name, in characters (RFC 1123 subdomain).
pub const MAX_POD: usize = 253;

/// What an executor can do, as it reports itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Capabilities {
    /// Its mode.
    pub mode: Mode,
    /// The verbs it lets through.
    pub allowed_verbs: Vec<String>,
    /// The resources whose content it never shows.
    pub restricted_resources: Vec<String>,
    /// The flags it lets through.
    pub allowed_flags: Vec<String>,
    /// Its version.
    pub executor_version: Option<String>,
    /// The pod it runs in.
    pub executor_pod: Option<String>,
}

/// A report with the time it was made and the time it is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapabilityReport {
    /// What was reported.
    pub capabilities: Capabilities,
    /// When.
    pub reported_at: SystemTime,
    /// When it is forgotten unless renewed.
    pub expires_at: SystemTime,
}

/// How an executor is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transport {
    /// The gRPC stream.
    Grpc,
    /// The SSE stream with results posted back.
    Sse,
    /// Polling.
    Poll,
}

impl Transport {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Sse => "sse",
            Self::Poll => "poll",
        }
    }
}

/// One attached executor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedExecutor {
    /// Its id.
    pub id: ExecutorId,
    /// The cluster it serves.
    pub cluster: ClusterId,
    /// The server that holds it.
    pub server: String,
    /// How it is attached.
    pub transport: String,
    /// Its version.
    pub version: String,
    /// When it attached.
    pub attached_at: SystemTime,
    /// When its server last confirmed it.
    pub last_seen: SystemTime,
}

/// A cluster with its presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// Its id.
    pub id: ClusterId,
    /// Who is attached.
    pub executors: Vec<AttachedExecutor>,
    /// The newest capability report that has not expired.
    pub report: Option<CapabilityReport>,
}
