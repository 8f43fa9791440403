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

/// A writer: the connection that it wrote on, and where it is told.
type Writer = (u64, oneshot::Sender<Result<(), Error>>);

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Durable {
    /// The connection of the writes.
    pub(super) kept: Kept,
    waiting: mpsc::Sender<Writer>,
}

impl Durable {
    /// Starts the task that asks the replicas; it ends with `end`.
    pub(super) fn start(kept: Kept, replicas: u32, timeout: Duration, end: &CancellationToken) -> Self {
        let (waiting, waiters) = mpsc::channel(QUEUE);
        let (asking, end) = (ask(kept.clone(), replicas, timeout, waiters), end.clone());
        tokio::spawn(async move { end.run_until_cancelled(asking).await });
        Self { kept, waiting }
    }

    /// Waits until the replicas have everything that was written before this call on the connection of this
    /// generation. `WAIT` knows of its own connection's writes only, so one on a later connection says nothing.
    pub(super) async fn replicated(&self, generation: u64) -> Result<(), Error> {
        let (tell, told) = oneshot::channel();
        self.waiting.send((generation, tell)).await.map_err(|_ended| Error::store_unavailable())?;
        told.await.unwrap_or_else(|_ended| Err(Error::store_unavailable()))
    }
}

/// Asks once for all who wait, again and again.
async fn ask(kept: Kept, replicas: u32, timeout: Duration, mut waiters: mpsc::Receiver<Writer>) {
    let mut asking = Vec::new();
    while waiters.recv_many(&mut asking, QUEUE).await > 0 {
        let mut wait = cmd("WAIT");
        wait.arg(replicas).arg(millis(timeout));
        let asked: Result<(u32, u64), Error> =
            kept.call_on(async |connection| wait.query_async(connection).await).await;
        let enough = asked.and_then(|(reached, on)| enough(reached, replicas).map(|()| on));
        for (wrote_on, tell) in asking.drain(..) {
            let same =
                enough.clone().and_then(|on| if on == wrote_on { Ok(()) } else { Err(Error::store_unavailable()) });
            // A writer that is gone does not ask any more.
            let _gone = tell.send(same);
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
