//! What clients and the harness saw, in the order of one clock. The checker decides from this alone.

use std::{
    fmt,
    hash::{DefaultHasher, Hasher},
};

use kubently_core::command::Outcome;

use crate::marker::Marker;

/// One operation of a client: one idempotency key, one marker, any number of attempts.
pub type Op = u32;

/// How much of an output a report repeats, in bytes.
const HEAD: usize = 60;

/// How an operation talks to Kubently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `ExecuteCommand`, detached, and again with the same key when the answer is missing.
    Execute,
    /// `SubmitCommand`, then `WaitCommand` on another server.
    SubmitWait,
    /// `SubmitCommand`, then `GetCommand` on every server in turn.
    SubmitGet,
    /// `StreamCommand`, resumed on another server when it breaks.
    Stream,
    /// The same, read slowly.
    SlowStream,
    /// `POST /debug/execute` with `Idempotency-Key`.
    Rest,
}

impl Kind {
    /// Whether going away cancels the command, by contract.
    #[must_use]
    pub const fn cancels_by_leaving(self) -> bool {
        matches!(self, Self::Rest)
    }
}

/// An output without its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Digest {
    len: usize,
    hash: u64,
    head: String,
}

impl Digest {
    /// The digest of an output.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(bytes);
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(HEAD)]).into_owned();
        Self { len: bytes.len(), hash: hasher.finish(), head }
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes {:?} #{:08x}", self.len, self.head, self.hash >> 32)
    }
}

/// A result as one read showed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Seen {
    /// How the command ended.
    pub outcome: Outcome,
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// Its standard output; for a stream, what the chunks make together.
    pub stdout: Digest,
    /// Its standard error.
    pub stderr: Digest,
    /// When it ended, in microseconds since 1970 as the system says; two runs differ in it.
    pub finished: Option<i64>,
    /// The sequence numbers of the chunks in the order in which they came; `None` where it was no stream.
    pub seqs: Option<Vec<u64>>,
    /// Whether a stream held output of a run that was given up, and then all of the right output.
    pub torn: bool,
    /// The server that answered.
    pub server: usize,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { outcome, exit_code, stdout, stderr, finished, seqs, torn, server } = self;
        write!(f, "{} with {exit_code:?}, stdout {stdout:?}, stderr {stderr:?}", outcome.as_str())?;
        write!(f, ", finished {}, server {server}", finished.unwrap_or_default())?;
        if *torn {
            write!(f, ", after output of a run that was given up")?;
        }
        seqs.as_ref().map_or(Ok(()), |seqs| write!(f, ", chunks {seqs:?}"))
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An operation began.
    Invoked {
        /// Its mark.
        marker: Marker,
        /// Its way.
        kind: Kind,
        /// The cluster it is for.
        cluster: usize,
        /// The command's time, in nanoseconds.
        timeout: u64,
    },
    /// The system said that this id stands for the operation's command.
    Accepted {
        /// The id.
        id: String,
    },
    /// The system said that nothing was accepted; the operation is over.
    Refused {
        /// The error's reason.
        reason: String,
        /// When the attempt began; it may have been judged at any time since.
        since: u64,
    },
    /// An attempt ended without a word on whether anything was accepted.
    Unsure {
        /// What the attempt ended with.
        cause: String,
    },
    /// A result was read.
    Answered {
        /// The command's id.
        id: String,
        /// The result.
        seen: Seen,
    },
    /// A read said that there is no such command.
    Missing {
        /// The id.
        id: String,
        /// The server that said so.
        server: usize,
    },
    /// A read after the run said that the command has not ended yet.
    Open {
        /// The id.
        id: String,
        /// The server that said so.
        server: usize,
    },
    /// After the run and long after its deadline the command still had not ended.
    Pending {
        /// The id.
        id: String,
    },
    /// An answer that the contract does not know.
    Malformed {
        /// What was wrong.
        what: String,
    },
    /// The client gave up; the system never came to a word on it.
    Abandoned,
}

/// One thing that a client saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When, in nanoseconds of the machine's monotonic clock.
    pub at: u64,
    /// The operation.
    pub op: Op,
    /// What.
    pub event: Event,
}

/// A time in which the store may have forgotten what was written to it, by its own nature: it was wiped,
/// or it failed over to a replica that had not heard of everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreLoss {
    /// The first write that may be gone.
    pub from: u64,
    /// The last one.
    pub to: u64,
}

/// A fault, for the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// When it began.
    pub from: u64,
    /// When it was over; the same as `from` where it does not end by itself.
    pub to: u64,
}

/// A whole run.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// What clients saw.
    pub records: Vec<Record>,
    /// What the store may have forgotten.
    pub losses: Vec<StoreLoss>,
    /// What was done to the system.
    pub faults: Vec<Fault>,
}
