//! Executor tokens: one a cluster. A cluster is known while it has one.

use std::{sync::Arc, time::SystemTime};

use bytes::Bytes;
use kubently_core::{Error, ErrorKind, ids::ClusterId};
use kubently_proto::{
    bus::v1::{ClusterEvent, Revoked, cluster_event},
    convert::{from_millis, to_millis},
};
use prost::Message;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use crate::{
    auth::SecretHash,
    bus::{Bus, Topic},
    store::{Record, Store},
};

/// Lists the clusters that have a token.
const INDEX: &str = "executor:tokens";
/// Length a caller's own token may have, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 32..=128;
/// What an executor is told whose token is not taken.
const NOT_KNOWN: &str = "Invalid executor credentials: the server knows no such token for this cluster. It is wrong, \
    it was revoked, or the store lost it; make a new one with `kubently tokens create`";
/// What a token must look like.
const RULE: &str = "use 32 to 128 letters, digits, '-' and '_'";

/// A cluster's token as it is stored: never the token itself.
#[derive(Serialize, Deserialize)]
struct StoredToken {
    sha256: String,
    created_at_ms: u64,
}

/// A token that was just made; the only time it is in clear.
pub(crate) struct NewToken {
    /// The token.
    pub(crate) token: String,
    /// When it was made.
    pub(crate) created_at: SystemTime,
}

/// The tokens of all clusters. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tokens {
    store: Store,
    bus: Bus,
    /// Those of the server's own settings.
    provisioned: Arc<[(ClusterId, String)]>,
}

impl Tokens {
    pub(crate) fn new(store: Store, bus: Bus, provisioned: &[(ClusterId, String)]) -> Self {
        Self { store, bus, provisioned: provisioned.into() }
    }

    /// Makes a cluster's token, of the caller's choice or random.
    pub(crate) async fn create(&self, cluster: &ClusterId, chosen: Option<&str>) -> Result<NewToken, Error> {
        let token = match chosen {
            Some(chosen) if is_token(chosen) => chosen.to_owned(),
            Some(_) => return Err(Error::invalid("token", "", RULE)),
            None => format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()),
        };
        let created_at = SystemTime::now();
        if !self.put(cluster, &token, created_at).await? {
            let message = format!("Token already exists for cluster '{cluster}'. Revoke it first.");
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
        Ok(NewToken { token, created_at })
    }

    /// Makes sure that the clusters of the server's own settings have their tokens: at the start, and
    /// when the store lost its memory.
    pub(crate) async fn provision_all(&self) -> Result<(), Error> {
        for (cluster, token) in self.provisioned.iter() {
            if !is_token(token) {
                return Err(Error::invalid("executor_tokens", "", RULE));
            }
            let hash = SecretHash::of(token).to_hex();
            if self.stored(cluster).await?.is_none_or(|stored| stored.sha256 != hash) {
                self.store.put(&record(cluster, token, SystemTime::now())?).await?;
            }
            self.store.index_add(INDEX, &[cluster.to_string()], None).await?;
        }
        Ok(())
    }

    async fn put(&self, cluster: &ClusterId, token: &str, created_at: SystemTime) -> Result<bool, Error> {
        let written = self.store.put_if_absent(&record(cluster, token, created_at)?).await?;
        if written {
            self.store.index_add(INDEX, &[cluster.to_string()], None).await?;
        }
        Ok(written)
    }

    /// Whether an executor may speak for a cluster.
    pub(crate) async fn verify(&self, cluster: &ClusterId, token: &str) -> Result<(), Error> {
        let stored = self.stored(cluster).await?;
        let right = stored
            .is_some_and(|stored| SecretHash::of(token).to_hex().as_bytes().ct_eq(stored.sha256.as_bytes()).into());
        // One text for every reason, so that it tells nobody which clusters there are.
        if right { Ok(()) } else { Err(Error::new(ErrorKind::Unauthenticated, NOT_KNOWN)) }
    }

    /// Whether a cluster has a token.
    pub(crate) async fn known(&self, cluster: &ClusterId) -> Result<bool, Error> {
        Ok(self.store.get(&key(cluster)).await?.is_some())
    }

