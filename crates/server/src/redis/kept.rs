//! One connection that is kept, as its callers see it.

use std::{sync::Arc, time::Duration};

use kubently_core::Error;
use redis::{Client, RedisResult, aio::MultiplexedConnection};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{
    Health,
    failure::{is_links_fault, unavailable, unreachable_at_start, within},
    keeper::Keeper,
    target::{Connected, Target},
};

/// The connection while it stands, and the how-manieth it is.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) connection: MultiplexedConnection,
    /// What made it, and leads to the same place.
    pub(super) client: Client,
    pub(super) generation: u64,
}

impl Link {
    pub(super) fn new(connected: Connected, generation: u64) -> Self {
        Self { connection: connected.connection, client: connected.client, generation }
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Kept {
    link: watch::Receiver<Option<Link>>,
    health: watch::Receiver<Health>,
    /// The newest connection on which a command failed.
    suspect: watch::Sender<u64>,
    answer_within: Duration,
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
        Ok(Self { link, health, suspect, answer_within })
    }

    /// Does something on the connection, or fails at once when there is none; with the connection's generation. An
    /// answer that shows that the connection is no good has it replaced. The time is for the whole call, which may
    /// wait for room and take several round trips.
    pub(super) async fn call<T>(
        &self,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<(T, u64), Error> {
        let mut link = self.link().ok_or_else(Error::store_unavailable)?;
        let answer = within(self.answer_within, call(&mut link.connection)).await.map_err(|cause| {
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

    /// The connection, while it stands.
    pub(super) fn link(&self) -> Option<Link> {
        self.link.borrow().clone()
    }
}
