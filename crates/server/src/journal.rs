//! The truth about every accepted command, and the owner of its life cycle.
//!
//! Contract, the same for every implementation (one suite checks it):
//! - `accept` MUST write the command before it announces it, and MAY be repeated for the same command.
//! - `take` MUST give a command to exactly one holder; taking it over needs the state that it is in.
//! - `append` and `finish` MUST be refused under any lease but the newest one of the command.
//! - `finish` MUST refuse a result whose output is not all there.
//! - The first `finish` MUST win; every later one changes nothing.
//! - Whatever is written MUST be announced on `executor-results:{command_id}` after it can be read.
//! - A command that ended MUST never look open again, as long as anything of it is kept.
//!
//! Invariant: nothing outside this module changes a command's state.

mod keys;
mod memory;
mod redis;
mod scripts;
mod state;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use kubently_core::{Error, command::OutputChunk, ids::CommandId};
use kubently_proto::convert::journal::{Accepted, Finished};

pub(crate) use memory::MemoryJournal;
pub(crate) use redis::RedisJournal;
pub(crate) use state::{Lease, State, deadline};
use wire::{Raw, decode_chunk, encode_chunk, encode_done};
pub(crate) use wire::{decode_offer, encode_offer};

/// Time after a command's deadline in which its executor's result is still waited for: the
/// executor enforces the deadline itself, and its answer has to travel.
pub(crate) const RESULT_GRACE: Duration = Duration::from_secs(5);

/// The journal of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Journal {
    /// In this process.
    Memory(MemoryJournal),
    /// In Redis.
    Redis(RedisJournal),
}

/// Who may finish a command.
#[derive(Debug, Clone)]
pub(crate) enum Fence {
    /// Only who has, or last had, this lease.
    Lease(Lease),
    /// Anybody, as long as no executor holds it; afterwards none can take it.
    Unleased,
    /// Anybody: the deadline and the grace time are over.
    Overdue,
}

/// A caller's key for this request, and a hash of the request to compare.
#[derive(Debug, Clone)]
pub(crate) struct Idempotency {
    /// The key, already made the principal's own.
    pub(crate) key: String,
    /// A hash over everything that makes two requests the same.
    pub(crate) request_hash: String,
}

/// What became of an `accept`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// Accepted, and heard by this many servers that hold an executor of the cluster.
    New(u64),
    /// The same request was accepted before, under this id.
    Known(CommandId),
    /// The idempotency key belongs to another request.
    Conflict,
}

/// What became of an `append`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Append {
    /// It was the next piece.
    Next,
    /// It is there already, or not wanted.
    Repeated,
    /// Pieces before it are missing: the executor must send them again.
    Gap,
}

/// What became of a `finish`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// This is the result.
    First,
    /// There was a result before; it stands.
    Late,
    /// The caller's lease is not the newest one.
    Fenced,
    /// Pieces of its output are missing: the executor must send them again.
    Incomplete,
}

/// What is noted in the audit trail together with a command's end, in the same step: never one without the other.
#[derive(Debug, Clone)]
pub(crate) struct Note {
    /// The log.
    pub(crate) log: String,
    /// The entry.
    pub(crate) entry: Bytes,
    /// Entries that the log keeps, about.
    pub(crate) keep: usize,
}

/// All that is known of a command.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// As accepted.
    pub(crate) accepted: Accepted,
    /// Who has it.
    pub(crate) state: Option<State>,
    /// How it ended.
    pub(crate) finished: Option<Finished>,
}

/// Where a command stands, by its state alone.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// Nobody had it yet.
    Untouched,
    /// It has not ended.
    Open(State),
    /// It has.
    Ended(Box<(Accepted, Finished)>),
}

/// The servers, as one beat sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Beat {
    /// Whether the table of this server's open commands was gone: Redis lost what it knew.
    pub(crate) forgotten: bool,
    /// Tags of the servers that live, this one among them.
    pub(crate) alive: Vec<String>,
    /// Tags of those that were heard of not long ago.
    pub(crate) dead: Vec<String>,
}

/// Calls the same method on whichever journal it is; those in memory cannot wait.
macro_rules! either {
    ($self:ident, $journal:ident => $call:expr) => {
        match $self {
            Self::Memory($journal) => $call,
            Self::Redis($journal) => $call,
        }
    };
}

impl Journal {
    /// Writes a command and announces it to its cluster.
    pub(crate) async fn accept(&self, accepted: &Accepted, key: Option<&Idempotency>) -> Result<Acceptance, Error> {
        either!(self, journal => journal.accept(accepted, key).await)
    }

    /// Takes a command back that was accepted; says whether that was in time, before anybody had it.
    pub(crate) async fn withdraw(&self, accepted: &Accepted, key: Option<&Idempotency>) -> Result<bool, Error> {
        either!(self, journal => journal.withdraw(&accepted.command.id, key).await)
    }

    /// Gives a command that is in the state `found` to a holder; returns the lease as it stands then, or
    /// `None` when somebody else was faster. A watcher is told when output begins anew.
    pub(crate) async fn take(
        &self,
        accepted: &Accepted,
        found: Option<&State>,
        lease: Lease,
    ) -> Result<Option<Lease>, Error> {
        let Some(found) = found else {
            let first = either!(self, journal => journal.take(accepted, &State::Leased(lease.clone())).await)?;
            return Ok(first.then_some(lease));
        };
        let mut lease = lease;
        let mut pieces = 0;
        loop {
            let marker = (accepted.live && pieces > 0).then(|| wire::begins_anew(pieces + 1));
            lease.skipped = pieces + u64::from(marker.is_some());
            let (id, new) = (&accepted.command.id, State::Leased(lease.clone()));
            let there = either!(self, journal => journal.take_over(id, found, &new, pieces, marker).await)?;
            match there {
                None => return Ok(None),
                Some(there) if there == pieces => return Ok(Some(lease)),
                Some(there) => pieces = there,
            }
        }
    }

