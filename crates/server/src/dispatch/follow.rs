//! Following a command: its acceptance, its output in order, its end, from any server and from
//! any point.

use std::sync::Arc;

use bytes::Bytes;
use kubently_core::{
    Error,
    command::{Command, CommandEvent, CommandResult, CommandState, MAX_CHUNK_BYTES, OutputChunk, OutputStream},
    ids::CommandId,
};
use kubently_proto::convert::journal::{Accepted, Finished};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout_at},
};

use super::{
    Dispatch,
    accept::Request,
    cancel::CancelOnDrop,
    wait::{Look, as_it_stands, instant_of},
    waiters::{Heard, Waiter},
};
use crate::{auth::Principal, bus::Subscription};

/// Events that wait for a watcher's connection. Few: what is not sent yet is safe in the journal.
const EVENTS: usize = 16;
/// Chunks read from the journal in one round trip.
const CHUNKS_PER_READ: usize = 32;

/// The steps of one command, in order; ends after the result or an error.
pub(crate) type Events = mpsc::Receiver<Result<CommandEvent, Error>>;

/// The watcher went away.
struct Gone;

/// One watcher's progress through one command.
struct Follower {
    dispatch: Arc<Dispatch>,
    accepted: Accepted,
    waiter: Waiter,
    events: mpsc::Sender<Result<CommandEvent, Error>>,
    /// The last sequence number that the watcher has.
    seen: u64,
    /// Cancels the command when the watcher goes, if it is to.
    guard: Option<CancelOnDrop>,
    /// Keeps a command of another server's heard here.
    _elsewhere: Option<Subscription>,
}

impl Dispatch {
    /// Runs a command and follows it. A watcher that goes away cancels it unless `detach`; one with an
    /// idempotency key has a moment to come back.
    pub(crate) async fn run_and_follow(
        self: &Arc<Self>,
        caller: &Principal,
        request: Request,
        detach: bool,
    ) -> Result<Events, Error> {
        let draft = self.draft(caller, request.spec, request.live)?;
        let waiter = self.waiters.for_output(&draft.command.id);
        let admission = self.admit(caller, draft, request.idempotency_key.as_ref()).await?;
        if !admission.new {
            drop(waiter);
            return self.follow(caller, &admission.accepted.command.id, 0).await;
        }
        let accepted = admission.accepted;
        let may_return = request.idempotency_key.is_some();
        let guard = (!detach).then(|| self.cancel_on_drop(&accepted.command.id, may_return));
        let first = accepted.command.clone();
        Ok(self.start(first, |events| Follower {
            dispatch: self.clone(),
            accepted,
            waiter,
            events,
            seen: 0,
            guard,
            _elsewhere: None,
        }))
    }

    /// Follows a command of the caller's from after `seen`. Going away does not cancel it.
    pub(crate) async fn follow(
        self: &Arc<Self>,
        caller: &Principal,
        id: &CommandId,
        seen: u64,
    ) -> Result<Events, Error> {
        let waiter = self.waiters.for_output(id);
        let elsewhere = self.listen_elsewhere(id).await?;
        let entry = self.own_entry(caller, id).await?;
        let mut first = as_it_stands(&entry);
        if let Some(finished) = &entry.finished {
            first = Command { state: CommandState::Done, result: Some(without_output(&finished.result)), ..first };
        }
        Ok(self.start(first, |events| Follower {
            dispatch: self.clone(),
            accepted: entry.accepted,
            waiter,
            events,
            seen,
            guard: None,
            _elsewhere: elsewhere,
        }))
    }

    fn start(
        &self,
        first: Command,
        follower: impl FnOnce(mpsc::Sender<Result<CommandEvent, Error>>) -> Follower,
    ) -> Events {
        let (events, receiver) = mpsc::channel(EVENTS);
        self.tasks.spawn(follower(events).run(first));
        receiver
    }
}

impl Follower {
    async fn run(mut self, first: Command) {
        let known = first.result.is_some();
        let mut outcome = self.send(CommandEvent::Accepted(Box::new(first))).await;
        if outcome.is_ok() {
            outcome = self.until_the_end(known).await;
        }
        if outcome.is_ok()
            && let Some(guard) = self.guard.take()
        {
            guard.disarm();
        }
    }

