//! Sessions: a user's time-bounded debugging context on one cluster.

use std::time::{Duration, SystemTime};

use kubently_core::{
    Error, ErrorKind,
    ids::{ClusterId, CorrelationId, SessionId},
};
use kubently_proto::convert::{from_millis, to_millis};
use serde::{Deserialize, Serialize};

use crate::{
    auth::Principal,
    ids::new_session_id,
    store::{Record, Store},
};

/// Lists the sessions that live, as "principal id" space "session id".
const INDEX: &str = "sessions:active";
/// Most sessions that one listing returns.
const MAX_LISTED: usize = 1_000;
/// Shortest and longest lifetime that can be asked for.
const TTL: std::ops::RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(3600);

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: SessionId,
    /// The cluster it is for.
    pub(crate) cluster: ClusterId,
    /// The caller's own mark.
    pub(crate) correlation: Option<CorrelationId>,
    /// The service that it is for.
    pub(crate) service: Option<String>,
    /// The principal that opened it.
    pub(crate) principal: String,
    /// When it was opened.
    pub(crate) created_at: SystemTime,
    /// When it ends unless it is used again.
    pub(crate) expires_at: SystemTime,
    /// Its lifetime without use.
    pub(crate) ttl: Duration,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    cluster: String,
    correlation: Option<String>,
    service: Option<String>,
    principal: String,
    created_at_ms: u64,
    expires_at_ms: u64,
    ttl_ms: u64,
}

/// What a new session should be like.
#[derive(Debug, Clone)]
pub(crate) struct NewSession {
    /// The cluster it is for.
    pub(crate) cluster: ClusterId,
    /// Lifetime without use; `None` takes the server's setting.
    pub(crate) ttl: Option<Duration>,
    /// The caller's own mark.
    pub(crate) correlation: Option<CorrelationId>,
    /// The service to note instead of the key's own.
    pub(crate) service: Option<String>,
}

/// All sessions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sessions {
    store: Store,
    default_ttl: Duration,
}

impl Sessions {
    pub(crate) fn new(store: Store, default_ttl: Duration) -> Self {
        Self { store, default_ttl }
    }

    /// Opens a session. That the cluster is known is the caller's business.
    pub(crate) async fn create(&self, caller: &Principal, new: NewSession) -> Result<Session, Error> {
        let ttl = match new.ttl {
            Some(ttl) if TTL.contains(&ttl) => ttl,
            Some(ttl) => return Err(Error::invalid("ttl", &format!("{ttl:?}"), "must be 60 s to 3600 s")),
            None => self.default_ttl,
        };
        // To the millisecond, as it is stored: every server tells the same time.
        let created_at = from_millis(to_millis(SystemTime::now()));
        let session = Session {
            id: new_session_id()?,
            cluster: new.cluster,
            correlation: new.correlation,
            service: new.service.or_else(|| caller.service.clone()),
            principal: caller.id.clone(),
            created_at,
            expires_at: created_at + ttl,
            ttl,
        };
        self.write(&session).await?;
        Ok(session)
    }

    /// A session of the caller's.
    pub(crate) async fn get(&self, caller: &Principal, id: &SessionId) -> Result<Session, Error> {
        let session = self.read(id).await?.filter(|session| session.principal == caller.id);
        session.ok_or_else(|| Error::new(ErrorKind::SessionNotFound, "Session not found"))
    }

    /// Notes that a session is used for a command on `cluster`, and moves its end on.
    pub(crate) async fn touch(&self, caller: &Principal, id: &SessionId, cluster: &ClusterId) -> Result<(), Error> {
        let mut session = self.get(caller, id).await?;
        if session.cluster != *cluster {
            let message = format!("session is for cluster '{}', not '{cluster}'", session.cluster);
            return Err(Error::new(ErrorKind::FailedPrecondition, message));
        }
        session.expires_at = SystemTime::now() + session.ttl;
        self.write(&session).await
    }

    /// The caller's sessions, newest first.
    pub(crate) async fn list(&self, caller: &Principal, cluster: Option<&ClusterId>) -> Result<Vec<Session>, Error> {
        let members = self.store.index_members(INDEX).await?;
        let own = |member: &String| member.rsplit_once(' ').filter(|(who, _)| *who == caller.id)?.1.parse().ok();
        let ids: Vec<SessionId> = members.iter().filter_map(own).collect();
        let keys: Vec<String> = ids.iter().map(key).collect();
        let values = self.store.get_all(&keys).await?;
        let mut sessions = Vec::new();
        for (id, value) in ids.into_iter().zip(values) {
            sessions.extend(value.map(|value| decode(id, &value)).transpose()?);
        }
        sessions.retain(|session: &Session| cluster.is_none_or(|cluster| session.cluster == *cluster));
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
        sessions.truncate(MAX_LISTED);
        Ok(sessions)
    }

