//! Clusters: presence of their executors on any server, and what these reported.

use std::time::{Duration, SystemTime};

use kubently_core::{
    Error, ErrorKind,
    cluster::{AttachedExecutor, Capabilities, CapabilityReport, Cluster},
    ids::{ClusterId, ExecutorId, MAX_CLUSTER_ID},
    policy::Mode,
};
use kubently_proto::convert::{from_millis, to_millis};
use serde::{Deserialize, Serialize};

use crate::{
    sessions::Sessions,
    store::{Record, Store},
    tokens::Tokens,
};

/// Lists attached executors, as "cluster" space "executor".
const INDEX: &str = "executors:attached";
/// How long a capability report counts unless it is renewed.
pub(crate) const REPORT_TTL: Duration = Duration::from_secs(3600);
/// How long presence lasts unless the server that holds the executor confirms it.
pub(crate) const PRESENCE_TTL: Duration = Duration::from_secs(30);

#[derive(Serialize, Deserialize)]
struct StoredPresence {
    server: String,
    transport: String,
    version: String,
    attached_at_ms: u64,
    last_seen_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct StoredReport {
    mode: String,
    allowed_verbs: Vec<String>,
    restricted_resources: Vec<String>,
    allowed_flags: Vec<String>,
    executor_version: Option<String>,
    executor_pod: Option<String>,
    reported_at_ms: u64,
    expires_at_ms: u64,
}

/// What the older faces ask of one cluster.
#[derive(Debug, Clone)]
pub(crate) struct ClusterStatus {
    /// The cluster.
    pub(crate) cluster: Cluster,
    /// Whether it has a token.
    pub(crate) has_token: bool,
    /// Whether a session on it lives.
    pub(crate) has_session: bool,
}

/// All clusters. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Clusters {
    store: Store,
    tokens: Tokens,
    sessions: Sessions,
    offline_after: Duration,
}

impl Clusters {
    /// A cluster whose last executor left counts as offline only `offline_after` that.
    pub(crate) fn new(store: Store, tokens: Tokens, sessions: Sessions, offline_after: Duration) -> Self {
        Self { store, tokens, sessions, offline_after }
    }

    /// Every known cluster, sorted by id.
    pub(crate) async fn list(&self) -> Result<Vec<Cluster>, Error> {
        let executors = self.executors(None).await?;
        let ids = self.tokens.clusters().await?;
        let reports = self.reports(&ids).await?;
        let join = |(id, report): (ClusterId, Option<CapabilityReport>)| {
            let executors = executors.iter().filter(|executor| executor.cluster == id).cloned().collect();
            Cluster { id, executors, report }
        };
        Ok(ids.into_iter().zip(reports).map(join).collect())
    }

    /// A known cluster.
    pub(crate) async fn get(&self, id: &ClusterId) -> Result<Cluster, Error> {
        let status = self.status(id).await?;
        if status.has_token || status.has_session || status.cluster.report.is_some() {
            Ok(status.cluster)
        } else {
            Err(Error::new(ErrorKind::ClusterNotFound, format!("Cluster '{id}' not found")))
        }
    }

    /// What is known of any id, also of one that nobody registered.
    pub(crate) async fn status(&self, id: &ClusterId) -> Result<ClusterStatus, Error> {
        let executors = self.executors(Some(id)).await?;
        let report = self.report(id).await?;
        Ok(ClusterStatus {
            cluster: Cluster { id: id.clone(), executors, report },
            has_token: self.tokens.known(id).await?,
            has_session: self.sessions.any_on(id).await?,
        })
    }

    /// Fails, as the older system words it, unless the cluster is known.
    pub(crate) async fn require(&self, id: &ClusterId) -> Result<(), Error> {
        if self.tokens.known(id).await? { Ok(()) } else { Err(self.not_found(id.as_str()).await) }
    }

