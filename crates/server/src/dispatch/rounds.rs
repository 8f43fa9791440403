//! What a server does by itself: say that it lives, look after what it accepted and what it holds,
//! and put things right when the store or the bus was away.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kubently_core::{Error, ids::CommandId};
use tokio::{sync::watch, time::Instant};

use super::Dispatch;
use crate::{
    journal::{RESULT_GRACE, Standing, State},
    redis::Health,
};

/// A third of how long presence lasts: two confirmations may fail.
const CONFIRM_EVERY: Duration = Duration::from_secs(10);
/// How often a server says that it lives; a third of how long it counts as alive.
const BEAT_EVERY: Duration = Duration::from_secs(1);
/// How often places and deadlines are looked through.
const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// How often ended commands are taken off the table of open ones, all at once.
const RETIRE_EVERY: Duration = Duration::from_millis(250);
/// How often the tables of servers that died are looked through.
const SWEEP_DEAD_EVERY: Duration = Duration::from_secs(5);
/// A command that an executor has for longer than this is running.
const MOMENT: Duration = Duration::from_secs(1);

impl Dispatch {
    /// Does its rounds until it is dropped.
    pub(crate) async fn rounds(self: Arc<Self>) {
        let mut confirm = every(CONFIRM_EVERY);
        let mut sweep = every(SWEEP_EVERY);
        let mut retire = every(RETIRE_EVERY);
        let mut dead = every(SWEEP_DEAD_EVERY);
        loop {
            tokio::select! {
                _ = confirm.tick() => self.confirm_attached().await,
                _ = sweep.tick() => self.sweep().await,
                _ = retire.tick() => self.retire().await,
                _ = dead.tick() => tell("look after commands of servers that died", self.sweep_dead().await),
            }
        }
    }

    /// Says that this server lives, until it is dropped. Beside the rounds, because none of them may hold it up: a
    /// server that misses its beats loses its commands.
    pub(crate) async fn beats(self: Arc<Self>) {
        let mut beat = every(BEAT_EVERY);
        loop {
            beat.tick().await;
            match self.beat().await {
                Ok(true) => self.forgotten.notify_one(),
                Ok(false) => {}
                Err(error) => tracing::debug!(%error, "no beat"),
            }
        }
    }

    /// Puts things right after every time that Redis, or the bus, came back, until it is dropped.
    pub(crate) async fn watch_store(
        self: Arc<Self>,
        mut store: watch::Receiver<Health>,
        mut bus: watch::Receiver<u64>,
    ) {
        loop {
            let changed = tokio::select! {
                changed = store.changed() => changed,
                changed = bus.changed() => changed,
                () = self.forgotten.notified() => Ok(()),
            };
            if changed.is_err() {
                return;
            }
            if store.borrow_and_update().up {
                self.store_returned().await;
            }
        }
    }

    async fn store_returned(self: &Arc<Self>) {
        let limit = Instant::now() + super::STORE_PATIENCE;
        let put_right = || async {
            self.beat().await?;
            self.reread_results().await?;
            self.restore().await
        };
        tell("put things right after the store was away", self.outage.outlast(limit, put_right).await);
    }

    /// Says that this server lives, and learns who else does. True when the store lost its memory.
    pub(super) async fn beat(&self) -> Result<bool, Error> {
        let mut beat = self.parts.journal.beat(&self.server).await?;
        let forgotten = beat.forgotten;
        beat.forgotten = false;
        if self.outage.is_settling() {
            // Nobody could beat while Redis was away; those that live will now.
            beat.alive.append(&mut beat.dead);
        }
        if self.peers.update(beat) {
            tracing::info!("another server is gone; looking after what it held");
            self.recover_all();
        }
        Ok(forgotten)
    }

    pub(super) async fn confirm_attached(&self) {
        let attached = self.roster.attached();
        if !attached.is_empty() {
            tell("confirm presence", self.parts.clusters.confirm(&attached).await);
        }
    }

    async fn sweep(self: &Arc<Self>) {
        for cluster in self.roster.sweep(RESULT_GRACE) {
            self.fill(&cluster);
        }
        self.mark_running().await;
        tell("end overdue commands", self.end_overdue().await);
        let sessions = self.parts.sessions.count().await;
        self.parts.metrics.store_up(sessions.is_ok());
        if let Ok(count) = sessions {
            self.parts.metrics.sessions(count);
        }
    }

    /// Notes in the journal which commands run for longer than a moment.
    async fn mark_running(&self) {
        for running in self.roster.mark(MOMENT) {
            let (from, to) = (State::Leased(running.lease.clone()), State::Running(running.lease.clone()));
            if let Err(error) = self.parts.journal.swap(&running.accepted.command.id, &from, &to).await {
                // It is shown as leased; nothing else hangs on it.
                tracing::debug!(%error, "could not mark a command as running");
                return;
            }
        }
    }

    /// Gives their end to commands accepted here whose time is over, although nobody asks.
    async fn end_overdue(&self) -> Result<(), Error> {
        let ids = self.ledger.overdue(SystemTime::now());
        for (id, standing) in ids.iter().zip(self.parts.journal.standings(&ids).await?) {
            self.end_if_due(id, standing).await?;
        }
        Ok(())
    }

    async fn end_if_due(&self, id: &CommandId, standing: Standing) -> Result<(), Error> {
        let state = match standing {
            Standing::Ended(ended) => {
                self.heard_end(id, &ended.1);
                return Ok(());
            }
            Standing::Untouched => None,
            Standing::Open(state) => Some(state),
        };
        if let Some(accepted) = self.ledger.get(id) {
            self.settle(&accepted, state.as_ref()).await?;
        }
        Ok(())
    }

    async fn retire(&self) {
        let ids = self.ledger.take_retired();
        if ids.is_empty() {
            return;
        }
        if let Err(error) = self.parts.journal.retire(&ids).await {
            tracing::debug!(%error, "could not take ended commands off the table; next time");
            self.ledger.retire_later(ids);
        }
    }
}

/// Ticks that are not made up for when one takes long.
fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval
}

fn tell(what: &str, outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        tracing::warn!(%error, "could not {what}; trying again later");
    }
}
