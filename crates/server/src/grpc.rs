//! The gRPC face: one file a service. A handler reads the request, calls one method, and writes
//! the answer; errors are said by `kubently_proto::status`.

mod admin;
mod clusters;
mod deadline;
mod debug;
mod executor;

use kubently_core::{Error, ErrorKind};
use kubently_proto::{
    DESCRIPTORS,
    status::to_status,
    v1::{
        admin_service_server::AdminServiceServer, cluster_service_server::ClusterServiceServer,
        debug_service_server::DebugServiceServer, executor_service_server::ExecutorServiceServer,
    },
};
use tonic::{Status, codec::CompressionEncoding, metadata::MetadataMap, service::Routes};
use tonic_health::server::HealthReporter;

use crate::{auth::Principal, services::Services};

/// Largest message taken. A command with its limits is far smaller, and an executor's chunk is
/// 256 KiB; the rest is room for fields to come.
const MAX_REQUEST: usize = 4 << 20;
/// Largest message sent: the most output that can be asked for, and its frame.
const MAX_RESPONSE: usize = 20 << 20;

macro_rules! limited {
    ($server:ident, $service:expr) => {
        $server::new($service)
            .max_decoding_message_size(MAX_REQUEST)
            .max_encoding_message_size(MAX_RESPONSE)
            .accept_compressed(CompressionEncoding::Gzip)
            .accept_compressed(CompressionEncoding::Zstd)
            .send_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Zstd)
    };
}

/// Adds every service to `routes`, with health and reflection.
pub(crate) async fn add_services(routes: Routes, services: &Services) -> Result<(Routes, HealthReporter), Error> {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<DebugServiceServer<debug::Debug>>().await;
    health.set_serving::<ClusterServiceServer<clusters::Clusters>>().await;
    health.set_serving::<AdminServiceServer<admin::Admin>>().await;
    health.set_serving::<ExecutorServiceServer<executor::Executor>>().await;
    let routes = routes
        .add_service(limited!(DebugServiceServer, debug::Debug::new(services.clone())))
        .add_service(limited!(ClusterServiceServer, clusters::Clusters::new(services.clone())))
        .add_service(limited!(AdminServiceServer, admin::Admin::new(services.clone())))
        .add_service(limited!(ExecutorServiceServer, executor::Executor::new(services.clone())))
        .add_service(health_service)
        // Python clients ask for v1alpha, buf and grpcurl for v1.
        .add_service(reflection().build_v1().map_err(|cause| broken_descriptors(&cause))?)
        .add_service(reflection().build_v1alpha().map_err(|cause| broken_descriptors(&cause))?);
    Ok((routes, health))
}

/// Says in every health answer that this server is stopping.
pub(crate) async fn stop_serving(health: &HealthReporter) {
    health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    health.set_not_serving::<DebugServiceServer<debug::Debug>>().await;
    health.set_not_serving::<ClusterServiceServer<clusters::Clusters>>().await;
    health.set_not_serving::<AdminServiceServer<admin::Admin>>().await;
    health.set_not_serving::<ExecutorServiceServer<executor::Executor>>().await;
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

fn broken_descriptors(cause: &tonic_reflection::server::Error) -> Error {
    tracing::error!(error = %cause, "the compiled contracts do not load");
    Error::internal()
}

/// Who calls, by "x-api-key" or "authorization: Bearer".
fn authenticate(services: &Services, metadata: &MetadataMap) -> Result<Principal, Status> {
    let key = text(metadata, "x-api-key").or_else(|| bearer(metadata));
    services.keys.verify(key).cloned().map_err(|error| to_status(&error))
}

fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let (scheme, credential) = text(metadata, "authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(credential.trim())
}

fn text<'a>(metadata: &'a MetadataMap, name: &str) -> Option<&'a str> {
    metadata.get(name)?.to_str().ok()
}

/// A field that must not be empty, for ids that have a type.
fn required<T>(field: &str, text: &str, parse: impl Fn(&str) -> Result<T, Error>) -> Result<T, Error> {
    if text.is_empty() { Err(Error::missing(field)) } else { parse(text) }
}

/// A text that counts as absent when empty.
fn given(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn unauthenticated(message: &str) -> Error {
    Error::new(ErrorKind::Unauthenticated, message)
}
