//! Dispatch: bringing a command to one executor of its cluster, and its output back.
//!
//! The life of a command: [`accept`] journals and announces it, every server that holds an executor
//! of the cluster hears that in [`inbox`], one of them wins the lease in [`roster`] and sends it to
//! a seat, the executor's answer comes in through [`attach`], the journal announces it, and
//! whoever waits hears that through [`waiters`] ([`wait`], [`follow`]).

mod accept;
mod attach;
mod cancel;
mod follow;
mod inbox;
mod posted;
mod presence;
mod roster;
mod wait;
mod waiters;

use std::{sync::Arc, time::Duration};

use kubently_core::policy::Policy;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    audit::Audit,
    bus::Bus,
    clusters::Clusters,
    ids::CommandIds,
    journal::Journal,
    metrics::{Load, Metrics},
    sessions::Sessions,
};

pub(crate) use accept::Request;
pub(crate) use attach::{Attaching, Attachment, Order};
pub(crate) use follow::Events;

/// What dispatch builds on.
pub(crate) struct Parts {
    pub(crate) ids: CommandIds,
    pub(crate) bus: Bus,
    pub(crate) journal: Journal,
    pub(crate) policy: Policy,
    pub(crate) sessions: Sessions,
    pub(crate) clusters: Clusters,
    pub(crate) audit: Audit,
    pub(crate) metrics: Arc<Metrics>,
}

/// One server's dispatch.
pub(crate) struct Dispatch {
    parts: Parts,
    /// This server's id, the tag of its command ids.
    server: String,
    waiters: waiters::Waiters,
    roster: roster::Roster,
    /// Everything that runs on its own here, so that a stopping server can wait for it.
    tasks: TaskTracker,
    /// Set when the server is stopping: nothing new is accepted.
    draining: CancellationToken,
}

impl Dispatch {
    pub(crate) fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            server: parts.ids.tag(),
            parts,
            waiters: waiters::Waiters::default(),
            roster: roster::Roster::default(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
        })
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
        Load { waiting: self.waiters.count(), running, pending }
    }

    /// Stops accepting, asks every executor to attach elsewhere, and waits until the commands
    /// that this server answers for are done, or `limit` is over.
    pub(crate) async fn drain(&self, limit: Duration) {
        self.draining.cancel();
        self.roster.drain();
        self.tasks.close();
        if tokio::time::timeout(limit, self.quiet()).await.is_err() {
            tracing::warn!(waiting = self.waiters.count(), "commands were still running when the drain time was over");
        }
        self.roster.close();
    }

    /// Ends when nobody waits for a command here and no command runs here.
    async fn quiet(&self) {
        self.waiters.none_left().await;
        self.roster.idle().await;
        self.tasks.wait().await;
    }
}
