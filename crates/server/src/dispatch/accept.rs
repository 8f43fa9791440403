//! Accepting a command: after this it has an id and ends in exactly one result.

use std::{
    fmt::Write,
    sync::Arc,
    time::{Duration, SystemTime},
};

use kubently_core::{
    Error, ErrorKind,
    command::{Command, CommandSpec, CommandState},
    error::FieldViolation,
    ids::{ClusterId, CommandId, IdempotencyKey},
    kubectl,
    policy::{Context, Judgement},
    refusal::Refusal,
};
use kubently_proto::convert::{
    from_millis,
    journal::{Accepted, Caller},
    to_millis,
};

use tokio::time::Instant;

use super::Dispatch;
use crate::{
    auth::{Principal, SecretHash},
    journal::{Acceptance, Idempotency},
};

/// A command that a caller wants run.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// What to run.
    pub(crate) spec: CommandSpec,
    /// The caller's promise that requests with this key are one.
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// Whether somebody watches the output while it is produced.
    pub(crate) live: bool,
}

/// An accepted command, and whether this call accepted it.
pub(super) struct Admission {
    pub(super) accepted: Accepted,
    pub(super) new: bool,
}

impl Dispatch {
    /// Accepts a command and returns at once.
    pub(crate) async fn submit(self: &Arc<Self>, caller: &Principal, request: Request) -> Result<Command, Error> {
        let draft = self.draft(caller, request.spec, request.live)?;
        let admission = self.admit(caller, draft, request.idempotency_key.as_ref()).await?;
        if admission.new {
            return Ok(admission.accepted.command);
        }
        self.get(caller, &admission.accepted.command.id).await
    }

    /// Judges a command and gives it an id.
    pub(super) fn draft(&self, caller: &Principal, mut spec: CommandSpec, live: bool) -> Result<Accepted, Error> {
        if self.draining.is_cancelled() {
            return Err(Error::new(ErrorKind::Draining, "this server is stopping; another one takes the request"));
        }
        let command = kubectl::parse(&spec.argv).map_err(|refusal| denied(&refusal))?;
        let policy = self.parts.policy.current();
        policy.check(&command, context(live)).map_err(|refusal| denied(&refusal))?;
        spec.argv = command.argv();
        let accepted_at = now();
        let command = Command {
            id: self.parts.ids.next()?,
            deadline: accepted_at + spec.timeout,
            spec,
            state: CommandState::Accepted,
            accepted_at,
            result: None,
        };
        let caller = Caller { principal_id: caller.id.clone(), service: caller.service.clone() };
        Ok(Accepted { command, caller, live })
    }

    /// Judges a command that is not to run; it may be about a known cluster only, as one that is.
    pub(crate) async fn check(
        &self,
        cluster: &ClusterId,
        argv: &[String],
        streaming: bool,
    ) -> Result<Judgement, Error> {
        self.parts.clusters.require(cluster).await?;
        Ok(self.parts.policy.current().judge(argv, context(streaming)))
    }

    /// Accepts a draft: journals it. While the store is away it waits for that in a bounded queue. A
    /// request whose idempotency key is known gets the command it stands for.
    pub(super) async fn admit(
        self: &Arc<Self>,
        caller: &Principal,
        draft: Accepted,
        key: Option<&IdempotencyKey>,
    ) -> Result<Admission, Error> {
        self.ledger.enter(&draft)?;
        let mut undone = Strike { dispatch: self.clone(), draft: Some(draft.clone()), unsure: false };
        let keyed = key.is_some();
        let mut draft = draft;
        let limit = Instant::now() + self.outage.patience().min(draft.command.spec.timeout);
        let mut place = None;
        let admission = loop {
            match self.journal(caller, &draft, key).await {
                Err(error) if error.kind == ErrorKind::StoreUnavailable => {
                    // The store may have taken it all the same. Nobody knows its id, so it is taken back later; but
                    // one with a key may be found by it on another server meanwhile.
                    undone.unsure = !keyed;
                    if place.is_none() {
                        place = Some(self.outage.place()?);
                    }
                    if !self.outage.over(limit).await {
                        return Err(error);
                    }
                    draft = dated(draft, now());
                    self.ledger.enter(&draft)?;
                }
                answer => break answer?,
            }
        };
        if admission.new {
            self.ledger.confirm(&admission.accepted.command.id);
            undone.draft = None;
        } else {
            undone.unsure = false;
        }
        Ok(admission)
    }

