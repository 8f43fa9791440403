//! What the journal keeps of a command that has not ended: who has it, if anybody.
//!
//! One line of text under the command's key, so that a script can compare it as a whole (to change
//! it) or by its owner (to fence it). Once the command has ended its result stands there instead.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use kubently_core::ids::{ClusterId, ExecutorId};
use kubently_proto::convert::{from_millis, journal::Accepted, to_millis};

use super::RESULT_GRACE;

/// Which executor has a command, and the how-manieth one it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lease {
    /// Counts the leases of one command from 1; answers under an older one are refused.
    pub(crate) epoch: u64,
    /// The executor's cluster.
    pub(crate) cluster: ClusterId,
    /// The executor.
    pub(crate) executor: ExecutorId,
    /// The attachment it was given to: a server's id, the attachment's number there and the executor's process
    /// (or `-`), with `/` between them.
    pub(crate) holder: String,
    /// When it must be done.
    pub(crate) deadline: SystemTime,
    /// Counts what that executor was given, so that its event stream resumes.
    pub(crate) mark: u64,
    /// Pieces of output that an earlier holder left; this one's come after them.
    pub(crate) skipped: u64,
}

impl Lease {
    /// What fences: an answer counts while this is the present owner.
    pub(super) fn owner(&self) -> String {
        format!("{} {} {} ", self.epoch, self.cluster, self.executor)
    }

    /// The server that the attachment is at.
    pub(crate) fn server(&self) -> &str {
        self.holder.split('/').next().unwrap_or_default()
    }

    /// The executor's process.
    pub(crate) fn process(&self) -> &str {
        self.holder.rsplit('/').next().unwrap_or_default()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        Some(Self {
            epoch: parts.next()?.parse().ok()?,
            cluster: ClusterId::new(parts.next()?).ok()?,
            executor: ExecutorId::new(parts.next()?).ok()?,
            holder: parts.next()?.to_owned(),
            deadline: from_millis(parts.next()?.parse().ok()?),
            mark: parts.next()?.parse().ok()?,
            skipped: parts.next()?.parse().ok()?,
        })
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { holder, mark, skipped, .. } = self;
        write!(f, "{}{holder} {} {mark} {skipped}", self.owner(), to_millis(self.deadline))
    }
}

/// A command's state between acceptance and end. A command that nobody had yet has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// An executor was given it.
    Leased(Lease),
    /// That executor has had it for more than a moment.
    Running(Lease),
    /// That executor is gone; whoever takes it next gets the following epoch. Until then the
    /// executor that had it may still answer.
    Free(Lease),
    /// It was taken back before anybody had it: its caller was refused.
    Withdrawn,
}

impl State {
    /// The lease, present or past.
    pub(crate) fn lease(&self) -> Option<&Lease> {
        match self {
            Self::Leased(lease) | Self::Running(lease) | Self::Free(lease) => Some(lease),
            Self::Withdrawn => None,
        }
    }

    /// The lease while it stands.
    pub(crate) fn held(&self) -> Option<&Lease> {
        self.lease().filter(|_| !matches!(self, Self::Free(_)))
    }

    /// Reads the stored form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lease = |make: fn(Lease) -> Self| Lease::parse(text.get(1..)?).map(make);
        match text.as_bytes().first()? {
            b'L' => lease(Self::Leased),
            b'R' => lease(Self::Running),
            b'F' => lease(Self::Free),
            b'X' => Some(Self::Withdrawn),
            _ => None,
        }
    }
}

impl fmt::Display for State {
    /// The stored form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leased(lease) => write!(f, "L{lease}"),
            Self::Running(lease) => write!(f, "R{lease}"),
            Self::Free(lease) => write!(f, "F{lease}"),
            Self::Withdrawn => f.write_str("X"),
        }
    }
}

/// When a command must be done: its holder may have longer than it had in the queue.
pub(crate) fn deadline(accepted: &Accepted, state: Option<&State>) -> SystemTime {
    let own = accepted.command.deadline;
    state.and_then(State::held).map_or(own, |lease| lease.deadline.max(own))
}

/// When everything about a command is forgotten. Absolute and the same for its record and its
/// state, so that neither outlives the other and makes an ended command look open.
pub(super) fn forget_at(accepted: &Accepted, retention: Duration) -> SystemTime {
    // A lease counts from its own beginning for some executors, hence twice the time.
    accepted.command.deadline + accepted.command.spec.timeout + RESULT_GRACE + retention
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A first lease of cluster "c".
    pub(in crate::journal) fn lease(executor: &str) -> Lease {
        Lease {
            epoch: 1,
            cluster: ClusterId::new("c").unwrap(),
            executor: ExecutorId::new(executor).unwrap(),
            holder: "0123456789ab/7/p1".into(),
            deadline: from_millis(1_800_000_000_123),
            mark: 3,
            skipped: 0,
        }
    }

    #[test]
    fn every_state_reads_back() {
        for state in [
            State::Leased(lease("e")),
            State::Running(Lease { epoch: 12, skipped: 4, ..lease("pod-1.x") }),
            State::Free(lease("e")),
            State::Withdrawn,
        ] {
            assert_eq!(State::parse(&state.to_string()), Some(state));
        }
        for rubbish in ["", "L", "Lx y", "\u{12}abc", "L1 c e h"] {
            assert_eq!(State::parse(rubbish), None, "{rubbish:?}");
        }
    }

    #[test]
    fn the_owner_is_the_beginning_of_every_state_after_its_letter() {
        let text = State::Running(lease("e")).to_string();
        assert_eq!(
            text.get(1..).unwrap().strip_prefix(&lease("e").owner()).unwrap(),
            "0123456789ab/7/p1 1800000000123 3 0"
        );
        assert_eq!((lease("e").server(), lease("e").process()), ("0123456789ab", "p1"));
    }
}
