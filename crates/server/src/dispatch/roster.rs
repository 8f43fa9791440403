//! The executors attached here, and which command goes to which of them.
//!
//! Invariants, all under one lock: a command id stands in at most one seat's `running`, and in
//! `pending` at most once; a seat is given no command beyond its `limit`; `pending` never exceeds
//! [`MAX_PENDING`]; a desk without seats and without pending commands is not kept.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use kubently_core::{
    cluster::AttachedExecutor,
    ids::{ClusterId, CommandId, ExecutorId},
};
use tokio::{sync::watch, time::Instant};

use super::{
    attach::Order,
    seat::{Placement, Running, Seat, Waiting},
};
use crate::journal::Lease;

/// Commands of one cluster that wait here for a free place. What comes on top stays in the journal,
/// and is read from there when these are placed.
const MAX_PENDING: usize = 4096;
/// A draining server's executors attach elsewhere after a random part of this time.
const DRAIN_SPREAD: Duration = Duration::from_secs(2);

struct Place {
    seat: Arc<Seat>,
    running: HashMap<CommandId, Running>,
}

impl Place {
    fn room(&self) -> usize {
        if self.seat.takes() { self.seat.limit.saturating_sub(self.running.len()) } else { 0 }
    }
}

#[derive(Default)]
struct Desk {
    places: Vec<Place>,
    pending: VecDeque<Waiting>,
    /// The ids in `pending`.
    queued: HashSet<CommandId>,
    /// Commands that were in hand here when their seat was left, until it is clear what becomes of them.
    parting: HashSet<CommandId>,
    /// Whether commands found no room in `pending`.
    overflowed: bool,
}

impl Desk {
    /// The place with the most room, if any has some.
    fn roomiest(&mut self) -> Option<&mut Place> {
        self.places.iter_mut().max_by_key(|place| place.room()).filter(|place| place.room() > 0)
    }

    fn runs(&self, id: &CommandId) -> bool {
        self.places.iter().any(|place| place.running.contains_key(id))
    }

    fn running(&mut self, id: &CommandId) -> Option<&mut Running> {
        self.places.iter_mut().find_map(|place| place.running.get_mut(id))
    }

    fn take_pending(&mut self) -> Option<Waiting> {
        let waiting = self.pending.pop_front()?;
        self.queued.remove(&waiting.accepted.command.id);
        Some(waiting)
    }

    fn is_idle(&self) -> bool {
        self.places.is_empty() && self.pending.is_empty() && self.parting.is_empty()
    }

    /// Drops commands whose deadline is over before anybody took them.
    fn expire(&mut self, now: SystemTime) {
        let queued = &mut self.queued;
        self.pending.retain(|waiting| {
            let command = &waiting.accepted.command;
            command.deadline > now || !queued.remove(&command.id)
        });
    }
}

