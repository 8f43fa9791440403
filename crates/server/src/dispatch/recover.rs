//! Reading from the journal what the bus did not bring: after every subscription, when a server
//! died, when Redis was away. Pub/sub is the fast path; this is why nothing is lost beside it.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures::{StreamExt, TryStreamExt, stream};
use kubently_core::{Error, ids::ClusterId};
use kubently_proto::convert::journal::Accepted;
use tokio::{sync::Notify, time::Instant};

use super::{
    Dispatch,
    ledger::Ended,
    roster::Queued,
    seat::{Running, Seat, Waiting},
};
use crate::journal::{self, Lease, Standing, State};

/// Pause before reading again when the store did not answer.
const RETRY: Duration = Duration::from_millis(250);
/// Results written again at the same time.
const RESTORED_AT_ONCE: usize = 64;
/// How long one attempt waits for a store that is away.
const PATIENCE: Duration = Duration::from_secs(60);

/// The clusters whose open commands are to be read. Requests that come while one is under way are
/// served together by the next, so a storm of attachments costs few reads.
#[derive(Default)]
pub(super) struct Recovery {
    wanted: Mutex<HashSet<ClusterId>>,
    changed: Notify,
}

impl Recovery {
    fn want(&self, clusters: impl IntoIterator<Item = ClusterId>) {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner).extend(clusters);
        self.changed.notify_one();
    }

    fn take(&self) -> HashSet<ClusterId> {
        std::mem::take(&mut *self.wanted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Dispatch {
    /// Has the open commands of a cluster read.
    pub(super) fn recover(&self, cluster: &ClusterId) {
        self.recovery.want([cluster.clone()]);
    }

    /// Has the open commands of every cluster read that has an executor here.
    pub(super) fn recover_all(&self) {
        self.recovery.want(self.roster.clusters());
    }

    /// Reads what is wanted, until it is dropped.
    pub(crate) async fn keep_recovering(self: Arc<Self>) {
        loop {
            self.recovery.changed.notified().await;
            let wanted = self.recovery.take();
            if wanted.is_empty() {
                continue;
            }
            if let Err(error) = self.recover_now(&wanted).await {
                tracing::warn!(%error, clusters = wanted.len(), "could not read open commands; trying again");
                self.recovery.want(wanted);
                self.outage.over(Instant::now() + PATIENCE).await;
                tokio::time::sleep(RETRY).await;
            }
        }
    }

    async fn recover_now(self: &Arc<Self>, wanted: &HashSet<ClusterId>) -> Result<(), Error> {
        let mut found: Vec<(Accepted, Standing)> = Vec::new();
        for tag in self.peers.all() {
            let mut open = self.parts.journal.open(&tag).await?;
            open.retain(|accepted| wanted.contains(&accepted.command.spec.cluster));
            // In the order in which they were accepted: ids begin with the time.
            open.sort_unstable_by(|a, b| a.command.id.as_str().cmp(b.command.id.as_str()));
            let ids: Vec<_> = open.iter().map(|accepted| accepted.command.id.clone()).collect();
            let standings = self.parts.journal.standings(&ids).await?;
            found.extend(open.into_iter().zip(standings));
        }
        // Only after the states were read: whoever stands in one of them had beaten before.
        self.beat().await?;
        for (accepted, standing) in found {
            self.resume(accepted, standing).await?;
        }
        wanted.iter().for_each(|cluster| self.fill(cluster));
        Ok(())
    }

    /// Goes on with a command as it stands.
    async fn resume(self: &Arc<Self>, accepted: Accepted, standing: Standing) -> Result<(), Error> {
        let cluster = &accepted.command.spec.cluster;
        let state = if let Standing::Open(state) = &standing { Some(state) } else { None };
        let due = SystemTime::now() >= journal::deadline(&accepted, state);
        if due || self.roster.runs(cluster, &accepted.command.id) {
            return Ok(());
        }
        match standing {
            Standing::Ended(_) | Standing::Open(State::Withdrawn) => Ok(()),
            Standing::Untouched => self.wait_for_place(Waiting { accepted, found: None }),
            Standing::Open(state @ State::Free(_)) => self.wait_for_place(Waiting { accepted, found: Some(state) }),
            Standing::Open(state) => self.resume_held(accepted, state).await,
        }
    }

    /// A command that an executor has: it goes on with it over its new link, or another one takes it
    /// over when nobody answers for it any more.
    async fn resume_held(self: &Arc<Self>, accepted: Accepted, state: State) -> Result<(), Error> {
        let Some(lease) = state.held().cloned() else { return Ok(()) };
        let seat = self.roster.seat(&lease.cluster, &lease.executor);
        if let Some(seat) = seat.filter(|seat| seat.terms.remembers || seat.terms.resumed.is_some()) {
            return self.adopt(&seat, accepted, &state, &lease).await;
        }
        let orphaned = match lease.server() == self.server {
            true => !self.roster.parts_with(&lease.cluster, &accepted.command.id),
            false => !self.peers.lives(lease.server()),
        };
        if orphaned {
            tracing::info!(command = %accepted.command.id, executor = %lease.executor, "taking a command over");
            return self.wait_for_place(Waiting { accepted, found: Some(state) });
        }
        Ok(())
    }

    /// Makes a command the business of its executor's new link. It is told again: if it has the command
    /// it goes on, and if the order never reached it, it begins.
    async fn adopt(
        self: &Arc<Self>,
        seat: &Arc<Seat>,
        accepted: Accepted,
        state: &State,
        lease: &Lease,
    ) -> Result<(), Error> {
        let Some(renewed) = self.renew(seat, &accepted, state, lease).await? else { return Ok(()) };
        let unheard = seat.terms.remembers || seat.terms.resumed.is_some_and(|mark| lease.mark > mark);
        let running = Running::new(accepted, renewed);
        if !self.roster.adopt(seat, &running) {
            self.give_back(&running).await;
        } else if unheard && seat.orders.send(running.order()).await.is_err() {
            tracing::debug!(command = %running.accepted.command.id, "the executor left again");
        }
        self.parts.metrics.redelivered();
        Ok(())
    }

    /// The same lease over another link. To another process of the executor the command is new: it gets the next
    /// lease, so that the outputs of two runs are told apart.
    async fn renew(
        &self,
        seat: &Seat,
        accepted: &Accepted,
        state: &State,
        lease: &Lease,
    ) -> Result<Option<Lease>, Error> {
        let renewed = seat.renewed(lease);
        if renewed.process() != lease.process() {
            return self.parts.journal.take(accepted, Some(state), seat.lease(accepted, Some(state))).await;
        }
        let to = State::Leased(renewed.clone());
        let swapped = self.parts.journal.swap(&accepted.command.id, state, &to).await?;
        Ok(swapped.then_some(renewed))
    }

    fn wait_for_place(self: &Arc<Self>, waiting: Waiting) -> Result<(), Error> {
        let cluster = waiting.accepted.command.spec.cluster.clone();
        if self.roster.queue(waiting) == Queued::New {
            self.fill(&cluster);
        }
        Ok(())
    }

    /// Hears of ends that were announced while nobody listened.
    pub(super) async fn reread_results(&self) -> Result<(), Error> {
        let mut ids = self.waiters.ids();
        ids.extend(self.ledger.open().into_iter().map(|accepted| accepted.command.id));
        let ids: Vec<_> = ids.into_iter().collect();
        for standing in self.parts.journal.standings(&ids).await? {
            if let Standing::Ended(ended) = standing {
                self.heard_end(&ended.0.command.id, &ended.1);
            }
        }
        self.waiters.look();
        Ok(())
    }

    /// Gives their end to the commands of servers that died, where it is due, and takes ended ones off
    /// those servers' tables.
    pub(super) async fn sweep_dead(self: &Arc<Self>) -> Result<(), Error> {
        for tag in self.peers.dead() {
            let open = self.parts.journal.open(&tag).await?;
            let ids: Vec<_> = open.iter().map(|accepted| accepted.command.id.clone()).collect();
            let mut ended = Vec::new();
            for (accepted, standing) in open.into_iter().zip(self.parts.journal.standings(&ids).await?) {
                match standing {
                    Standing::Ended(_) => ended.push(accepted.command.id),
                    Standing::Untouched => self.settle_standing(&accepted, None).await?,
                    Standing::Open(state) => self.settle_standing(&accepted, Some(&state)).await?,
                }
            }
            self.parts.journal.retire(&ended).await?;
        }
        Ok(())
    }

    async fn settle_standing(&self, accepted: &Accepted, state: Option<&State>) -> Result<(), Error> {
        if SystemTime::now() >= journal::deadline(accepted, state) {
            self.settle(accepted, state).await?;
        }
        Ok(())
    }

    /// Writes again what this server knows and Redis may have forgotten, all of it or what a replica that took
    /// over had not got yet: first who has what, then what ended, then what is open, so that nothing is
    /// taken twice or ends twice.
    pub(super) async fn restore(self: &Arc<Self>) -> Result<(), Error> {
        for running in self.roster.all_running() {
            let lease = running.lease;
            self.parts.journal.take(&running.accepted, None, lease).await?;
        }
        let (ended, open) = (self.ledger.ended(), self.ledger.open());
        tracing::info!(open = open.len(), ended = ended.len(), "writing again what the store may have lost");
        let journal = &self.parts.journal;
        let write = |ended: &Ended| {
            let Ended { accepted, finished, output, .. } = ended.clone();
            async move { journal.restore_ended(&accepted, &finished, &output).await }
        };
        stream::iter(ended.iter().map(write)).buffer_unordered(RESTORED_AT_ONCE).try_collect::<()>().await?;
        self.parts.journal.restore(&open).await?;
        self.confirm_attached().await;
        self.parts.tokens.provision_all().await?;
        self.recover_all();
        Ok(())
    }
}
