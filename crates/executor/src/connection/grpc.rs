//! The gRPC transport: `ExecutorService.Attach`, see `proto/kubently/v1/executor.proto`.

mod link;

use std::{sync::Arc, time::Duration};

use kubently_proto::{
    convert::{cluster::capabilities_to_wire, duration_from_wire},
    v1::{self, attach_request, attach_response, executor_service_client::ExecutorServiceClient},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Code, Request, Status, Streaming,
    metadata::{Ascii, MetadataValue},
    transport::Endpoint,
};

use super::{Context, Detached, Pace, broken};
use crate::backoff::part_of;
use link::{Departure, Link};

/// HTTP/2 pings notice a dead network even where a middlebox answers TCP.
const PING_INTERVAL: Duration = Duration::from_secs(10);
/// A ping without answer for this long means a dead link.
const PING_TIMEOUT: Duration = Duration::from_secs(8);
/// Largest message taken from a server; a command is a few KiB.
const MAX_MESSAGE: usize = 1 << 20;
/// Messages between us and HTTP/2's own buffers. Small, because what waits here is no longer in anybody's
/// turn: a long output may hold up a short one by this much.
const OUTBOX: usize = 8;
/// The heartbeat interval when the server names none.
const DEFAULT_HEARTBEAT: Duration = Duration::from_secs(10);
/// Bounds of a named interval, so that a bad one neither floods the link nor leaves it unwatched.
const HEARTBEAT_BOUNDS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(60));

/// Stays attached until dropped, or until the runner is closed and every answer delivered.
pub(super) async fn run(context: Arc<Context>) {
    let mut leaving = JoinSet::new();
    let mut pace = Pace::new(&context);
    loop {
        pace.start();
        let end = attach(&context, &mut leaving).await;
        while leaving.try_join_next().is_some() {}
        if matches!(end, Detached::Settled) {
            return;
        }
        tokio::select! {
            () = pace.recover(end) => {}
            () = context.runner.settled() => return,
        }
    }
}

/// One attachment, from the call to its end. A link whose server drains goes on among the `leaving` ones.
async fn attach(context: &Arc<Context>, leaving: &mut JoinSet<()>) -> Detached {
    let server = context.server().to_owned();
    let opened = tokio::select! {
        opened = open(context, &server) => opened,
        () = context.runner.settled() => Err(Detached::Settled),
    };
    let mut link = match opened {
        Ok(link) => link,
        Err(end) => return end,
    };
    let _presence = context.announce(&server, link.server_id());
    match link.work().await {
        Departure::Ended(end) => end,
        Departure::Settled => link.part().await,
        Departure::Drain(spread) => {
            tracing::info!(server, "the server drains; attaching elsewhere");
            leaving.spawn(link.leave());
            sleep(part_of(spread)).await;
            Detached::Moved
        }
    }
}

/// Dials `server` and introduces us; the link stands when the server's Welcome is here.
async fn open(context: &Arc<Context>, server: &str) -> Result<Link, Detached> {
    let welcome_timeout = context.config.timing.welcome_timeout;
    let channel = endpoint(context, server)?.connect().await.map_err(|error| broken(&error))?;
    let greeting = async {
        let (outbox, outgoing) = mpsc::channel(OUTBOX);
        let policy = context.runner.policy();
        // The channel is new, so there is room.
        let _ = outbox.send(hello(context)).await;
        let mut client = ExecutorServiceClient::new(channel).max_decoding_message_size(MAX_MESSAGE);
        let response = client.attach(request(context, outgoing)?).await.map_err(|status| failure(&status))?;
        let mut incoming = response.into_inner();
        let welcome = welcome(&mut incoming).await?;
        Ok(Link::new(Arc::clone(context), outbox, incoming, &welcome, policy))
    };
    match timeout(welcome_timeout, greeting).await {
        Ok(link) => link,
        Err(_) => Err(Detached::Broken("no Welcome in time".to_owned())),
    }
}

fn endpoint(context: &Context, server: &str) -> Result<Endpoint, Detached> {
    let timing = &context.config.timing;
    let endpoint = Endpoint::from_shared(server.to_owned())
        .map_err(|error| broken(&error))?
        .connect_timeout(timing.connect_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(true);
    context.trust.secure(endpoint).map_err(|error| broken(&error))
}

fn request(
    context: &Context,
    outgoing: mpsc::Receiver<v1::AttachRequest>,
) -> Result<Request<ReceiverStream<v1::AttachRequest>>, Detached> {
    let mut request = Request::new(ReceiverStream::new(outgoing));
    let bearer = format!("Bearer {}", context.config.token);
    let mut bearer: MetadataValue<Ascii> = bearer.parse().map_err(|error| broken(&error))?;
    bearer.set_sensitive(true);
    let cluster = context.config.cluster.as_str().parse().map_err(|error| broken(&error))?;
    request.metadata_mut().insert("authorization", bearer);
    request.metadata_mut().insert("x-cluster-id", cluster);
    Ok(request)
}

fn hello(context: &Context) -> v1::AttachRequest {
    let config = &context.config;
    let hello = v1::Hello {
        cluster_id: config.cluster.to_string(),
        executor_id: config.executor_id.to_string(),
        version: config.version.clone(),
        max_in_flight: config.max_in_flight,
        capabilities: Some(capabilities_to_wire(&context.capabilities())),
        process_id: context.process_id.clone(),
    };
    v1::AttachRequest { message: Some(attach_request::Message::Hello(hello)) }
}

async fn welcome(incoming: &mut Streaming<v1::AttachResponse>) -> Result<v1::Welcome, Detached> {
    let first = incoming.message().await.map_err(|status| failure(&status))?;
    match first.and_then(|response| response.message) {
        Some(attach_response::Message::Welcome(welcome)) => Ok(welcome),
        Some(_) => Err(Detached::Broken("the server's first message was no Welcome".to_owned())),
        None => Err(Detached::Broken("the server closed the stream without a Welcome".to_owned())),
    }
}

fn heartbeat(welcome: &v1::Welcome) -> Duration {
    let named = welcome.heartbeat_interval.as_ref();
    let named = named.and_then(|wire| duration_from_wire("heartbeat_interval", wire).ok());
    named.unwrap_or(DEFAULT_HEARTBEAT).clamp(HEARTBEAT_BOUNDS.0, HEARTBEAT_BOUNDS.1)
}

/// What the server's status means for the next attempt.
fn failure(status: &Status) -> Detached {
    let cause = format!("{:?}: {}", status.code(), status.message());
    match status.code() {
        Code::Unauthenticated
        | Code::PermissionDenied
        | Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::NotFound
        | Code::Unimplemented => Detached::Refused(cause),
        Code::Ok
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::Aborted
        | Code::OutOfRange
        | Code::Internal
        | Code::Unavailable
        | Code::DataLoss => Detached::Broken(cause),
    }
}

#[cfg(test)]
mod tests;
