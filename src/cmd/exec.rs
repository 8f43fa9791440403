//! `kubently exec`: runs a command and is, for the shell, that command.

use std::time::Duration;

use kubently_core::{Error, command::DEFAULT_TIMEOUT};
use kubently_proto::v1::{
    Command, ExecuteCommandRequest, StreamCommandRequest, SubmitCommandRequest, stream_command_request,
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{live, result, retry::Retry};
use crate::{
    args::{
        client::Format,
        run::{ExecArgs, RunArgs},
    },
    client::{Client, call, request, request_for},
    exit,
    output::Output,
};

/// Time for the connection to tell the server that a call was dropped, which cancels the command.
const SAY_GOODBYE: Duration = Duration::from_millis(100);

pub(super) async fn run(args: &ExecArgs, output: &mut Output, stop: &CancellationToken) -> anyhow::Result<u8> {
    let client = tokio::select! {
        client = Client::connect(&args.client) => client?,
        () = stop.cancelled() => return Ok(exit::INTERRUPTED),
    };
    match (args.live(), args.detach) {
        (false, true) => submit(&client, &args.run, args.data.format, output).await,
        (false, false) => wait(&client, args, output, stop).await,
        (true, detach) => follow(&client, args, detach, output, stop).await,
    }
}

/// Has a command accepted and prints its id.
pub(super) async fn submit(client: &Client, run: &RunArgs, format: Format, output: &mut Output) -> anyhow::Result<u8> {
    let message = SubmitCommandRequest { spec: Some(run.spec()), idempotency_key: run.key() };
    let command = call(client.debug().submit_command(request(message))).await?.command.unwrap_or_default();
    output.word(format, &command, &command.id)?;
    Ok(exit::OK)
}

async fn wait(client: &Client, args: &ExecArgs, output: &mut Output, stop: &CancellationToken) -> anyhow::Result<u8> {
    let command = tokio::select! {
        command = execute(client, &args.run) => Some(command?),
        () = stop.cancelled() => None,
    };
    if let Some(command) = command {
        return finish(&command, args.data.format, output);
    }
    output.note("cancelled");
    tokio::time::sleep(SAY_GOODBYE).await;
    Ok(exit::INTERRUPTED)
}

/// Waits for the result. When the server dies meanwhile the same is asked again: by its key it is
/// the same command, which another server, or this one when it is back, knows.
async fn execute(client: &Client, run: &RunArgs) -> Result<Command, Error> {
    let idempotency_key = run.idempotency_key.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let message = ExecuteCommandRequest { spec: Some(run.spec()), idempotency_key, detach: false };
    let time = run.time_to_ask_for().unwrap_or(DEFAULT_TIMEOUT);
    let (mut debug, mut retry) = (client.debug(), Retry::new());
    loop {
        match call(debug.execute_command(request_for(message.clone(), time))).await {
            Ok(answer) => return Ok(answer.command.unwrap_or_default()),
            Err(error) => retry.pause_after(error).await?,
        }
    }
}

/// Prints a command that is done.
pub(super) fn finish(command: &Command, format: Format, output: &mut Output) -> anyhow::Result<u8> {
    let result = command.result.clone().unwrap_or_default();
    if format == Format::Table {
        return result::print(&result, output);
    }
    output.document(format, command)?;
    Ok(exit::of_result(&result))
}

async fn follow(
    client: &Client,
    args: &ExecArgs,
    detach: bool,
    output: &mut Output,
    stop: &CancellationToken,
) -> anyhow::Result<u8> {
    let message = StreamCommandRequest {
        target: Some(stream_command_request::Target::Spec(args.run.spec())),
        idempotency_key: args.run.key(),
        detach,
        ..StreamCommandRequest::default()
    };
    let on_stop = if detach { live::OnStop::Leave } else { live::OnStop::Cancel };
    live::Live::new(client, message, args.data.format, on_stop).run(output, stop).await
}
