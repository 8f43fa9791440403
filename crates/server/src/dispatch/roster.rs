//! The executors attached here, and which command goes to which of them.
//!
//! Invariants, all under one lock: a command id stands in at most one seat's `running`; a seat's
//! `running` never exceeds its `limit`; `pending` never exceeds [`MAX_PENDING`]; a desk without
//! seats and without pending commands is not kept.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use kubently_core::{
    cluster::AttachedExecutor,
    command::MAX_CHUNK_BYTES,
    ids::{ClusterId, CommandId, ExecutorId},
};
use kubently_proto::convert::journal::Accepted;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::attach::Order;
use crate::journal::Lease;

/// Commands of one cluster that wait here for a free place. What comes on top expires, and says so.
const MAX_PENDING: usize = 4096;
/// A draining server's executors attach elsewhere after a random part of this time.
const DRAIN_SPREAD: Duration = Duration::from_secs(2);

/// One attached executor.
pub(super) struct Seat {
    /// Tells this attachment from an older one of the same executor.
    pub(super) number: u64,
    /// Who sits here.
    pub(super) executor: AttachedExecutor,
    /// Commands it may run at once.
    pub(super) limit: usize,
    /// What it is told. As long as `limit` allows, plus room for cancels.
    pub(super) orders: mpsc::Sender<Order>,
    /// Set when the face must end the stream.
    pub(super) closed: CancellationToken,
}

/// A command that a seat runs.
#[derive(Clone)]
pub(super) struct Running {
    /// As accepted.
    pub(super) accepted: Accepted,
    /// The lease it runs under.
    pub(super) lease: Lease,
    /// Bytes of output that came over the present link.
    received: u64,
}

impl Running {
    /// A command that has printed nothing yet.
    pub(super) fn new(accepted: Accepted, lease: Lease) -> Self {
        Self { accepted, lease, received: 0 }
    }
}

/// A place taken for a command; the lease is not won yet.
pub(super) struct Placement {
    pub(super) seat: Arc<Seat>,
    pub(super) running: Running,
}

#[derive(Default)]
struct Desk {
    seats: Vec<(Arc<Seat>, HashMap<CommandId, Running>)>,
    pending: VecDeque<Accepted>,
}

impl Desk {
    /// The seat with the most room, if any has some.
    fn roomiest(&mut self) -> Option<&mut (Arc<Seat>, HashMap<CommandId, Running>)> {
        let free = |(seat, running): &(Arc<Seat>, HashMap<_, _>)| seat.limit.saturating_sub(running.len());
        self.seats.iter_mut().max_by_key(|place| free(place)).filter(|place| free(place) > 0)
    }
}

/// All desks of a server.
#[derive(Default)]
pub(super) struct Roster {
    desks: Mutex<HashMap<ClusterId, Desk>>,
    next: AtomicU64,
    running: watch::Sender<usize>,
}

impl Roster {
    fn lock(&self) -> MutexGuard<'_, HashMap<ClusterId, Desk>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a new seat.
    pub(super) fn next_number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Seats an executor. An older attachment of the same executor is closed: its link is dead,
    /// or the executor would not have come back.
    pub(super) fn add(&self, seat: Arc<Seat>) {
        let mut desks = self.lock();
        let desk = desks.entry(seat.executor.cluster.clone()).or_default();
        for (old, _) in desk.seats.iter().filter(|(old, _)| old.executor.id == seat.executor.id) {
            old.closed.cancel();
        }
        desk.seats.push((seat, HashMap::new()));
    }

    /// Takes a seat away. Its commands stay leased: the executor answers them from its next link.
    pub(super) fn remove(&self, seat: &Seat) {
        let mut desks = self.lock();
        let Some(desk) = desks.get_mut(&seat.executor.cluster) else { return };
        let mut left = 0;
        desk.seats.retain(|(other, running)| {
            let stays = other.number != seat.number;
            left += if stays { 0 } else { running.len() };
            stays
        });
        if desk.seats.is_empty() && desk.pending.is_empty() {
            desks.remove(&seat.executor.cluster);
        }
        drop(desks);
        self.running.send_modify(|count| *count -= left);
    }

    /// Queues an announced command; says whether there was room. A cluster without a seat is one
    /// whose executor comes or goes just now: it was subscribed, so its commands are ours to keep.
    pub(super) fn queue(&self, accepted: Accepted) -> bool {
        let mut desks = self.lock();
        let desk = desks.entry(accepted.command.spec.cluster.clone()).or_default();
        let room = desk.pending.len() < MAX_PENDING;
        if room {
            desk.pending.push_back(accepted);
        }
        room
    }

    /// Takes the next pending command and a place for it, if there are both.
    pub(super) fn place(&self, cluster: &ClusterId) -> Option<Placement> {
        let mut desks = self.lock();
        let desk = desks.get_mut(cluster)?;
        let now = SystemTime::now();
        while desk.pending.front().is_some_and(|accepted| accepted.command.deadline <= now) {
            desk.pending.pop_front();
        }
        desk.roomiest()?;
        let accepted = desk.pending.pop_front()?;
        let (seat, running) = desk.roomiest()?;
        let executor = seat.executor.id.clone();
        let lease = Lease { epoch: 1, cluster: cluster.clone(), executor };
        let entry = Running::new(accepted, lease);
        running.insert(entry.accepted.command.id.clone(), entry.clone());
        let seat = seat.clone();
        drop(desks);
        self.running.send_modify(|count| *count += 1);
        Some(Placement { seat, running: entry })
    }

