//! What the faces call. One value, shared by gRPC and the gateway.

use std::{sync::Arc, time::Duration};

use kubently_core::{Error, ids::ClusterId};
use kubently_policy::Live;

use crate::{
    audit::{self, Audit},
    auth::{ApiKeys, Principal},
    clusters::Clusters,
    dispatch::Dispatch,
    metrics::Metrics,
    sessions::{NewSession, Session, Sessions},
    store::Store,
    tokens::{NewToken, Tokens},
};

/// Everything a face may use. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Services {
    /// Who calls.
    pub(crate) keys: Arc<ApiKeys>,
    /// Commands.
    pub(crate) dispatch: Arc<Dispatch>,
    /// Sessions.
    pub(crate) sessions: Sessions,
    /// Clusters, executors, capabilities.
    pub(crate) clusters: Clusters,
    /// Executor tokens.
    pub(crate) tokens: Tokens,
    /// The audit trail.
    pub(crate) audit: Audit,
    /// Counters.
    pub(crate) metrics: Arc<Metrics>,
    /// How often links are checked.
    pub(crate) heartbeat_interval: Duration,
    /// Commands that an executor gets at once which does not say how many it runs.
    pub(crate) serial_in_flight: usize,
    /// How often SSE streams get a keep-alive event.
    pub(crate) sse_keep_alive: Duration,
    /// What may run, and how that stands to its file.
    pub(crate) policy: Live,
    /// Whether the store answers.
    pub(crate) probe: Probe,
}

/// Asks the store whether it answers.
#[derive(Clone)]
pub(crate) struct Probe {
    store: Store,
}

impl Probe {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// How the store is now.
    pub(crate) async fn health(&self) -> Health {
        Health { redis: matches!(self.store, Store::Redis(_)), store_up: self.store.ping().await.is_ok() }
    }
}

/// What health says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Health {
    /// Whether state is in Redis rather than in memory.
    pub(crate) redis: bool,
    /// Whether the store answers.
    pub(crate) store_up: bool,
}

impl Services {
    /// What this server counts about itself, as of now.
    pub(crate) fn exposition(&self) -> String {
        self.metrics.load(self.dispatch.load());
        self.metrics.encode()
    }

    /// Opens a session on a known cluster.
    pub(crate) async fn create_session(&self, caller: &Principal, new: NewSession) -> Result<Session, Error> {
        self.clusters.require(&new.cluster).await?;
        self.sessions.create(caller, new).await
    }

    /// Makes a cluster's token, and notes that in the audit trail.
    pub(crate) async fn create_token(
        &self,
        caller: &Principal,
        cluster: &ClusterId,
        chosen: Option<&str>,
    ) -> Result<NewToken, Error> {
        let made = self.tokens.create(cluster, chosen).await?;
        self.audit.note(audit::Entry::token("executor_token_created", caller, cluster)).await;
        Ok(made)
    }

    /// Revokes a cluster's token, and notes that in the audit trail.
    pub(crate) async fn revoke_token(&self, caller: &Principal, cluster: &ClusterId) -> Result<(), Error> {
        self.tokens.revoke(cluster).await?;
        self.audit.note(audit::Entry::token("executor_token_revoked", caller, cluster)).await;
        Ok(())
    }
}
