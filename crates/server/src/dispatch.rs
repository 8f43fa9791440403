//! Dispatch: bringing a command to one executor of its cluster, and its output back.
//!
//! The life of a command: [`accept`] journals and announces it, every server that holds an executor
//! of the cluster hears that in [`inbox`], one of them wins the lease in [`handover`] and sends it to
//! a [`seat`], the executor's answer comes in through [`attach`], the journal announces it, and
//! whoever waits hears that through [`waiters`] ([`wait`], [`follow`]).
//!
//! What goes wrong on the way is put right from the journal: [`recover`] reads what was not heard,
//! [`ledger`] is what this server answers for, [`rounds`] look after both, and [`outage`] is the
//! waiting for a store that is away.

mod accept;
mod attach;
mod cancel;
mod follow;
mod handover;
mod inbox;
mod ledger;
mod outage;
mod peers;
mod posted;
mod recover;
mod roster;
mod rounds;
mod seat;
mod wait;
mod waiters;

use std::{sync::Arc, time::Duration};

use kubently_core::Error;
use kubently_policy::Live;
use tokio::sync::{Notify, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    audit::Audit,
    bus::Bus,
    clusters::Clusters,
    ids::CommandIds,
    journal::Journal,
    metrics::{Load, Metrics},
    redis::Health,
    sessions::Sessions,
    tokens::Tokens,
};

pub(crate) use accept::Request;
pub(crate) use attach::{Attaching, Attachment, Order, Terms};
pub(crate) use follow::Events;
pub(crate) use outage::Patience;
pub(crate) use posted::Poster;

/// How long what an executor says, or a caller that waits for an accepted command, waits for a store
/// that is away: as long as an executor keeps a result is too long to hold a call.
const STORE_PATIENCE: Duration = Duration::from_secs(60);
/// Time that commands of executors which were cut off get to be given back, before a server ends.
const PARTING: Duration = Duration::from_secs(1);

/// What dispatch builds on.
pub(crate) struct Parts {
    pub(crate) ids: CommandIds,
    pub(crate) bus: Bus,
    pub(crate) journal: Journal,
    /// What may run, as it is now.
    pub(crate) policy: Live,
    pub(crate) sessions: Sessions,
    pub(crate) clusters: Clusters,
    pub(crate) tokens: Tokens,
    pub(crate) audit: Audit,
    pub(crate) metrics: Arc<Metrics>,
    /// What is to happen while Redis is away.
    pub(crate) patience: Patience,
    /// How Redis is.
    pub(crate) health: watch::Receiver<Health>,
}

/// One server's dispatch.
pub(crate) struct Dispatch {
    parts: Parts,
    /// This server's id, the tag of its command ids.
    server: String,
    waiters: waiters::Waiters,
    roster: roster::Roster,
    ledger: ledger::Ledger,
    recovery: recover::Recovery,
    peers: peers::Peers,
    outage: outage::Outage,
    /// Rung when a beat found that the store lost its memory.
    forgotten: Notify,
    /// Everything that runs on its own here, so that a stopping server can wait for it.
    tasks: TaskTracker,
    /// Set when the server is stopping: nothing new is accepted.
    draining: CancellationToken,
}

impl Dispatch {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            server: parts.ids.tag(),
            waiters: waiters::Waiters::default(),
            roster: roster::Roster::default(),
            ledger: ledger::Ledger::default(),
            recovery: recover::Recovery::default(),
            peers: peers::Peers::default(),
            outage: outage::Outage::new(parts.patience, parts.health.clone()),
            forgotten: Notify::new(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            parts,
        })
    }

    /// Makes this server known to the others; before it serves.
    pub(crate) async fn introduce(&self) -> Result<(), Error> {
        self.beat().await.map(|_first| ())
    }

    /// This server's id.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Whether this server is stopping.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    /// What is going on now.
    pub(crate) fn load(&self) -> Load {
        let (running, pending) = self.roster.load();
        Load { waiting: self.waiters.count(), running, pending, queued: self.outage.waiting() }
    }

    /// Stops accepting, asks every executor to attach elsewhere, and waits until the commands
    /// that this server answers for are done, or `limit` is over. What is left is given back.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.draining.cancel();
        self.roster.drain();
        self.tasks.close();
        if tokio::time::timeout(limit, self.quiet()).await.is_err() {
            tracing::warn!(waiting = self.waiters.count(), "commands were still running when the drain time was over");
        }
        self.roster.close();
    }

    /// The last thing, when every attachment is closed.
    pub(crate) async fn part(&self) {
        if tokio::time::timeout(PARTING, self.tasks.wait()).await.is_err() {
            tracing::warn!("not everything was given back in time; other servers find it in the journal");
        }
        if let Err(error) = self.parts.journal.farewell(&self.server).await {
            tracing::debug!(%error, "no farewell; other servers miss the beat");
        }
    }

    /// Ends when nobody waits for a command here and no command runs here.
    async fn quiet(&self) {
        self.waiters.none_left().await;
        self.roster.idle().await;
        self.tasks.wait().await;
    }
}
