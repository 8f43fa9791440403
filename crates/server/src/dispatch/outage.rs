//! What happens while Redis is away: commands wait in a bounded queue, for a bounded time.

use std::{sync::Arc, time::Duration};

use kubently_core::{Error, ErrorKind};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, timeout_at},
};

use crate::redis::Health;

/// Pause before a call is repeated that failed although Redis is there: it may be loading its data.
const PAUSE: Duration = Duration::from_millis(100);
/// Time in which every server writes again what Redis lost: it beats every second.
const SETTLING: Duration = Duration::from_secs(3);

/// How long, and how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Commands that may wait to be accepted.
    pub(crate) commands: usize,
    /// How long each may.
    pub(crate) time: Duration,
}

/// See the module.
pub(crate) struct Outage {
    patience: Patience,
    places: Arc<Semaphore>,
    health: watch::Receiver<Health>,
}

impl Outage {
    pub(crate) fn new(patience: Patience, health: watch::Receiver<Health>) -> Self {
        Self { patience, places: Arc::new(Semaphore::new(patience.commands)), health }
    }

    /// How long a command may wait to be accepted.
    pub(super) fn patience(&self) -> Duration {
        self.patience.time
    }

    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.patience.commands - self.places.available_permits()
    }

    /// A place in the queue, if there is one: whoever gets none is refused at once.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, Error> {
        self.places.clone().try_acquire_owned().map_err(|_full| {
            let message = "the command store is not reachable, and as many commands as may wait for it do; try again";
            Error { message: message.to_owned(), ..Error::store_unavailable() }
        })
    }

    /// Waits until Redis is there, at most until `limit`; says whether it is.
    pub(super) async fn over(&self, limit: Instant) -> bool {
        let mut health = self.health.clone();
        let returned = async {
            // The sender lives as long as the connection; without it nothing will come back.
            if health.wait_for(|health| health.up).await.is_err() {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(PAUSE).await;
        };
        timeout_at(limit, returned).await.is_ok()
    }

    /// Whether Redis came back a moment ago: what it lost may not be written again yet.
    pub(super) fn is_settling(&self) -> bool {
        let health = *self.health.borrow();
        health.up && health.generation > 1 && health.since.elapsed() < SETTLING
    }

    /// Repeats `call` while the store does not answer, at most until `limit`.
    pub(super) async fn outlast<T, Called>(&self, limit: Instant, mut call: impl FnMut() -> Called) -> Result<T, Error>
    where
        Called: Future<Output = Result<T, Error>>,
    {
        loop {
            match call().await {
                Err(error) if error.kind == ErrorKind::StoreUnavailable && self.over(limit).await => {}
                answer => return answer,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outage(commands: usize) -> (Outage, watch::Sender<Health>) {
        let (tell, health) = watch::channel(Health { up: false, generation: 1, since: Instant::now() });
        (Outage::new(Patience { commands, time: Duration::from_secs(10) }, health), tell)
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let (outage, _tell) = outage(2);
        let held = [outage.place().unwrap(), outage.place().unwrap()];
        let refused = outage.place().unwrap_err();
        assert_eq!((refused.kind, outage.waiting()), (ErrorKind::StoreUnavailable, 2));
        assert!(refused.retry_after.is_some());
        drop(held);
        assert!(outage.place().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_repeated_when_redis_is_back_and_not_before() {
        let (outage, tell) = outage(1);
        let calls = std::cell::Cell::new(0);
        let call = || async {
            calls.set(calls.get() + 1);
            if calls.get() < 3 { Err(Error::store_unavailable()) } else { Ok(calls.get()) }
        };
        let limit = Instant::now() + Duration::from_secs(60);
        let back = async {
            tokio::time::sleep(Duration::from_secs(20)).await;
            assert_eq!(calls.get(), 1);
            tell.send_replace(Health { up: true, generation: 2, since: Instant::now() });
        };
        let (answer, ()) = tokio::join!(outage.outlast(limit, call), back);
        assert_eq!(answer, Ok(3));
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends() {
        let (outage, _tell) = outage(1);
        let limit = Instant::now() + Duration::from_secs(5);
        let answer: Result<(), Error> = outage.outlast(limit, async || Err(Error::store_unavailable())).await;
        assert_eq!(answer, Err(Error::store_unavailable()));
        assert_eq!(Instant::now(), limit);
    }
}
