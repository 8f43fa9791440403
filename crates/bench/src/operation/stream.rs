//! `StreamCommand`, and how it goes on after a break.

use std::time::Duration;

use kubently_proto::v1::{
    CommandResult, OutputChunk, OutputStream, StreamCommandRequest, StreamCommandResponse,
    stream_command_request::Target, stream_command_response::Event as Step,
};
use tokio::time::{sleep, timeout};
use tonic::Streaming;

use super::{GRACE, MISSES, Next, Operation};
use crate::{
    client::{Word, seen_in_result},
    history::{Event, Kind, Seen},
};

/// What a slow reader takes for each message.
const SLOWNESS: Duration = Duration::from_millis(150);

/// What was received so far, over all attempts.
#[derive(Default)]
struct Progress {
    id: Option<String>,
    seqs: Vec<u64>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    misses: usize,
}

/// How one attempt ended.
enum End {
    Result(Box<CommandResult>),
    Broken(Word),
}

impl Operation {
    pub(super) async fn stream(&mut self) {
        let mut progress = Progress::default();
        while progress.misses < MISSES {
            match self.follow(&mut progress).await {
                End::Result(result) => return self.streamed(&progress, &result),
                End::Broken(word) => {
                    progress.misses += usize::from(word == Word::Missing);
                    if matches!(self.heed(word, progress.id.as_deref()).await, Next::Over) {
                        return;
                    }
                }
            }
        }
    }

    /// From the beginning while the id is unknown, and then from the last chunk that came.
    fn request(&self, progress: &Progress) -> StreamCommandRequest {
        StreamCommandRequest {
            target: Some(progress.id.clone().map_or_else(|| Target::Spec(self.spec()), Target::CommandId)),
            resume_after_seq: progress.seqs.last().copied().unwrap_or_default(),
            idempotency_key: if progress.id.is_none() { self.key() } else { String::new() },
            detach: true,
        }
    }

    /// One attempt.
    async fn follow(&self, progress: &mut Progress) -> End {
        let request = self.request(progress);
        match self.call(|mut debug| async move { debug.stream_command(request).await }).await {
            Ok(mut stream) => loop {
                match self.step(&mut stream, progress).await {
                    Ok(Some(result)) => return End::Result(Box::new(result)),
                    Ok(None) => {}
                    Err(word) => return End::Broken(word),
                }
            },
            Err(word) => End::Broken(word),
        }
    }

    /// The acceptance alone, from the beginning.
    pub(super) async fn first_word(&self) -> Result<(), Word> {
        let mut progress = Progress::default();
        let request = self.request(&progress);
        let mut stream = self.call(|mut debug| async move { debug.stream_command(request).await }).await?;
        while progress.id.is_none() {
            self.step(&mut stream, &mut progress).await?;
        }
        Ok(())
    }

    /// One message; the result when it was the last one.
    async fn step(
        &self,
        stream: &mut Streaming<StreamCommandResponse>,
        progress: &mut Progress,
    ) -> Result<Option<CommandResult>, Word> {
        if self.kind == Kind::SlowStream {
            sleep(SLOWNESS).await;
        }
        let message = timeout(self.timeout + GRACE, stream.message()).await;
        let message = message.map_err(|_elapsed| Word::Unsure("the stream went silent".to_owned()))?;
        match message.map_err(|status| Word::of_status(&status))?.map(|message| message.event) {
            Some(Some(Step::Accepted(command))) => {
                self.note(Event::Accepted { id: command.id.clone() });
                progress.id = Some(command.id);
                Ok(None)
            }
            Some(Some(Step::Output(chunk))) => {
                progress.take(&chunk);
                Ok(None)
            }
            Some(Some(Step::Result(result))) => Ok(Some(result)),
            Some(None) => Err(self.odd("a message without an event")),
            None => Err(self.odd("a stream that ended well and without a result")),
        }
    }

    fn odd(&self, what: &str) -> Word {
        self.malformed(what);
        Word::Unsure(what.to_owned())
    }

    fn streamed(&self, progress: &Progress, result: &CommandResult) {
        let Some(id) = progress.id.clone() else { return self.malformed("a result before the acceptance") };
        let mut whole = result.clone();
        whole.stdout = [progress.stdout.as_slice(), &result.stdout].concat().into();
        whole.stderr = [progress.stderr.as_slice(), &result.stderr].concat().into();
        match seen_in_result(&whole, self.server()) {
            Ok(seen) => {
                let torn = self.marker.expected().is_torn(&whole.stdout);
                let seen = Seen { seqs: Some(progress.seqs.clone()), torn, ..seen };
                self.note(Event::Answered { id, seen });
            }
            Err(what) => self.malformed(&what),
        }
    }
}

impl Progress {
    fn take(&mut self, chunk: &OutputChunk) {
        self.seqs.push(chunk.seq);
        if chunk.restarted {
            // What came before is not part of the result, says the contract, and neither is this note.
            self.stdout.clear();
            self.stderr.clear();
            return;
        }
        match chunk.stream() {
            OutputStream::Stderr => self.stderr.extend_from_slice(&chunk.data),
            OutputStream::Stdout | OutputStream::Unspecified => self.stdout.extend_from_slice(&chunk.data),
        }
    }
}