    /// Notes that a command's caller came back for it, maybe on another server.
    pub(crate) async fn want(&self, accepted: &Accepted) -> Result<(), Error> {
        either!(self, journal => journal.want(accepted).await)
    }

    /// Whether a command's caller came back for it.
    pub(crate) async fn wanted(&self, id: &CommandId) -> Result<bool, Error> {
        either!(self, journal => journal.wanted(id).await)
    }

    /// Changes a state; says whether it was `from`.
    pub(crate) async fn swap(&self, id: &CommandId, from: &State, to: &State) -> Result<bool, Error> {
        either!(self, journal => journal.swap(id, from, to).await)
    }

    /// Adds a piece of output, numbered as its holder numbers it.
    pub(crate) async fn append(
        &self,
        accepted: &Accepted,
        lease: &Lease,
        chunk: &OutputChunk,
    ) -> Result<Append, Error> {
        let chunk = OutputChunk { seq: lease.skipped + chunk.seq, restarted: false, ..chunk.clone() };
        let event = encode_chunk(&chunk);
        either!(self, journal => journal.append(accepted, lease, chunk.seq, event).await)
    }

    /// Ends a command, and notes that in the audit trail.
    pub(crate) async fn finish(
        &self,
        accepted: &Accepted,
        fence: &Fence,
        finished: &Finished,
        note: &Note,
    ) -> Result<Finish, Error> {
        let event = encode_done(accepted, finished);
        either!(self, journal => journal.finish(accepted, fence, event, finished.chunks, note).await)
    }

    /// Reads a command, or `None` when it is unknown or forgotten.
    pub(crate) async fn entry(&self, id: &CommandId) -> Result<Option<Entry>, Error> {
        let (record, raw) = either!(self, journal => journal.entry(id).await)?;
        Ok(match raw.map(Raw::decode).transpose()?.unwrap_or(Standing::Untouched) {
            Standing::Ended(ended) => Some(Entry { accepted: ended.0, state: None, finished: Some(ended.1) }),
            Standing::Open(State::Withdrawn) => None,
            standing => self.open_entry(record, standing)?,
        })
    }

    fn open_entry(&self, record: Option<Bytes>, standing: Standing) -> Result<Option<Entry>, Error> {
        let Some(accepted) = record.map(Accepted::decode).transpose()? else { return Ok(None) };
        if either!(self, journal => journal.forgets(&accepted)) {
            return Ok(None);
        }
        let state = match standing {
            Standing::Open(state) => Some(state),
            Standing::Untouched | Standing::Ended(_) => None,
        };
        Ok(Some(Entry { accepted, state, finished: None }))
    }

    /// Where several commands stand, in the order of `ids`.
    pub(crate) async fn standings(&self, ids: &[CommandId]) -> Result<Vec<Standing>, Error> {
        let raw = either!(self, journal => journal.states(ids).await)?;
        raw.into_iter().map(|raw| raw.map_or(Ok(Standing::Untouched), Raw::decode)).collect()
    }

    /// The commands that the server `tag` accepted and that nobody retired yet.
    pub(crate) async fn open(&self, tag: &str) -> Result<Vec<Accepted>, Error> {
        let records = either!(self, journal => journal.open(tag).await)?;
        let decoded: Result<Vec<Accepted>, Error> = records.into_iter().map(Accepted::decode).collect();
        Ok(decoded?.into_iter().filter(|accepted| !either!(self, journal => journal.forgets(accepted))).collect())
    }

    /// Takes commands that ended off the tables of open ones. Their results stay.
    pub(crate) async fn retire(&self, ids: &[CommandId]) -> Result<(), Error> {
        either!(self, journal => journal.retire(ids).await)
    }

    /// Says that this server lives, and asks who else does.
    pub(crate) async fn beat(&self, tag: &str) -> Result<Beat, Error> {
        either!(self, journal => journal.beat(tag).await)
    }

    /// Says that this server is gone, so that nobody waits for it.
    pub(crate) async fn farewell(&self, tag: &str) -> Result<(), Error> {
        either!(self, journal => journal.farewell(tag).await)
    }

    /// Writes commands again that Redis lost.
    pub(crate) async fn restore(&self, open: &[Accepted]) -> Result<(), Error> {
        either!(self, journal => journal.restore(open).await)
    }

    /// Writes a result with its output again, unless Redis has it.
    pub(crate) async fn restore_ended(
        &self,
        accepted: &Accepted,
        finished: &Finished,
        output: &[OutputChunk],
    ) -> Result<(), Error> {
        let (event, output) = (encode_done(accepted, finished), output.iter().map(encode_chunk).collect::<Vec<_>>());
        either!(self, journal => journal.restore_ended(accepted, event, &output).await)
    }

    /// Reads the pieces of output after `after_seq`, in order, about `limit` at most.
    pub(crate) async fn chunks(&self, id: &CommandId, after_seq: u64, limit: usize) -> Result<Vec<OutputChunk>, Error> {
        let raw = either!(self, journal => journal.chunks(id, after_seq, limit).await)?;
        raw.into_iter().map(decode_chunk).collect()
    }
}

#[cfg(test)]
mod contract_tests;
