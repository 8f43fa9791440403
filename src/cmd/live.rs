//! Output while it is produced. A stream that breaks is taken up again where it broke, on whatever
//! server answers then.

use std::time::Duration;

use kubently_core::Error;
use kubently_proto::v1::{
    CancelCommandRequest, CommandResult, OutputStream, StreamCommandRequest, StreamCommandResponse,
    stream_command_request::Target, stream_command_response::Event,
};
use tokio_util::sync::CancellationToken;
use tonic::Streaming;

use super::{result, retry::Retry};
use crate::{
    args::client::Format,
    client::{Client, call, error_of, request},
    exit,
    output::Output,
};

/// Time that a cancelled command gets to say so.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What the user's Ctrl-C means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnStop {
    /// Stop the command.
    Cancel,
    /// Stop watching.
    Leave,
}

/// One command that is followed.
pub(super) struct Live<'a> {
    client: &'a Client,
    /// What to ask next: first the command, later its continuation.
    next: StreamCommandRequest,
    format: Format,
    on_stop: OnStop,
    retry: Retry,
    /// Whether the command wrote to its standard error.
    explained: bool,
}

impl<'a> Live<'a> {
    /// Follows what `first` names.
    pub(super) fn new(client: &'a Client, first: StreamCommandRequest, format: Format, on_stop: OnStop) -> Self {
        Self { client, next: first, format, on_stop, retry: Retry::new(), explained: false }
    }

    /// Prints until the result, or until the user has it stopped.
    pub(super) async fn run(mut self, output: &mut Output, stop: &CancellationToken) -> anyhow::Result<u8> {
        let ended = tokio::select! {
            result = self.follow(output) => Some(result?),
            () = stop.cancelled() => None,
        };
        match ended {
            Some(result) => Ok(self.conclude(&result, output)),
            None => self.stop(output).await,
        }
    }

    async fn follow(&mut self, output: &mut Output) -> anyhow::Result<CommandResult> {
        loop {
            match self.follow_once(output).await? {
                Ok(result) => return Ok(result),
                // Not accepted as far as we know: the user decides whether to ask again.
                Err(error) if self.accepted().is_none() => return Err(error.into()),
                Err(error) => self.retry.pause_after(error).await?,
            }
        }
    }

    /// Prints one stream to its end. The outer error is ours, the inner one the server's or the network's.
    async fn follow_once(&mut self, output: &mut Output) -> anyhow::Result<Result<CommandResult, Error>> {
        let mut stream = match call(self.client.debug().stream_command(self.next.clone())).await {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            let message = match next_message(&mut stream).await {
                Ok(message) => message,
                Err(error) => return Ok(Err(error)),
            };
            if let Some(result) = self.take(message, output)? {
                return Ok(Ok(result));
            }
        }
    }

    /// Prints a message; the last one is the result.
    fn take(&mut self, message: StreamCommandResponse, output: &mut Output) -> anyhow::Result<Option<CommandResult>> {
        // A stream that was taken up again says "accepted" once more.
        let repeated = matches!(message.event, Some(Event::Accepted(_))) && self.accepted().is_some();
        if self.format != Format::Table && !repeated {
            output.event(self.format, &message)?;
        }
        match message.event {
            Some(Event::Accepted(command)) => self.next.target = Some(Target::CommandId(command.id)),
            Some(Event::Output(chunk)) => {
                self.print(chunk.stream(), &chunk.data, output)?;
                // Only what was printed is not asked for again.
                self.next.resume_after_seq = chunk.seq;
                self.retry.reset();
            }
            Some(Event::Result(result)) => return Ok(Some(result)),
            None => {}
        }
        Ok(None)
    }

    fn print(&mut self, stream: OutputStream, data: &[u8], output: &mut Output) -> anyhow::Result<()> {
        let to_stderr = stream == OutputStream::Stderr;
        self.explained |= to_stderr;
        match (self.format, to_stderr) {
            (Format::Table, true) => output.remote_error(data)?,
            (Format::Table, false) => output.data(data)?,
            (Format::Json | Format::Yaml, _) => {}
        }
        Ok(())
    }

    fn conclude(&self, result: &CommandResult, output: &mut Output) -> u8 {
        match self.format {
            Format::Table => result::conclude(result, self.explained, output),
            Format::Json | Format::Yaml => exit::of_result(result),
        }
    }

    /// The command's id, once it is known.
    fn accepted(&self) -> Option<&str> {
        match &self.next.target {
            Some(Target::CommandId(id)) => Some(id),
            Some(Target::Spec(_)) | None => None,
        }
    }

    async fn stop(&mut self, output: &mut Output) -> anyhow::Result<u8> {
        let id = self.accepted().map(str::to_owned);
        match (id, self.on_stop) {
            (Some(id), OnStop::Cancel) => self.cancel(id, output).await,
            (Some(id), OnStop::Leave) => {
                output.note(format_args!("the command goes on; see: kubently commands watch {id}"));
                Ok(exit::INTERRUPTED)
            }
            // Not accepted as far as we know; dropping the call cancelled it.
            (None, _) => Ok(exit::INTERRUPTED),
        }
    }

    /// Cancels, and prints what still comes: the result is normally "cancelled", but it may have been done.
    async fn cancel(&mut self, command_id: String, output: &mut Output) -> anyhow::Result<u8> {
        output.note("cancelling; Ctrl-C again leaves at once");
        let cancelled = async {
            call(self.client.debug().cancel_command(request(CancelCommandRequest { command_id }))).await?;
            self.follow(output).await
        };
        match tokio::time::timeout(LAST_WORDS, cancelled).await {
            Ok(result) => Ok(self.conclude(&result?, output)),
            Err(_late) => Ok(exit::INTERRUPTED),
        }
    }
}

/// A stream that ends without a result broke.
async fn next_message(stream: &mut Streaming<StreamCommandResponse>) -> Result<StreamCommandResponse, Error> {
    let message = stream.message().await.map_err(|status| error_of(&status))?;
    message
        .ok_or_else(|| Error::new(kubently_core::ErrorKind::Draining, "the stream ended before the command's result"))
}
