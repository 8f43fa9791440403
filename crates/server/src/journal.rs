//! The truth about every accepted command, and the owner of its life cycle.
//!
//! Contract, the same for every implementation (one suite checks it):
//! - `accept` MUST write the command and announce it in one step; when nobody heard the
//!   announcement it MUST leave nothing behind and say so.
//! - `lease` MUST give a command to exactly one holder.
//! - `append` and `finish` MUST be refused unless the caller's lease is the present one.
//! - The first `finish` MUST win; every later one changes nothing.
//! - Whatever is written MUST be announced on `executor-results:{command_id}` after it can be read.
//!
//! Invariant: nothing outside this module changes a command's state.

mod keys;
mod memory;
mod redis;

use std::{fmt, time::Duration};

use bytes::Bytes;
use kubently_core::{
    Error,
    command::OutputChunk,
    ids::{ClusterId, CommandId, ExecutorId},
};
use kubently_proto::{
    bus::v1::{ClusterEvent, CommandEvent, cluster_event, command_event},
    convert::{
        command::{chunk_from_wire, chunk_to_wire},
        journal::{Accepted, Finished},
    },
};
use prost::Message;

pub(crate) use memory::MemoryJournal;
pub(crate) use redis::RedisJournal;

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

/// Which executor holds a command, and the how-manieth holder it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Counts the leases of one command from 1.
    pub(crate) epoch: u64,
    /// The holder's cluster.
    pub(crate) cluster: ClusterId,
    /// The holder.
    pub(crate) executor: ExecutorId,
}

impl fmt::Display for Lease {
    /// The form that is stored and compared.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.epoch, self.cluster, self.executor)
    }
}

impl Lease {
    /// Reads the stored form; `None` for a command that was closed without a lease.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        Some(Self {
            epoch: parts.next()?.parse().ok()?,
            cluster: ClusterId::new(parts.next()?).ok()?,
            executor: ExecutorId::new(parts.next()?).ok()?,
        })
    }
}

/// Who may finish a command.
#[derive(Debug, Clone)]
pub(crate) enum Fence {
    /// Only the holder of this lease.
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
    /// Accepted and heard by at least one server that holds an executor.
    New,
    /// The same request was accepted before, under this id.
    Known(CommandId),
    /// The idempotency key belongs to another request.
    Conflict,
    /// No server holds an executor of the cluster; nothing was accepted.
    NobodyThere,
}

/// What became of a `finish`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    /// This is the result.
    First,
    /// There was a result before; it stands.
    Late,
    /// The caller's lease is not the present one.
    Fenced,
}

/// All that is known of a command.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// As accepted.
    pub(crate) accepted: Accepted,
    /// Who holds it.
    pub(crate) lease: Option<Lease>,
    /// How it ended.
    pub(crate) finished: Option<Finished>,
}

impl Journal {
    /// Writes a command and announces it to its cluster.
    pub(crate) async fn accept(
        &self,
        accepted: &Accepted,
        idempotency: Option<&Idempotency>,
    ) -> Result<Acceptance, Error> {
        let event = ClusterEvent { event: Some(cluster_event::Event::Command(accepted.to_record())) };
        let draft = Draft {
            id: &accepted.command.id,
            cluster: &accepted.command.spec.cluster,
            event: event.encode_to_vec().into(),
            lifetime: accepted.command.spec.timeout + RESULT_GRACE,
        };
        match self {
            Self::Memory(journal) => journal.accept(&draft, idempotency).await,
            Self::Redis(journal) => journal.accept(&draft, idempotency).await,
        }
    }

    /// Gives a command to `lease`'s executor unless somebody has it; says whether it was given.
    pub(crate) async fn lease(&self, id: &CommandId, lease: &Lease, lifetime: Duration) -> Result<bool, Error> {
        match self {
            Self::Memory(journal) => Ok(journal.lease(id, lease, lifetime)),
            Self::Redis(journal) => journal.lease(id, lease, lifetime).await,
        }
    }

    /// Adds a piece of output; says whether it was the next one. A repeated piece is not.
    pub(crate) async fn append(&self, id: &CommandId, lease: &Lease, chunk: &OutputChunk) -> Result<bool, Error> {
        let event = CommandEvent { event: Some(command_event::Event::Output(chunk_to_wire(chunk))) };
        let event = event.encode_to_vec().into();
        match self {
            Self::Memory(journal) => Ok(journal.append(id, lease, chunk.seq, event).await),
            Self::Redis(journal) => journal.append(id, lease, chunk.seq, event).await,
        }
    }

    /// Ends a command.
    pub(crate) async fn finish(&self, id: &CommandId, fence: &Fence, finished: &Finished) -> Result<Finish, Error> {
        let event = CommandEvent { event: Some(command_event::Event::Done(finished.to_record())) };
        let event = event.encode_to_vec().into();
        match self {
            Self::Memory(journal) => Ok(journal.finish(id, fence, event).await),
            Self::Redis(journal) => journal.finish(id, fence, event).await,
        }
    }

    /// Reads a command, or `None` when it is unknown or forgotten.
    pub(crate) async fn entry(&self, id: &CommandId) -> Result<Option<Entry>, Error> {
        let raw = match self {
            Self::Memory(journal) => journal.entry(id),
            Self::Redis(journal) => journal.entry(id).await?,
        };
        raw.map(RawEntry::decode).transpose()
    }

    /// Reads the pieces of output after `after_seq`, in order, about `limit` at most.
    pub(crate) async fn chunks(&self, id: &CommandId, after_seq: u64, limit: usize) -> Result<Vec<OutputChunk>, Error> {
        let raw = match self {
            Self::Memory(journal) => journal.chunks(id, after_seq, limit),
            Self::Redis(journal) => journal.chunks(id, after_seq, limit).await?,
        };
        raw.into_iter().map(decode_chunk).collect()
    }
}

/// A command on its way in.
struct Draft<'a> {
    id: &'a CommandId,
    cluster: &'a ClusterId,
    /// The announcement; the journal keeps the very bytes that it publishes.
    event: Bytes,
    /// How long the command can live before it has a result.
    lifetime: Duration,
}

/// A command as it is stored.
struct RawEntry {
    accepted: Bytes,
    lease: Option<String>,
    finished: Option<Bytes>,
}

impl RawEntry {
    fn decode(self) -> Result<Entry, Error> {
        let event = ClusterEvent::decode(self.accepted).map_err(unreadable)?;
        let Some(cluster_event::Event::Command(record)) = event.event else { return Err(Error::internal()) };
        Ok(Entry {
            accepted: Accepted::from_record(record)?,
            lease: self.lease.as_deref().and_then(Lease::parse),
            finished: self.finished.map(decode_finished).transpose()?,
        })
    }
}

fn decode_finished(bytes: Bytes) -> Result<Finished, Error> {
    match CommandEvent::decode(bytes).map_err(unreadable)?.event {
        Some(command_event::Event::Done(record)) => Finished::from_record(record),
        Some(command_event::Event::Output(_)) | None => Err(Error::internal()),
    }
}

fn decode_chunk(bytes: Bytes) -> Result<OutputChunk, Error> {
    match CommandEvent::decode(bytes).map_err(unreadable)?.event {
        Some(command_event::Event::Output(chunk)) => chunk_from_wire(chunk),
        Some(command_event::Event::Done(_)) | None => Err(Error::internal()),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "used as map_err(unreadable)")]
pub(crate) fn unreadable(cause: prost::DecodeError) -> Error {
    tracing::error!(error = %cause, "a journal record does not read back");
    Error::internal()
}

#[cfg(test)]
mod contract_tests;
