//! An executor that a test plays itself, message by message.

use kubently_proto::v1::{
    AttachRequest, AttachResponse, CommandDone, CommandOutput, CommandResult, Hello, Leaving, Outcome, OutputChunk,
    OutputStream, ResultAck, RunCommand, attach_request::Message as Says, attach_response::Message as Told,
    executor_service_client::ExecutorServiceClient,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Streaming};

use super::{CLUSTER, PATIENCE, Sandbox, Server, channel};

/// Its link; dropping it is a link that ends without a word.
pub(crate) struct ByHand {
    says: mpsc::Sender<AttachRequest>,
    told: Streaming<AttachResponse>,
}

impl ByHand {
    /// Attaches an executor for [`CLUSTER`] to a server.
    pub(crate) async fn attach(sandbox: &Sandbox, server: &Server, id: &str) -> Self {
        Self::attach_as(sandbox, server, id, "p1").await
    }

    /// The same, as this process of it.
    pub(crate) async fn attach_as(sandbox: &Sandbox, server: &Server, id: &str, process: &str) -> Self {
        let token = sandbox.token(CLUSTER).await;
        let hello = Hello {
            cluster_id: CLUSTER.into(),
            executor_id: id.into(),
            version: "0".into(),
            max_in_flight: 1,
            capabilities: None,
            process_id: process.into(),
        };
        let (says, said) = mpsc::channel(16);
        says.send(AttachRequest { message: Some(Says::Hello(hello)) }).await.unwrap();
        let mut request = Request::new(ReceiverStream::new(said));
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        request.metadata_mut().insert("x-cluster-id", CLUSTER.parse().unwrap());
        let told = ExecutorServiceClient::new(channel(server)).attach(request).await.unwrap().into_inner();
        let mut link = Self { says, told };
        assert!(matches!(link.next().await, Told::Welcome(_)));
        link
    }

    /// What it is told next, heartbeats aside.
    async fn next(&mut self) -> Told {
        let message = async {
            loop {
                match self.told.message().await.expect("the link stands").expect("it goes on").message {
                    Some(Told::Heartbeat(_)) | None => {}
                    Some(message) => return message,
                }
            }
        };
        tokio::time::timeout(PATIENCE, message).await.expect("it is told something")
    }

    /// The next order to run something.
    pub(crate) async fn run(&mut self) -> RunCommand {
        match self.next().await {
            Told::Run(run) => run,
            other => panic!("no order to run: {other:?}"),
        }
    }

    /// The next order to stop something: its id.
    pub(crate) async fn cancel(&mut self) -> String {
        match self.next().await {
            Told::Cancel(cancel) => cancel.command_id,
            other => panic!("no order to stop: {other:?}"),
        }
    }

    /// The next acknowledgement.
    pub(crate) async fn acked(&mut self) -> ResultAck {
        match self.next().await {
            Told::Ack(ack) => ack,
            other => panic!("no acknowledgement: {other:?}"),
        }
    }

    async fn say(&self, message: Says) {
        self.says.send(AttachRequest { message: Some(message) }).await.expect("the link stands");
    }

    /// Says that it is about to stop.
    pub(crate) async fn leave(&self) {
        self.say(Says::Leaving(Leaving {})).await;
    }

    /// A piece of output.
    pub(crate) async fn output(&self, run: &RunCommand, seq: u64, text: &str) {
        let data = text.to_owned().into();
        let chunk = OutputChunk { seq, stream: OutputStream::Stdout.into(), data, restarted: false };
        let (command_id, epoch) = (run.command_id.clone(), run.epoch);
        self.say(Says::Output(CommandOutput { command_id, epoch, chunk: Some(chunk) })).await;
    }

    /// The end, with this output inside the result.
    pub(crate) async fn done(&self, run: &RunCommand, text: &str) {
        self.end(run, text, 0).await;
    }

    /// The end of a command whose output went ahead in `chunks`.
    pub(crate) async fn done_after(&self, run: &RunCommand, chunks: u64) {
        self.end(run, "", chunks).await;
    }

    async fn end(&self, run: &RunCommand, text: &str, chunks: u64) {
        let mut result = CommandResult { exit_code: Some(0), stdout: text.to_owned().into(), ..Default::default() };
        result.set_outcome(Outcome::Succeeded);
        let (command_id, epoch) = (run.command_id.clone(), run.epoch);
        self.say(Says::Done(CommandDone { command_id, epoch, result: Some(result), chunks })).await;
    }
}
