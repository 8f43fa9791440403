//! A command's output as it comes, as server-sent events.

use axum::{
    extract::State,
    response::{
        Response,
        sse::{Event, KeepAlive},
    },
};
use futures::StreamExt;
use http::HeaderMap;
use kubently_core::{
    Error,
    command::{Command, CommandEvent, MAX_TIMEOUT, OutputChunk, OutputStream},
};
use serde::Serialize;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    Gateway, Shared,
    answer::{CommandResponse, ended},
    caller::Caller,
    command::ExecuteRequest,
    error::Problem,
    extract::{Body, Segment, header},
    operations::command_id,
    request::RequestId,
    responses::{Errors, NotFound, Unfinished},
    sse::{self, event},
    utf8::Decoder,
};
use crate::dispatch::Events;

/// Follows a command of the caller's, with everything it printed so far.
///
/// Events: `accepted` (the command), `output` (`seq`, `stream`, `data`; its `id` is `seq`), and at
/// last `result` (the command) or `error`. `Last-Event-ID` resumes after that output.
#[utoipa::path(
    get, path = "/debug/commands/{command_id}/stream", tag = "commands", security(("api_key" = []), ("bearer" = [])),
    params(
        ("command_id" = String, Path),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last `id` that arrived"),
    ),
    responses((status = 200, description = "Events", body = String, content_type = "text/event-stream"), Errors, NotFound),
)]
pub(super) async fn stream_command(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    Segment(id): Segment,
    request: axum::Extension<RequestId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = match header(&headers, "last-event-id") {
        Some(text) => {
            let wrong = |_| Problem::at("header", Error::invalid("Last-Event-ID", text, "must be a whole number"));
            text.parse().map_err(wrong)?
        }
        None => 0,
    };
    let events = gateway.services.dispatch.follow(&caller, &command_id(&id)?, seen).await?;
    Ok(respond(&gateway, events, seen, request.0))
}

/// Runs a command and streams its output; also `logs -f` and `get -w`. A caller that goes away
/// cancels it.
#[utoipa::path(
    post, path = "/debug/execute/stream", tag = "commands", security(("api_key" = []), ("bearer" = [])),
    request_body = ExecuteRequest,
    responses(
        (status = 200, description = "Events", body = String, content_type = "text/event-stream"),
        Errors, NotFound, Unfinished,
    ),
)]
pub(super) async fn run_and_stream_command(
    State(gateway): State<Shared>,
    Caller(caller): Caller,
    request: axum::Extension<RequestId>,
    headers: HeaderMap,
    Body(body): Body<ExecuteRequest>,
) -> Result<Response, Problem> {
    let (run, layout) = body.read(&gateway, &headers, MAX_TIMEOUT, true).await?;
    let events = gateway.services.dispatch.run_and_follow(&caller, run, false).await;
    Ok(respond(&gateway, events.map_err(|error| layout.blame(error))?, 0, request.0))
}

fn respond(gateway: &Gateway, events: Events, seen: u64, request: RequestId) -> Response {
    let mut teller = Teller { command: None, seen, request, stdout: Decoder::default(), stderr: Decoder::default() };
    let events = ReceiverStream::new(events).map(move |event| Ok(teller.tell(event)));
    sse::respond(events, Some(KeepAlive::new().interval(gateway.services.sse_keep_alive)))
}

/// Tells one watcher about one command.
struct Teller {
    command: Option<Command>,
    /// The last output told; the `id` of events that are no output.
    seen: u64,
    request: RequestId,
    stdout: Decoder,
    stderr: Decoder,
}

#[derive(Serialize)]
struct Output {
    seq: u64,
    stream: &'static str,
    data: String,
    /// What came before is not part of the result: another executor runs the command again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    restarted: bool,
}

impl Teller {
    fn tell(&mut self, said: Result<CommandEvent, Error>) -> Event {
        match said {
            Ok(CommandEvent::Accepted(command)) => {
                // A result that is there already comes last, after the output.
                let shown = Command { result: None, ..*command };
                let event = event("accepted", self.seen, &CommandResponse::of(&shown));
                self.command = Some(shown);
                event
            }
            Ok(CommandEvent::Output(chunk)) => self.output(&chunk),
            Ok(CommandEvent::Done(result)) => {
                let result = self.command.as_ref().map(|command| ended(command, *result));
                event("result", self.seen, &result)
            }
            Err(error) => event("error", self.seen, &Problem::from(error).details(&self.request)),
        }
    }

    fn output(&mut self, chunk: &OutputChunk) -> Event {
        self.seen = chunk.seq;
        let (stream, decoder) = match chunk.stream {
            OutputStream::Stdout => ("stdout", &mut self.stdout),
            OutputStream::Stderr => ("stderr", &mut self.stderr),
        };
        event(
            "output",
            chunk.seq,
            &Output { seq: chunk.seq, stream, data: decoder.decode(&chunk.data), restarted: chunk.restarted },
        )
    }
}
