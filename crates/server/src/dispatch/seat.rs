//! One attached executor, and what it runs.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use kubently_core::{cluster::AttachedExecutor, command::MAX_CHUNK_BYTES};
use kubently_proto::convert::journal::Accepted;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::attach::{Order, Terms};
use crate::journal::{Lease, State};

/// Pause before an executor is asked for its output once more.
const ASK_PAUSE: Duration = Duration::from_secs(1);

/// One attached executor.
pub(super) struct Seat {
    /// Tells this attachment from an older one of the same executor.
    pub(super) number: u64,
    /// Who sits here.
    pub(super) executor: AttachedExecutor,
    /// Commands it may run at once.
    pub(super) limit: usize,
    /// What may be expected of it.
    pub(super) terms: Terms,
    /// What it is told. As long as `limit` allows, plus room for cancels.
    pub(super) orders: mpsc::Sender<Order>,
    /// Set when the face must end the stream.
    pub(super) closed: CancellationToken,
    /// Set when it said that it is about to stop: it gets nothing more.
    pub(super) leaving: AtomicBool,
    /// The last mark given to a command of its.
    pub(super) marks: AtomicU64,
    /// When it was last heard of.
    pub(super) heard: watch::Sender<Instant>,
}

impl Seat {
    /// Whether it takes commands.
    pub(super) fn takes(&self) -> bool {
        !self.closed.is_cancelled() && !self.leaving.load(Ordering::Relaxed)
    }

    /// The attachment, as leases name it.
    pub(super) fn holder(&self) -> String {
        let process = self.terms.process.as_deref().unwrap_or("-");
        format!("{}/{}/{process}", self.executor.server, self.number)
    }

    /// The lease that it would have on a command found in this state.
    pub(super) fn lease(&self, accepted: &Accepted, found: Option<&State>) -> Lease {
        let before = found.and_then(State::lease).map_or(0, |lease| lease.epoch);
        let spec = &accepted.command.spec;
        let from_now = SystemTime::now() + spec.timeout;
        Lease {
            epoch: before + 1,
            cluster: spec.cluster.clone(),
            executor: self.executor.id.clone(),
            holder: self.holder(),
            deadline: if self.terms.own_time { from_now } else { accepted.command.deadline },
            mark: self.next_mark(),
            skipped: 0,
        }
    }

    /// The lease that it keeps although its link is another one now.
    pub(super) fn renewed(&self, lease: &Lease) -> Lease {
        Lease { holder: self.holder(), mark: self.next_mark(), ..lease.clone() }
    }

    fn next_mark(&self) -> u64 {
        self.marks.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// A command that a seat runs.
#[derive(Clone)]
pub(super) struct Running {
    /// As accepted.
    pub(super) accepted: Accepted,
    /// The lease it runs under.
    pub(super) lease: Lease,
    /// Since when.
    since: Instant,
    /// Whether the journal says that it runs.
    pub(super) marked: bool,
    /// Bytes of output that were kept.
    received: u64,
    /// When the executor was asked for all its output again.
    asked: Option<Instant>,
}

impl Running {
    /// A command that has printed nothing yet.
    pub(super) fn new(accepted: Accepted, lease: Lease) -> Self {
        Self { accepted, lease, since: Instant::now(), marked: false, received: 0, asked: None }
    }

    /// What the executor is told.
    pub(super) fn order(&self) -> Order {
        Order::Run {
            accepted: Box::new(self.accepted.clone()),
            epoch: self.lease.epoch,
            deadline: self.lease.deadline,
            mark: self.lease.mark,
        }
    }

    /// Whether it has run for longer than `moment` and the journal does not say so yet.
    pub(super) fn to_mark(&self, moment: Duration) -> bool {
        !self.marked && self.since.elapsed() >= moment
    }

    /// Whether its deadline and `grace` are over.
    pub(super) fn late(&self, grace: Duration, now: SystemTime) -> bool {
        self.lease.deadline.max(self.accepted.command.deadline) + grace < now
    }

    /// Whether more output is within what may be kept of it. One chunk more than the limit is let through,
    /// because an executor may cut at a chunk's end.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        let most = self.accepted.command.spec.max_output_bytes + MAX_CHUNK_BYTES as u64;
        self.received.saturating_add(bytes as u64) <= most
    }

    /// Output was kept.
    pub(super) fn count(&mut self, bytes: usize) {
        self.received = self.received.saturating_add(bytes as u64);
    }

    /// Notes that the executor is asked for all its output again; false when it was a moment ago, and what
    /// comes is only what was on its way.
    pub(super) fn ask_again(&mut self) -> bool {
        let due = self.asked.is_none_or(|asked| asked.elapsed() >= ASK_PAUSE);
        if due {
            (self.asked, self.received) = (Some(Instant::now()), 0);
        }
        due
    }
}

/// A command that wants a place.
#[derive(Clone)]
pub(super) struct Waiting {
    /// As accepted.
    pub(super) accepted: Accepted,
    /// The state in which it is to be taken; `None` for one that nobody had.
    pub(super) found: Option<State>,
}

/// A place taken for a command; the lease is not won yet.
pub(super) struct Placement {
    pub(super) seat: Arc<Seat>,
    pub(super) waiting: Waiting,
    pub(super) lease: Lease,
}
