//! The audit trail: who did what, where, and how it ended; never any output.

use std::time::SystemTime;

use bytes::Bytes;
use kubently_core::{
    Error, ErrorKind,
    command::{CommandResult, Outcome},
    ids::ClusterId,
};
use kubently_proto::convert::{from_millis, journal::Accepted, to_millis};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::{auth::Principal, journal::Note, store::Store};

/// Entries kept for each service.
const MAX_ENTRIES: usize = 10_000;
/// Entries that wait to be written. When full, the path of a command waits: an entry is never dropped.
const QUEUE: usize = 1024;
/// Entries written in one round trip.
const BATCH: usize = 128;
/// Longest error text kept, in characters.
const MAX_ERROR: usize = 200;
/// Attempts at writing a batch before it is given up, loudly.
const ATTEMPTS: usize = 5;

/// One thing that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Milliseconds since 1970.
    pub(crate) time_ms: u64,
    /// What kind of thing.
    pub(crate) kind: String,
    /// The service whose key was used.
    pub(crate) service: Option<String>,
    /// The cluster.
    pub(crate) cluster: Option<String>,
    /// The session.
    pub(crate) session: Option<String>,
    /// The command's id.
    pub(crate) command_id: Option<String>,
    /// The command as one line.
    pub(crate) command: Option<String>,
    /// `success`, `failure` or `timeout`.
    pub(crate) outcome: String,
    /// What went wrong.
    pub(crate) error: Option<String>,
    /// The caller's own mark.
    pub(crate) correlation: Option<String>,
}

impl Entry {
    /// A command that ended.
    pub(crate) fn command(accepted: &Accepted, result: &CommandResult) -> Self {
        let spec = &accepted.command.spec;
        let error: String = result.message.chars().take(MAX_ERROR).collect();
        Self {
            time_ms: to_millis(SystemTime::now()),
            kind: "command_executed".into(),
            service: accepted.caller.service.clone(),
            cluster: Some(spec.cluster.to_string()),
            session: spec.session.as_ref().map(ToString::to_string),
            command_id: Some(accepted.command.id.to_string()),
            command: Some(spec.argv.join(" ")),
            outcome: outcome_word(result.outcome).into(),
            error: Some(error).filter(|error| !error.is_empty()),
            correlation: spec.correlation.as_ref().map(ToString::to_string),
        }
    }

    /// Something done to a cluster's token.
    pub(crate) fn token(kind: &str, caller: &Principal, cluster: &ClusterId) -> Self {
        Self {
            time_ms: to_millis(SystemTime::now()),
            kind: kind.to_owned(),
            service: caller.service.clone(),
            cluster: Some(cluster.to_string()),
            session: None,
            command_id: None,
            command: None,
            outcome: "success".into(),
            error: None,
            correlation: None,
        }
    }

    /// When it was.
    pub(crate) fn time(&self) -> SystemTime {
        from_millis(self.time_ms)
    }
}

/// The older system's three words for how a command ended.
pub(crate) const fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "success",
        Outcome::TimedOut | Outcome::Expired | Outcome::Lost => "timeout",
        Outcome::Failed | Outcome::Denied | Outcome::Cancelled => "failure",
    }
}

/// Selects entries; `None` selects all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    /// What kind of thing.
    pub(crate) kind: Option<String>,
    /// The cluster.
    pub(crate) cluster: Option<String>,
    /// The session.
    pub(crate) session: Option<String>,
    /// At or after.
    pub(crate) since: Option<SystemTime>,
    /// At or before.
    pub(crate) until: Option<SystemTime>,
    /// At most this many.
    pub(crate) limit: usize,
}

impl Query {
    fn selects(&self, entry: &Entry) -> bool {
        let same = |wanted: &Option<String>, is: Option<&str>| wanted.as_deref().is_none_or(|w| Some(w) == is);
        same(&self.kind, Some(&entry.kind))
            && same(&self.cluster, entry.cluster.as_deref())
            && same(&self.session, entry.session.as_deref())
            && self.since.is_none_or(|since| entry.time() >= since)
            && self.until.is_none_or(|until| entry.time() <= until)
    }
}

