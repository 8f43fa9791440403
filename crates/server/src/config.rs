//! Everything a server can be told. Plain data; every default is stated here and nowhere else.

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use kubently_core::{ids::ClusterId, policy::Policy};

/// Where state and messages between replicas live.
#[derive(Clone, Default)]
pub enum Backend {
    /// In this process: one server, nothing survives it.
    #[default]
    Memory,
    /// Redis or Valkey, 6.2 or newer.
    Redis(RedisSettings),
}

/// How Redis is reached, and what it must promise.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://`, `rediss://` (TLS) or `redis+unix://` URL with user and password where they are needed, or
    /// `redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]/PRIMARY[/DB]` (with TLS `rediss+sentinel://`). The
    /// sentinels' own credentials are the parameters `sentinel_user` and `sentinel_password`.
    ///
    /// A user needs no more than this rule, with the prefix for `PREFIX`:
    ///
    /// ```text
    /// ACL SETUSER kubently on >PASSWORD resetkeys ~PREFIX* allchannels -@all +ping +role +wait +time +select
    ///   +get +set +mget +del +exists +pexpire +pexpireat +hset +hsetnx +hget +hdel +hscan +zadd +zincrby +zrem +zcount
    ///   +zrange +zrangebyscore +zremrangebyscore +rpush +lrange +llen +xadd +xrevrange +evalsha +script|load
    ///   +publish +subscribe +psubscribe +unsubscribe +punsubscribe
    /// ```
    ///
    /// All channels, because Redis lets a pattern be subscribed to only by a user whose rule has that very pattern,
    /// and each server's has its own tag in it. Without Sentinel `+role`, without `wait` `+wait`, and with database 0
    /// `+select` can be left out.
    pub url: String,
    /// Put before every key and channel; empty for none.
    pub prefix: String,
    /// PEM file with the certificate authorities to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM file with the certificate that this server shows.
    pub cert_file: Option<PathBuf>,
    /// PEM file with its key.
    pub key_file: Option<PathBuf>,
    /// Replicas that must have a write before it counts (`WAIT`). Default: 0.
    pub wait: u32,
    /// How long they may take, at most 2 s. Default: 1 s.
    pub wait_timeout: Duration,
}

impl RedisSettings {
    /// Settings with their defaults.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: String::new(),
            ca_file: None,
            cert_file: None,
            key_file: None,
            wait: 0,
            wait_timeout: Duration::from_secs(1),
        }
    }
}

impl fmt::Debug for Backend {
    /// Without the URL, because it may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::Redis(redis) => f.debug_struct("Redis").field("prefix", &redis.prefix).finish_non_exhaustive(),
        }
    }
}

/// A server's settings.
#[derive(Clone)]
pub struct Config {
    /// Address for gRPC and REST/SSE. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where state lives. Default: memory.
    pub backend: Backend,
    /// API keys as text: `service:key` or a bare key, separated by comma or new line.
    pub api_keys: String,
    /// Executor tokens to have from the start, beside those made over the API. Default: none.
    pub executor_tokens: Vec<(ClusterId, String)>,
    /// What the server lets through at all; an executor may allow less. With `policy_file` what that says takes its
    /// place. Default: read-only.
    pub policy: Policy,
    /// The policy file; it is read again when it changes. Default: none.
    pub policy_file: Option<PathBuf>,
    /// Lifetime of a session without use, when the caller does not say. Default: 5 min.
    pub session_ttl: Duration,
    /// How long a result is kept. Default: 10 min.
    pub result_retention: Duration,
    /// How often a server and its executors tell each other that they live; a side that hears
    /// nothing for two intervals drops the link. Default: 8 s, so a dead link is noticed in 16 s.
    pub heartbeat_interval: Duration,
    /// How long a stopping server waits for its commands. Default: 20 s.
    pub drain_timeout: Duration,
    /// Commands that wait to be accepted while Redis is away; more are refused at once. Default: 1,000.
    pub queue_size: usize,
    /// How long each of them may wait. Default: 10 s.
    pub queue_time: Duration,
    /// How long commands are accepted for a cluster whose last executor left: they wait until it is
    /// back, or expire. Default: 30 s.
    pub offline_after: Duration,
    /// Commands that an executor gets at once which does not say how many it runs: older ones run one
    /// after another. Default: 1.
    pub serial_in_flight: usize,
    /// Keep-alive events on SSE streams. Default: 8 s; what is sent and not acknowledged for 10 s
    /// more ends the stream, so a dead link is noticed in 18 s.
    pub sse_keep_alive: Duration,
}

impl Config {
    /// Settings with their defaults.
    #[must_use]
    pub fn new(listen: SocketAddr, api_keys: impl Into<String>) -> Self {
        Self {
            listen,
            backend: Backend::Memory,
            api_keys: api_keys.into(),
            executor_tokens: Vec::new(),
            policy: Policy::default(),
            policy_file: None,
            session_ttl: Duration::from_secs(300),
            result_retention: Duration::from_secs(600),
            heartbeat_interval: Duration::from_secs(8),
            drain_timeout: Duration::from_secs(20),
            queue_size: 1_000,
            queue_time: Duration::from_secs(10),
            offline_after: Duration::from_secs(30),
            serial_in_flight: 1,
            sse_keep_alive: Duration::from_secs(8),
        }
    }
}

impl fmt::Debug for Config {
    /// Without keys and tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("backend", &self.backend)
            .field("session_ttl", &self.session_ttl)
            .field("result_retention", &self.result_retention)
            .field("heartbeat_interval", &self.heartbeat_interval)
            .field("drain_timeout", &self.drain_timeout)
            .finish_non_exhaustive()
    }
}
