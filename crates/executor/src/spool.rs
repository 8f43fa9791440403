//! What commands have said and the server has not acknowledged yet.
//!
//! Every command has an entry from its arrival until its acknowledgement. Links take from here at their own
//! pace, so a broken link loses nothing: its entries become orphans, and the next link sends them again from
//! the first chunk. An entry is sent by one link at a time, its home.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use kubently_core::command::{CommandResult, OutputChunk};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

/// Results that wait for their acknowledgement at most; beyond, the oldest goes. A server that is away for
/// long enough to fill this has given those commands up.
const MAX_RESULTS: usize = 1_024;
/// Bytes of output in waiting results at most: a good part of the executor's memory budget.
const MAX_BYTES: usize = 32 << 20;
/// No deadline is further away than 10 min, so nobody waits for an older result.
const MAX_AGE: Duration = Duration::from_secs(15 * 60);

/// Names a link for its lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkId(pub(crate) u64);

/// Something to send.
#[derive(Debug, Clone)]
pub(crate) enum Parcel {
    /// Output of a command.
    Chunk { id: Arc<str>, epoch: u64, chunk: OutputChunk },
    /// A command's end.
    Done { id: Arc<str>, epoch: u64, result: Arc<CommandResult>, chunks: u64 },
}

/// What the spool says to a command that arrives.
#[derive(Debug)]
pub(crate) enum Admission {
    /// Not seen before: run it; the token stops it.
    New(CancellationToken),
    /// It runs or waits already; its answer goes to the link it came from this time.
    Known,
    /// It belongs to a lease that a later one has replaced.
    Stale,
}

#[derive(Debug)]
struct Entry {
    epoch: u64,
    home: Option<LinkId>,
    stop: CancellationToken,
    chunks: Vec<OutputChunk>,
    sent: usize,
    done: Option<Arc<CommandResult>>,
    done_sent: bool,
    bytes: usize,
    queued: bool,
}

impl Entry {
    fn new(epoch: u64, home: LinkId) -> Self {
        Self {
            epoch,
            home: Some(home),
            stop: CancellationToken::new(),
            chunks: Vec::new(),
            sent: 0,
            done: None,
            done_sent: false,
            bytes: 0,
            queued: false,
        }
    }

    /// Everything is to be sent again.
    const fn rewind(&mut self, home: Option<LinkId>) {
        self.home = home;
        self.sent = 0;
        self.done_sent = false;
    }

    const fn has_more(&self) -> bool {
        self.sent < self.chunks.len() || (self.done.is_some() && !self.done_sent)
    }

    /// The next parcel in order, marked as sent.
    fn take(&mut self, id: &Arc<str>) -> Option<Parcel> {
        let (id, epoch) = (Arc::clone(id), self.epoch);
        if let Some(chunk) = self.chunks.get(self.sent) {
            self.sent += 1;
            return Some(Parcel::Chunk { id, epoch, chunk: chunk.clone() });
        }
        let result = self.done.clone().filter(|_| !self.done_sent)?;
        self.done_sent = true;
        Some(Parcel::Done { id, epoch, result, chunks: self.chunks.len() as u64 })
    }
}

#[derive(Debug, Default)]
struct Shelf {
    entries: HashMap<Arc<str>, Entry>,
    /// Entries that may have something to send, in turn, so that a long output does not hold up short ones.
    turn: VecDeque<Arc<str>>,
    /// Finished entries with the time they finished, oldest first; acknowledged ones are skipped.
    finished: VecDeque<(Arc<str>, Instant)>,
    finished_bytes: usize,
    finished_count: usize,
}

impl Shelf {
    fn queue(&mut self, id: &Arc<str>) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| !entry.queued && entry.has_more()) {
            entry.queued = true;
            self.turn.push_back(Arc::clone(id));
        }
    }

    fn next(&mut self, link: LinkId) -> Option<Parcel> {
        for _ in 0..self.turn.len() {
            let id = self.turn.pop_front()?;
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            if *entry.home.get_or_insert(link) != link {
                self.turn.push_back(id);
                continue;
            }
            entry.queued = false;
            let parcel = entry.take(&id);
            self.queue(&id);
            if parcel.is_some() {
                return parcel;
            }
        }
        None
    }

    fn remove(&mut self, id: &str) {
        let Some(entry) = self.entries.remove(id) else { return };
        entry.stop.cancel();
        if entry.done.is_some() {
            self.finished_bytes -= entry.bytes;
            self.finished_count -= 1;
        }
    }

    /// Drops what is too much or too old, oldest first.
    fn trim(&mut self, now: Instant) {
        while let Some((id, at)) = self.finished.front() {
            let waits = self.entries.get(id).is_some_and(|entry| entry.done.is_some());
            let too_much = self.finished_count > MAX_RESULTS || self.finished_bytes > MAX_BYTES;
            let too_old = now.duration_since(*at) > MAX_AGE;
            if waits && !too_much && !too_old {
                return;
            }
            let id = Arc::clone(id);
            self.finished.pop_front();
            if waits {
                tracing::warn!(command_id = %id, "result dropped: the spool is full or the result too old");
                self.remove(&id);
            }
        }
    }
}

