//! `/agent/…`: executors that ask for their commands instead of holding a stream.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::HeaderMap;
use kubently_core::{cluster::Transport, ids::ExecutorId};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{
    Shared,
    caller::ExecutorOf,
    envelope::{Envelope, Stop},
    error::Problem,
    executor::{attaching, executor_id},
    extract::{Body, Params},
    responses::{Errors, Refused},
    results::{Report, ResultAccepted, deliver, poster},
    status::NoContent,
};
use crate::dispatch::{Order, Terms};

/// Longest time that the server holds a question, in seconds.
const MAX_WAIT: u64 = 60;

/// The query of `GET /agent/commands`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PollQuery {
    /// Seconds to wait for a command, 0 to 60.
    #[serde(default)]
    #[param(default = 0, minimum = 0, maximum = 60)]
    wait: u64,
}

/// Commands for an executor.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolledCommands {
    /// To run.
    #[schema(value_type = Vec<Object>)]
    commands: Vec<PolledCommand>,
    /// To stop; only for executors that send `X-Kubently-Executor-Id`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    cancelled: Vec<Stop>,
}

#[derive(Debug, Serialize)]
struct PolledCommand {
    #[serde(flatten)]
    envelope: Envelope,
    session_id: Option<String>,
}

/// How an executor's cluster stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PollStatus {
    /// The cluster.
    cluster_id: String,
    /// Whether somebody uses it, so that asking often pays.
    is_active: bool,
    /// Commands that wait at this server for a free executor.
    queue_depth: usize,
}

/// The body of `POST /agent/results`.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PolledResult {
    /// The command.
    command_id: String,
    /// The lease that it answers; executors that were not told one leave it out.
    #[serde(default)]
    epoch: u64,
    /// How it ended.
    result: Report,
}

/// Gives an executor its commands; 204 when there are none. It counts as attached for 60 s more.
#[utoipa::path(
    get, path = "/agent/commands", tag = "executors", security(("executor" = [])),
    params(
        PollQuery,
        ("X-Cluster-ID" = String, Header, description = "The cluster that the token is for"),
        ("X-Kubently-Executor-Id" = Option<String>, Header, description = "The executor process's own id"),
        ("X-Kubently-Max-In-Flight" = Option<u64>, Header, description = "Commands it runs at once, 1 to 1024; 1 when absent"),
    ),
    responses((status = 200, body = PolledCommands), (status = 204, description = "No commands"), Errors),
)]
pub(super) async fn poll_commands(
    State(gateway): State<Shared>,
    ExecutorOf(cluster): ExecutorOf,
    Params(query): Params<PollQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let until = Instant::now() + wait(&query)?;
    let identified = executor_id(&headers)?;
    let is_ours = identified.is_some();
    let executor = match identified {
        Some(id) => id,
        // Questions have nothing else in common, so all executors without an id share one place.
        None => ExecutorId::new(&format!("poll-{cluster}"))?,
    };
    // Those without an id cannot be told from one another, so none of them comes back for what it had.
    let terms = Terms { remembers: is_ours, resumes: is_ours, resumed: None, own_time: !is_ours, process: None };
    let who = attaching(&gateway, cluster, executor, Transport::Poll, terms, &headers)?;
    let poller = gateway.pollers.seat(&gateway.services.dispatch, who, until).await?;
    let mut answer = PolledCommands { commands: Vec::new(), cancelled: Vec::new() };
    for order in poller.orders(until).await {
        match order {
            Order::Run { accepted, epoch, deadline, .. } => {
                let session_id = accepted.command.spec.session.as_ref().map(ToString::to_string);
                let envelope = Envelope::of(*accepted, epoch, deadline, is_ours);
                answer.commands.push(PolledCommand { envelope, session_id });
            }
            Order::Cancel { id, epoch } if is_ours => answer.cancelled.push(Stop::of(&id, epoch)),
            Order::Cancel { .. } => {}
            Order::Drain { .. } => poller.leave(),
        }
    }
    Ok(answer.into_response())
}

impl IntoResponse for PolledCommands {
    fn into_response(self) -> Response {
        match self.commands.is_empty() && self.cancelled.is_empty() {
            true => NoContent.into_response(),
            false => Json(self).into_response(),
        }
    }
}

fn wait(query: &PollQuery) -> Result<Duration, Problem> {
    match query.wait {
        0..=MAX_WAIT => Ok(Duration::from_secs(query.wait)),
        _ => {
            let error = kubently_core::Error::invalid("wait", &query.wait.to_string(), "must be 0 to 60");
            Err(Problem::at("query", error))
        }
    }
}

/// Tells an executor whether its cluster is in use.
#[utoipa::path(
    get, path = "/agent/status", tag = "executors", security(("executor" = [])),
    params(("X-Cluster-ID" = String, Header, description = "The cluster that the token is for")),
    responses((status = 200, body = PollStatus), Errors),
)]
pub(super) async fn get_poll_status(
    State(gateway): State<Shared>,
    ExecutorOf(cluster): ExecutorOf,
) -> Result<Json<PollStatus>, Problem> {
    let queue_depth = gateway.services.dispatch.queue_depth(&cluster);
    let is_active = queue_depth > 0 || gateway.services.sessions.any_on(&cluster).await?;
    Ok(Json(PollStatus { cluster_id: cluster.to_string(), is_active, queue_depth }))
}

/// Takes the result of a command that was asked for. Repeating it is harmless.
#[utoipa::path(
    post, path = "/agent/results", tag = "executors", security(("executor" = [])),
    params(("X-Cluster-ID" = String, Header, description = "The cluster that the token is for")),
    request_body = PolledResult,
    responses((status = 200, body = ResultAccepted), Errors, Refused),
)]
pub(super) async fn post_polled_result(
    State(gateway): State<Shared>,
    ExecutorOf(cluster): ExecutorOf,
    headers: HeaderMap,
    Body(body): Body<PolledResult>,
) -> Result<Json<ResultAccepted>, Problem> {
    let who = poster(cluster, body.epoch, &headers)?;
    deliver(&gateway, &who, body.command_id, body.result, None).await
}