/// What became of a command that wants a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Queued {
    /// It waits.
    New,
    /// It waits or runs already.
    Known,
    /// There is no room; it is read from the journal later.
    Full,
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

    fn at<T>(&self, cluster: &ClusterId, look: impl FnOnce(&mut Desk) -> T) -> Option<T> {
        self.lock().get_mut(cluster).map(look)
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
        let older = desk.places.iter().filter(|place| place.seat.executor.id == seat.executor.id);
        older.for_each(|place| place.seat.closed.cancel());
        desk.places.push(Place { seat, running: HashMap::new() });
    }

    /// Takes a seat away and returns what ran there. Those commands are parting until
    /// [`Self::parted`].
    pub(super) fn remove(&self, seat: &Seat) -> Vec<Running> {
        let mut desks = self.lock();
        let Some(desk) = desks.get_mut(&seat.executor.cluster) else { return Vec::new() };
        let Some(index) = desk.places.iter().position(|place| place.seat.number == seat.number) else {
            return Vec::new();
        };
        let left: Vec<Running> = desk.places.swap_remove(index).running.into_values().collect();
        desk.parting.extend(left.iter().map(|running| running.accepted.command.id.clone()));
        if desk.is_idle() {
            desks.remove(&seat.executor.cluster);
        }
        drop(desks);
        self.running.send_modify(|count| *count -= left.len());
        left
    }

    /// It is clear what becomes of a command whose seat was left.
    pub(super) fn parted(&self, cluster: &ClusterId, id: &CommandId) {
        let mut desks = self.lock();
        let Some(desk) = desks.get_mut(cluster) else { return };
        desk.parting.remove(id);
        if desk.is_idle() {
            desks.remove(cluster);
        }
    }

    /// Queues a command. A cluster without a seat is one whose executor comes or goes just now: it
    /// was subscribed, so its commands are ours to keep.
    pub(super) fn queue(&self, waiting: Waiting) -> Queued {
        let command = &waiting.accepted.command;
        let mut desks = self.lock();
        let desk = desks.entry(command.spec.cluster.clone()).or_default();
        if desk.runs(&command.id) || desk.queued.contains(&command.id) {
            return Queued::Known;
        }
        if desk.pending.len() >= MAX_PENDING {
            desk.overflowed = true;
            return Queued::Full;
        }
        desk.queued.insert(command.id.clone());
        desk.pending.push_back(waiting);
        Queued::New
    }

    /// Takes the next pending command and a place for it, if there are both.
    pub(super) fn place(&self, cluster: &ClusterId) -> Option<Placement> {
        let mut desks = self.lock();
        let desk = desks.get_mut(cluster)?;
        let now = SystemTime::now();
        while desk.pending.front().is_some_and(|waiting| waiting.accepted.command.deadline <= now) {
            desk.take_pending();
        }
        desk.roomiest()?;
        let waiting = desk.take_pending()?;
        let place = desk.roomiest()?;
        let lease = place.seat.lease(&waiting.accepted, waiting.found.as_ref());
        let running = Running::new(waiting.accepted.clone(), lease.clone());
        place.running.insert(running.accepted.command.id.clone(), running);
        let seat = place.seat.clone();
        drop(desks);
        self.running.send_modify(|count| *count += 1);
        Some(Placement { seat, waiting, lease })
    }

    /// Whether commands found no room in the queue and there is some again; asked once each time.
    pub(super) fn drained(&self, cluster: &ClusterId) -> bool {
        let look = |desk: &mut Desk| desk.pending.is_empty() && std::mem::take(&mut desk.overflowed);
        self.at(cluster, look).unwrap_or_default()
    }

    /// Notes the lease as it was won; false when the seat was left meanwhile.
    pub(super) fn confirm(&self, lease: &Lease, id: &CommandId) -> bool {
        let note = |desk: &mut Desk| match desk.running(id).filter(|running| running.lease.holder == lease.holder) {
            Some(running) => {
                running.lease = lease.clone();
                true
            }
            None => false,
        };
        self.at(&lease.cluster, note).unwrap_or_default()
    }

    /// Frees a command's place, whichever seat has it; returns what ran there.
    pub(super) fn release(&self, cluster: &ClusterId, id: &CommandId) -> Option<Running> {
        let free = |desk: &mut Desk| desk.places.iter_mut().find_map(|place| place.running.remove(id));
        let running = self.at(cluster, free)??;
        self.running.send_modify(|count| *count -= 1);
        Some(running)
    }

    /// Notes that a seat runs a command which its executor has from an earlier link; false when the
    /// seat was left.
    pub(super) fn adopt(&self, seat: &Seat, running: &Running) -> bool {
        let id = &running.accepted.command.id;
        let adopt = |desk: &mut Desk| {
            desk.parting.remove(id);
            if desk.queued.remove(id) {
                desk.pending.retain(|waiting| waiting.accepted.command.id != *id);
            }
            let elsewhere = desk.places.iter_mut().filter(|place| place.seat.number != seat.number);
            let moved = elsewhere.filter_map(|place| place.running.remove(id)).count();
            let own = desk.places.iter_mut().find(|place| place.seat.number == seat.number)?;
            let new = own.running.insert(id.clone(), running.clone()).is_none();
            Some((usize::from(new), moved))
        };
        let Some(Some((came, went))) = self.at(&seat.executor.cluster, adopt) else { return false };
        self.running.send_modify(|count| *count = *count + came - went);
        true
    }

    /// Changes what is noted of a running command; `None` when it does not run here.
    pub(super) fn note<T>(
        &self,
        cluster: &ClusterId,
        id: &CommandId,
        change: impl FnOnce(&mut Running) -> T,
    ) -> Option<T> {
        self.at(cluster, |desk| desk.running(id).map(change))?
    }

    /// The seat that runs a command, and what it runs.
    pub(super) fn find(&self, cluster: &ClusterId, id: &CommandId) -> Option<(Arc<Seat>, Running)> {
        let look = |desk: &mut Desk| {
            let mut found = desk.places.iter().filter_map(|place| Some((&place.seat, place.running.get(id)?)));
            found.next().map(|(seat, running)| (seat.clone(), running.clone()))
        };
        self.at(cluster, look)?
    }

    /// Whether a command runs over a link that stands.
    pub(super) fn runs(&self, cluster: &ClusterId, id: &CommandId) -> bool {
        let stands = |place: &Place| !place.seat.closed.is_cancelled() && place.running.contains_key(id);
        self.at(cluster, |desk| desk.places.iter().any(stands)).unwrap_or_default()
    }

    /// Whether the seat that ran a command was left a moment ago, or is about to be.
    pub(super) fn parts_with(&self, cluster: &ClusterId, id: &CommandId) -> bool {
        self.at(cluster, |desk| desk.runs(id) || desk.parting.contains(id)).unwrap_or_default()
    }

    /// Drops a command that waits for a place.
    pub(super) fn unqueue(&self, cluster: &ClusterId, id: &CommandId) {
        self.at(cluster, |desk| {
            if desk.queued.remove(id) {
                desk.pending.retain(|waiting| waiting.accepted.command.id != *id);
            }
        });
    }

    /// Frees the places of commands whose executor did not answer in time, and returns the
    /// clusters that have room again.
    pub(super) fn sweep(&self, overdue: Duration) -> Vec<ClusterId> {
        let now = SystemTime::now();
        let mut freed = 0;
        let mut clusters = Vec::new();
        let mut desks = self.lock();
        for (cluster, desk) in desks.iter_mut() {
            let before: usize = desk.places.iter().map(|place| place.running.len()).sum();
            desk.places.iter_mut().for_each(|place| place.running.retain(|_, running| !running.late(overdue, now)));
            let after: usize = desk.places.iter().map(|place| place.running.len()).sum();
            desk.expire(now);
            freed += before - after;
            if after < before {
                clusters.push(cluster.clone());
            }
        }
        desks.retain(|_, desk| !desk.is_idle());
        drop(desks);
        self.running.send_modify(|count| *count -= freed);
        clusters
    }

    /// What runs for longer than `moment` and is not marked so; it is from now on.
    pub(super) fn mark(&self, moment: Duration) -> Vec<Running> {
        let mut desks = self.lock();
        let places = desks.values_mut().flat_map(|desk| &mut desk.places);
        let unmarked = places.flat_map(|place| place.running.values_mut()).filter(|running| running.to_mark(moment));
        let mark = |running: &mut Running| {
            running.marked = true;
            running.clone()
        };
        unmarked.map(mark).collect()
    }

    /// Everything that runs here.
    pub(super) fn all_running(&self) -> Vec<Running> {
        let desks = self.lock();
        let places = desks.values().flat_map(|desk| &desk.places);
        places.flat_map(|place| place.running.values().cloned()).collect()
    }

    /// How many commands run, and how many wait for a place.
    pub(super) fn load(&self) -> (usize, usize) {
        let pending = self.lock().values().map(|desk| desk.pending.len()).sum();
        (*self.running.borrow(), pending)
    }

    /// How many commands of a cluster wait here for a place.
    pub(super) fn depth(&self, cluster: &ClusterId) -> usize {
        self.at(cluster, |desk| desk.pending.len()).unwrap_or_default()
    }

    /// The present seat of an executor.
    pub(super) fn seat(&self, cluster: &ClusterId, executor: &ExecutorId) -> Option<Arc<Seat>> {
        let own = |place: &&Place| place.seat.executor.id == *executor && !place.seat.closed.is_cancelled();
        self.at(cluster, |desk| desk.places.iter().find(own).map(|place| place.seat.clone()))?
    }

    /// Notes that an executor was heard of; false when it has no seat here.
    pub(super) fn heard(&self, cluster: &ClusterId, executor: &ExecutorId) -> bool {
        let seat = self.seat(cluster, executor);
        seat.map(|seat| seat.heard.send_replace(Instant::now())).is_some()
    }

    /// The clusters that have a seat here.
    pub(super) fn clusters(&self) -> HashSet<ClusterId> {
        let desks = self.lock();
        let seated = desks.iter().filter(|(_, desk)| !desk.places.is_empty());
        seated.map(|(cluster, _)| cluster.clone()).collect()
    }

    /// Everybody who is attached here.
    pub(super) fn attached(&self) -> Vec<AttachedExecutor> {
        self.lock().values().flat_map(|desk| &desk.places).map(|place| place.seat.executor.clone()).collect()
    }

    /// Closes every attachment of a cluster: its token is gone.
    pub(super) fn expel(&self, cluster: &ClusterId) {
        self.at(cluster, |desk| desk.places.iter().for_each(|place| place.seat.closed.cancel()));
    }

    /// Gives nobody anything more, and asks every executor to attach elsewhere.
    pub(super) fn drain(&self) {
        for place in self.lock().values().flat_map(|desk| &desk.places) {
            place.seat.leaving.store(true, Ordering::Relaxed);
            if place.seat.orders.try_send(Order::Drain { spread: DRAIN_SPREAD }).is_err() {
                // It does not read its orders; its stream ends with the server.
                tracing::debug!(executor = %place.seat.executor.id, "an executor could not be told to drain");
            }
        }
    }

    /// Closes every attachment.
    pub(super) fn close(&self) {
        self.lock().values().flat_map(|desk| &desk.places).for_each(|place| place.seat.closed.cancel());
    }

    /// Ends when no command runs on any seat.
    pub(super) async fn idle(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.running.subscribe().wait_for(|count| *count == 0).await;
    }
}
