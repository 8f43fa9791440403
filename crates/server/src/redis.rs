//! The two Redis connections of a server: one multiplexed for commands, one for pub/sub.
//!
//! The command connection is kept by one task ([`keeper`]); while it is gone every call fails at once, so that
//! nothing piles up behind a dead socket, and [`Redis::health`] tells who waits for its return.

mod keeper;
mod target;
#[cfg(test)]
pub(crate) mod tests;

use std::{sync::Arc, time::Duration};

use kubently_core::Error;
use redis::{
    Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, ScriptInvocation, aio::MultiplexedConnection, cmd,
};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::RedisSettings;
use keeper::Keeper;
use target::{Target, address_of};

/// How long one Redis command may take. The library's default of 500 ms reports failures for
/// commands that were carried out when Redis pauses for a moment.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

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

/// The connection while it stands, and the how-manieth it is.
#[derive(Clone)]
struct Link {
    connection: MultiplexedConnection,
    /// Where it leads to.
    address: String,
    generation: u64,
}

/// Redis as the rest of the server sees it. Cheap to clone; clones share the connections, which end with the last.
#[derive(Clone)]
pub(crate) struct Redis {
    target: Arc<Target>,
    link: watch::Receiver<Option<Link>>,
    health: watch::Receiver<Health>,
    /// The newest connection on which a command failed.
    suspect: watch::Sender<u64>,
    prefix: Arc<str>,
    wait: Option<Replicas>,
    _end: Arc<DropGuard>,
}

/// Replicas that must have a write before it counts.
#[derive(Debug, Clone, Copy)]
struct Replicas {
    count: u32,
    timeout: Duration,
}

impl Redis {
    /// Connects, and fails when Redis does not answer.
    pub(crate) async fn connect(settings: &RedisSettings) -> Result<Self, Error> {
        let target = Arc::new(Target::read(settings)?);
        let first = target.connect().await.map_err(unavailable)?;
        let (suspect, suspected) = watch::channel(0);
        let (keeper, link, health) = Keeper::new(target.clone(), suspected, first);
        let end = CancellationToken::new();
        let ended = end.clone();
        tokio::spawn(async move { ended.run_until_cancelled(keeper.keep()).await });
        let wait = Replicas { count: settings.wait, timeout: settings.wait_timeout };
        Ok(Self {
            target,
            link,
            health,
            suspect,
            prefix: settings.prefix.as_str().into(),
            wait: Some(wait).filter(|wait| wait.count > 0),
            _end: Arc::new(end.drop_guard()),
        })
    }

    /// Sends one command.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        let mut link = self.link()?;
        let answer = command.query_async(&mut link.connection).await;
        self.judge(&link, answer)
    }

    /// Sends several commands in one round trip.
    pub(crate) async fn pipe<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        let mut link = self.link()?;
        let answer = commands.query_async(&mut link.connection).await;
        self.judge(&link, answer)
    }

    /// Runs a script.
    pub(crate) async fn invoke<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        let mut link = self.link()?;
        let answer = script.invoke_async(&mut link.connection).await;
        self.judge(&link, answer)
    }

    /// As [`Self::pipe`]; done only when as many replicas have it as the settings ask for.
    pub(crate) async fn pipe_durably<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        let answer = self.pipe(commands).await?;
        self.replicated().await?;
        Ok(answer)
    }

    /// As [`Self::invoke`]; done only when as many replicas have it as the settings ask for.
    pub(crate) async fn invoke_durably<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        let answer = self.invoke(script).await?;
        self.replicated().await?;
        Ok(answer)
    }

    /// Waits for the replicas. On the shared connection `WAIT` is about everything that was written before it, and
    /// holds up what comes after it: that is the price of the setting.
    async fn replicated(&self) -> Result<(), Error> {
        let Some(wait) = self.wait else { return Ok(()) };
        let reached: u32 = self.query(cmd("WAIT").arg(wait.count).arg(millis(wait.timeout))).await?;
        if reached >= wait.count {
            return Ok(());
        }
        tracing::warn!(reached, wanted = wait.count, "too few replicas have a write");
        Err(Error::store_unavailable())
    }

    fn link(&self) -> Result<Link, Error> {
        self.link.borrow().clone().ok_or_else(Error::store_unavailable)
    }

    /// Passes an answer on; one that shows that the connection is no good has it replaced.
    fn judge<T>(&self, link: &Link, answer: RedisResult<T>) -> Result<T, Error> {
        answer.map_err(|cause| {
            if is_links_fault(&cause) {
                self.suspect.send_if_modified(|newest| {
                    let newer = link.generation > *newest;
                    *newest = link.generation.max(*newest);
                    newer
                });
            }
            unavailable(cause)
        })
    }

    /// Whether Redis answers, and how often it was connected to.
    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Opens a pub/sub connection; the bus alone does, once at a time. With where it leads to.
    pub(crate) async fn pubsub(&self) -> Result<(redis::aio::PubSub, String), RedisError> {
        let client = self.target.resolve().await?;
        let opened = tokio::time::timeout(CONNECT_TIMEOUT, client.get_async_pubsub());
        let opened = opened.await.map_err(|_elapsed| timed_out())??;
        Ok((opened, address_of(&client)))
    }

    /// Whether commands go to another address than this: then the primary has moved.
    pub(crate) fn has_left(&self, address: &str) -> bool {
        self.link.borrow().as_ref().is_some_and(|link| link.address != address)
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

/// Whether another connection may do better: this one is broken, or leads to a server that is no primary (any
/// more) or has not loaded its data yet.
fn is_links_fault(cause: &RedisError) -> bool {
    let not_now = ["READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN"];
    cause.is_io_error() || cause.code().is_some_and(|code| not_now.contains(&code))
}

/// Logs why Redis failed and says it in the error table's words.
#[allow(clippy::needless_pass_by_value, reason = "used as map_err(unavailable)")]
fn unavailable(cause: RedisError) -> Error {
    match cause.is_io_error() {
        true => tracing::debug!(error = %cause, "redis does not answer"),
        false => tracing::warn!(error = %cause, "redis refuses a command"),
    }
    Error::store_unavailable()
}

fn timed_out() -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// A time to live in milliseconds; Redis refuses 0.
pub(crate) fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}