    /// The error for an unknown cluster, which may be a text that no cluster can have for an id.
    /// Agents read the list of clusters out of it.
    pub(crate) async fn not_found(&self, id: &str) -> Error {
        let id: String = id.chars().take(MAX_CLUSTER_ID).collect();
        let known = self.tokens.clusters().await.unwrap_or_default();
        let names: Vec<&str> = known.iter().map(ClusterId::as_str).collect();
        let rest = match names.is_empty() {
            true => "No clusters are currently registered.".to_owned(),
            false => format!("Available clusters: {}", names.join(", ")),
        };
        Error::new(ErrorKind::ClusterNotFound, format!("Cluster '{id}' not found. {rest}"))
    }

    /// The executors attached to any server, sorted by cluster and id.
    pub(crate) async fn executors(&self, cluster: Option<&ClusterId>) -> Result<Vec<AttachedExecutor>, Error> {
        let members = self.store.index_members(INDEX).await?;
        let wanted = |(id, _): &(ClusterId, ExecutorId)| cluster.is_none_or(|cluster| cluster == id);
        let names: Vec<_> = members.iter().filter_map(|member| parse_member(member)).filter(wanted).collect();
        let keys: Vec<String> = names.iter().map(|(cluster, executor)| presence_key(cluster, executor)).collect();
        let values = self.store.get_all(&keys).await?;
        let pairs = names.into_iter().zip(values);
        Ok(pairs.filter_map(|((cluster, id), value)| decode_presence(cluster, id, &value?)).collect())
    }

    /// Confirms that these executors are attached.
    pub(crate) async fn confirm(&self, executors: &[AttachedExecutor]) -> Result<(), Error> {
        let mut records: Vec<Record> = executors.iter().map(presence_record).collect();
        let mut clusters: Vec<&ClusterId> = executors.iter().map(|executor| &executor.cluster).collect();
        clusters.dedup();
        let ttl = Some(PRESENCE_TTL + self.offline_after);
        let seen = |cluster: &ClusterId| Record { key: seen_key(cluster), value: "1".into(), ttl };
        records.extend(clusters.into_iter().map(seen));
        let members: Vec<String> = executors.iter().map(|e| member(&e.cluster, &e.id)).collect();
        self.store.put_all(&records).await?;
        self.store.index_add(INDEX, &members, Some(SystemTime::now() + PRESENCE_TTL)).await
    }

    /// Whether an executor of the cluster is attached, or was a moment ago and may come back. One whose token
    /// was revoked may not.
    pub(crate) async fn recently_attached(&self, id: &ClusterId) -> Result<bool, Error> {
        Ok(self.store.get(&seen_key(id)).await?.is_some() && self.tokens.known(id).await?)
    }

    /// Notes that an executor left `server`, unless it is attached to another one already.
    pub(crate) async fn left(&self, cluster: &ClusterId, id: &ExecutorId, server: &str) -> Result<(), Error> {
        let key = presence_key(cluster, id);
        let held = self.store.get(&key).await?.and_then(|v| decode_presence(cluster.clone(), id.clone(), &v));
        if held.is_some_and(|held| held.server != server) {
            return Ok(());
        }
        self.store.delete(&key).await?;
        let seen = Record { key: seen_key(cluster), value: "1".into(), ttl: Some(self.offline_after) };
        self.store.put(&seen).await?;
        self.store.index_remove(INDEX, &member(cluster, id)).await
    }

    /// Keeps a capability report for an hour.
    pub(crate) async fn report_capabilities(&self, id: &ClusterId, capabilities: &Capabilities) -> Result<(), Error> {
        let now = SystemTime::now();
        self.put_report(id, capabilities.clone(), now).await
    }

    /// Keeps the present report for another hour; says whether there was one.
    pub(crate) async fn refresh_report(&self, id: &ClusterId) -> Result<bool, Error> {
        let Some(report) = self.report(id).await? else { return Ok(false) };
        self.put_report(id, report.capabilities, report.reported_at).await?;
        Ok(true)
    }

