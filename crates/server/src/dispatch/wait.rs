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
    journal::{self, Entry, Fence, Finish, RESULT_GRACE, State},
};

/// Chunks read from the journal in one round trip.
const CHUNKS_PER_READ: usize = 32;
/// Shortest pause between two looks into the journal.
const LOOK_PAUSE: Duration = Duration::from_millis(250);

impl Dispatch {
    /// Runs a command and waits for its result. Dropping the returned future cancels the command unless
    /// `detach`; a caller with an idempotency key has a moment to come back for it.
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
            drop(waiter);
            return self.wait(caller, &command.id, command.spec.timeout + RESULT_GRACE).await;
        }
        let may_return = request.idempotency_key.is_some();
        let guard = (!detach).then(|| self.cancel_on_drop(&command.id, may_return));
        let finished = self.result_of(&admission.accepted, &mut waiter).await?;
        guard.into_iter().for_each(CancelOnDrop::disarm);
        self.done(&admission.accepted, finished).await
    }

    /// A command of the caller's, as it stands.
    pub(crate) async fn get(&self, caller: &Principal, id: &CommandId) -> Result<Command, Error> {
        let entry = self.own_entry(caller, id).await?;
        match self.settled(&entry).await? {
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
        if let Some(finished) = self.settled(&entry).await? {
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
        let limit = Instant::now() + self.outage.patience();
        let subscribe = || self.parts.bus.subscribe(Topic::results(id.as_str()));
        self.outage.outlast(limit, subscribe).await.map(Some)
    }

    /// An entry, if it is the caller's. Somebody else's does not exist for them.
    pub(super) async fn own_entry(&self, caller: &Principal, id: &CommandId) -> Result<Entry, Error> {
        let limit = Instant::now() + self.outage.patience();
        let mut entry = self.outage.outlast(limit, || self.parts.journal.entry(id)).await?;
        while entry.is_none() && self.outage.is_settling() {
            tokio::time::sleep(LOOK_PAUSE).await;
            entry = self.parts.journal.entry(id).await?;
        }
        let own = entry.filter(|entry| entry.accepted.caller.principal_id == caller.id);
        own.ok_or_else(not_found)
    }

    /// Waits for the result; closes the command itself once its time is over.
    pub(super) async fn result_of(&self, accepted: &Accepted, waiter: &mut Waiter) -> Result<Finished, Error> {
        let mut until = instant_of(accepted.command.deadline);
        loop {
            if let Ok(Some(finished)) = timeout_at(until, end_of(waiter)).await {
                return Ok(finished);
            }
            match self.look(accepted).await? {
                Look::Ended(finished) => return Ok(finished),
                Look::Again(at) => until = at,
            }
        }
    }

    /// Looks into the journal how a command stands. Waits for a store that is away.
    pub(super) async fn look(&self, accepted: &Accepted) -> Result<Look, Error> {
        let id = &accepted.command.id;
        let limit = Instant::now() + super::STORE_PATIENCE;
        let entry = self.outage.outlast(limit, || self.parts.journal.entry(id)).await?;
        let state = match &entry {
            Some(entry) => entry.state.as_ref(),
            // The store lost its memory, and the server that accepted the command writes it again.
            None if self.ledger.has(id) || SystemTime::now() < accepted.command.deadline => None,
            None => return Err(not_found()),
        };
        let finished = entry.as_ref().and_then(|entry| entry.finished.clone());
        let settle = || self.settle(accepted, state);
        let ended = match finished {
            Some(finished) => Some(finished),
            None => self.outage.outlast(limit, settle).await?,
        };
        Ok(ended.map_or_else(|| Look::Again(next_look(accepted, state)), Look::Ended))
    }

    /// The result of a command if there is one; one whose time is over gets it now.
    pub(super) async fn settled(&self, entry: &Entry) -> Result<Option<Finished>, Error> {
        match &entry.finished {
            Some(finished) => Ok(Some(finished.clone())),
            None => self.settle(&entry.accepted, entry.state.as_ref()).await,
        }
    }

    /// Ends a command whose time is over, and says how it ended; `None` while it is not.
    pub(super) async fn settle(&self, accepted: &Accepted, state: Option<&State>) -> Result<Option<Finished>, Error> {
        let now = SystemTime::now();
        let deadline = journal::deadline(accepted, state);
        let (fence, end) = match state {
            Some(state) if state.held().is_some() && now >= deadline + RESULT_GRACE => (Fence::Overdue, lost()),
            Some(State::Free(_)) if now >= deadline => (Fence::Unleased, lost()),
            None if now >= deadline => (Fence::Unleased, self.expired(accepted).await),
            _ => return Ok(None),
        };
        let id = &accepted.command.id;
        match self.close(accepted, &fence, &end).await? {
            Finish::First => Ok(Some(end)),
            Finish::Late => self.journaled(id).await.map(Some),
            // An executor took it meanwhile.
            Finish::Fenced | Finish::Incomplete => Ok(None),
        }
    }

    /// Ends a command in the journal, with its entry in the audit trail.
    pub(super) async fn close(&self, accepted: &Accepted, fence: &Fence, end: &Finished) -> Result<Finish, Error> {
        let note = self.parts.audit.note_for(&audit::Entry::command(accepted, &end.result));
        let finish = self.parts.journal.finish(accepted, fence, end, &note).await?;
        if finish == Finish::First {
            let result = &end.result;
            let total = SystemTime::now().duration_since(accepted.command.accepted_at).unwrap_or_default();
            self.parts.metrics.command(result.outcome, total, result.execution_time);
        }
        Ok(finish)
    }

    async fn journaled(&self, id: &CommandId) -> Result<Finished, Error> {
        let finished = self.parts.journal.entry(id).await?.and_then(|entry| entry.finished);
        finished.ok_or_else(not_found)
    }

    /// Why nobody took a command: nobody was there, or nobody had room.
    async fn expired(&self, accepted: &Accepted) -> Finished {
        let cluster = &accepted.command.spec.cluster;
        let attached = self.parts.clusters.executors(Some(cluster)).await.unwrap_or_default();
        let why = match attached.is_empty() {
            true => format!("offline: no executor of cluster '{cluster}' was attached"),
            false => format!("busy: no executor of cluster '{cluster}' had room for the command"),
        };
        end(Outcome::Expired, &format!("{why} before its deadline; nothing was run"))
    }

    async fn done(&self, accepted: &Accepted, finished: Finished) -> Result<Command, Error> {
        let limit = Instant::now() + self.outage.patience();
        let id = &accepted.command.id;
        let result = self.outage.outlast(limit, || self.assemble(id, finished.clone())).await?;
        Ok(Command { state: CommandState::Done, result: Some(result), ..accepted.command.clone() })
    }

    /// The result with its output, wherever that was kept.
    async fn assemble(&self, id: &CommandId, finished: Finished) -> Result<CommandResult, Error> {
        let Finished { mut result, chunks, skipped } = finished;
        let (mut stdout, mut stderr) = (BytesMut::new(), BytesMut::new());
        let mut seen = skipped;
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

/// How a command stands.
pub(super) enum Look {
    /// It ended.
    Ended(Finished),
    /// It did not; look again then, unless its end is heard before.
    Again(Instant),
}

/// When the next thing is due that has to be looked for.
fn next_look(accepted: &Accepted, state: Option<&State>) -> Instant {
    let deadline = journal::deadline(accepted, state);
    let due = if state.and_then(State::held).is_some() { deadline + RESULT_GRACE } else { deadline };
    instant_of(due).max(Instant::now() + LOOK_PAUSE)
}

/// A command that is not done.
pub(super) fn as_it_stands(entry: &Entry) -> Command {
    let state = match &entry.state {
        Some(State::Leased(_)) => CommandState::Leased,
        Some(State::Running(_)) => CommandState::Running,
        Some(State::Free(_) | State::Withdrawn) | None => CommandState::Accepted,
    };
    Command { state, ..entry.accepted.command.clone() }
}

/// The end as it is heard; `None` when it was missed.
async fn end_of(waiter: &mut Waiter) -> Option<Finished> {
    loop {
        match waiter.next().await? {
            Heard::Done(finished) => return Some(*finished),
            Heard::Output(_) | Heard::Look => {}
        }
    }
}

/// A wall-clock time on the timer's clock.
pub(super) fn instant_of(time: SystemTime) -> Instant {
    Instant::now() + time.duration_since(SystemTime::now()).unwrap_or_default()
}

fn lost() -> Finished {
    let message = "lost: an executor took the command and did not answer before its deadline; it may have run";
    end(Outcome::Lost, message)
}

/// An end that a server gives.
pub(super) fn end(outcome: Outcome, message: &str) -> Finished {
    Finished { result: CommandResult::unfinished(outcome, message, SystemTime::now()), chunks: 0, skipped: 0 }
}

fn not_found() -> Error {
    Error::new(ErrorKind::CommandNotFound, "Command not found")
}
