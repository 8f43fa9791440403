//! The settings of an executor; plain data.

use std::{fmt, path::PathBuf, time::Duration};

use jiff::Timestamp;
use kubently_core::{
    cluster::{MAX_POD, MAX_VERSION},
    command::MAX_OUTPUT_BYTES,
    ids::{ClusterId, ExecutorId},
    policy::Policy,
};

use crate::{Error, backoff::BackoffSettings};

/// Commands run at once unless set otherwise.
pub const DEFAULT_MAX_IN_FLIGHT: u32 = 32;
/// Most commands that may run at once, as the contract says.
pub const MAX_MAX_IN_FLIGHT: u32 = 1_024;
/// Time in-flight commands get at shutdown unless set otherwise: well under Kubernetes' usual 30 s.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(20);

/// How an executor talks to its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportKind {
    /// One bidirectional gRPC stream.
    #[default]
    Grpc,
    /// Commands by server-sent events, results by POST.
    Sse,
    /// Commands by long polling, results by POST.
    Smart,
    /// Commands by asking each second, results by POST.
    Legacy,
}

impl TransportKind {
    /// The name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Sse => "sse",
            Self::Smart => "smart",
            Self::Legacy => "legacy",
        }
    }
}

/// What runs commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineKind {
    /// Native for what it covers, kubectl for the rest where it is installed.
    #[default]
    Auto,
    /// Only the Kubernetes API, without a process.
    Native,
    /// Only the kubectl binary.
    Kubectl,
}

impl EngineKind {
    /// The name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Native => "native",
            Self::Kubectl => "kubectl",
        }
    }
}

/// How servers with `https` URLs are checked.
#[derive(Debug, Clone, Default)]
pub struct TlsSettings {
    /// PEM file with the certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// Trust any certificate. For tests only: whoever sits in between can read the token.
    pub insecure: bool,
}

/// Times of the connection; the defaults suit every network, tests shorten them.
#[derive(Debug, Clone)]
pub struct Timing {
    /// Pauses between attempts to attach or to deliver a result.
    pub backoff: BackoffSettings,
    /// An attachment that stood this long was a good one; the next pause is short again.
    pub stable_after: Duration,
    /// For TCP and TLS.
    pub connect_timeout: Duration,
    /// From the call to the server's Welcome.
    pub welcome_timeout: Duration,
    /// Silence after which an SSE stream counts as dead when the server does not tell how often it says
    /// something; older ones do every 30 s.
    pub stream_idle: Duration,
    /// For one POST of a result or report.
    pub post_timeout: Duration,
    /// How often presence is renewed on the REST transports.
    pub heartbeat: Duration,
    /// The same for servers that tell how often they say something on an SSE stream: they drop executors that
    /// they have not heard of for 20 s.
    pub watched_heartbeat: Duration,
    /// Pause between questions of the `legacy` transport.
    pub poll_interval: Duration,
    /// How long the server may hold a question of the `smart` transport.
    pub poll_wait: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            backoff: BackoffSettings::default(),
            stable_after: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(3),
            welcome_timeout: Duration::from_secs(10),
            stream_idle: Duration::from_secs(60),
            post_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(60),
            watched_heartbeat: Duration::from_secs(6),
            poll_interval: Duration::from_secs(1),
            poll_wait: Duration::from_secs(30),
        }
    }
}

/// What time it is. Ages in tables and descriptions depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Clock {
    /// The system's.
    #[default]
    System,
    /// It stands at this time, for comparing with recorded output.
    Fixed(Timestamp),
}

impl Clock {
    /// The time now.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(time) => time,
        }
    }
}

