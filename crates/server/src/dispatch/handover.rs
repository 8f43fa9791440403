//! Giving commands to executors, and taking them back from those that are gone.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use kubently_core::{
    Error,
    ids::{ClusterId, CommandId},
};
use kubently_proto::{
    bus::v1::cluster_event,
    convert::journal::{Accepted, Finished},
};
use tokio::time::Instant;

use super::{
    Dispatch,
    seat::{Placement, Running, Seat},
};
use crate::{
    bus::Topic,
    journal::{Fence, Finish, Lease, State, encode_offer},
};

/// How long an executor may take to come back over a new link, to any server, before its commands
/// are given to another one.
const RETURN_TIME: Duration = Duration::from_secs(2);

impl Dispatch {
    /// Gives pending commands to free places, as far as there are both.
    pub(super) fn fill(self: &Arc<Self>, cluster: &ClusterId) {
        while let Some(placement) = self.roster.place(cluster) {
            self.tasks.spawn(self.clone().hand_over(placement));
        }
        if self.roster.drained(cluster) {
            self.recover(cluster);
        }
    }

    /// Wins the lease for a placed command and sends it to its seat.
    async fn hand_over(self: Arc<Self>, placement: Placement) {
        let Placement { seat, waiting, lease } = placement;
        let (cluster, id) = (lease.cluster.clone(), waiting.accepted.command.id.clone());
        match self.parts.journal.take(&waiting.accepted, waiting.found.as_ref(), lease).await {
            Ok(Some(lease)) => return self.send(&seat, Running::new(waiting.accepted, lease)).await,
            // Another server's executor has it, or it was cancelled.
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(command = %id, %error, "could not lease a command");
                self.recover(&cluster);
            }
        }
        self.roster.release(&cluster, &id);
        self.fill(&cluster);
    }

    async fn send(self: &Arc<Self>, seat: &Seat, running: Running) {
        let id = &running.accepted.command.id;
        if running.lease.epoch > 1 {
            self.parts.metrics.taken_over();
        }
        let seated = self.roster.confirm(&running.lease, id);
        if !seated || seat.orders.send(running.order()).await.is_err() {
            tracing::info!(command = %id, "the executor left before it got the command");
            self.give_back(&running).await;
        }
    }

    /// What becomes of the commands of an executor whose link ended: it may come back with them, or they
    /// are given to another one.
    pub(super) async fn part_with(self: Arc<Self>, seat: Arc<Seat>, left: Vec<Running>) {
        // One that said that it leaves, or a server that stops, is not waited for.
        let returns = seat.terms.remembers || seat.terms.resumes;
        let leaves = seat.leaving.load(Ordering::Relaxed) || self.draining.is_cancelled();
        if returns && !leaves {
            tokio::time::sleep(RETURN_TIME).await;
        }
        for running in left {
            let (cluster, id) = (&running.lease.cluster, &running.accepted.command.id);
            // It came back here, and the new link has the command.
            if self.roster.find(cluster, id).is_none() {
                self.give_back(&running).await;
            }
            self.roster.parted(cluster, id);
        }
    }

    /// Frees a command for whoever takes it next, unless it has ended or is somebody else's by now.
    pub(super) async fn give_back(self: &Arc<Self>, running: &Running) {
        let (lease, id) = (&running.lease, &running.accepted.command.id);
        let limit = Instant::now() + self.outage.patience();
        let freed = self.outage.outlast(limit, || self.free(id, lease)).await;
        self.roster.release(&lease.cluster, id);
        match freed {
            Ok(true) => self.offer(&running.accepted, &State::Free(lease.clone())).await,
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(command = %id, %error, "could not give a command back");
                self.recover(&lease.cluster);
            }
        }
    }

    async fn free(&self, id: &CommandId, lease: &Lease) -> Result<bool, Error> {
        let free = State::Free(lease.clone());
        let journal = &self.parts.journal;
        Ok(journal.swap(id, &State::Leased(lease.clone()), &free).await?
            || journal.swap(id, &State::Running(lease.clone()), &free).await?)
    }

    /// Announces a command that wants an executor again. Whoever does not hear it reads it when it subscribes.
    async fn offer(&self, accepted: &Accepted, state: &State) {
        let topic = Topic::commands(accepted.command.spec.cluster.as_str());
        if let Err(error) = self.parts.bus.publish(&topic, encode_offer(accepted, Some(state))).await {
            tracing::warn!(command = %accepted.command.id, %error, "could not offer a command again");
            self.recover(&accepted.command.spec.cluster);
        }
    }

    /// Journals an executor's result and frees its place. Waits for a store that is away: the executor
    /// keeps the result meanwhile. False when output is missing that the executor must send again.
    pub(super) async fn finish(self: &Arc<Self>, held: &Running, end: Finished) -> Result<bool, Error> {
        let Running { accepted, lease, .. } = held;
        let id = &accepted.command.id;
        let mut end = end;
        if end.chunks > 0 {
            (end.chunks, end.skipped) = (end.chunks + lease.skipped, lease.skipped);
        }
        let fence = Fence::Lease(lease.clone());
        let limit = Instant::now() + super::STORE_PATIENCE;
        let finish = self.outage.outlast(limit, || self.close(accepted, &fence, &end)).await?;
        match finish {
            Finish::First => {}
            Finish::Late => tracing::debug!(command = %id, "a result came after the command had ended"),
            Finish::Fenced => {
                tracing::info!(command = %id, epoch = lease.epoch, "a result came under an old lease; refused");
            }
            Finish::Incomplete => {
                self.roster.note(&lease.cluster, id, Running::ask_again);
                return self.ask_again(&lease.cluster, id).await.map(|()| false);
            }
        }
        if self.roster.release(&lease.cluster, id).is_some() {
            self.fill(&lease.cluster);
        }
        Ok(true)
    }

    /// Has an executor send a command's output from the beginning: pieces of it are gone from the store.
    pub(super) async fn ask_again(self: &Arc<Self>, cluster: &ClusterId, id: &CommandId) -> Result<(), Error> {
        let Some((seat, running)) = self.roster.find(cluster, id) else { return Ok(()) };
        tracing::warn!(command = %id, "output is missing; the executor sends it again");
        self.parts.journal.take(&running.accepted, None, running.lease.clone()).await?;
        // An executor that left sends it over its next link.
        let _left = seat.orders.send(running.order()).await;
        Ok(())
    }

    /// Tells every server that holds an executor of `cluster`.
    pub(super) async fn tell_cluster(&self, cluster: &ClusterId, event: cluster_event::Event) -> Result<(), Error> {
        use prost::Message as _;
        let event = kubently_proto::bus::v1::ClusterEvent { event: Some(event) };
        let payload = event.encode_to_vec().into();
        self.parts.bus.publish(&Topic::commands(cluster.as_str()), payload).await.map(|_reached| ())
    }
}
