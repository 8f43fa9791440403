//! Commands that nobody waits for: submit, look, wait, cancel.

use std::time::Duration;

use axum::{Json, extract::State};
use http::HeaderMap;
use kubently_core::{
    Error, ErrorKind,
    command::{Command, MAX_TIMEOUT},
    ids::CommandId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Shared,
    answer::CommandResponse,
    caller::Caller,
    command::ExecuteRequest,
    error::Problem,
    extract::{Body, Params, Segment},
    responses::{Errors, NotFound, Unfinished},
    status::Accepted,
};

/// Longest time that a question is held, in seconds.
const MAX_WAIT: u64 = 60;

/// A command with its links.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Operation {
    /// The command's id, by its other name.
    operation_id: String,
    #[serde(flatten)]
    command: CommandResponse,
    links: Links,
}

/// What can be done with an operation.
#[derive(Debug, Serialize, ToSchema)]
struct Links {
    /// GET shows it, DELETE cancels it.
    #[serde(rename = "self")]
    operation: String,
    /// GET streams its output.
    stream: String,
}

impl Operation {
    fn of(command: &Command) -> Self {
        let id = &command.id;
        let links =
            Links { operation: format!("/debug/operations/{id}"), stream: format!("/debug/commands/{id}/stream") };
        Self { operation_id: id.to_string(), command: CommandResponse::of(command), links }
    }
}

/// The query of `GET /debug/operations/{operation_id}`.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WaitQuery {
    /// Seconds to wait until the command is done, 0 to 60.
    #[serde(default)]
    #[param(default = 0, minimum = 0, maximum = 60)]
    wait: u64,
}

/// Accepts a command and answers at once.
#[utoipa::path(
    post, path = "/debug/execute/async", tag = "commands", security(("api_key" = []), ("bearer" = [])),
    params(
        ("X-Correlation-ID" = Option<String>, Header, description = "The caller's own mark; wins over `correlation_id`"),
        ("Idempotency-Key" = Option<String>, Header, description = "Requests with the same key are one command"),
    ),
    request_body = ExecuteRequest,
    responses((status = 202, body = Operation), Errors, NotFound, Unfinished),
)]
pub(super) async fn submit_command(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    headers: HeaderMap,
    Body(body): Body<ExecuteRequest>,
) -> Result<Accepted<Operation>, Problem> {
    let (request, layout) = body.read(&gateway, &headers, MAX_TIMEOUT, false).await?;
    let command = gateway.services.dispatch.submit(&caller, request).await;
    Ok(Accepted(Operation::of(&command.map_err(|error| layout.blame(error))?)))
}

/// Shows a command of the caller's; waits until it is done if asked to.
#[utoipa::path(
    get, path = "/debug/operations/{operation_id}", tag = "commands", security(("api_key" = []), ("bearer" = [])),
    params(WaitQuery, ("operation_id" = String, Path)),
    responses((status = 200, body = Operation), Errors, NotFound),
)]
pub(super) async fn get_operation(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Segment(id): Segment,
    Params(query): Params<WaitQuery>,
) -> Result<Json<Operation>, Problem> {
    let id = command_id(&id)?;
    let command = match query.wait {
        0 => gateway.services.dispatch.get(&caller, &id).await?,
        1..=MAX_WAIT => gateway.services.dispatch.wait(&caller, &id, Duration::from_secs(query.wait)).await?,
        longer => return Err(Problem::at("query", Error::invalid("wait", &longer.to_string(), "must be 0 to 60"))),
    };
    Ok(Json(Operation::of(&command)))
}

/// Cancels a command of the caller's, and shows it as it stands then: one that an executor has ends
/// a moment later.
#[utoipa::path(
    delete, path = "/debug/operations/{operation_id}", tag = "commands", security(("api_key" = []), ("bearer" = [])),
    params(("operation_id" = String, Path)),
    responses((status = 200, body = Operation), Errors, NotFound),
)]
pub(super) async fn cancel_operation(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Segment(id): Segment,
) -> Result<Json<Operation>, Problem> {
    let command = gateway.services.dispatch.cancel(&caller, &command_id(&id)?).await?;
    Ok(Json(Operation::of(&command)))
}

/// A command's id. What cannot be one is answered like one that nobody has.
pub(super) fn command_id(text: &str) -> Result<CommandId, Problem> {
    CommandId::new(text).map_err(|_| Error::new(ErrorKind::CommandNotFound, "Command not found").into())
}