    /// Sends what is journaled, then what is heard, until the end.
    async fn until_the_end(&mut self, ended: bool) -> Result<(), Gone> {
        // A command that was accepted a moment ago has nothing to catch up with.
        let fresh = self.guard.is_some() && !ended;
        if !fresh && let Look::Ended(finished) = self.catch_up().await? {
            return self.finish(finished).await;
        }
        let mut until = instant_of(self.accepted.command.deadline);
        loop {
            let heard = tokio::select! {
                heard = timeout_at(until, self.waiter.next()) => heard,
                () = self.events.closed() => return Err(Gone),
            };
            match heard {
                Ok(Some(Heard::Output(chunk))) => self.output(chunk).await?,
                Ok(Some(Heard::Done(finished))) => return self.finish(*finished).await,
                Ok(Some(Heard::Look) | None) | Err(_) => match self.catch_up().await? {
                    Look::Ended(finished) => return self.finish(finished).await,
                    Look::Again(at) => until = at,
                },
            }
        }
    }

    /// Sends a piece that was heard; what was missed before it comes from the journal.
    async fn output(&mut self, chunk: OutputChunk) -> Result<(), Gone> {
        if chunk.seq > self.seen + 1 {
            return self.journaled_output().await;
        }
        if chunk.seq == self.seen + 1 {
            self.seen = chunk.seq;
            return self.send(CommandEvent::Output(chunk)).await;
        }
        Ok(())
    }

    /// Sends what the journal has; returns the end if there is one.
    async fn catch_up(&mut self) -> Result<Look, Gone> {
        let look = self.dispatch.look(&self.accepted).await;
        self.journaled_output().await?;
        match look {
            Ok(look) => Ok(look),
            Err(error) => Err(self.fail(error).await),
        }
    }

    async fn journaled_output(&mut self) -> Result<(), Gone> {
        let id = self.accepted.command.id.clone();
        loop {
            let limit = Instant::now() + self.dispatch.outage.patience();
            let read = || self.dispatch.parts.journal.chunks(&id, self.seen, CHUNKS_PER_READ);
            let pieces = match self.dispatch.outage.outlast(limit, read).await {
                Ok(pieces) if pieces.is_empty() => return Ok(()),
                Ok(pieces) => pieces,
                Err(error) => return Err(self.fail(error).await),
            };
            for piece in pieces {
                self.seen = piece.seq;
                self.send(CommandEvent::Output(piece)).await?;
            }
        }
    }

    /// Sends the rest of the output and the result.
    async fn finish(&mut self, finished: Finished) -> Result<(), Gone> {
        if self.seen < finished.chunks {
            self.journaled_output().await?;
        }
        if finished.chunks == 0 {
            for chunk in cut(&finished.result) {
                if chunk.seq > self.seen {
                    self.send(CommandEvent::Output(chunk)).await?;
                }
            }
        }
        let result = without_output(&finished.result);
        self.send(CommandEvent::Done(Box::new(result))).await
    }

    async fn send(&self, event: CommandEvent) -> Result<(), Gone> {
        self.events.send(Ok(event)).await.map_err(|_closed| Gone)
    }

    /// Tells the watcher why there is no more, and ends.
    async fn fail(&self, error: Error) -> Gone {
        // A watcher that is gone needs no reason.
        let _ = self.events.send(Err(error)).await;
        Gone
    }
}

/// Output that came inside a result, as the chunks it would have been: the same ones every time.
pub(super) fn cut(result: &CommandResult) -> impl Iterator<Item = OutputChunk> + use<> {
    let pieces = |data: &Bytes, stream: OutputStream| {
        let data = data.clone();
        let starts = (0..data.len()).step_by(MAX_CHUNK_BYTES);
        starts.map(move |start| (stream, data.slice(start..data.len().min(start + MAX_CHUNK_BYTES))))
    };
    let all = pieces(&result.stdout, OutputStream::Stdout).chain(pieces(&result.stderr, OutputStream::Stderr));
    (1..).zip(all).map(|(seq, (stream, data))| OutputChunk::new(seq, stream, data))
}

pub(super) fn without_output(result: &CommandResult) -> CommandResult {
    CommandResult { stdout: Bytes::new(), stderr: Bytes::new(), ..result.clone() }
}
