//! Executors that ask for their commands. Between two questions their attachment is kept here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kubently_core::{
    Error, ErrorKind,
    ids::{ClusterId, ExecutorId},
};
use tokio::{
    sync::{Mutex as AsyncMutex, mpsc, watch},
    time::{Instant, sleep_until, timeout_at},
};
use tokio_util::sync::CancellationToken;

use crate::dispatch::{Attaching, Attachment, Dispatch, Order};

/// Executors kept at once, so that questions under ever new ids cannot fill the memory.
const MAX_POLLERS: usize = 16_384;
/// How long an executor counts as attached after its last question was answered: it may run a
/// command of the longest usual time before it asks again.
const ALIVE: Duration = Duration::from_secs(60);
/// Orders given in one answer.
const MAX_ORDERS: usize = 1_024;

type Key = (ClusterId, ExecutorId);

/// All of them. Invariant: never more than [`MAX_POLLERS`]; each has a task that removes it.
#[derive(Default)]
pub(super) struct Pollers {
    table: Mutex<HashMap<Key, Arc<Poller>>>,
}

/// One of them.
pub(super) struct Poller {
    orders: AsyncMutex<mpsc::Receiver<Order>>,
    /// Until when it counts as attached.
    alive_until: watch::Sender<Instant>,
    closed: CancellationToken,
}

impl Pollers {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Poller>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The executor's place, a new one if it has none; it will ask until `busy_until`.
    pub(super) async fn seat(
        self: &Arc<Self>,
        dispatch: &Arc<Dispatch>,
        who: Attaching,
        busy_until: Instant,
    ) -> Result<Arc<Poller>, Error> {
        let key = (who.cluster.clone(), who.executor.clone());
        let known = self.lock().get(&key).filter(|poller| !poller.closed.is_cancelled()).cloned();
        if let Some(poller) = known {
            poller.stay(busy_until);
            return Ok(poller);
        }
        if self.lock().len() >= MAX_POLLERS {
            return Err(Error::new(ErrorKind::ResourceExhausted, "too many polling executors"));
        }
        let (attachment, orders) = dispatch.attach(who).await?;
        let (alive_until, _) = watch::channel(busy_until + ALIVE);
        let closed = attachment.closed();
        let poller = Arc::new(Poller { orders: AsyncMutex::new(orders), alive_until, closed });
        self.lock().insert(key.clone(), poller.clone());
        tokio::spawn(self.clone().keep(key, poller.clone(), attachment));
        Ok(poller)
    }

    /// Keeps an executor attached as long as it asks.
    async fn keep(self: Arc<Self>, key: Key, poller: Arc<Poller>, attachment: Attachment) {
        let mut alive_until = poller.alive_until.subscribe();
        loop {
            let until = *alive_until.borrow_and_update();
            tokio::select! {
                () = poller.closed.cancelled() => break,
                () = sleep_until(until) => break,
                _ = alive_until.changed() => {}
            }
        }
        // Whoever asks meanwhile gets a new place.
        poller.closed.cancel();
        let mut table = self.lock();
        if table.get(&key).is_some_and(|kept| Arc::ptr_eq(kept, &poller)) {
            table.remove(&key);
        }
        drop(table);
        drop(attachment);
    }
}

impl Poller {
    /// What the executor is told, waiting for the first of it at most until `until`.
    pub(super) async fn orders(&self, until: Instant) -> Vec<Order> {
        let mut orders = Vec::new();
        let wait = async {
            let mut receiver = self.orders.lock().await;
            receiver.recv_many(&mut orders, MAX_ORDERS).await
        };
        tokio::select! {
            // Orders that are here go before the end.
            biased;
            _ = timeout_at(until, wait) => {}
            () = self.closed.cancelled() => {}
        }
        self.stay(Instant::now());
        orders
    }

    /// Gives the place up: the executor should ask another server.
    pub(super) fn leave(&self) {
        self.closed.cancel();
    }

    fn stay(&self, busy_until: Instant) {
        self.alive_until.send_modify(|until| *until = (*until).max(busy_until + ALIVE));
    }
}
