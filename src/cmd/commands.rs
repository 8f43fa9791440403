//! `kubently commands`.

use std::time::Duration;

use kubently_proto::{
    convert::duration_to_wire,
    v1::{
        CancelCommandRequest, Command, CommandState, GetCommandRequest, StreamCommandRequest, WaitCommandRequest,
        stream_command_request::Target,
    },
};
use tokio_util::sync::CancellationToken;

use super::{exec, live, or_stopped, result};
use crate::{
    args::{
        client::Format,
        nouns::{CommandsArgs, CommandsVerb},
    },
    client::{Client, call, request, request_for},
    exit,
    output::Output,
};

pub(super) async fn run(args: &CommandsArgs, output: &mut Output, stop: &CancellationToken) -> anyhow::Result<u8> {
    if let CommandsVerb::Watch { id, resume_after_seq } = &args.verb {
        return watch(args, id, *resume_after_seq, output, stop).await;
    }
    or_stopped(ask(args, output), stop).await
}

async fn ask(args: &CommandsArgs, output: &mut Output) -> anyhow::Result<u8> {
    let (client, format) = (Client::connect(&args.client).await?, args.data.format);
    match &args.verb {
        CommandsVerb::Get { id } => {
            let message = GetCommandRequest { command_id: id.clone() };
            let command = call(client.debug().get_command(request(message))).await?.command;
            show(&command.unwrap_or_default(), format, output)
        }
        CommandsVerb::Cancel { id } => {
            let message = CancelCommandRequest { command_id: id.clone() };
            let command = call(client.debug().cancel_command(request(message))).await?.command;
            show(&command.unwrap_or_default(), format, output)
        }
        CommandsVerb::Wait { id, timeout } => wait(&client, id, *timeout, format, output).await,
        CommandsVerb::Submit { run } => exec::submit(&client, run, format, output).await,
        CommandsVerb::Watch { .. } => Err(kubently_core::Error::internal().into()),
    }
}

fn show(command: &Command, format: Format, output: &mut Output) -> anyhow::Result<u8> {
    output.show(format, command, |command| result::table([command]))?;
    Ok(exit::OK)
}

async fn wait(client: &Client, id: &str, time: Duration, format: Format, output: &mut Output) -> anyhow::Result<u8> {
    let message = WaitCommandRequest { command_id: id.to_owned(), timeout: Some(duration_to_wire(time)) };
    let command = call(client.debug().wait_command(request_for(message, time))).await?.command.unwrap_or_default();
    if command.state() == CommandState::Done {
        return exec::finish(&command, format, output);
    }
    if format != Format::Table {
        output.document(format, &command)?;
    }
    output.note("error: the command is not done yet");
    Ok(exit::TIMED_OUT)
}

/// Leaving does not cancel: whoever watches need not be the one who asked.
async fn watch(
    args: &CommandsArgs,
    id: &str,
    resume_after_seq: u64,
    output: &mut Output,
    stop: &CancellationToken,
) -> anyhow::Result<u8> {
    let client = tokio::select! {
        client = Client::connect(&args.client) => client?,
        () = stop.cancelled() => return Ok(exit::INTERRUPTED),
    };
    let target = Some(Target::CommandId(id.to_owned()));
    let first = StreamCommandRequest { target, resume_after_seq, ..StreamCommandRequest::default() };
    live::Live::new(&client, first, args.data.format, live::OnStop::Leave).run(output, stop).await
}
