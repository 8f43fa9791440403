//! Attaching executors, and what they say while attached.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kubently_core::{
    Error, ErrorKind,
    cluster::{AttachedExecutor, Transport},
    command::OutputChunk,
    ids::{ClusterId, CommandId, ExecutorId},
};
use kubently_proto::convert::journal::{Accepted, Finished};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Dispatch,
    roster::{Placement, Running, Seat},
};
use crate::{
    bus::{Subscription, Topic},
    journal::{Fence, Finish, RESULT_GRACE},
};

/// Room for cancels and the like beside an executor's commands.
const SPARE_ORDERS: usize = 64;

/// Who wants to attach. That the token is right is the face's business.
#[derive(Debug, Clone)]
pub(crate) struct Attaching {
    /// The cluster it serves.
    pub(crate) cluster: ClusterId,
    /// Its id.
    pub(crate) executor: ExecutorId,
    /// How it is attached.
    pub(crate) transport: Transport,
    /// Its version.
    pub(crate) version: String,
    /// Commands it runs at once.
    pub(crate) max_in_flight: usize,
}

/// What an attached executor is told.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    /// Run this, under this lease.
    Run {
        /// As accepted.
        accepted: Box<Accepted>,
        /// The lease's number.
        epoch: u64,
    },
    /// Stop this.
    Cancel {
        /// The command.
        id: CommandId,
        /// The lease's number.
        epoch: u64,
    },
    /// Attach elsewhere.
    Drain {
        /// After a random part of this time.
        spread: Duration,
    },
}

/// An executor's place at this server; dropping it detaches.
pub(crate) struct Attachment {
    dispatch: Arc<Dispatch>,
    seat: Arc<Seat>,
    transport: Transport,
    _commands: Subscription,
}

impl Dispatch {
    /// Seats an executor. Its orders come through the receiver, until [`Attachment::closed`].
    pub(crate) async fn attach(self: &Arc<Self>, who: Attaching) -> Result<(Attachment, mpsc::Receiver<Order>), Error> {
        if self.draining.is_cancelled() {
            return Err(Error::new(ErrorKind::Draining, "this server is stopping; attach to another one"));
        }
        let commands = self.parts.bus.subscribe(Topic::commands(who.cluster.as_str())).await?;
        let limit = who.max_in_flight.max(1);
        let (orders, receiver) = mpsc::channel(limit + SPARE_ORDERS);
        let now = SystemTime::now();
        let executor = AttachedExecutor {
            id: who.executor,
            cluster: who.cluster,
            server: self.server.clone(),
            transport: who.transport.as_str().to_owned(),
            version: who.version,
            attached_at: now,
            last_seen: now,
        };
        self.parts.clusters.confirm(std::slice::from_ref(&executor)).await?;
        let number = self.roster.next_number();
        let seat = Arc::new(Seat { number, executor, limit, orders, closed: CancellationToken::new() });
        self.roster.add(seat.clone());
        self.parts.metrics.executors(who.transport.as_str(), 1);
        tracing::info!(cluster = %seat.executor.cluster, executor = %seat.executor.id, transport = who.transport.as_str(), "attached");
        self.fill(&seat.executor.cluster);
        Ok((Attachment { dispatch: self.clone(), seat, transport: who.transport, _commands: commands }, receiver))
    }

    /// Gives pending commands to free places, as far as there are both.
    pub(super) fn fill(self: &Arc<Self>, cluster: &ClusterId) {
        while let Some(placement) = self.roster.place(cluster) {
            self.tasks.spawn(self.clone().hand_over(placement));
        }
    }

    /// Wins the lease for a placed command and sends it to its seat.
    async fn hand_over(self: Arc<Self>, placement: Placement) {
        let Placement { seat, running: Running { accepted, lease, .. } } = placement;
        let (id, cluster) = (accepted.command.id.clone(), accepted.command.spec.cluster.clone());
        let lifetime = accepted.command.spec.timeout + RESULT_GRACE;
        match self.parts.journal.lease(&id, &lease, lifetime).await {
            Ok(true) => {
                let order = Order::Run { accepted: Box::new(accepted), epoch: lease.epoch };
                if seat.orders.send(order).await.is_err() {
                    tracing::warn!(command = %id, "the executor left before it got the command");
                }
                return;
            }
            // Another server's executor has it, or it was cancelled.
            Ok(false) => {}
            Err(error) => tracing::warn!(command = %id, %error, "could not lease a command"),
        }
        self.roster.release(&cluster, &id);
        self.fill(&cluster);
    }

