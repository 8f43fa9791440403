//! Writes that replicas must have before they count.
//!
//! `WAIT` holds up its connection, so these writes have one of their own, and one `WAIT` answers for all the writes
//! that were done before it.

use std::time::Duration;

use kubently_core::Error;
use redis::cmd;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{kept::Kept, millis};

/// Writers that wait for the replicas; beyond that they wait for a place here.
const QUEUE: usize = 4096;

type Told = oneshot::Sender<Result<(), Error>>;

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Durable {
    /// The connection of the writes.
    pub(super) kept: Kept,
    waiting: mpsc::Sender<Told>,
}

impl Durable {
    /// Starts the task that asks the replicas; it ends with `end`.
    pub(super) fn start(kept: Kept, replicas: u32, timeout: Duration, end: &CancellationToken) -> Self {
        let (waiting, waiters) = mpsc::channel(QUEUE);
        let (asking, end) = (ask(kept.clone(), replicas, timeout, waiters), end.clone());
        tokio::spawn(async move { end.run_until_cancelled(asking).await });
        Self { kept, waiting }
    }

    /// Waits until the replicas have everything that was written before this call.
    pub(super) async fn replicated(&self) -> Result<(), Error> {
        let (tell, told) = oneshot::channel();
        self.waiting.send(tell).await.map_err(|_ended| Error::store_unavailable())?;
        told.await.unwrap_or_else(|_ended| Err(Error::store_unavailable()))
    }
}

/// Asks once for all who wait, again and again.
async fn ask(kept: Kept, replicas: u32, timeout: Duration, mut waiters: mpsc::Receiver<Told>) {
    let mut asking = Vec::new();
    while waiters.recv_many(&mut asking, QUEUE).await > 0 {
        let mut wait = cmd("WAIT");
        wait.arg(replicas).arg(millis(timeout));
        let reached: Result<u32, Error> = kept.call(async |connection| wait.query_async(connection).await).await;
        let enough = reached.and_then(|reached| enough(reached, replicas));
        for tell in asking.drain(..) {
            // A writer that is gone does not ask any more.
            let _gone = tell.send(enough.clone());
        }
    }
}

fn enough(reached: u32, wanted: u32) -> Result<(), Error> {
    if reached >= wanted {
        return Ok(());
    }
    tracing::warn!(reached, wanted, "too few replicas have what was written");
    Err(Error::store_unavailable())
}
