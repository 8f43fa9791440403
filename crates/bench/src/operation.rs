//! One operation of a client: asks, and asks again elsewhere, until it has a definite answer.

mod repeat;
mod rest;
mod stream;

use std::{future::Future, sync::Arc, time::Duration};

use kubently_proto::v1::{
    self, CommandSpec, ExecuteCommandRequest, GetCommandRequest, SubmitCommandRequest, WaitCommandRequest,
};
use tokio::time::{sleep, timeout};
use tonic::{Response, Status};

use crate::{
    client::{Client, Debug, Word, seen_in_result},
    executions::now,
    history::{Event, Kind, Op},
    marker::Marker,
    recorder::Recorder,
    system::CLUSTERS,
};

/// How long the system may take beyond a command's own time to say how it ended.
const GRACE: Duration = Duration::from_secs(10);
/// How long a client goes on asking after that.
const PATIENCE: Duration = Duration::from_secs(20);
/// What one `WaitCommand` asks for.
const WAIT: Duration = Duration::from_secs(10);
/// The pause between two `GetCommand`s.
const POLL: Duration = Duration::from_millis(100);
/// A command that is missing so often is gone.
const MISSES: usize = 5;

/// An operation under way.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) client: Arc<Client>,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) op: Op,
    pub(crate) marker: Marker,
    pub(crate) kind: Kind,
    pub(crate) cluster: usize,
    /// The command's time.
    pub(crate) timeout: Duration,
    /// The server whose turn it is.
    pub(crate) turn: usize,
    /// Makes keys differ between runs.
    pub(crate) run: u64,
    /// When the attempt under way began.
    pub(crate) since: u64,
}

/// Whether the operation goes on.
enum Next {
    Again,
    Over,
}

impl Operation {
    /// Runs it to its end, or until it is hopeless.
    pub(crate) async fn run(mut self) {
        let timeout_nanos = u64::try_from(self.timeout.as_nanos()).unwrap_or(u64::MAX);
        let (marker, kind, cluster) = (self.marker, self.kind, self.cluster);
        self.note(Event::Invoked { marker, kind, cluster, timeout: timeout_nanos });
        let all = self.timeout + GRACE + PATIENCE;
        let work = async {
            match self.kind {
                Kind::Execute => self.execute().await,
                Kind::SubmitWait | Kind::SubmitGet => self.submit().await,
                Kind::Stream | Kind::SlowStream => self.stream().await,
                Kind::Rest => self.rest().await,
            }
        };
        if timeout(all, work).await.is_err() {
            self.note(Event::Abandoned);
        }
    }

    fn note(&self, event: Event) {
        self.recorder.note(self.op, event);
    }

    fn key(&self) -> String {
        format!("{}-{}", self.run, self.marker)
    }

    fn spec(&self) -> CommandSpec {
        CommandSpec {
            cluster_id: CLUSTERS[self.cluster].to_owned(),
            argv: ["get", "pods", "-n", &self.marker.to_string()].map(str::to_owned).into(),
            timeout: wire(self.timeout),
            ..CommandSpec::default()
        }
    }

    /// The server whose turn it is.
    fn server(&self) -> usize {
        self.turn % self.client.grpc.len()
    }

    /// One call to it, with an end.
    async fn call<T, F>(&self, call: impl FnOnce(Debug) -> F) -> Result<T, Word>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let Some(client) = self.client.grpc.get(self.server()) else { return Err(Word::Missing) };
        match timeout(self.timeout + GRACE, call(client.clone())).await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(Word::of_status(&status)),
            Err(_elapsed) => Err(Word::Unsure("no answer in time".to_owned())),
        }
    }

    /// What an error means for the operation; the next attempt goes elsewhere after a moment.
    async fn heed(&mut self, word: Word, id: Option<&str>) -> Next {
        match word {
            Word::Refused(reason) => {
                self.note(Event::Refused { reason, since: self.since });
                return Next::Over;
            }
            Word::Missing => {
                let id = id.unwrap_or_default().to_owned();
                self.note(Event::Missing { id, server: self.server() });
            }
            Word::Unsure(cause) => self.note(Event::Unsure { cause }),
        }
        self.turn += 1;
        sleep(Duration::from_millis(50 + u64::from(self.op % 4) * 50)).await;
        self.since = now();
        Next::Again
    }

    async fn execute(&mut self) {
        loop {
            let request = ExecuteCommandRequest { spec: Some(self.spec()), idempotency_key: self.key(), detach: true };
            let answer = self.call(|mut debug| async move { debug.execute_command(request).await }).await;
            match answer {
                Ok(answer) => return self.accepted_with_result(answer.command),
                Err(word) => match self.heed(word, None).await {
                    Next::Again => {}
                    Next::Over => return,
                },
            }
        }
    }

    async fn submit(&mut self) {
        let id = loop {
            let request = SubmitCommandRequest { spec: Some(self.spec()), idempotency_key: self.key() };
            let answer = self.call(|mut debug| async move { debug.submit_command(request).await }).await;
            match answer.map(|answer| answer.command) {
                Ok(Some(command)) => break command.id,
                Ok(None) => return self.malformed("an acceptance without a command"),
                Err(word) => match self.heed(word, None).await {
                    Next::Again => {}
                    Next::Over => return,
                },
            }
        };
        self.note(Event::Accepted { id: id.clone() });
        self.turn += 1;
        self.since = now();
        self.fetch(&id).await;
    }

    /// Reads a command on one server after another until it has its result.
    async fn fetch(&mut self, id: &str) {
        let mut misses = 0;
        while misses < MISSES {
            match self.read(id).await {
                Ok(Some(command)) if command.result.is_some() => return self.answered(command),
                Ok(Some(_)) if self.kind == Kind::SubmitGet => {
                    self.turn += 1;
                    sleep(POLL).await;
                }
                Ok(Some(_)) => {}
                Ok(None) => return self.malformed("an answer without a command"),
                Err(word) => {
                    misses += usize::from(word == Word::Missing);
                    if matches!(self.heed(word, Some(id)).await, Next::Over) {
                        return;
                    }
                }
            }
        }
    }

    async fn read(&self, id: &str) -> Result<Option<v1::Command>, Word> {
        let command_id = id.to_owned();
        if self.kind == Kind::SubmitGet {
            let request = GetCommandRequest { command_id };
            return Ok(self.call(|mut debug| async move { debug.get_command(request).await }).await?.command);
        }
        let request = WaitCommandRequest { command_id, timeout: wire(WAIT) };
        Ok(self.call(|mut debug| async move { debug.wait_command(request).await }).await?.command)
    }

    /// An answer that is acceptance and result in one.
    fn accepted_with_result(&self, command: Option<v1::Command>) {
        let Some(command) = command else { return self.malformed("an answer without a command") };
        self.note(Event::Accepted { id: command.id.clone() });
        self.answered(command);
    }

    fn answered(&self, command: v1::Command) {
        let Some(result) = command.result else { return self.malformed("an answer without a result") };
        match seen_in_result(&result, self.server()) {
            Ok(seen) => self.note(Event::Answered { id: command.id, seen }),
            Err(what) => self.malformed(&what),
        }
    }

    fn malformed(&self, what: &str) {
        self.note(Event::Malformed { what: what.to_owned() });
    }
}

fn wire(duration: Duration) -> Option<pbjson_types::Duration> {
    Some(kubently_proto::convert::duration_to_wire(duration))
}
