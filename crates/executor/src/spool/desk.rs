//! What is to be written to the spool directory and removed from it, in the order in which it came up.

use std::{collections::VecDeque, sync::Arc};

use super::{
    disk::FileId,
    entry::Entry,
    record::Record,
    shelf::{MAX_RESULTS, Shelf},
};

/// Results written in one go: enough to keep up with many small ones, few enough that the first is not held up.
const BATCH: usize = 32;

/// The queue of the spool directory. It holds names only; what they stand for is on the shelf.
#[derive(Debug)]
pub(super) struct Desk {
    to_write: VecDeque<Arc<str>>,
    /// Files whose results were acknowledged or dropped; no more than were written.
    to_remove: Vec<FileId>,
    next_file: u64,
    /// Whether the directory took what was written last. Results do not wait for one that does not.
    sound: bool,
}

impl Desk {
    /// For a directory whose files are numbered below `next_file`.
    pub(super) const fn new(next_file: u64) -> Self {
        Self { to_write: VecDeque::new(), to_remove: Vec::new(), next_file, sound: true }
    }

    pub(super) fn discard(&mut self, file: FileId) {
        self.to_remove.push(file);
    }

    const fn number(&mut self) -> FileId {
        let file = FileId(self.next_file);
        self.next_file += 1;
        file
    }
}

/// What is to be done on disk next: first the removals, then the writes.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) remove: Vec<FileId>,
    pub(super) write: Vec<(FileId, Record)>,
}

impl Shelf {
    /// A result is to be on disk before a link gets it.
    pub(super) fn write(&mut self, id: &Arc<str>) {
        let withhold = self.desk.as_ref().is_some_and(|desk| desk.sound);
        if self.write_again(id)
            && let Some(entry) = self.entries.get_mut(id)
        {
            entry.withheld = withhold;
        }
    }

    /// Something about a result changed that is already there. False when it will not be written.
    pub(super) fn write_again(&mut self, id: &Arc<str>) -> bool {
        let (Some(desk), Some(entry)) = (&mut self.desk, self.entries.get_mut(id)) else { return false };
        // A directory that hangs must not gather more names than there can be results.
        if entry.done.is_none() || entry.unwritten || desk.to_write.len() >= MAX_RESULTS {
            return false;
        }
        entry.unwritten = true;
        desk.to_write.push_back(Arc::clone(id));
        true
    }

    /// The next work, taken off the desk.
    pub(super) fn take_work(&mut self) -> Option<Work> {
        let desk = self.desk.as_mut()?;
        let mut work = Work { remove: std::mem::take(&mut desk.to_remove), write: Vec::new() };
        while work.write.len() < BATCH
            && let Some(id) = desk.to_write.pop_front()
        {
            let Some(entry) = self.entries.get_mut(&id).filter(|entry| entry.unwritten) else { continue };
            entry.unwritten = false;
            let Some(result) = entry.done.clone() else { continue };
            let file = *entry.file.get_or_insert_with(|| desk.number());
            work.write.push((file, Record { id, epoch: entry.epoch, chunks: entry.chunks.clone(), result }));
        }
        (!work.remove.is_empty() || !work.write.is_empty()).then_some(work)
    }

    /// Results that were written may be sent. The directory is `sound` when nothing went wrong.
    pub(super) fn settle(&mut self, written: &[(FileId, Arc<str>)], sound: bool) {
        for (file, id) in written {
            // The name may stand for another command's answer by now.
            if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.file == Some(*file)) {
                entry.withheld = false;
                self.queue(id);
            }
        }
        if let Some(desk) = &mut self.desk {
            desk.sound = sound;
        }
    }

    /// The directory does not answer: everything may be sent, and nothing waits for it until it does.
    pub(super) fn go_on_without_disk(&mut self) {
        let release =
            |(id, entry): (&Arc<str>, &mut Entry)| std::mem::take(&mut entry.withheld).then(|| Arc::clone(id));
        let ids: Vec<_> = self.entries.iter_mut().filter_map(release).collect();
        ids.iter().for_each(|id| self.queue(id));
        if let Some(desk) = &mut self.desk {
            desk.sound = false;
        }
    }
}
