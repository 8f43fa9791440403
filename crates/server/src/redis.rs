//! The two Redis connections of a server: one multiplexed for commands, one for pub/sub.
//!
//! The command connection is kept by one task ([`keeper`]); while it is gone every call fails at once, so that
//! nothing piles up behind a dead socket, and [`Redis::health`] tells who waits for its return. Where replicas must
//! have a write before it counts, a third connection does those writes ([`durable`]).

mod durable;
mod keeper;
mod kept;
mod target;
#[cfg(test)]
pub(crate) mod tests;

use std::{sync::Arc, time::Duration};

use kubently_core::Error;
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, ScriptInvocation};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::RedisSettings;
use durable::Durable;
use kept::Kept;
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

/// Redis as the rest of the server sees it. Cheap to clone; clones share the connections, which end with the last.
#[derive(Clone)]
pub(crate) struct Redis {
    target: Arc<Target>,
    commands: Kept,
    /// Where writes go that replicas must have, if the settings ask for that.
    durable: Option<Durable>,
    prefix: Arc<str>,
    _end: Arc<DropGuard>,
}

impl Redis {
    /// Connects, and fails when Redis does not answer.
    pub(crate) async fn connect(settings: &RedisSettings) -> Result<Self, Error> {
        let target = Arc::new(Target::read(settings)?);
        let end = CancellationToken::new();
        let commands = Kept::connect(target.clone(), RESPONSE_TIMEOUT, &end).await?;
        let durable = match settings.wait {
            0 => None,
            replicas => {
                let kept = Kept::connect(target.clone(), RESPONSE_TIMEOUT + settings.wait_timeout, &end).await?;
                Some(Durable::start(kept, replicas, settings.wait_timeout, &end))
            }
        };
        let prefix = settings.prefix.as_str().into();
        Ok(Self { target, commands, durable, prefix, _end: Arc::new(end.drop_guard()) })
    }

    /// Sends one command.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        self.commands.call(async |connection| command.query_async(connection).await).await
    }

    /// Sends several commands in one round trip.
    pub(crate) async fn pipe<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        self.commands.call(async |connection| commands.query_async(connection).await).await
    }

    /// Runs a script.
    pub(crate) async fn invoke<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        self.commands.call(async |connection| script.invoke_async(connection).await).await
    }

    /// As [`Self::pipe`]; done only when as many replicas have it as the settings ask for.
    pub(crate) async fn pipe_durably<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        let Some(durable) = &self.durable else { return self.pipe(commands).await };
        let (answer, on) = durable.kept.call_on(async |connection| commands.query_async(connection).await).await?;
        durable.replicated(on).await.map(|()| answer)
    }

    /// As [`Self::invoke`]; done only when as many replicas have it as the settings ask for.
    pub(crate) async fn invoke_durably<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        let Some(durable) = &self.durable else { return self.invoke(script).await };
        let (answer, on) = durable.kept.call_on(async |connection| script.invoke_async(connection).await).await?;
        durable.replicated(on).await.map(|()| answer)
    }

    /// Whether Redis answers, and how often it was connected to.
    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.commands.health()
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
        self.commands.address().is_some_and(|now| now != address)
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

fn timed_out() -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut))
}

/// A time to live in milliseconds; Redis refuses 0.
pub(crate) fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}
