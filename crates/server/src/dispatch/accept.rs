//! Accepting a command: after this it has an id and ends in exactly one result.

use std::{fmt::Write, sync::Arc, time::SystemTime};

use kubently_core::{
    Error, ErrorKind,
    command::{Command, CommandSpec, CommandState},
    error::FieldViolation,
    ids::{CommandId, IdempotencyKey},
    kubectl,
    policy::Context,
    refusal::Refusal,
};
use kubently_proto::convert::{
    from_millis,
    journal::{Accepted, Caller},
    to_millis,
};

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
        self.parts.policy.check(&command, Context { streaming: live }).map_err(|refusal| denied(&refusal))?;
        spec.argv = command.argv();
        // To the millisecond, as the journal keeps it: every server tells the same time.
        let accepted_at = from_millis(to_millis(SystemTime::now()));
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

    /// Journals a draft. A request whose idempotency key is known gets the command it stands for.
    pub(super) async fn admit(
        &self,
        caller: &Principal,
        draft: Accepted,
        key: Option<&IdempotencyKey>,
    ) -> Result<Admission, Error> {
        let spec = &draft.command.spec;
        if let Some(session) = &spec.session {
            self.parts.sessions.touch(caller, session, &spec.cluster).await?;
        }
        let idempotency = key.map(|key| idempotency(caller, key, &draft));
        match self.parts.journal.accept(&draft, idempotency.as_ref()).await? {
            Acceptance::New => Ok(Admission { accepted: draft, new: true }),
            Acceptance::Known(id) => self.known(&id).await,
            Acceptance::Conflict => Err(conflict()),
            Acceptance::NobodyThere => Err(self.nobody_there(&draft).await),
        }
    }

    async fn known(&self, id: &CommandId) -> Result<Admission, Error> {
        let entry = self.parts.journal.entry(id).await?;
        let entry = entry.ok_or_else(|| Error::new(ErrorKind::CommandNotFound, "Command not found"))?;
        Ok(Admission { accepted: entry.accepted, new: false })
    }

    /// Nobody heard: either there is no such cluster, or no executor of it is attached.
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
    let mut request = format!("{}\0{:?}\0{}\0{}", spec.cluster, spec.timeout, spec.max_output_bytes, draft.live);
    for argument in &spec.argv {
        // Writing to a String cannot fail.
        let _ = write!(request, "\0{argument}");
    }
    Idempotency { key: format!("{}:{key}", caller.id), request_hash: SecretHash::of(&request).to_hex() }
}