    async fn journal(
        self: &Arc<Self>,
        caller: &Principal,
        draft: &Accepted,
        key: Option<&IdempotencyKey>,
    ) -> Result<Admission, Error> {
        let spec = &draft.command.spec;
        if let Some(session) = &spec.session {
            self.parts.sessions.touch(caller, session, &spec.cluster).await?;
        }
        let key = key.map(|key| idempotency(caller, key, draft));
        match self.parts.journal.accept(draft, key.as_ref()).await? {
            Acceptance::New(0) => self.nobody_listens(draft, key.as_ref()).await,
            Acceptance::New(_) => Ok(Admission { accepted: draft.clone(), new: true }),
            Acceptance::Known(id) => self.known(caller, &id).await,
            Acceptance::Conflict => Err(conflict()),
        }
    }

    async fn known(&self, caller: &Principal, id: &CommandId) -> Result<Admission, Error> {
        let entry = self.own_entry(caller, id).await?;
        if entry.finished.is_none() {
            self.parts.journal.want(&entry.accepted).await?;
        }
        Ok(Admission { accepted: entry.accepted, new: false })
    }

    /// No server holds an executor of the cluster. If one was attached a moment ago it will be back, and
    /// the command waits for it in the journal; so it does when the store may have lost what it knew of that.
    /// Otherwise the command is taken back and refused.
    async fn nobody_listens(&self, draft: &Accepted, key: Option<&Idempotency>) -> Result<Admission, Error> {
        let waits = Ok(Admission { accepted: draft.clone(), new: true });
        if self.outage.is_settling() || self.parts.clusters.recently_attached(&draft.command.spec.cluster).await? {
            return waits;
        }
        match self.parts.journal.withdraw(draft, key).await? {
            true => Err(self.nobody_there(draft).await),
            false => waits,
        }
    }

    /// Either there is no such cluster, or no executor of it is attached.
    async fn nobody_there(&self, draft: &Accepted) -> Error {
        let cluster = &draft.command.spec.cluster;
        match self.parts.clusters.require(cluster).await {
            Ok(()) => {
                let message = format!("Cluster '{cluster}' is offline: no executor is attached. Nothing was run.");
                Error::new(ErrorKind::ClusterOffline, message)
            }
            Err(error) => error,
        }
    }

    /// Takes a command back whose acceptance came to nothing while the store was away, because its caller was refused.
    async fn withdraw_later(self: Arc<Self>, draft: Accepted) {
        let withdraw = || self.parts.journal.withdraw(&draft, None);
        if let Err(error) = self.outage.outlast(Instant::now() + WITHDRAW_FOR, withdraw).await {
            tracing::warn!(command = %draft.command.id, %error, "could not take a refused command back");
        }
    }
}

/// How long a refused command is tried to be taken back; then its deadline is over, or nearly so.
const WITHDRAW_FOR: Duration = Duration::from_secs(120);

/// Strikes a draft out of the ledger unless it was accepted.
struct Strike {
    dispatch: Arc<Dispatch>,
    draft: Option<Accepted>,
    /// Whether the journal may have it nevertheless.
    unsure: bool,
}

impl Drop for Strike {
    fn drop(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        self.dispatch.ledger.strike(&draft.command.id);
        if self.unsure {
            self.dispatch.tasks.spawn(self.dispatch.clone().withdraw_later(draft));
        }
    }
}

/// Where a command without a namespace looks is known to its executor only.
const fn context(streaming: bool) -> Context<'static> {
    Context { streaming, default_namespace: None }
}

/// To the millisecond, as the journal keeps it: every server tells the same time.
fn now() -> SystemTime {
    from_millis(to_millis(SystemTime::now()))
}

/// The same draft, accepted at another time.
fn dated(mut draft: Accepted, accepted_at: SystemTime) -> Accepted {
    let command = &mut draft.command;
    (command.accepted_at, command.deadline) = (accepted_at, accepted_at + command.spec.timeout);
    draft
}

/// Says a refusal in the error table's words.
fn denied(refusal: &Refusal) -> Error {
    let field = match refusal.index {
        Some(index) => format!("spec.argv[{index}]"),
        None => "spec.argv".to_owned(),
    };
    let rule = refusal.to_string();
    let input = refusal.argument.clone().unwrap_or_default().chars().take(80).collect();
    let violation = FieldViolation { field, input, rule: rule.clone() };
    Error { fields: vec![violation], ..Error::new(ErrorKind::CommandDenied, rule) }
}

fn conflict() -> Error {
    Error::new(ErrorKind::IdempotencyConflict, "this idempotency key was used for another request")
}

/// The key made the caller's own, and a hash over what makes two requests the same.
fn idempotency(caller: &Principal, key: &IdempotencyKey, draft: &Accepted) -> Idempotency {
    let spec = &draft.command.spec;
    let mut request = format!("{}\0{:?}\0{}", spec.cluster, spec.timeout, spec.max_output_bytes);
    for argument in &spec.argv {
        // Writing to a String cannot fail.
        let _ = write!(request, "\0{argument}");
    }
    Idempotency { key: format!("{}:{key}", caller.id), request_hash: SecretHash::of(&request).to_hex() }
}