/// Everything an executor needs to know. Make one with [`Config::new`] and change what differs.
#[derive(Clone)]
pub struct Config {
    /// The servers' URLs (`http` or `https`), tried in turn.
    pub servers: Vec<String>,
    /// The cluster this executor serves.
    pub cluster: ClusterId,
    /// The cluster's token; never shown.
    pub token: String,
    /// How to talk to the server.
    pub transport: TransportKind,
    /// What runs commands.
    pub engine: EngineKind,
    /// The kubeconfig; unset means `KUBECONFIG`, `~/.kube/config`, or the pod's service account.
    pub kubeconfig: Option<PathBuf>,
    /// The kubectl binary; unset means the first on `PATH`.
    pub kubectl_path: Option<PathBuf>,
    /// Commands that run at once.
    pub max_in_flight: u32,
    /// Most output kept for one command, in bytes, whatever the server asks for.
    pub max_output_bytes: u64,
    /// What may run; the final decision. With `policy_file` what that says takes its place.
    pub policy: Policy,
    /// The policy file; it is read again when it changes. Default: none.
    pub policy_file: Option<PathBuf>,
    /// This process's own id, the same over reconnects.
    pub executor_id: ExecutorId,
    /// Whether `executor_id` was only made up: then the one that is kept in `spool_dir` is taken instead, so that
    /// it is the same after a restart. A server takes a result from the executor only that it asked.
    pub keep_executor_id: bool,
    /// Directory for results that are not acknowledged yet, made if it is missing; they survive the process there.
    /// Each executor needs its own. Unset means that they are kept in memory only.
    pub spool_dir: Option<PathBuf>,
    /// The version it reports.
    pub version: String,
    /// The pod it runs in, if any.
    pub pod: Option<String>,
    /// How `https` servers are checked.
    pub tls: TlsSettings,
    /// Times of the connection.
    pub timing: Timing,
    /// Time in-flight commands and undelivered results get at shutdown.
    pub grace: Duration,
    /// What pseudonyms of secrets are made with; random, and the same for the life of the process, so that equal values
    /// stay comparable.
    pub pseudonym_key: [u8; 32],
    /// What time it is.
    pub clock: Clock,
}

impl Config {
    /// The defaults: gRPC, engine `auto`, the default policy.
    #[must_use]
    pub fn new(servers: Vec<String>, cluster: ClusterId, token: String, executor_id: ExecutorId) -> Self {
        Self {
            servers,
            cluster,
            token,
            transport: TransportKind::default(),
            engine: EngineKind::default(),
            kubeconfig: None,
            kubectl_path: None,
            max_in_flight: DEFAULT_MAX_IN_FLIGHT,
            max_output_bytes: MAX_OUTPUT_BYTES,
            policy: Policy::default(),
            policy_file: None,
            executor_id,
            keep_executor_id: false,
            spool_dir: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pod: None,
            tls: TlsSettings::default(),
            timing: Timing::default(),
            grace: DEFAULT_GRACE,
            pseudonym_key: random_key(),
            clock: Clock::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.servers.is_empty() {
            return Err(Error::setting("servers", "name at least one server URL"));
        }
        self.servers.iter().try_for_each(|server| check_server(server))?;
        if self.token.is_empty() || !self.token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Error::setting("token", "must be printable ASCII without spaces, and not empty"));
        }
        if !(1..=MAX_MAX_IN_FLIGHT).contains(&self.max_in_flight) {
            return Err(Error::setting("max_in_flight", "must be 1 to 1024"));
        }
        if !(1..=MAX_OUTPUT_BYTES).contains(&self.max_output_bytes) {
            return Err(Error::setting("max_output_bytes", "must be 1 to 16777216 (16 MiB)"));
        }
        if self.version.len() > MAX_VERSION || self.pod.as_ref().is_some_and(|pod| pod.len() > MAX_POD) {
            return Err(Error::setting("version, pod", "at most 50 and 253 characters"));
        }
        Ok(())
    }
}

/// Two random identifiers of the system's good random numbers.
fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key
}

fn check_server(server: &str) -> Result<(), Error> {
    let uri: http::Uri = server.parse().map_err(|_| Error::setting("servers", "a URL cannot be read"))?;
    match uri.scheme_str() {
        Some("http" | "https") if uri.host().is_some() => Ok(()),
        _ => Err(Error::setting("servers", "a URL must start with http:// or https:// and name a host")),
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("servers", &self.servers)
            .field("cluster", &self.cluster)
            .field("transport", &self.transport)
            .field("engine", &self.engine)
            .field("executor_id", &self.executor_id)
            .field("max_in_flight", &self.max_in_flight)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        let servers = vec!["http://127.0.0.1:8080".to_owned()];
        let id = ExecutorId::new("e1").unwrap();
        Config::new(servers, ClusterId::new("c").unwrap(), "top-secret".to_owned(), id)
    }

    #[test]
    fn the_token_is_never_shown() {
        assert!(!format!("{:?}", config()).contains("top-secret"));
    }

    #[test]
    fn settings_that_cannot_work_are_named() {
        type Spoil = fn(&mut Config);
        let cases: [(&str, Spoil); 6] = [
            ("servers", |config| config.servers.clear()),
            ("servers", |config| config.servers.push("ftp://x".into())),
            ("servers", |config| config.servers.push("localhost:8080".into())),
            ("token", |config| config.token = "a b".into()),
            ("max_in_flight", |config| config.max_in_flight = 0),
            ("max_output_bytes", |config| config.max_output_bytes = 0),
        ];
        assert!(config().check().is_ok());
        for (name, spoil) in cases {
            let mut config = config();
            spoil(&mut config);
            let error = config.check().unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