    /// Ends a session of the caller's.
    pub(crate) async fn end(&self, caller: &Principal, id: &SessionId) -> Result<(), Error> {
        let session = self.get(caller, id).await?;
        self.store.delete(&key(id)).await?;
        self.store.index_remove(INDEX, &member(&session)).await
    }

    /// How many sessions live.
    pub(crate) async fn count(&self) -> Result<usize, Error> {
        self.store.index_count(INDEX).await
    }

    /// Whether any session on this cluster was used within its lifetime.
    pub(crate) async fn any_on(&self, cluster: &ClusterId) -> Result<bool, Error> {
        Ok(self.store.get(&cluster_key(cluster)).await?.is_some())
    }

    async fn write(&self, session: &Session) -> Result<(), Error> {
        let stored = Stored {
            cluster: session.cluster.to_string(),
            correlation: session.correlation.as_ref().map(ToString::to_string),
            service: session.service.clone(),
            principal: session.principal.clone(),
            created_at_ms: to_millis(session.created_at),
            expires_at_ms: to_millis(session.expires_at),
            ttl_ms: u64::try_from(session.ttl.as_millis()).unwrap_or(u64::MAX),
        };
        let value = serde_json::to_vec(&stored).map_err(|_cause| Error::internal())?.into();
        let ttl = Some(session.ttl);
        let own = Record { key: key(&session.id), value, ttl };
        let on_cluster =
            Record { key: cluster_key(&session.cluster), value: session.id.as_str().to_owned().into(), ttl };
        self.store.put_all(&[own, on_cluster]).await?;
        self.store.index_add(INDEX, &[member(session)], Some(session.expires_at)).await
    }

    async fn read(&self, id: &SessionId) -> Result<Option<Session>, Error> {
        let value = self.store.get(&key(id)).await?;
        value.map(|value| decode(id.clone(), &value)).transpose()
    }
}

fn key(id: &SessionId) -> String {
    format!("session:{id}")
}

fn cluster_key(cluster: &ClusterId) -> String {
    format!("cluster:session:{cluster}")
}

fn member(session: &Session) -> String {
    format!("{} {}", session.principal, session.id)
}

fn decode(id: SessionId, value: &[u8]) -> Result<Session, Error> {
    let stored: Stored = serde_json::from_slice(value).map_err(|cause| {
        tracing::error!(session = %id, error = %cause, "a stored session does not read back");
        Error::internal()
    })?;
    Ok(Session {
        id,
        cluster: ClusterId::new(&stored.cluster)?,
        correlation: stored.correlation.as_deref().map(CorrelationId::new).transpose()?,
        service: stored.service,
        principal: stored.principal,
        created_at: from_millis(stored.created_at_ms),
        expires_at: from_millis(stored.expires_at_ms),
        ttl: Duration::from_millis(stored.ttl_ms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;

    fn sessions() -> Sessions {
        Sessions::new(Store::Memory(MemoryStore::default()), Duration::from_secs(300))
    }

    fn principal(name: &str) -> Principal {
        Principal { id: format!("service:{name}"), service: Some(name.to_owned()) }
    }

    fn new(ttl: Option<Duration>) -> NewSession {
        NewSession { cluster: ClusterId::new("c").unwrap(), ttl, correlation: None, service: None }
    }

    #[tokio::test]
    async fn a_session_is_its_owners_until_it_ends() {
        let (sessions, owner) = (sessions(), principal("a"));
        let session = sessions.create(&owner, new(None)).await.unwrap();
        assert_eq!(sessions.get(&owner, &session.id).await.unwrap(), session);
        assert_eq!(sessions.list(&owner, None).await.unwrap().len(), 1);
        let stranger = principal("b");
        assert_eq!(sessions.get(&stranger, &session.id).await.unwrap_err().kind, ErrorKind::SessionNotFound);
        assert!(sessions.list(&stranger, None).await.unwrap().is_empty());
        sessions.end(&owner, &session.id).await.unwrap();
        assert!(sessions.get(&owner, &session.id).await.is_err());
        assert_eq!(sessions.count().await, Ok(0));
    }

    #[tokio::test]
    async fn use_moves_the_end_on_and_another_cluster_is_refused() {
        let (sessions, owner) = (sessions(), principal("a"));
        let session = sessions.create(&owner, new(Some(Duration::from_secs(60)))).await.unwrap();
        sessions.touch(&owner, &session.id, &session.cluster).await.unwrap();
        let touched = sessions.get(&owner, &session.id).await.unwrap();
        assert!(touched.expires_at >= session.expires_at);
        let other = ClusterId::new("d").unwrap();
        let refused = sessions.touch(&owner, &session.id, &other).await.unwrap_err();
        assert_eq!(refused.kind, ErrorKind::FailedPrecondition);
    }

    #[tokio::test]
    async fn a_lifetime_out_of_range_is_refused() {
        let error = sessions().create(&principal("a"), new(Some(Duration::from_secs(59)))).await.unwrap_err();
        assert_eq!(error.fields[0].field, "ttl");
    }
}