    /// When a cluster's token was made.
    pub(crate) async fn created_at(&self, cluster: &ClusterId) -> Result<Option<SystemTime>, Error> {
        Ok(self.stored(cluster).await?.map(|stored| from_millis(stored.created_at_ms)))
    }

    /// The clusters that have a token, sorted.
    pub(crate) async fn clusters(&self) -> Result<Vec<ClusterId>, Error> {
        let members = self.store.index_members(INDEX).await?;
        Ok(members.iter().filter_map(|member| ClusterId::new(member).ok()).collect())
    }

    /// Takes a cluster's token back and detaches its executors from every server.
    pub(crate) async fn revoke(&self, cluster: &ClusterId) -> Result<(), Error> {
        if !self.store.delete(&key(cluster)).await? {
            let message = format!("No token found for cluster '{cluster}'");
            return Err(Error::new(ErrorKind::ClusterNotFound, message));
        }
        self.store.index_remove(INDEX, cluster.as_str()).await?;
        let event = ClusterEvent { event: Some(cluster_event::Event::Revoked(Revoked {})) };
        let payload: Bytes = event.encode_to_vec().into();
        self.bus.publish(&Topic::commands(cluster.as_str()), payload).await.map(|_reached| ())
    }

    async fn stored(&self, cluster: &ClusterId) -> Result<Option<StoredToken>, Error> {
        let Some(bytes) = self.store.get(&key(cluster)).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
            tracing::error!(%cluster, error = %cause, "a stored token does not read back");
            Error::internal()
        })
    }
}

/// What is stored of a token.
fn record(cluster: &ClusterId, token: &str, created_at: SystemTime) -> Result<Record, Error> {
    let stored = StoredToken { sha256: SecretHash::of(token).to_hex(), created_at_ms: to_millis(created_at) };
    let value = serde_json::to_vec(&stored).map_err(|_cause| Error::internal())?.into();
    Ok(Record { key: key(cluster), value, ttl: None })
}

fn key(cluster: &ClusterId) -> String {
    format!("executor:token:{cluster}")
}

fn is_token(text: &str) -> bool {
    LENGTH.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bus::MemoryHub, store::MemoryStore};

    fn tokens() -> Tokens {
        let (bus, _inbox) = MemoryHub::default().join();
        Tokens::new(Store::Memory(MemoryStore::default()), Bus::Memory(bus), &[])
    }

    #[tokio::test]
    async fn a_token_lets_in_until_it_is_revoked() {
        let (tokens, cluster) = (tokens(), ClusterId::new("c").unwrap());
        let made = tokens.create(&cluster, None).await.unwrap();
        assert_eq!(made.token.len(), 64);
        tokens.verify(&cluster, &made.token).await.unwrap();
        assert!(tokens.verify(&cluster, "wrong").await.is_err());
        assert!(tokens.verify(&ClusterId::new("d").unwrap(), &made.token).await.is_err());
        tokens.revoke(&cluster).await.unwrap();
        assert!(tokens.verify(&cluster, &made.token).await.is_err());
        assert_eq!(tokens.revoke(&cluster).await.unwrap_err().kind, ErrorKind::ClusterNotFound);
    }

    #[tokio::test]
    async fn a_second_token_is_a_conflict_and_a_bad_one_is_refused() {
        let (tokens, cluster) = (tokens(), ClusterId::new("c").unwrap());
        assert_eq!(tokens.create(&cluster, Some("short")).await.err().unwrap().fields[0].field, "token");
        tokens.create(&cluster, Some(&"x".repeat(32))).await.unwrap();
        assert_eq!(tokens.create(&cluster, None).await.err().unwrap().kind, ErrorKind::AlreadyExists);
        assert_eq!(tokens.clusters().await.unwrap(), [cluster]);
    }

    #[tokio::test]
    async fn the_store_never_holds_a_token() {
        let (tokens, cluster) = (tokens(), ClusterId::new("c").unwrap());
        let made = tokens.create(&cluster, None).await.unwrap();
        let stored = tokens.store.get("executor:token:c").await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&stored).contains(&made.token));
    }
}
