//! One command's answer, from its arrival until its acknowledgement.

use std::sync::Arc;

use kubently_core::command::{CommandResult, OutputChunk};
use tokio_util::sync::CancellationToken;

use super::{LinkId, disk::FileId, parcel::Parcel};

/// What is known of one command.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) epoch: u64,
    /// The link that sends it; none between two links.
    pub(super) home: Option<LinkId>,
    pub(super) stop: CancellationToken,
    pub(super) chunks: Vec<OutputChunk>,
    sent: usize,
    pub(super) done: Option<Arc<CommandResult>>,
    done_sent: bool,
    /// The result waits until it is on disk.
    pub(super) withheld: bool,
    /// The result, or a change of it, is still to be written to disk.
    pub(super) unwritten: bool,
    /// Its file in the spool directory, from the moment it is to be written.
    pub(super) file: Option<FileId>,
    /// Bytes of output.
    pub(super) bytes: usize,
    /// Whether it has its turn to be sent.
    pub(super) queued: bool,
}

impl Entry {
    pub(super) fn new(epoch: u64, home: Option<LinkId>) -> Self {
        Self {
            epoch,
            home,
            stop: CancellationToken::new(),
            chunks: Vec::new(),
            sent: 0,
            done: None,
            done_sent: false,
            withheld: false,
            unwritten: false,
            file: None,
            bytes: 0,
            queued: false,
        }
    }

    /// Everything is to be sent again.
    pub(super) const fn rewind(&mut self, home: Option<LinkId>) {
        self.home = home;
        self.sent = 0;
        self.done_sent = false;
    }

    pub(super) const fn has_more(&self) -> bool {
        self.sent < self.chunks.len() || (self.done.is_some() && !self.done_sent && !self.withheld)
    }

    /// Bytes of output that its link has not taken yet.
    pub(super) fn unsent(&self) -> usize {
        self.chunks.iter().skip(self.sent).map(|chunk| chunk.data.len()).sum()
    }

    /// The next parcel in order, marked as sent.
    pub(super) fn take(&mut self, id: &Arc<str>) -> Option<Parcel> {
        let (id, epoch) = (Arc::clone(id), self.epoch);
        if let Some(chunk) = self.chunks.get(self.sent) {
            self.sent += 1;
            return Some(Parcel::Chunk { id, epoch, chunk: chunk.clone() });
        }
        let result = self.done.clone().filter(|_| !self.done_sent && !self.withheld)?;
        self.done_sent = true;
        Some(Parcel::Done { id, epoch, result, chunks: self.chunks.len() as u64 })
    }
}
