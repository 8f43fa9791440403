//! Waiting for a command's one result, on whichever server the caller asks.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::BytesMut;
use kubently_core::{
    Error, ErrorKind,
    command::{Command, CommandResult, CommandState, Outcome, OutputStream},
    ids::CommandId,
};
use kubently_proto::convert::journal::{Accepted, Finished};
use tokio::time::{Instant, timeout_at};

use super::{
    Dispatch,
    accept::Request,
    cancel::CancelOnDrop,
    waiters::{Heard, Waiter},
};
use crate::{
    audit,
    auth::Principal,
    bus::{Subscription, Topic},
    journal::{Entry, Fence, Finish, RESULT_GRACE},
};

/// Chunks read from the journal in one round trip.
const CHUNKS_PER_READ: usize = 32;

impl Dispatch {
    /// Runs a command and waits for its result. Dropping the returned future cancels the command
    /// unless `detach`.
    pub(crate) async fn execute(
        self: &Arc<Self>,
        caller: &Principal,
        request: Request,
        detach: bool,
    ) -> Result<Command, Error> {
        let draft = self.draft(caller, request.spec, request.live)?;
        let mut waiter = self.waiters.for_result(&draft.command.id);
        let admission = self.admit(caller, draft, request.idempotency_key.as_ref()).await?;
        let command = &admission.accepted.command;
        if !admission.new {
            return self.wait(caller, &command.id, command.spec.timeout + RESULT_GRACE).await;
        }
        let guard = (!detach).then(|| self.cancel_on_drop(&command.id));
        let finished = self.result_of(&admission.accepted, &mut waiter).await?;
        guard.into_iter().for_each(CancelOnDrop::disarm);
        self.done(&admission.accepted, finished).await
    }

    /// A command of the caller's, as it stands.
    pub(crate) async fn get(&self, caller: &Principal, id: &CommandId) -> Result<Command, Error> {
        let entry = self.own_entry(caller, id).await?;
        match self.settle(&entry).await? {
            Some(finished) => self.done(&entry.accepted, finished).await,
            None => Ok(as_it_stands(&entry)),
        }
    }

    /// Waits until a command of the caller's is done, at most `limit`.
    pub(crate) async fn wait(&self, caller: &Principal, id: &CommandId, limit: Duration) -> Result<Command, Error> {
        let until = Instant::now() + limit;
        let mut waiter = self.waiters.for_result(id);
        let _elsewhere = self.listen_elsewhere(id).await?;
        let entry = self.own_entry(caller, id).await?;
        if let Some(finished) = self.settle(&entry).await? {
            return self.done(&entry.accepted, finished).await;
        }
        match timeout_at(until, self.result_of(&entry.accepted, &mut waiter)).await {
            Ok(finished) => self.done(&entry.accepted, finished?).await,
            Err(_elapsed) => self.get(caller, id).await,
        }
    }

    /// Listens for a command that another server accepted; its own are heard anyway.
    pub(super) async fn listen_elsewhere(&self, id: &CommandId) -> Result<Option<Subscription>, Error> {
        if self.parts.ids.gave(id) {
            return Ok(None);
        }
        self.parts.bus.subscribe(Topic::results(id.as_str())).await.map(Some)
    }

    /// An entry, if it is the caller's. Somebody else's does not exist for them.
    pub(super) async fn own_entry(&self, caller: &Principal, id: &CommandId) -> Result<Entry, Error> {
        let entry = self.parts.journal.entry(id).await?;
        let own = entry.filter(|entry| entry.accepted.caller.principal_id == caller.id);
        own.ok_or_else(|| Error::new(ErrorKind::CommandNotFound, "Command not found"))
    }

    /// Waits for the result; closes the command itself once its time is over.
    pub(super) async fn result_of(&self, accepted: &Accepted, waiter: &mut Waiter) -> Result<Finished, Error> {
        let deadline = instant_of(accepted.command.deadline);
        let id = &accepted.command.id;
        for until in [deadline, deadline + RESULT_GRACE] {
            match timeout_at(until, end_of(waiter)).await {
                Ok(Some(finished)) => return Ok(finished),
                Ok(None) | Err(_) => {
                    if let Some(finished) = self.settle_by_id(id).await? {
                        return Ok(finished);
                    }
                }
            }
        }
        // Reached when the wall clock was set back meanwhile: the timer says that the time is over.
        let closed = self.close(accepted, Fence::Overdue, lost()).await?;
        closed.ok_or_else(Error::internal)
    }