/// The trail. Cheap to clone; the last clone's end lets the writer finish.
#[derive(Clone)]
pub(crate) struct Audit {
    store: Store,
    queue: mpsc::Sender<Entry>,
}

impl Audit {
    /// The trail and the task that writes it, which ends when every clone is gone.
    pub(crate) fn start(store: Store) -> (Self, impl Future<Output = ()> + use<>) {
        let (queue, entries) = mpsc::channel(QUEUE);
        let writer = write(store.clone(), entries);
        (Self { store, queue }, writer)
    }

    /// An entry as the journal writes it together with a command's end.
    pub(crate) fn note_for(&self, entry: &Entry) -> Note {
        // Strings and numbers always serialise.
        let bytes = serde_json::to_vec(entry).unwrap_or_default();
        Note { log: log(entry.service.as_deref()), entry: bytes.into(), keep: MAX_ENTRIES }
    }

    /// Notes an entry that is not a command's end.
    pub(crate) async fn note(&self, entry: Entry) {
        if self.queue.send(entry).await.is_err() {
            tracing::error!("the audit writer is gone; an entry is lost");
        }
    }

    /// The caller's own entries, newest first. A bare key has no identity to own any.
    pub(crate) async fn query(&self, caller: &Principal, query: &Query) -> Result<Vec<Entry>, Error> {
        let service = caller.service.as_deref().ok_or_else(|| {
            Error::new(ErrorKind::PermissionDenied, "Audit access requires an API key with a service identity")
        })?;
        let newest = self.store.newest(&log(Some(service)), MAX_ENTRIES).await?;
        let entries = newest.iter().filter_map(decode);
        Ok(entries.filter(|entry| query.selects(entry)).take(query.limit).collect())
    }
}

fn log(service: Option<&str>) -> String {
    format!("audit:{}", service.unwrap_or("-"))
}

fn decode(bytes: &Bytes) -> Option<Entry> {
    serde_json::from_slice(bytes)
        .inspect_err(|cause| tracing::error!(error = %cause, "an audit entry does not read back"))
        .ok()
}

async fn write(store: Store, mut entries: mpsc::Receiver<Entry>) {
    let mut batch = Vec::with_capacity(BATCH);
    while entries.recv_many(&mut batch, BATCH).await > 0 {
        let mut services: Vec<Option<String>> = batch.iter().map(|entry| entry.service.clone()).collect();
        services.sort_unstable();
        services.dedup();
        for service in services {
            let own = batch.iter().filter(|entry| entry.service == service);
            let own: Vec<Bytes> = own.filter_map(|entry| serde_json::to_vec(entry).ok()).map(Bytes::from).collect();
            append(&store, &log(service.as_deref()), &own).await;
        }
        batch.clear();
    }
}

async fn append(store: &Store, log: &str, entries: &[Bytes]) {
    for attempt in 1..=ATTEMPTS {
        if store.append(log, entries, MAX_ENTRIES).await.is_ok() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(attempt as u64)).await;
    }
    tracing::error!(log, entries = entries.len(), "audit entries could not be written and are lost");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn each_service_sees_its_own_entries_newest_first() {
        let (audit, writer) = Audit::start(Store::Memory(MemoryStore::default()));
        let who = |name: &str| Principal { id: format!("service:{name}"), service: Some(name.to_owned()) };
        let cluster = ClusterId::new("c").unwrap();
        for kind in ["executor_token_created", "executor_token_revoked"] {
            audit.note(Entry::token(kind, &who("a"), &cluster)).await;
        }
        audit.note(Entry::token("executor_token_created", &who("b"), &cluster)).await;
        let reader = Audit { store: audit.store.clone(), queue: mpsc::channel(1).0 };
        drop(audit);
        writer.await;
        let all = Query { limit: 100, ..Query::default() };
        let kinds: Vec<_> = reader.query(&who("a"), &all).await.unwrap().into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds, ["executor_token_revoked", "executor_token_created"]);
        let one = Query { kind: Some("executor_token_created".into()), ..all };
        assert_eq!(reader.query(&who("a"), &one).await.unwrap().len(), 1);
        let bare = Principal { id: "key:x".into(), service: None };
        assert_eq!(reader.query(&bare, &one).await.unwrap_err().kind, ErrorKind::PermissionDenied);
    }
}
