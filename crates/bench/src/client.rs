//! A client's connections to every server, and what the answers mean.

use std::{
    net::SocketAddr,
    time::{Duration, UNIX_EPOCH},
};

use kubently_core::{ErrorKind, command::Outcome};
use kubently_proto::{
    convert::time_from_wire,
    status::from_status,
    v1::{self, cluster_service_client::ClusterServiceClient, debug_service_client::DebugServiceClient},
};
use serde_json::Value;
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::{
    history::{Digest, Seen},
    system::API_KEY,
};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(2);
/// HTTP/2 pings find a held link.
const PING: Duration = Duration::from_secs(4);
/// Largest message taken: a result with its output.
const MAX_MESSAGE: usize = 32 << 20;

/// A gRPC client that carries the API key.
pub(crate) type Debug = DebugServiceClient<InterceptedService<Channel, Key>>;

/// Adds the API key to every call.
#[derive(Clone)]
pub(crate) struct Key;

impl Interceptor for Key {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("x-api-key", MetadataValue::from_static(API_KEY));
        Ok(request)
    }
}

/// One client: a connection of its own to each server.
pub(crate) struct Client {
    pub(crate) grpc: Vec<Debug>,
    pub(crate) http: reqwest::Client,
    pub(crate) urls: Vec<String>,
}

impl Client {
    /// Connects when it is needed, and again when a connection broke.
    pub(crate) fn new(servers: &[SocketAddr]) -> anyhow::Result<Self> {
        let urls: Vec<String> = servers.iter().map(|addr| format!("http://{addr}")).collect();
        let grpc = urls.iter().map(|url| debug(url)).collect::<Result<_, _>>()?;
        let http = reqwest::Client::builder().connect_timeout(CONNECT).build()?;
        Ok(Self { grpc, http, urls })
    }
}

fn debug(url: &str) -> Result<Debug, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())?
        .tcp_nodelay(true)
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(PING)
        .keep_alive_timeout(PING);
    Ok(DebugServiceClient::with_interceptor(endpoint.connect_lazy(), Key).max_decoding_message_size(MAX_MESSAGE))
}

/// Whether an executor of a cluster is attached.
pub(crate) async fn is_attached(server: SocketAddr, cluster: &str) -> anyhow::Result<bool> {
    let channel = Endpoint::from_shared(format!("http://{server}"))?.connect_timeout(CONNECT).connect().await?;
    let request = v1::GetClusterRequest { cluster_id: cluster.to_owned() };
    let answer = ClusterServiceClient::with_interceptor(channel, Key).get_cluster(request).await?;
    Ok(answer.into_inner().cluster.is_some_and(|cluster| cluster.connected))
}

/// What an error says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Word {
    /// Nothing was accepted.
    Refused(String),
    /// There is no such command.
    Missing,
    /// Nothing is known.
    Unsure(String),
}

impl Word {
    /// Reads a gRPC error.
    pub(crate) fn of_status(status: &Status) -> Self {
        let error = from_status(status);
        Self::of_kind(error.kind).unwrap_or_else(|| Self::Unsure(format!("{:?}: {}", status.code(), status.message())))
    }

    /// Reads an error of the REST face.
    pub(crate) fn of_reason(reason: &str) -> Option<Self> {
        let kind = ErrorKind::ALL.iter().find(|kind| kind.row().reason == reason)?;
        Self::of_kind(*kind)
    }

    /// Errors of the store, of transports and of stopping servers may come after the command was accepted.
    fn of_kind(kind: ErrorKind) -> Option<Self> {
        match kind {
            ErrorKind::CommandNotFound => Some(Self::Missing),
            ErrorKind::StoreUnavailable
            | ErrorKind::Draining
            | ErrorKind::DeadlineExceeded
            | ErrorKind::Cancelled
            | ErrorKind::NotFound
            | ErrorKind::Internal => None,
            ErrorKind::InvalidArgument
            | ErrorKind::CommandDenied
            | ErrorKind::Unauthenticated
            | ErrorKind::PermissionDenied
            | ErrorKind::ClusterNotFound
            | ErrorKind::SessionNotFound
            | ErrorKind::AlreadyExists
            | ErrorKind::IdempotencyConflict
            | ErrorKind::FailedPrecondition
            | ErrorKind::ClusterOffline
            | ErrorKind::ResourceExhausted
            | ErrorKind::Unimplemented => Some(Self::Refused(kind.row().reason.to_owned())),
        }
    }
}

/// A result as gRPC shows it.
pub(crate) fn seen_in_result(result: &v1::CommandResult, server: usize) -> Result<Seen, String> {
    let outcome = match result.outcome() {
        v1::Outcome::Succeeded => Outcome::Succeeded,
        v1::Outcome::Failed => Outcome::Failed,
        v1::Outcome::Denied => Outcome::Denied,
        v1::Outcome::TimedOut => Outcome::TimedOut,
        v1::Outcome::Cancelled => Outcome::Cancelled,
        v1::Outcome::Expired => Outcome::Expired,
        v1::Outcome::Lost => Outcome::Lost,
        v1::Outcome::Unspecified => return Err("a result without an outcome".to_owned()),
    };
    let finished =
        result.finish_time.as_ref().map(time_from_wire).and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Ok(Seen {
        outcome,
        exit_code: result.exit_code,
        stdout: Digest::of(&result.stdout),
        stderr: Digest::of(&result.stderr),
        finished: finished.and_then(|time| i64::try_from(time.as_micros()).ok()),
        seqs: None,
        torn: false,
        server,
    })
}

/// A command's id and result as REST shows them.
pub(crate) fn seen_in_json(answer: &Value, server: usize) -> Result<(String, Seen), String> {
    let text = |name: &str| answer[name].as_str().unwrap_or_default();
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text("outcome"));
    let outcome = outcome.ok_or_else(|| format!("no outcome in {answer}"))?;
    let finished = text("executed_at").parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
    let seen = Seen {
        outcome,
        exit_code: answer["exit_code"].as_i64().and_then(|code| i32::try_from(code).ok()),
        stdout: Digest::of(text("stdout").as_bytes()),
        stderr: Digest::of(text("stderr").as_bytes()),
        finished,
        seqs: None,
        torn: false,
        server,
    };
    Ok((text("command_id").to_owned(), seen))
}
