//! Decides from a history and an executions log alone whether the delivery promise was kept.
//!
//! Pure: no clock, no I/O and no word from Kubently but what clients recorded. The promise is the comment of
//! `DebugService`: an accepted command ends in exactly one visible result; never silence, never two different
//! results, never success for a command that failed.

mod case;
mod numbers;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

pub use numbers::{Numbers, Recovery};

use crate::{
    executions::Execution,
    history::{History, Op},
};
use case::Case;

/// The rules of the promise that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// An accepted command has no result, or had one that is gone.
    Lost,
    /// A command had a result, and a later read said that it had not ended.
    Undone,
    /// A command, or a caller, was left without an end.
    Unresolved,
    /// Two reads of one command showed different results.
    DuplicateVisible,
    /// One idempotency key led to two commands.
    TwoIds,
    /// One id stands for two operations.
    SharedId,
    /// A result came for what nobody had accepted.
    Unaccepted,
    /// The result is not what the command answers.
    WrongResult,
    /// The result says that the command ran to its end; it had not.
    NeverRan,
    /// A command was given up although there was time to run it again.
    TooEarly,
    /// The caller was told that nothing ran, or nobody asked; it ran.
    RanAnyway,
    /// A command was cancelled that nobody cancelled or left.
    CancelledByNobody,
    /// Chunks are missing, repeated or out of order.
    StreamGap,
    /// A stream held output of a run that was given up before the output of its result.
    StreamTorn,
    /// The same request under the same key was refused, or after it had been accepted.
    KeyRefused,
    /// An answer that the contract does not know.
    Malformed,
}

/// The three columns of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Column {
    /// Silence.
    Lost,
    /// Two truths.
    Duplicate,
    /// A false one.
    Wrong,
}

impl Rule {
    /// Where a report counts it.
    #[must_use]
    pub const fn column(self) -> Column {
        match self {
            Self::Lost | Self::Undone | Self::Unresolved => Column::Lost,
            Self::DuplicateVisible | Self::TwoIds | Self::SharedId => Column::Duplicate,
            Self::Unaccepted
            | Self::WrongResult
            | Self::NeverRan
            | Self::TooEarly
            | Self::RanAnyway
            | Self::CancelledByNobody
            | Self::StreamGap
            | Self::StreamTorn
            | Self::KeyRefused
            | Self::Malformed => Column::Wrong,
        }
    }
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// The operation.
    pub op: Op,
    /// What was seen, and what would have been right.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: operation {}: {}", self.rule, self.op, self.what)
    }
}

/// What a run proved.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Broken rules, by operation.
    pub violations: Vec<Violation>,
    /// What is worth knowing besides.
    pub numbers: Numbers,
}

impl Verdict {
    /// Broken rules of one column.
    #[must_use]
    pub fn count(&self, column: Column) -> usize {
        self.violations.iter().filter(|violation| violation.rule.column() == column).count()
    }
}

/// Checks a run.
#[must_use]
pub fn check(history: &History, executions: &[Execution]) -> Verdict {
    let cases = Case::all(history, executions);
    let mut violations: Vec<Violation> = cases.iter().flat_map(|case| rules::broken(case, history)).collect();
    violations.extend(rules::shared_ids(&cases));
    violations.extend(rules::strays(&cases, executions));
    violations.sort_by_key(|violation| (violation.op, violation.rule));
    Verdict { violations, numbers: Numbers::of(&cases, history) }
}
