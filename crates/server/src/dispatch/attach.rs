//! Attaching executors, and what they say while attached.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use kubently_core::{
    Error, ErrorKind,
    cluster::{AttachedExecutor, Transport},
    command::OutputChunk,
    ids::{ClusterId, CommandId, ExecutorId},
};
use kubently_proto::{
    bus::v1::{Seen, cluster_event},
    convert::journal::{Accepted, Finished},
};
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    Dispatch, STORE_PATIENCE,
    seat::{Running, Seat},
};
use crate::{
    bus::{Subscription, Topic},
    journal::{Append, Lease, State},
};

/// Room for cancels and the like beside an executor's commands.
const SPARE_ORDERS: usize = 64;

/// What may be expected of an executor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Terms {
    /// Its process, where it tells: another process of the same executor does not have what this one had.
    pub(crate) process: Option<String>,
    /// It knows what it was told before, and does not run a command twice that it is told twice.
    pub(crate) remembers: bool,
    /// It may come back under the same id.
    pub(crate) resumes: bool,
    /// It came back, and had everything up to this mark.
    pub(crate) resumed: Option<u64>,
    /// A command's time begins when it gets it: it runs one after another and knows no deadlines.
    pub(crate) own_time: bool,
}

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
    /// What may be expected of it.
    pub(crate) terms: Terms,
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
        /// When it must be done.
        deadline: SystemTime,
        /// The how-manieth order to this executor.
        mark: u64,
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
        let transport = who.transport;
        let (seat, orders) = self.seat(who);
        self.parts.clusters.confirm(std::slice::from_ref(&seat.executor)).await?;
        self.roster.add(seat.clone());
        self.parts.metrics.executors(transport.as_str(), 1);
        tracing::info!(cluster = %seat.executor.cluster, executor = %seat.executor.id, transport = transport.as_str(), "attached");
        // What was announced before the subscription stands in the journal.
        self.recover(&seat.executor.cluster);
        self.fill(&seat.executor.cluster);
        Ok((Attachment { dispatch: self.clone(), seat, transport, _commands: commands }, orders))
    }

    fn seat(&self, who: Attaching) -> (Arc<Seat>, mpsc::Receiver<Order>) {
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
        let seat = Seat {
            number: self.roster.next_number(),
            executor,
            limit,
            marks: AtomicU64::new(who.terms.resumed.unwrap_or_default()),
            terms: who.terms,
            orders,
            closed: CancellationToken::new(),
            leaving: AtomicBool::new(false),
            heard: watch::Sender::new(Instant::now()),
        };
        (Arc::new(seat), receiver)
    }

    /// How many commands wait here for a place at this cluster's executors.
    pub(crate) fn queue_depth(&self, cluster: &ClusterId) -> usize {
        self.roster.depth(cluster)
    }

    /// An executor was heard of here; its stream may be held by another server.
    pub(crate) async fn heard(&self, cluster: &ClusterId, executor: &ExecutorId) -> Result<(), Error> {
        if self.roster.heard(cluster, executor) {
            return Ok(());
        }
        self.tell_cluster(cluster, cluster_event::Event::Seen(Seen { executor_id: executor.to_string() })).await
    }
}

impl Attachment {
    /// Ends when the executor must go: its token was revoked, it attached again, or the server stops.
    pub(crate) fn closed(&self) -> CancellationToken {
        self.seat.closed.clone()
    }

    /// When the executor was last heard of beside its stream.
    pub(crate) fn last_heard(&self) -> watch::Receiver<Instant> {
        self.seat.heard.subscribe()
    }

    /// The executor is about to stop: it gets nothing more, and what it leaves goes to another one at once.
    pub(crate) fn leave(&self) {
        self.seat.leaving.store(true, Ordering::Relaxed);
    }

