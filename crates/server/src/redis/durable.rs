//! Writes that replicas must have before they count.
//!
//! `WAIT` holds up its connection, so these writes have one of their own, and one `WAIT` answers for all the writes
//! that were done before it.

use std::time::Duration;

use kubently_core::Error;
use redis::{RedisResult, aio::MultiplexedConnection, cmd};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::{RESPONSE_TIMEOUT, kept::Kept, millis};
use crate::config::RedisSettings;

/// Writers that wait for the replicas; beyond that they wait for a place here.
const QUEUE: usize = 4096;
/// Longest that replicas may take, so that a write which has to wait for another one's replicas still has time.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// One who wrote, and on which connection.
struct Writer {
    generation: u64,
    tell: oneshot::Sender<Result<(), Error>>,
}

/// How many replicas, and how long they may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replicas {
    count: u32,
    pub(super) timeout: Duration,
}

impl Replicas {
    /// What the settings ask for; none if they ask for nothing.
    pub(super) fn read(settings: &RedisSettings) -> Result<Option<Self>, Error> {
        let (count, timeout) = (settings.wait, settings.wait_timeout);
        if timeout < Duration::from_millis(1) || timeout > MAX_WAIT {
            let rule = format!("must be between 1ms and {MAX_WAIT:?}");
            return Err(Error::invalid("redis_wait_timeout", &format!("{timeout:?}"), &rule));
        }
        Ok(Some(Self { count, timeout }).filter(|replicas| replicas.count > 0))
    }
}

/// See the module. Cheap to clone.
#[derive(Clone)]
pub(super) struct Durable {
    /// The connection of the writes.
    pub(super) kept: Kept,
    waiting: mpsc::Sender<Writer>,
}

impl Durable {
    /// Starts the task that asks the replicas; it ends with `end`.
    pub(super) fn start(kept: Kept, replicas: Replicas, end: &CancellationToken) -> Self {
        let (waiting, waiters) = mpsc::channel(QUEUE);
        let (asking, end) = (ask(kept.clone(), replicas, waiters), end.clone());
        tokio::spawn(async move { end.run_until_cancelled(asking).await });
        Self { kept, waiting }
    }

    /// Writes, and waits until the replicas have it; as long as any call, also when it has to wait for others.
    pub(super) async fn write<T>(
        &self,
        call: impl AsyncFnOnce(&mut MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, Error> {
        let written = async {
            let (answer, generation) = self.kept.call(call).await?;
            self.replicated(generation).await.map(|()| answer)
        };
        // Too many waits say nothing about the connection, so nothing is suspected.
        tokio::time::timeout(RESPONSE_TIMEOUT, written).await.unwrap_or_else(|_elapsed| Err(Error::store_unavailable()))
    }

    /// Waits until the replicas have everything that was written before this call on the connection of this generation.
    pub(super) async fn replicated(&self, generation: u64) -> Result<(), Error> {
        let (tell, told) = oneshot::channel();
        self.waiting.send(Writer { generation, tell }).await.map_err(|_ended| Error::store_unavailable())?;
        told.await.unwrap_or_else(|_ended| Err(Error::store_unavailable()))
    }
}

/// Asks once for all who wait, again and again.
async fn ask(kept: Kept, replicas: Replicas, mut waiters: mpsc::Receiver<Writer>) {
    let mut asking = Vec::new();
    let mut short = false;
    while waiters.recv_many(&mut asking, QUEUE).await > 0 {
        let mut wait = cmd("WAIT");
        wait.arg(replicas.count).arg(millis(replicas.timeout));
        let reached: Result<(u32, u64), Error> = kept.call(async |connection| wait.query_async(connection).await).await;
        if let Ok((reached, _)) = reached {
            tell_change(&mut short, reached, replicas.count);
        }
        for Writer { generation, tell } in asking.drain(..) {
            // A writer that is gone does not ask any more.
            let _gone = tell.send(enough(&reached, replicas.count, generation));
        }
    }
}

/// `WAIT` is about its own connection's writes: after a reconnect it is content with any replicas there are, and says
/// nothing about what was written before.
fn enough(reached: &Result<(u32, u64), Error>, wanted: u32, generation: u64) -> Result<(), Error> {
    match reached {
        Ok((reached, asked)) if *reached >= wanted && *asked == generation => Ok(()),
        Ok(_) => Err(Error::store_unavailable()),
        Err(error) => Err(error.clone()),
    }
}

/// Logs when replicas begin to be missing, and when they are back.
fn tell_change(short: &mut bool, reached: u32, wanted: u32) {
    match (std::mem::replace(short, reached < wanted), *short) {
        (false, true) => tracing::warn!(reached, wanted, "too few replicas have what was written"),
        (true, false) => tracing::info!(reached, wanted, "replicas have what is written again"),
        _ => {}
    }
}
