//! Commands: what is asked, how it ends, and what it prints on the way.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::ids::{ClusterId, CommandId, CorrelationId, SessionId};

/// Time a command gets when the caller says nothing.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest time a command may ask for.
pub const MAX_TIMEOUT: Duration = Duration::from_secs(600);
/// Output kept when the caller says nothing, in bytes.
pub const DEFAULT_OUTPUT_BYTES: u64 = 1 << 20;
/// Most output that can be asked for, in bytes.
pub const MAX_OUTPUT_BYTES: u64 = 16 << 20;
/// Largest chunk of output, in bytes: well under gRPC's default 4 MiB message limit.
pub const MAX_CHUNK_BYTES: usize = 256 << 10;
/// Output up to this many bytes travels inside the result; more goes ahead in chunks.
pub const INLINE_OUTPUT_BYTES: usize = 128 << 10;

/// What a caller asks for, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSpec {
    /// Where to run it.
    pub cluster: ClusterId,
    /// The argument vector as asked, verb first.
    pub argv: Vec<String>,
    /// Time it may take, from acceptance.
    pub timeout: Duration,
    /// Bytes of output to keep.
    pub max_output_bytes: u64,
    /// The session it belongs to.
    pub session: Option<SessionId>,
    /// The caller's own mark.
    pub correlation: Option<CorrelationId>,
}

impl CommandSpec {
    /// A command with the default limits.
    #[must_use]
    pub fn new(cluster: ClusterId, argv: Vec<String>) -> Self {
        Self {
            cluster,
            argv,
            timeout: DEFAULT_TIMEOUT,
            max_output_bytes: DEFAULT_OUTPUT_BYTES,
            session: None,
            correlation: None,
        }
    }
}

/// Where an accepted command is in its life. A command whose executor is gone is accepted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandState {
    /// Journaled, not yet taken.
    Accepted,
    /// Given to exactly one executor.
    Leased,
    /// That executor has had it for more than a moment, and its link is alive.
    Running,
    /// Ended with its one result.
    Done,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Ran and exited with 0.
    Succeeded,
    /// Ran and exited with another code, or the cluster's API refused it.
    Failed,
    /// The executor's policy refused it; nothing ran.
    Denied,
    /// Was running when its deadline passed, and was stopped.
    TimedOut,
    /// Somebody cancelled it.
    Cancelled,
    /// Its deadline passed before an executor took it; nothing ran.
    Expired,
    /// An executor took it and was not heard of again; it may have run.
    Lost,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 7] =
        [Self::Succeeded, Self::Failed, Self::Denied, Self::TimedOut, Self::Cancelled, Self::Expired, Self::Lost];

    /// The word for logs, metrics and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Lost => "lost",
        }
    }
}

/// The one end of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandResult {
    /// How it ended.
    pub outcome: Outcome,
    /// The exit code, when something ran to its end.
    pub exit_code: Option<i32>,
    /// Standard output; need not be UTF-8.
    pub stdout: Bytes,
    /// Standard error.
    pub stderr: Bytes,
    /// Whether output was cut off at the limit.
    pub truncated: bool,
    /// Bytes the command produced, as far as they were seen.
    pub bytes_total: u64,
    /// One sentence for people; empty on success.
    pub message: String,
    /// How long it ran in the executor.
    pub execution_time: Duration,
    /// When it ended.
    pub finished_at: SystemTime,
    /// The engine that ran it; empty when nothing ran.
    pub engine: String,
}

impl CommandResult {
    /// A command that ended with `outcome` without running to its end.
    pub fn unfinished(outcome: Outcome, message: impl Into<String>, now: SystemTime) -> Self {
        Self {
            outcome,
            exit_code: None,
            stdout: Bytes::new(),
            stderr: Bytes::new(),
            truncated: false,
            bytes_total: 0,
            message: message.into(),
            execution_time: Duration::ZERO,
            finished_at: now,
            engine: String::new(),
        }
    }
}

/// Which of the two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// A piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputChunk {
    /// Position in the command's stream, from 1 without gaps.
    pub seq: u64,
    /// Which output.
    pub stream: OutputStream,
    /// The bytes.
    pub data: Bytes,
    /// Whether output begins anew after this piece, because another executor runs the command again.
    pub restarted: bool,
}

impl OutputChunk {
    /// A piece of output.
    #[must_use]
    pub const fn new(seq: u64, stream: OutputStream, data: Bytes) -> Self {
        Self { seq, stream, data, restarted: false }
    }
}

/// An accepted command with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its id.
    pub id: CommandId,
    /// What was asked; `argv` is the rebuilt vector.
    pub spec: CommandSpec,
    /// Where it is.
    pub state: CommandState,
    /// When it was accepted.
    pub accepted_at: SystemTime,
    /// When it ends at the latest.
    pub deadline: SystemTime,
    /// Its result, exactly when `state` is [`CommandState::Done`].
    pub result: Option<CommandResult>,
}

/// One step of a command's life, as a watcher sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandEvent {
    /// It was accepted, or found; always first.
    Accepted(Box<Command>),
    /// It printed something.
    Output(OutputChunk),
    /// It ended; always last. Output went ahead, so stdout and stderr are empty.
    Done(Box<CommandResult>),
}