    /// Frees a command's place, whichever seat has it; returns what ran there.
    pub(super) fn release(&self, cluster: &ClusterId, id: &CommandId) -> Option<Running> {
        let mut desks = self.lock();
        let desk = desks.get_mut(cluster)?;
        let running = desk.seats.iter_mut().find_map(|(_, running)| running.remove(id))?;
        drop(desks);
        self.running.send_modify(|count| *count -= 1);
        Some(running)
    }

    /// Notes that a seat runs a command which it was given over an earlier link.
    pub(super) fn adopt(&self, seat: &Seat, running: &Running) {
        let mut desks = self.lock();
        let Some(desk) = desks.get_mut(&seat.executor.cluster) else { return };
        let Some((_, own)) = desk.seats.iter_mut().find(|(other, _)| other.number == seat.number) else { return };
        let new = own.insert(running.accepted.command.id.clone(), running.clone()).is_none();
        drop(desks);
        self.running.send_modify(|count| *count += usize::from(new));
    }

    /// Counts output of a command; says whether it is within what may be kept of it, or `None`
    /// when the command does not run here any more. One chunk more than the limit is let through,
    /// because an executor may cut at a chunk's end.
    pub(super) fn within_limit(&self, cluster: &ClusterId, id: &CommandId, bytes: usize) -> Option<bool> {
        let mut desks = self.lock();
        let running = desks.get_mut(cluster)?.seats.iter_mut().find_map(|(_, running)| running.get_mut(id))?;
        running.received = running.received.saturating_add(bytes as u64);
        Some(running.received <= running.accepted.command.spec.max_output_bytes + MAX_CHUNK_BYTES as u64)
    }

    /// The seat that runs a command, and its lease.
    pub(super) fn find(&self, cluster: &ClusterId, id: &CommandId) -> Option<Placement> {
        let desks = self.lock();
        let places = desks.get(cluster)?.seats.iter();
        let mut found = places.filter_map(|(seat, running)| Some((seat, running.get(id)?)));
        let (seat, running) = found.next()?;
        Some(Placement { seat: seat.clone(), running: running.clone() })
    }

    /// Drops a command that waits for a place.
    pub(super) fn unqueue(&self, cluster: &ClusterId, id: &CommandId) {
        if let Some(desk) = self.lock().get_mut(cluster) {
            desk.pending.retain(|accepted| accepted.command.id != *id);
        }
    }

    /// Frees the places of commands whose executor did not answer in time, and returns the
    /// clusters that have room again.
    pub(super) fn sweep(&self, overdue: Duration) -> Vec<ClusterId> {
        let now = SystemTime::now();
        let mut freed = 0;
        let mut clusters = Vec::new();
        let late = |accepted: &Accepted| accepted.command.deadline + overdue < now;
        let mut desks = self.lock();
        for (cluster, desk) in desks.iter_mut() {
            let before: usize = desk.seats.iter().map(|(_, running)| running.len()).sum();
            desk.seats.iter_mut().for_each(|(_, running)| running.retain(|_, entry| !late(&entry.accepted)));
            let after: usize = desk.seats.iter().map(|(_, running)| running.len()).sum();
            desk.pending.retain(|accepted| accepted.command.deadline > now);
            freed += before - after;
            if after < before {
                clusters.push(cluster.clone());
            }
        }
        desks.retain(|_, desk| !desk.seats.is_empty() || !desk.pending.is_empty());
        drop(desks);
        self.running.send_modify(|count| *count -= freed);
        clusters
    }

    /// How many commands run, and how many wait for a place.
    pub(super) fn load(&self) -> (usize, usize) {
        let pending = self.lock().values().map(|desk| desk.pending.len()).sum();
        (*self.running.borrow(), pending)
    }

    /// How many commands of a cluster wait here for a place.
    pub(super) fn depth(&self, cluster: &ClusterId) -> usize {
        self.lock().get(cluster).map_or(0, |desk| desk.pending.len())
    }

    /// Whether this executor has a seat here.
    pub(super) fn seats(&self, cluster: &ClusterId, executor: &ExecutorId) -> bool {
        let desks = self.lock();
        desks.get(cluster).is_some_and(|desk| desk.seats.iter().any(|(seat, _)| seat.executor.id == *executor))
    }

    /// Everybody who is attached here.
    pub(super) fn attached(&self) -> Vec<AttachedExecutor> {
        self.lock().values().flat_map(|desk| &desk.seats).map(|(seat, _)| seat.executor.clone()).collect()
    }

    /// Closes every attachment of a cluster: its token is gone.
    pub(super) fn expel(&self, cluster: &ClusterId) {
        if let Some(desk) = self.lock().get(cluster) {
            desk.seats.iter().for_each(|(seat, _)| seat.closed.cancel());
        }
    }

    /// Asks every executor to attach elsewhere.
    pub(super) fn drain(&self) {
        for (seat, _) in self.lock().values().flat_map(|desk| &desk.seats) {
            if seat.orders.try_send(Order::Drain { spread: DRAIN_SPREAD }).is_err() {
                // It does not read its orders; its stream ends with the server.
                tracing::debug!(executor = %seat.executor.id, "an executor could not be told to drain");
            }
        }
    }

    /// Closes every attachment.
    pub(super) fn close(&self) {
        self.lock().values().flat_map(|desk| &desk.seats).for_each(|(seat, _)| seat.closed.cancel());
    }

    /// Ends when no command runs on any seat.
    pub(super) async fn idle(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.running.subscribe().wait_for(|count| *count == 0).await;
    }
}
