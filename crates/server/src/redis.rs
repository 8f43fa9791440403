//! The two Redis connections of a server: one multiplexed for commands, one for pub/sub.

use std::{sync::Arc, time::Duration};

use kubently_core::Error;
use redis::{
    Client, Cmd, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, ScriptInvocation,
    aio::{ConnectionManager, ConnectionManagerConfig},
    io::tcp::TcpSettings,
};
use tokio::time::Instant;

/// How long one Redis command may take. The library's default of 500 ms reports failures for
/// commands that were carried out when Redis pauses for a moment.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Attempts at reconnecting before a command is answered with an error; the next command tries again.
const RECONNECT_ATTEMPTS: usize = 2;
/// Longest pause between two attempts at reconnecting.
const RECONNECT_MAX_DELAY: Duration = Duration::from_secs(1);

/// Redis as the rest of the server sees it. Cheap to clone; clones share the connections.
#[derive(Clone)]
pub(crate) struct Redis {
    client: Arc<Client>,
    commands: ConnectionManager,
    prefix: Arc<str>,
    health: tokio::sync::watch::Sender<Health>,
}

/// How the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Health {
    /// Whether it stands.
    pub(crate) up: bool,
    /// Counts the times that it came to stand.
    pub(crate) generation: u64,
    /// Since when it is so.
    pub(crate) since: Instant,
}

impl Redis {
    /// Connects, and fails when Redis does not answer.
    pub(crate) async fn connect(url: &str, prefix: &str) -> Result<Self, Error> {
        let info = url.into_connection_info().map_err(|cause| bad_url(&cause))?;
        let tcp = TcpSettings::default().set_nodelay(true);
        let client = Client::open(info.set_tcp_settings(tcp)).map_err(|cause| bad_url(&cause))?;
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(RESPONSE_TIMEOUT))
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_number_of_retries(RECONNECT_ATTEMPTS)
            .set_max_delay(RECONNECT_MAX_DELAY);
        let commands = client.get_connection_manager_with_config(config).await.map_err(unavailable)?;
        let health = tokio::sync::watch::Sender::new(Health { up: true, generation: 1, since: Instant::now() });
        Ok(Self { client: Arc::new(client), commands, prefix: prefix.into(), health })
    }

    /// Sends one command.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        command.query_async(&mut self.commands.clone()).await.map_err(unavailable)
    }

    /// Sends several commands in one round trip.
    pub(crate) async fn pipe<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        commands.query_async(&mut self.commands.clone()).await.map_err(unavailable)
    }

    /// Runs a script.
    pub(crate) async fn invoke<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        script.invoke_async(&mut self.commands.clone()).await.map_err(unavailable)
    }

    /// The same, and waits until the replicas have it.
    pub(crate) async fn pipe_durably<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        self.pipe(commands).await
    }

    /// The same, and waits until the replicas have it.
    pub(crate) async fn invoke_durably<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        self.invoke(script).await
    }

    /// Whether Redis answers, and how often it was connected to.
    pub(crate) fn health(&self) -> tokio::sync::watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Opens a pub/sub connection; the bus alone does, once at a time.
    pub(crate) async fn pubsub(&self) -> Result<redis::aio::PubSub, RedisError> {
        tokio::time::timeout(CONNECT_TIMEOUT, self.client.get_async_pubsub())
            .await
            .map_err(|_elapsed| RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))?
    }

    /// A key or channel with the prefix before it.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// A channel without its prefix.
    pub(crate) fn unprefixed<'a>(&self, channel: &'a str) -> &'a str {
        channel.strip_prefix(&*self.prefix).unwrap_or(channel)
    }
}

/// Logs why Redis failed and says it in the error table's words.
#[allow(clippy::needless_pass_by_value, reason = "used as map_err(unavailable)")]
pub(crate) fn unavailable(cause: RedisError) -> Error {
    tracing::warn!(error = %cause, "redis does not answer");
    Error::store_unavailable()
}

fn bad_url(cause: &RedisError) -> Error {
    // The URL itself may hold a password, so the error repeats only what the parser said.
    Error::invalid("redis_url", "", &format!("must be redis://HOST:PORT or rediss://HOST:PORT ({cause})"))
}

/// A time to live in milliseconds; Redis refuses 0.
pub(crate) fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}