    /// Journals an executor's result and frees its place.
    pub(super) async fn finish(
        self: &Arc<Self>,
        cluster: &ClusterId,
        id: &CommandId,
        held: &Running,
        end: Finished,
    ) -> Result<(), Error> {
        let fence = Fence::Lease(held.lease.clone());
        let finish = self.parts.journal.finish(id, &fence, &end).await?;
        if self.roster.release(cluster, id).is_some() {
            self.fill(cluster);
        }
        match finish {
            Finish::First => self.ended(&held.accepted, &end).await,
            Finish::Late => tracing::debug!(command = %id, "a result came after the command had ended"),
            Finish::Fenced => tracing::info!(command = %id, "a result came under an old lease; refused"),
        }
        Ok(())
    }

    /// How many commands wait here for a place at this cluster's executors.
    pub(crate) fn queue_depth(&self, cluster: &ClusterId) -> usize {
        self.roster.depth(cluster)
    }
}

impl Attachment {
    /// Ends when the executor must go: its token was revoked, it attached again, or the server stops.
    pub(crate) fn closed(&self) -> CancellationToken {
        self.seat.closed.clone()
    }

    /// A piece of a command's output. It is journaled before this returns, so a slow store slows
    /// the executor and nothing piles up here.
    pub(crate) async fn output(&self, id: &CommandId, epoch: u64, chunk: &OutputChunk) -> Result<(), Error> {
        let Some(held) = self.held(id, epoch).await? else { return Ok(()) };
        match self.dispatch.roster.within_limit(&self.seat.executor.cluster, id, chunk.data.len()) {
            Some(true) => {}
            Some(false) => {
                return Err(Error::invalid("output.chunk", "", "is more than the command's max_output_bytes"));
            }
            // It ended meanwhile; nobody wants more of its output.
            None => return Ok(()),
        }
        let next = self.dispatch.parts.journal.append(id, &held.lease, chunk).await?;
        if !next {
            tracing::debug!(command = %id, seq = chunk.seq, "a repeated or late piece of output");
        }
        Ok(())
    }

    /// A command's end. Once this returns, the result is journaled or not wanted, and the executor
    /// may forget it.
    pub(crate) async fn done(&self, id: &CommandId, epoch: u64, end: Finished) -> Result<(), Error> {
        let Some(held) = self.held(id, epoch).await? else {
            tracing::info!(command = %id, epoch, "a result for a command that this executor does not hold; refused");
            return Ok(());
        };
        self.dispatch.finish(&self.seat.executor.cluster, id, &held, end).await
    }

    /// What this executor holds under `epoch`: known here, or given to it over an earlier link.
    async fn held(&self, id: &CommandId, epoch: u64) -> Result<Option<Running>, Error> {
        let who = &self.seat.executor;
        let mine = |held: &Running| held.lease.executor == who.id && held.lease.epoch == epoch;
        if let Some(found) = self.dispatch.roster.find(&who.cluster, id) {
            return Ok(Some(found.running).filter(mine));
        }
        let Some(entry) = self.dispatch.parts.journal.entry(id).await? else { return Ok(None) };
        let ended = entry.finished.is_some();
        let held = entry.lease.map(|lease| Running::new(entry.accepted, lease));
        let held = held.filter(|held| held.lease.cluster == who.cluster).filter(mine);
        if let Some(held) = held.as_ref().filter(|_| !ended) {
            self.dispatch.roster.adopt(&self.seat, held);
        }
        Ok(held)
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        let (dispatch, seat) = (self.dispatch.clone(), self.seat.clone());
        dispatch.roster.remove(&seat);
        dispatch.parts.metrics.executors(self.transport.as_str(), -1);
        tracing::info!(cluster = %seat.executor.cluster, executor = %seat.executor.id, "detached");
        let tasks = dispatch.tasks.clone();
        tasks.spawn(async move {
            let who = &seat.executor;
            if dispatch.roster.seats(&who.cluster, &who.id) {
                // It came back before its old link was given up: it is present.
                return;
            }
            if let Err(error) = dispatch.parts.clusters.left(&who.cluster, &who.id, &dispatch.server).await {
                tracing::debug!(%error, "presence of a detached executor ends by its time to live");
            }
        });
    }
}
