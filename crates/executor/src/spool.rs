//! What commands have said and the server has not acknowledged yet.
//!
//! Every command has an entry from its arrival until its acknowledgement. Links take from here at their own
//! pace, so a broken link loses nothing: its entries become orphans, and the next link sends them again from
//! the first chunk. An entry is sent by one link at a time, its home.
//!
//! With a spool directory a result is on disk before a link gets it, so that it survives the process too.

mod acknowledged;
mod desk;
mod disk;
mod entry;
mod keeper;
mod parcel;
mod record;
mod shelf;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kubently_core::command::{CommandResult, OutputChunk};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

pub(crate) use keeper::{Keeper, open};
pub(crate) use parcel::Parcel;

use entry::Entry;
use shelf::Shelf;

/// Bytes of a command's live output that may wait for the link before the command is held up: enough that a link is
/// never short of something to send, and little beside what a command may say in all.
pub(crate) const AHEAD: usize = 1 << 20;

/// Names a link for its lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinkId(pub(crate) u64);

/// What the spool says to a command that arrives.
#[derive(Debug)]
pub(crate) enum Admission {
    /// Not seen before: run it; the token stops it.
    New(CancellationToken),
    /// It runs or waits already; its answer goes to the link it came from this time.
    Known,
    /// Its answer was acknowledged a moment ago: the command and the acknowledgement crossed.
    Answered,
    /// It belongs to a lease that a later one has replaced.
    Stale,
}

/// The shelf of all entries, shared by runner and links.
#[derive(Debug, Default)]
pub(crate) struct Spool {
    shelf: Mutex<Shelf>,
    changed: Notify,
    /// A link took something.
    taken: Notify,
}

impl Spool {
    /// A command arrived on `link`.
    pub(crate) fn admit(&self, id: &Arc<str>, epoch: u64, link: LinkId) -> Admission {
        let mut shelf = self.lock();
        let Some(entry) = shelf.entries.get_mut(id) else {
            if shelf.acknowledged.covers(id, epoch, Instant::now()) {
                return Admission::Answered;
            }
            let entry = Entry::new(epoch, Some(link));
            let stop = entry.stop.clone();
            shelf.entries.insert(Arc::clone(id), entry);
            return Admission::New(stop);
        };
        if epoch < entry.epoch {
            return Admission::Stale;
        }
        let renewed = epoch > entry.epoch;
        entry.epoch = epoch;
        entry.rewind(Some(link));
        shelf.queue(id);
        if renewed {
            shelf.write_again(id);
        }
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

    /// A command ended. Its entry stays until it is acknowledged; with a spool directory it is offered to links
    /// once it is written there.
    pub(crate) fn finish(&self, id: &Arc<str>, result: CommandResult) {
        let now = Instant::now();
        let mut shelf = self.lock();
        if !shelf.finish(id, Arc::new(result), now) {
            return;
        }
        shelf.write(id);
        shelf.queue(id);
        shelf.trim(now);
        drop(shelf);
        self.changed.notify_waiters();
    }

    /// The server has a command's result, or does not want it: forget it, and stop it if it still runs.
    pub(crate) fn acknowledge(&self, id: &str, epoch: u64) {
        let mut shelf = self.lock();
        if shelf.entries.get(id).is_some_and(|entry| entry.epoch == epoch) {
            let now = Instant::now();
            shelf.remove(id);
            shelf.acknowledged.add(id, epoch, now);
            shelf.trim(now);
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
        let parcel = self.when(&self.changed, |shelf| shelf.next(link)).await;
        self.taken.notify_waiters();
        parcel
    }

    /// Waits while more than [`AHEAD`] bytes of a command's output are still to be sent.
    pub(crate) async fn caught_up(&self, id: &str) {
        let waits = |shelf: &mut Shelf| shelf.entries.get(id).is_some_and(|entry| entry.unsent() > AHEAD);
        self.when(&self.taken, |shelf| (!waits(shelf)).then_some(())).await;
    }

    /// Bytes of a command's output that are still to be sent.
    #[cfg(test)]
    pub(crate) fn unsent(&self, id: &str) -> usize {
        self.lock().entries.get(id).map_or(0, Entry::unsent)
    }

    /// Waits until `link` has no command left that runs or waits for its acknowledgement.
    pub(crate) async fn idle(&self, link: LinkId) {
        self.when(&self.changed, |shelf| shelf.entries.values().all(|entry| entry.home != Some(link)).then_some(()))
            .await;
    }

    /// Waits until no command is left at all.
    pub(crate) async fn empty(&self) {
        self.when(&self.changed, |shelf| shelf.entries.is_empty().then_some(())).await;
    }

    async fn when<T>(&self, event: &Notify, mut look: impl FnMut(&mut Shelf) -> Option<T>) -> T {
        loop {
            // Listen first and look then, or a change in between would be missed.
            let mut changed = std::pin::pin!(event.notified());
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
mod disk_tests;
#[cfg(test)]
mod tests;
