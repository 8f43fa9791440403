//! `ClusterService`: which clusters there are.

use kubently_core::ids::ClusterId;
use kubently_proto::{
    convert::cluster::cluster_to_wire,
    status::to_status,
    v1::{self, cluster_service_server::ClusterService},
};
use tonic::{Request, Response, Status};

use super::{authenticate, required};
use crate::services::Services;

/// The service.
pub(super) struct Clusters {
    services: Services,
}

impl Clusters {
    pub(super) fn new(services: Services) -> Self {
        Self { services }
    }
}

#[tonic::async_trait]
impl ClusterService for Clusters {
    async fn list_clusters(
        &self,
        request: Request<v1::ListClustersRequest>,
    ) -> Result<Response<v1::ListClustersResponse>, Status> {
        authenticate(&self.services, request.metadata())?;
        let clusters = self.services.clusters.list().await.map_err(|error| to_status(&error))?;
        Ok(Response::new(v1::ListClustersResponse { clusters: clusters.iter().map(cluster_to_wire).collect() }))
    }

    async fn get_cluster(
        &self,
        request: Request<v1::GetClusterRequest>,
    ) -> Result<Response<v1::GetClusterResponse>, Status> {
        authenticate(&self.services, request.metadata())?;
        let id = required("cluster_id", &request.get_ref().cluster_id, ClusterId::new);
        let id = id.map_err(|error| to_status(&error))?;
        let cluster = self.services.clusters.get(&id).await.map_err(|error| to_status(&error))?;
        Ok(Response::new(v1::GetClusterResponse { cluster: Some(cluster_to_wire(&cluster)) }))
    }
}