    /// A piece of a command's output. It is journaled before this returns, so a slow store slows
    /// the executor and nothing piles up here.
    pub(crate) async fn output(&self, id: &CommandId, epoch: u64, chunk: &OutputChunk) -> Result<(), Error> {
        let dispatch = &self.dispatch;
        let limit = Instant::now() + STORE_PATIENCE;
        let Some(held) = dispatch.outage.outlast(limit, || self.held(id, epoch)).await? else {
            return Ok(());
        };
        let cluster = &self.seat.executor.cluster;
        match dispatch.roster.note(cluster, id, |running| running.has_room_for(chunk.data.len())) {
            Some(true) => {}
            Some(false) => {
                return Err(Error::invalid("output.chunk", "", "is more than the command's max_output_bytes"));
            }
            // It ended meanwhile; nobody wants more of its output.
            None => return Ok(()),
        }
        let append = || dispatch.parts.journal.append(&held.accepted, &held.lease, chunk);
        match dispatch.outage.outlast(limit, append).await? {
            Append::Next => {
                dispatch.roster.note(cluster, id, |running| running.count(chunk.data.len()));
                Ok(())
            }
            Append::Repeated => {
                tracing::debug!(command = %id, seq = chunk.seq, "a repeated or late piece of output");
                Ok(())
            }
            Append::Gap if dispatch.roster.note(cluster, id, Running::ask_again) == Some(true) => {
                dispatch.ask_again(cluster, id).await
            }
            Append::Gap => Ok(()),
        }
    }

    /// A command's end; true once the result is journaled or not wanted, and the executor may forget it.
    pub(crate) async fn done(&self, id: &CommandId, epoch: u64, end: Finished) -> Result<bool, Error> {
        let limit = Instant::now() + STORE_PATIENCE;
        let Some(held) = self.dispatch.outage.outlast(limit, || self.held(id, epoch)).await? else {
            tracing::info!(command = %id, epoch, "a result for a command that this executor does not hold; refused");
            return Ok(true);
        };
        self.dispatch.finish(&held, end).await
    }

    /// What this executor holds under `epoch`: known here, or given to it over an earlier link.
    async fn held(&self, id: &CommandId, epoch: u64) -> Result<Option<Running>, Error> {
        let who = &self.seat.executor;
        if let Some((_, running)) = self.dispatch.roster.find(&who.cluster, id) {
            let mine = running.lease.executor == who.id && running.lease.epoch == epoch;
            return Ok(Some(running).filter(|_| mine));
        }
        let Some(entry) = self.dispatch.parts.journal.entry(id).await? else { return Ok(None) };
        if entry.finished.is_some() || entry.accepted.command.spec.cluster != who.cluster {
            return Ok(None);
        }
        let held = match entry.state.as_ref().and_then(State::lease) {
            Some(lease) if lease.executor == who.id && lease.epoch == epoch => lease.clone(),
            Some(_) => return Ok(None),
            // The store lost who has it; nobody else does.
            None => Lease { epoch, ..self.seat.lease(&entry.accepted, None) },
        };
        let running = Running::new(entry.accepted, held);
        self.dispatch.roster.adopt(&self.seat, &running);
        Ok(Some(running))
    }
}

impl Drop for Attachment {
    fn drop(&mut self) {
        let (dispatch, seat) = (self.dispatch.clone(), self.seat.clone());
        let left = dispatch.roster.remove(&seat);
        dispatch.parts.metrics.executors(self.transport.as_str(), -1);
        tracing::info!(cluster = %seat.executor.cluster, executor = %seat.executor.id, left = left.len(), "detached");
        let tasks = dispatch.tasks.clone();
        if !left.is_empty() {
            tasks.spawn(dispatch.clone().part_with(seat.clone(), left));
        }
        tasks.spawn(async move { dispatch.note_absence(&seat).await });
    }
}

impl Dispatch {
    async fn note_absence(&self, seat: &Seat) {
        let who = &seat.executor;
        if self.roster.seat(&who.cluster, &who.id).is_some() {
            // It came back before its old link was given up: it is present.
            return;
        }
        if let Err(error) = self.parts.clusters.left(&who.cluster, &who.id, &self.server).await {
            tracing::debug!(%error, "presence of a detached executor ends by its time to live");
        }
    }
}
