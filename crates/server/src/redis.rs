//! The two Redis connections of a server: one multiplexed for commands, one for pub/sub.
//!
//! The command connection is kept by one task ([`keeper`]); while it is gone every call fails at once, so that
//! nothing piles up behind a dead socket, and [`Redis::health`] tells who waits for its return. The pub/sub
//! connection follows it: it leads to where the command connection leads. Where replicas must have a write before it
//! counts, a third connection does those writes ([`durable`]).

mod durable;
mod failure;
mod keeper;
mod kept;
mod sentinel;
mod target;
#[cfg(test)]
pub(crate) mod tests;
mod tls;

use std::{sync::Arc, time::Duration};

use kubently_core::Error;
use redis::{Cmd, FromRedisValue, Pipeline, RedisError, ScriptInvocation};
use tokio::{sync::watch, time::Instant};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::RedisSettings;
use durable::{Durable, Replicas};
use failure::{broken, within};
use kept::Kept;
use target::Target;

/// How long one call may take, a script's loading included. The library's default of 500 ms reports failures for
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
    commands: Kept,
    /// Where writes go that replicas must have, if the settings ask for that.
    durable: Option<Durable>,
    prefix: Arc<str>,
    _end: Arc<DropGuard>,
}

impl Redis {
    /// Connects, and fails when Redis does not answer; the error names the setting's field.
    pub(crate) async fn connect(settings: &RedisSettings) -> Result<Self, Error> {
        let replicas = Replicas::read(settings)?;
        let target = Arc::new(Target::read(settings)?);
        let end = CancellationToken::new();
        let commands = Kept::connect(target.clone(), RESPONSE_TIMEOUT, &end).await?;
        let durable = match replicas {
            None => None,
            Some(replicas) => {
                let kept = Kept::connect(target, RESPONSE_TIMEOUT + replicas.timeout, &end).await?;
                Some(Durable::start(kept, replicas, &end))
            }
        };
        let prefix = settings.prefix.as_str().into();
        Ok(Self { commands, durable, prefix, _end: Arc::new(end.drop_guard()) })
    }

    /// Sends one command. Every call fails within 3 s, and at once while there is no connection.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        self.commands.call(async |connection| command.query_async(connection).await).await.map(|(answer, _)| answer)
    }

    /// Sends several commands in one round trip.
    pub(crate) async fn pipe<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        self.commands.call(async |connection| commands.query_async(connection).await).await.map(|(answer, _)| answer)
    }

    /// Runs a script.
    pub(crate) async fn invoke<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        self.commands.call(async |connection| script.invoke_async(connection).await).await.map(|(answer, _)| answer)
    }

    /// As [`Self::pipe`]; done only when as many replicas have it as the settings ask for.
    pub(crate) async fn pipe_durably<T: FromRedisValue>(&self, commands: &Pipeline) -> Result<T, Error> {
        let Some(durable) = &self.durable else { return self.pipe(commands).await };
        durable.write(async |connection| commands.query_async(connection).await).await
    }

    /// As [`Self::invoke`]; done only when as many replicas have it as the settings ask for.
    pub(crate) async fn invoke_durably<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Error> {
        let Some(durable) = &self.durable else { return self.invoke(script).await };
        durable.write(async |connection| script.invoke_async(connection).await).await
    }

    /// Whether Redis answers, and how often it was connected to.
    pub(crate) fn health(&self) -> watch::Receiver<Health> {
        self.commands.health()
    }

    /// Opens a pub/sub connection to where the command connection leads, which is known to be the primary; with the
    /// generation that it belongs to. The bus alone does, once at a time.
    pub(crate) async fn pubsub(&self) -> Result<(redis::aio::PubSub, u64), RedisError> {
        let link = self.commands.link().ok_or_else(|| broken("there is no connection to Redis"))?;
        let opened = within(CONNECT_TIMEOUT, link.client.get_async_pubsub()).await?;
        Ok((opened, link.generation))
    }

    /// Whether another command connection stands than that of this generation: the primary may have moved.
    pub(crate) fn has_left(&self, generation: u64) -> bool {
        self.commands.link().is_some_and(|link| link.generation != generation)
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

/// A time to live in milliseconds; Redis refuses 0.
pub(crate) fn millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)
}
