//! `AdminService`: executor tokens and the audit trail.

use kubently_core::{Error, ids::ClusterId};
use kubently_proto::{
    convert::{cluster::executor_to_wire, time_from_wire, time_to_wire},
    status::to_status,
    v1::{self, admin_service_server::AdminService},
};
use tonic::{Request, Response, Status};

use super::{authenticate, given, required};
use crate::{audit, services::Services};

/// Entries returned when the caller does not say.
const DEFAULT_ENTRIES: i32 = 100;
/// Most entries that one query returns.
const MAX_ENTRIES: i32 = 1_000;

/// The service.
pub(super) struct Admin {
    services: Services,
}

impl Admin {
    pub(super) fn new(services: Services) -> Self {
        Self { services }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "used as map_err(status)")]
fn status(error: Error) -> Status {
    to_status(&error)
}

fn query_from_wire(wire: v1::QueryAuditRequest) -> Result<audit::Query, Error> {
    let limit = if wire.limit == 0 { DEFAULT_ENTRIES } else { wire.limit };
    if !(1..=MAX_ENTRIES).contains(&limit) {
        return Err(Error::invalid("limit", &limit.to_string(), "must be 1 to 1000"));
    }
    Ok(audit::Query {
        kind: given(wire.event_type),
        cluster: given(wire.cluster_id),
        session: given(wire.session_id),
        since: wire.since.as_ref().map(time_from_wire),
        until: wire.until.as_ref().map(time_from_wire),
        limit: usize::try_from(limit).unwrap_or_default(),
    })
}

fn entry_to_wire(entry: audit::Entry) -> v1::AuditEntry {
    v1::AuditEntry {
        time: Some(time_to_wire(entry.time())),
        r#type: entry.kind,
        service_identity: entry.service.unwrap_or_default(),
        cluster_id: entry.cluster.unwrap_or_default(),
        session_id: entry.session.unwrap_or_default(),
        command_id: entry.command_id.unwrap_or_default(),
        command: entry.command.unwrap_or_default(),
        outcome: entry.outcome,
        error: entry.error.unwrap_or_default(),
        correlation_id: entry.correlation.unwrap_or_default(),
    }
}

#[tonic::async_trait]
impl AdminService for Admin {
    async fn create_token(
        &self,
        request: Request<v1::CreateTokenRequest>,
    ) -> Result<Response<v1::CreateTokenResponse>, Status> {
        let caller = authenticate(&self.services, request.metadata())?;
        let wire = request.into_inner();
        let cluster = required("cluster_id", &wire.cluster_id, ClusterId::new).map_err(status)?;
        let chosen = given(wire.token);
        let made = self.services.create_token(&caller, &cluster, chosen.as_deref()).await.map_err(status)?;
        Ok(Response::new(v1::CreateTokenResponse {
            cluster_id: cluster.to_string(),
            token: made.token,
            create_time: Some(time_to_wire(made.created_at)),
        }))
    }

    async fn list_tokens(
        &self,
        request: Request<v1::ListTokensRequest>,
    ) -> Result<Response<v1::ListTokensResponse>, Status> {
        authenticate(&self.services, request.metadata())?;
        let mut tokens = Vec::new();
        for cluster in self.services.tokens.clusters().await.map_err(status)? {
            // A token revoked meanwhile is left out.
            if let Some(created_at) = self.services.tokens.created_at(&cluster).await.map_err(status)? {
                let create_time = Some(time_to_wire(created_at));
                tokens.push(v1::Token { cluster_id: cluster.to_string(), create_time });
            }
        }
        Ok(Response::new(v1::ListTokensResponse { tokens }))
    }

    async fn revoke_token(
        &self,
        request: Request<v1::RevokeTokenRequest>,
    ) -> Result<Response<v1::RevokeTokenResponse>, Status> {
        let caller = authenticate(&self.services, request.metadata())?;
        let cluster = required("cluster_id", &request.get_ref().cluster_id, ClusterId::new).map_err(status)?;
        self.services.revoke_token(&caller, &cluster).await.map_err(status)?;
        Ok(Response::new(v1::RevokeTokenResponse {}))
    }

    async fn list_executors(
        &self,
        request: Request<v1::ListExecutorsRequest>,
    ) -> Result<Response<v1::ListExecutorsResponse>, Status> {
        authenticate(&self.services, request.metadata())?;
        let cluster = given(request.into_inner().cluster_id).map(|id| ClusterId::new(&id)).transpose();
        let cluster = cluster.map_err(status)?;
        let executors = self.services.clusters.executors(cluster.as_ref()).await.map_err(status)?;
        Ok(Response::new(v1::ListExecutorsResponse { executors: executors.iter().map(executor_to_wire).collect() }))
    }

    async fn query_audit(
        &self,
        request: Request<v1::QueryAuditRequest>,
    ) -> Result<Response<v1::QueryAuditResponse>, Status> {
        let caller = authenticate(&self.services, request.metadata())?;
        let query = query_from_wire(request.into_inner()).map_err(status)?;
        let entries = self.services.audit.query(&caller, &query).await.map_err(status)?;
        Ok(Response::new(v1::QueryAuditResponse {
            entries: entries.into_iter().map(entry_to_wire).collect(),
            service_identity: caller.service.unwrap_or_default(),
        }))
    }
}