    /// The newest report that counts.
    pub(crate) async fn report(&self, id: &ClusterId) -> Result<Option<CapabilityReport>, Error> {
        Ok(self.store.get(&report_key(id)).await?.and_then(|value| decode_report(&value)))
    }

    async fn reports(&self, ids: &[ClusterId]) -> Result<Vec<Option<CapabilityReport>>, Error> {
        let keys: Vec<String> = ids.iter().map(report_key).collect();
        let values = self.store.get_all(&keys).await?;
        Ok(values.into_iter().map(|value| decode_report(&value?)).collect())
    }

    async fn put_report(&self, id: &ClusterId, caps: Capabilities, reported_at: SystemTime) -> Result<(), Error> {
        let stored = StoredReport {
            mode: caps.mode.as_str().to_owned(),
            allowed_verbs: caps.allowed_verbs,
            restricted_resources: caps.restricted_resources,
            allowed_flags: caps.allowed_flags,
            executor_version: caps.executor_version,
            executor_pod: caps.executor_pod,
            reported_at_ms: to_millis(reported_at),
            expires_at_ms: to_millis(SystemTime::now() + REPORT_TTL),
        };
        let value = serde_json::to_vec(&stored).map_err(|_cause| Error::internal())?.into();
        self.store.put(&Record { key: report_key(id), value, ttl: Some(REPORT_TTL) }).await
    }
}

fn report_key(id: &ClusterId) -> String {
    format!("cluster:{id}:capabilities")
}

fn seen_key(id: &ClusterId) -> String {
    format!("cluster:{id}:seen")
}

fn presence_key(cluster: &ClusterId, executor: &ExecutorId) -> String {
    format!("executor:presence:{cluster}:{executor}")
}

fn member(cluster: &ClusterId, executor: &ExecutorId) -> String {
    format!("{cluster} {executor}")
}

fn parse_member(member: &str) -> Option<(ClusterId, ExecutorId)> {
    let (cluster, executor) = member.split_once(' ')?;
    Some((ClusterId::new(cluster).ok()?, ExecutorId::new(executor).ok()?))
}

fn presence_record(executor: &AttachedExecutor) -> Record {
    let stored = StoredPresence {
        server: executor.server.clone(),
        transport: executor.transport.clone(),
        version: executor.version.clone(),
        attached_at_ms: to_millis(executor.attached_at),
        last_seen_ms: to_millis(SystemTime::now()),
    };
    // Strings and numbers always serialise.
    let value = serde_json::to_vec(&stored).unwrap_or_default().into();
    Record { key: presence_key(&executor.cluster, &executor.id), value, ttl: Some(PRESENCE_TTL) }
}

fn decode_presence(cluster: ClusterId, id: ExecutorId, value: &[u8]) -> Option<AttachedExecutor> {
    let stored: StoredPresence = serde_json::from_slice(value).ok()?;
    Some(AttachedExecutor {
        id,
        cluster,
        server: stored.server,
        transport: stored.transport,
        version: stored.version,
        attached_at: from_millis(stored.attached_at_ms),
        last_seen: from_millis(stored.last_seen_ms),
    })
}

fn decode_report(value: &[u8]) -> Option<CapabilityReport> {
    let stored: StoredReport = serde_json::from_slice(value).ok()?;
    let capabilities = Capabilities {
        mode: stored.mode.parse::<Mode>().ok()?,
        allowed_verbs: stored.allowed_verbs,
        restricted_resources: stored.restricted_resources,
        allowed_flags: stored.allowed_flags,
        executor_version: stored.executor_version,
        executor_pod: stored.executor_pod,
    };
    let reported_at = from_millis(stored.reported_at_ms);
    Some(CapabilityReport { capabilities, reported_at, expires_at: from_millis(stored.expires_at_ms) })
}