    async fn settle_by_id(&self, id: &CommandId) -> Result<Option<Finished>, Error> {
        let entry = self.parts.journal.entry(id).await?;
        let entry = entry.ok_or_else(|| Error::new(ErrorKind::CommandNotFound, "Command not found"))?;
        self.settle(&entry).await
    }

    /// The result if there is one; a command whose time is over gets one now.
    pub(super) async fn settle(&self, entry: &Entry) -> Result<Option<Finished>, Error> {
        if let Some(finished) = &entry.finished {
            return Ok(Some(finished.clone()));
        }
        let now = SystemTime::now();
        let deadline = entry.accepted.command.deadline;
        if entry.lease.is_none() && now >= deadline {
            return self.close(&entry.accepted, Fence::Unleased, expired()).await;
        }
        if now >= deadline + RESULT_GRACE {
            return self.close(&entry.accepted, Fence::Overdue, lost()).await;
        }
        Ok(None)
    }

    /// Ends a command from here. When it ended otherwise meanwhile, that end counts; `None` when
    /// an executor took it meanwhile.
    async fn close(&self, accepted: &Accepted, fence: Fence, end: Finished) -> Result<Option<Finished>, Error> {
        let id = &accepted.command.id;
        match self.parts.journal.finish(id, &fence, &end).await? {
            Finish::First => {
                self.ended(accepted, &end).await;
                Ok(Some(end))
            }
            Finish::Late => self.journaled(id).await.map(Some),
            Finish::Fenced => Ok(None),
        }
    }

    async fn journaled(&self, id: &CommandId) -> Result<Finished, Error> {
        let finished = self.parts.journal.entry(id).await?.and_then(|entry| entry.finished);
        finished.ok_or_else(|| Error::new(ErrorKind::CommandNotFound, "Command not found"))
    }

    /// Counts and audits a command's one end.
    pub(super) async fn ended(&self, accepted: &Accepted, finished: &Finished) {
        let result = &finished.result;
        let total = SystemTime::now().duration_since(accepted.command.accepted_at).unwrap_or_default();
        self.parts.metrics.command(result.outcome, total, result.execution_time);
        self.parts.audit.note(audit::Entry::command(accepted, result)).await;
    }

    async fn done(&self, accepted: &Accepted, finished: Finished) -> Result<Command, Error> {
        let result = self.assemble(&accepted.command.id, finished).await?;
        Ok(Command { state: CommandState::Done, result: Some(result), ..accepted.command.clone() })
    }

    /// The result with its output, wherever that was kept.
    async fn assemble(&self, id: &CommandId, finished: Finished) -> Result<CommandResult, Error> {
        let Finished { mut result, chunks } = finished;
        let (mut stdout, mut stderr) = (BytesMut::new(), BytesMut::new());
        let mut seen = 0;
        while seen < chunks {
            let pieces = self.parts.journal.chunks(id, seen, CHUNKS_PER_READ).await?;
            let Some(last) = pieces.last() else { break };
            seen = last.seq;
            for piece in &pieces {
                match piece.stream {
                    OutputStream::Stdout => stdout.extend_from_slice(&piece.data),
                    OutputStream::Stderr => stderr.extend_from_slice(&piece.data),
                }
            }
        }
        if chunks > 0 {
            (result.stdout, result.stderr) = (stdout.freeze(), stderr.freeze());
        }
        // Output can only be missing when the journal forgot it before the result.
        result.truncated |= seen < chunks;
        Ok(result)
    }
}

/// A command that is not done.
pub(super) fn as_it_stands(entry: &Entry) -> Command {
    let state = if entry.lease.is_some() { CommandState::Leased } else { CommandState::Accepted };
    Command { state, ..entry.accepted.command.clone() }
}

/// The end as it is heard; `None` when it was missed.
async fn end_of(waiter: &mut Waiter) -> Option<Finished> {
    loop {
        match waiter.next().await? {
            Heard::Done(finished) => return Some(*finished),
            Heard::Output(_) => {}
        }
    }
}

/// A wall-clock time on the timer's clock.
pub(super) fn instant_of(time: SystemTime) -> Instant {
    Instant::now() + time.duration_since(SystemTime::now()).unwrap_or_default()
}

fn expired() -> Finished {
    let message = "no executor had room for the command before its deadline; nothing was run";
    end(Outcome::Expired, message)
}

fn lost() -> Finished {
    let message = "an executor took the command and did not answer before its deadline; it may have run";
    end(Outcome::Lost, message)
}

/// An end that a server gives.
pub(super) fn end(outcome: Outcome, message: &str) -> Finished {
    Finished { result: CommandResult::unfinished(outcome, message, SystemTime::now()), chunks: 0 }
}
