//! One connection that is kept, as its callers see it.

use std::{sync::Arc, time::Duration};

use kubently_core::Error;
use redis::{RedisError, RedisResult, aio::MultiplexedConnection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{Health, keeper::Keeper, target::Target};

/// The connection while it stands, and the how-manieth it is.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) connection: MultiplexedConnection,
    /// Where it leads to.
    pub(super) address: String,
    pub(super) generation: u64,
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Kept {
    link: watch::Receiver<Option<Link>>,
    health: watch::Receiver<Health>,
    /// The newest connection on which a command failed.
    suspect: watch::Sender<u64>,
}

impl Kept {
    /// Connects for the first time, and has the connection kept until `end`.
    pub(super) async fn connect(
        target: Arc<Target>,
        answer_within: Duration,
        end: &CancellationToken,
    ) -> Result<Self, Error> {
        let first = target.connect(answer_within).await.map_err(|cause| unreachable_at_start(&cause))?;
        let (suspect, suspected) = watch::channel(0);
        let (keeper, link, health) = Keeper::new(target, answer_within, suspected, first);
        let end = end.clone();
        tokio::spawn(async move { end.run_until_cancelled(keeper.keep()).await });
        Ok(Self { link, health, suspect })
    }

    /// Does something on the connection, or fails at once when there is none. An answer that shows that the
    /// connection is no good has it replaced.
    pub(super) async fn call<T>(
        &self,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Error> {
        self.call_on(call).await.map(|(answer, _generation)| answer)
    }

    /// The same, and the how-manieth connection it was.
    pub(super) async fn call_on<T>(
        &self,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<(T, u64), Error> {
        let mut link = self.link.borrow().clone().ok_or_else(Error::store_unavailable)?;
        let answer = call(&mut link.connection).await.map_err(|cause| {
            if is_links_fault(&cause) {
                self.suspect(link.generation);
            }
            unavailable(cause)
        })?;
        Ok((answer, link.generation))
    }

    fn suspect(&self, generation: u64) {
        self.suspect.send_if_modified(|newest| {
            let newer = generation > *newest;
            *newest = generation.max(*newest);
            newer
        });
    }

    /// Whether it stands, and how often it came to.
    pub(super) fn health(&self) -> watch::Receiver<Health> {
        self.health.clone()
    }

    /// Where it leads to, while it stands.
    pub(super) fn address(&self) -> Option<String> {
        self.link.borrow().as_ref().map(|link| link.address.clone())
    }
}

/// At the start a person reads the error, and wants to know why.
fn unreachable_at_start(cause: &RedisError) -> Error {
    Error { message: format!("cannot connect to Redis: {cause}"), ..Error::store_unavailable() }
}

/// Whether another connection may do better: this one is broken, or leads to a server that is no primary (any
/// more) or has not loaded its data yet.
fn is_links_fault(cause: &RedisError) -> bool {
    let not_now = ["READONLY", "LOADING", "MASTERDOWN", "CLUSTERDOWN"];
    cause.is_io_error() || cause.code().is_some_and(|code| not_now.contains(&code))
}

/// Logs why Redis failed and says it in the error table's words.
#[allow(clippy::needless_pass_by_value, reason = "used as map_err(unavailable)")]
pub(super) fn unavailable(cause: RedisError) -> Error {
    match cause.is_io_error() {
        true => tracing::debug!(error = %cause, "redis does not answer"),
        false => tracing::warn!(error = %cause, "redis refuses a command"),
    }
    Error::store_unavailable()
}
