//! Executors made by hand: they attach, and answer every command at once, or never.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use kubently_proto::v1::{
    self, AttachRequest, AttachResponse, attach_request::Message as Says, attach_response::Message as Told,
    executor_service_client::ExecutorServiceClient,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use tonic::{
    Request, Streaming,
    transport::{Channel, Endpoint},
};

use super::stand::token;

/// Commands that one of them takes at once; the most a server lets it.
const IN_FLIGHT: u32 = 1_024;
/// Answers that wait for the socket.
const SAYS: usize = 1_024;
/// Bytes in an answer.
const OUTPUT: usize = 1_024;
/// How long attaching may take.
const ATTACH: Duration = Duration::from_secs(30);
/// Streams on one connection; servers allow far more than this.
pub(super) const STREAMS: usize = 100;

/// What an executor does with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Answers,
    Silent,
}

/// Connections to a server, and the executors on them. All leave with this.
pub(super) struct Hands {
    executors: Vec<AbortOnDropHandle<()>>,
    server: SocketAddr,
    channel: Option<Channel>,
    heard: Arc<watch::Sender<usize>>,
    manner: Manner,
}

impl Hands {
    pub(super) fn new(server: SocketAddr, manner: Manner) -> Self {
        Self { executors: Vec::new(), server, channel: None, heard: Arc::default(), manner }
    }

    /// Attaches one more, and returns when it is welcome.
    pub(super) async fn attach(&mut self, cluster: &str) -> anyhow::Result<()> {
        let number = self.executors.len();
        if number.is_multiple_of(STREAMS) {
            let endpoint = Endpoint::from_shared(format!("http://{}", self.server))?.tcp_nodelay(true);
            self.channel = Some(endpoint.connect().await?);
        }
        let channel = self.channel.clone().context("no connection")?;
        let (says, stream) =
            timeout(ATTACH, open(channel, cluster, number)).await.context("attaching takes long")??;
        let executor = Executor { says, heard: self.heard.clone(), manner: self.manner };
        self.executors.push(AbortOnDropHandle::new(tokio::spawn(executor.serve(stream))));
        Ok(())
    }

    /// How many commands all of them were given.
    pub(super) fn heard(&self) -> watch::Receiver<usize> {
        self.heard.subscribe()
    }
}

async fn open(
    channel: Channel,
    cluster: &str,
    number: usize,
) -> anyhow::Result<(mpsc::Sender<Says>, Streaming<AttachResponse>)> {
    let (says, said) = mpsc::channel(SAYS);
    says.send(Says::Hello(hello(cluster, number))).await?;
    let said = futures::stream::unfold(said, |mut said| async move { said.recv().await.map(|next| (next, said)) });
    let mut request = Request::new(said.map(|message| AttachRequest { message: Some(message) }));
    request.metadata_mut().insert("authorization", format!("Bearer {}", token(cluster)).parse()?);
    request.metadata_mut().insert("x-cluster-id", cluster.parse()?);
    let mut stream = ExecutorServiceClient::new(channel).attach(request).await?.into_inner();
    match stream.message().await?.and_then(|told| told.message) {
        Some(Told::Welcome(_)) => Ok((says, stream)),
        other => bail!("no welcome but {other:?}"),
    }
}

fn hello(cluster: &str, number: usize) -> v1::Hello {
    v1::Hello {
        cluster_id: cluster.to_owned(),
        executor_id: format!("hand-{number}"),
        version: "bench".to_owned(),
        max_in_flight: IN_FLIGHT,
        process_id: format!("p{number}"),
        ..Default::default()
    }
}

/// One of them.
struct Executor {
    says: mpsc::Sender<Says>,
    heard: Arc<watch::Sender<usize>>,
    manner: Manner,
}

impl Executor {
    async fn serve(self, mut stream: Streaming<AttachResponse>) {
        let output = vec![b'x'; OUTPUT];
        while let Ok(Some(told)) = stream.message().await {
            let says = match told.message {
                Some(Told::Run(run)) => {
                    self.heard.send_modify(|heard| *heard += 1);
                    if self.manner == Manner::Silent {
                        continue;
                    }
                    Says::Done(done(run, &output))
                }
                // As often as the server says that it lives.
                Some(Told::Heartbeat(_)) => Says::Heartbeat(v1::Heartbeat {}),
                _ => continue,
            };
            if self.says.send(says).await.is_err() {
                break;
            }
        }
    }
}

fn done(run: v1::RunCommand, output: &[u8]) -> v1::CommandDone {
    let result = v1::CommandResult {
        outcome: v1::Outcome::Succeeded.into(),
        exit_code: Some(0),
        stdout: output.to_vec().into(),
        bytes_total: output.len() as u64,
        engine: "bench".to_owned(),
        ..Default::default()
    };
    v1::CommandDone { command_id: run.command_id, epoch: run.epoch, result: Some(result), chunks: 0 }
}
