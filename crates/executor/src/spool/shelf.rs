//! The entries of all commands, their turns, and the bounds of what waits.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use kubently_core::command::CommandResult;
use tokio::time::Instant;

use super::{
    LinkId, acknowledged::Acknowledged, desk::Desk, disk::FileId, entry::Entry, parcel::Parcel, record::Record,
};

/// Results that wait for their acknowledgement at most; beyond, the oldest goes. A server that is away for
/// long enough to fill this has given those commands up.
pub(super) const MAX_RESULTS: usize = 1_024;
/// Bytes of output in waiting results at most: a good part of the executor's memory budget.
pub(super) const MAX_BYTES: usize = 32 << 20;
/// No deadline is further away than 10 min, so nobody waits for an older result.
pub(super) const MAX_AGE: Duration = Duration::from_secs(15 * 60);

/// All entries, and what is to be done with them.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) entries: HashMap<Arc<str>, Entry>,
    pub(super) acknowledged: Acknowledged,
    /// What is to be written and removed; none without a spool directory.
    pub(super) desk: Option<Desk>,
    /// Entries that may have something to send, in turn, so that a long output does not hold up short ones.
    turn: VecDeque<Arc<str>>,
    /// Finished entries with the time they finished, oldest first; acknowledged ones are skipped.
    finished: VecDeque<(Arc<str>, Instant)>,
    finished_bytes: usize,
    finished_count: usize,
}

impl Shelf {
    pub(super) fn queue(&mut self, id: &Arc<str>) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| !entry.queued && entry.has_more()) {
            entry.queued = true;
            self.turn.push_back(Arc::clone(id));
        }
    }

    pub(super) fn next(&mut self, link: LinkId) -> Option<Parcel> {
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

    /// A command ended; its entry counts as a result from now on. False when nobody waits for it.
    pub(super) fn finish(&mut self, id: &Arc<str>, result: Arc<CommandResult>, at: Instant) -> bool {
        let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.done.is_none()) else { return false };
        entry.bytes += result.stdout.len() + result.stderr.len();
        entry.done = Some(result);
        self.finished_bytes += entry.bytes;
        self.finished_count += 1;
        self.finished.push_back((Arc::clone(id), at));
        true
    }

    /// The answer of a command that ended in an earlier process, at `at`; any link may send it.
    pub(super) fn restore(&mut self, file: FileId, record: Record, at: Instant) {
        // Of two answers to one command the later stands.
        self.remove(&record.id);
        let mut entry = Entry::new(record.epoch, None);
        entry.file = Some(file);
        entry.bytes = record.chunks.iter().map(|chunk| chunk.data.len()).sum();
        entry.chunks = record.chunks;
        self.entries.insert(Arc::clone(&record.id), entry);
        self.finish(&record.id, record.result, at);
        self.queue(&record.id);
    }

    pub(super) fn remove(&mut self, id: &str) {
        let Some(entry) = self.entries.remove(id) else { return };
        entry.stop.cancel();
        if let (Some(desk), Some(file)) = (&mut self.desk, entry.file) {
            desk.discard(file);
        }
        if entry.done.is_some() {
            self.finished_bytes -= entry.bytes;
            self.finished_count -= 1;
        }
    }

    /// Drops what is too much or too old, oldest first.
    pub(super) fn trim(&mut self, now: Instant) {
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