/// The shelf of all entries, shared by runner and links.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    shelf: Mutex<Shelf>,
    changed: Notify,
}

impl Spool {
    /// A command arrived on `link`.
    pub(crate) fn admit(&self, id: &Arc<str>, epoch: u64, link: LinkId) -> Admission {
        let mut shelf = self.lock();
        let Some(entry) = shelf.entries.get_mut(id) else {
            let entry = Entry::new(epoch, link);
            let stop = entry.stop.clone();
            shelf.entries.insert(Arc::clone(id), entry);
            return Admission::New(stop);
        };
        if epoch < entry.epoch {
            return Admission::Stale;
        }
        entry.epoch = epoch;
        entry.rewind(Some(link));
        shelf.queue(id);
        drop(shelf);
        self.changed.notify_waiters();
        Admission::Known
    }

    /// A running command said something.
    pub(crate) fn add_chunk(&self, id: &Arc<str>, chunk: OutputChunk) {
        let mut shelf = self.lock();
        let Some(entry) = shelf.entries.get_mut(id) else { return };
        entry.bytes += chunk.data.len();
        entry.chunks.push(chunk);
        shelf.queue(id);
        drop(shelf);
        self.changed.notify_waiters();
    }

    /// A command ended. Its entry stays until it is acknowledged.
    pub(crate) fn finish(&self, id: &Arc<str>, result: CommandResult) {
        let mut shelf = self.lock();
        let Some(entry) = shelf.entries.get_mut(id).filter(|entry| entry.done.is_none()) else { return };
        entry.bytes += result.stdout.len() + result.stderr.len();
        let bytes = entry.bytes;
        entry.done = Some(Arc::new(result));
        shelf.finished_bytes += bytes;
        shelf.finished_count += 1;
        let now = Instant::now();
        shelf.finished.push_back((Arc::clone(id), now));
        shelf.queue(id);
        shelf.trim(now);
        drop(shelf);
        self.changed.notify_waiters();
    }

    /// The server has a command's result, or does not want it: forget it, and stop it if it still runs.
    pub(crate) fn acknowledge(&self, id: &str, epoch: u64) {
        let mut shelf = self.lock();
        if shelf.entries.get(id).is_some_and(|entry| entry.epoch == epoch) {
            shelf.remove(id);
            shelf.trim(Instant::now());
        }
        drop(shelf);
        self.changed.notify_waiters();
    }

    /// Forgets a command without an answer.
    pub(crate) fn forget(&self, id: &str) {
        self.lock().remove(id);
        self.changed.notify_waiters();
    }

    /// Stops a command; false when it is not known here. A cancel that is older than the lease is not about it.
    pub(crate) fn stop(&self, id: &str, epoch: u64) -> bool {
        let shelf = self.lock();
        let Some(entry) = shelf.entries.get(id) else { return false };
        if epoch >= entry.epoch {
            entry.stop.cancel();
        }
        true
    }

    /// A link is gone; whatever it did not get acknowledged will be sent again by another.
    pub(crate) fn release(&self, link: LinkId) {
        let mut shelf = self.lock();
        let mut orphans = Vec::new();
        for (id, entry) in &mut shelf.entries {
            if entry.home == Some(link) {
                entry.rewind(None);
                orphans.push(Arc::clone(id));
            }
        }
        orphans.iter().for_each(|id| shelf.queue(id));
        drop(shelf);
        self.changed.notify_waiters();
    }

    /// Whether this answer still waits for its acknowledgement.
    pub(crate) fn holds(&self, id: &str, epoch: u64) -> bool {
        self.lock().entries.get(id).is_some_and(|entry| entry.epoch == epoch)
    }

    /// The next thing for `link` to send; waits until there is one.
    pub(crate) async fn next(&self, link: LinkId) -> Parcel {
        self.when(|shelf| shelf.next(link)).await
    }

    /// Waits until `link` has no command left that runs or waits for its acknowledgement.
    pub(crate) async fn idle(&self, link: LinkId) {
        self.when(|shelf| shelf.entries.values().all(|entry| entry.home != Some(link)).then_some(())).await;
    }

    /// Waits until no command is left at all.
    pub(crate) async fn empty(&self) {
        self.when(|shelf| shelf.entries.is_empty().then_some(())).await;
    }

    async fn when<T>(&self, mut look: impl FnMut(&mut Shelf) -> Option<T>) -> T {
        loop {
            // Listen first and look then, or a change in between would be missed.
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let found = look(&mut self.lock());
            if let Some(found) = found {
                return found;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shelf> {
        // A panic while locked can at worst lose one command's output; the rest goes on.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
