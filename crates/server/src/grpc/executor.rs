//! `ExecutorService`: one call is one attachment. One small method a message kind.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use kubently_core::{
    Error,
    cluster::Transport,
    ids::{ClusterId, CommandId, ExecutorId},
};
use kubently_proto::{
    convert::{
        cluster::capabilities_from_wire,
        command::{chunk_from_wire, result_from_wire},
        duration_to_wire,
        journal::{Accepted, Finished},
    },
    status::to_status,
    v1::{
        self, attach_request::Message as Said, attach_response::Message as Told,
        executor_service_server::ExecutorService,
    },
};
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::{bearer, text, unauthenticated};
use crate::{
    dispatch::{Attaching, Attachment, Order, Terms},
    services::Services,
};

/// How long an executor may take to say hello.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// Messages that wait for the executor's socket. Orders wait in their own queue before it, so this
/// only has to keep the socket busy.
const OUTGOING: usize = 32;
/// Most commands that an executor may ask to run at once.
const MAX_IN_FLIGHT: u32 = 1024;
/// Longest id of an executor's process.
const MAX_PROCESS_ID: usize = 64;
/// Results of one executor that are journaled at the same time.
const CONCURRENT_RESULTS: usize = 64;

type Answer = Result<v1::AttachResponse, Status>;

/// The service.
pub(super) struct Executor {
    services: Services,
}

impl Executor {
    pub(super) fn new(services: Services) -> Self {
        Self { services }
    }

    /// Proves that the caller speaks for a cluster.
    async fn authenticate<T>(&self, request: &Request<T>) -> Result<ClusterId, Error> {
        let metadata = request.metadata();
        let token = bearer(metadata).ok_or_else(|| unauthenticated("metadata 'authorization' is missing"))?;
        let cluster = text(metadata, "x-cluster-id").ok_or_else(|| Error::missing("x-cluster-id"))?;
        let cluster = ClusterId::new(cluster)?;
        self.services.tokens.verify(&cluster, token).await?;
        Ok(cluster)
    }
}

#[tonic::async_trait]
impl ExecutorService for Executor {
    type AttachStream = ReceiverStream<Answer>;

    async fn attach(
        &self,
        request: Request<Streaming<v1::AttachRequest>>,
    ) -> Result<Response<Self::AttachStream>, Status> {
        let cluster = self.authenticate(&request).await.map_err(|error| to_status(&error))?;
        let (told, answers) = mpsc::channel(OUTGOING);
        let link = Link { services: self.services.clone(), told, said: request.into_inner() };
        tokio::spawn(link.serve(cluster));
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}

/// One executor's stream, before and after its hello.
struct Link {
    services: Services,
    told: mpsc::Sender<Answer>,
    said: Streaming<v1::AttachRequest>,
}

/// What ends a link.
enum End {
    /// The executor went away, or must go; nothing to say.
    Quiet,
    /// The executor is told why.
    Told(Error),
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

impl Link {
    async fn serve(mut self, cluster: ClusterId) {
        if let Err(End::Told(error)) = self.attached(cluster).await {
            // An executor that is gone needs no reason.
            let _ = self.told.send(Err(to_status(&error))).await;
        }
    }

    async fn attached(&mut self, cluster: ClusterId) -> Result<(), End> {
        let hello = self.hello().await?;
        let attaching = attaching(cluster, &hello)?;
        if let Some(capabilities) = hello.capabilities {
            self.report(&attaching.cluster, capabilities).await?;
        }
        let cluster = attaching.cluster.clone();
        let (attachment, orders) = self.services.dispatch.attach(attaching).await?;
        let interval = self.services.heartbeat_interval;
        self.tell(Told::Welcome(v1::Welcome {
            server_id: self.services.dispatch.server().to_owned(),
            heartbeat_interval: Some(duration_to_wire(interval)),
        }))
        .await?;
        let results = Arc::new(tokio::sync::Semaphore::new(CONCURRENT_RESULTS));
        Conversation { link: self, attachment: Arc::new(attachment), orders, cluster, interval, results }.run().await
    }

    async fn hello(&mut self) -> Result<v1::Hello, End> {
        let first = timeout(HELLO_TIMEOUT, self.said.message()).await;
        match first {
            Ok(Ok(Some(v1::AttachRequest { message: Some(Said::Hello(hello)) }))) => Ok(hello),
            Ok(Ok(Some(_))) => Err(Error::invalid("message", "", "the first message must be hello").into()),
            Ok(Ok(None) | Err(_)) => Err(End::Quiet),
            Err(_elapsed) => Err(Error::invalid("message", "", "hello must come within 10 s").into()),
        }
    }

    async fn report(&self, cluster: &ClusterId, wire: v1::Capabilities) -> Result<(), End> {
        let capabilities = capabilities_from_wire(wire)?;
        Ok(self.services.clusters.report_capabilities(cluster, &capabilities).await?)
    }

    async fn tell(&self, message: Told) -> Result<(), End> {
        let answer = v1::AttachResponse { message: Some(message) };
        self.told.send(Ok(answer)).await.map_err(|_gone| End::Quiet)
    }
}

/// A process's id as leases keep it.
fn process(hello: &v1::Hello) -> Result<Option<String>, Error> {
    let id = &hello.process_id;
    if id.len() > MAX_PROCESS_ID || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        return Err(Error::invalid("hello.process_id", id, "may have at most 64 letters, digits and '-'"));
    }
    Ok(super::given(id.clone()))
}

fn attaching(cluster: ClusterId, hello: &v1::Hello) -> Result<Attaching, Error> {
    if hello.cluster_id != cluster.as_str() {
        return Err(Error::invalid("hello.cluster_id", &hello.cluster_id, "must equal metadata 'x-cluster-id'"));
    }
    if !(1..=MAX_IN_FLIGHT).contains(&hello.max_in_flight) {
        let given = hello.max_in_flight.to_string();
        return Err(Error::invalid("hello.max_in_flight", &given, "must be 1 to 1024"));
    }
    if hello.version.len() > kubently_core::cluster::MAX_VERSION {
        return Err(Error::invalid("hello.version", &hello.version, "may have at most 50 characters"));
    }
    Ok(Attaching {
        cluster,
        executor: ExecutorId::new(&hello.executor_id)?,
        transport: Transport::Grpc,
        version: hello.version.clone(),
        max_in_flight: usize::try_from(hello.max_in_flight).unwrap_or(1),
        terms: Terms { remembers: true, resumes: true, process: process(hello)?, ..Terms::default() },
    })
}

/// An attached executor's stream.
struct Conversation<'a> {
    link: &'a mut Link,
    attachment: Arc<Attachment>,
    orders: mpsc::Receiver<Order>,
    cluster: ClusterId,
    interval: Duration,
    /// Bounds the results that are journaled at the same time.
    results: Arc<tokio::sync::Semaphore>,
}

impl Conversation<'_> {
    async fn run(mut self) -> Result<(), End> {
        let closed = self.attachment.closed();
        let mut heartbeat = tokio::time::interval(self.interval);
        let mut silent_since = tokio::time::Instant::now();
        loop {
            let silence = tokio::time::sleep_until(silent_since + self.interval * 2);
            tokio::select! {
                said = self.link.said.message() => {
                    silent_since = tokio::time::Instant::now();
                    self.hear(said).await?;
                }
                order = self.orders.recv() => self.pass_on(order).await?,
                _ = heartbeat.tick() => self.link.tell(Told::Heartbeat(v1::Heartbeat {})).await?,
                () = closed.cancelled() => return Err(closing()),
                () = silence => return self.fell_silent(),
            }
        }
    }

    fn fell_silent(&self) -> Result<(), End> {
        tracing::warn!(cluster = %self.cluster, "an executor fell silent; its link is dropped");
        Err(End::Quiet)
    }

    async fn pass_on(&self, order: Option<Order>) -> Result<(), End> {
        let told = match order.ok_or(End::Quiet)? {
            Order::Run { accepted, epoch, deadline, .. } => Told::Run(run_to_wire(*accepted, epoch, deadline)),
            Order::Cancel { id, epoch } => Told::Cancel(v1::CancelRun { command_id: id.to_string(), epoch }),
            Order::Drain { spread } => Told::Drain(v1::Drain { spread: Some(duration_to_wire(spread)) }),
        };
        self.link.tell(told).await
    }

    async fn hear(&mut self, said: Result<Option<v1::AttachRequest>, Status>) -> Result<(), End> {
        let said = said.map_err(|_broken| End::Quiet)?.ok_or(End::Quiet)?;
        match said.message {
            Some(Said::Output(output)) => self.output(output).await,
            Some(Said::Done(done)) => self.done(done).await,
            Some(Said::Capabilities(wire)) => self.link.report(&self.cluster, wire).await,
            Some(Said::Hello(_)) => Err(Error::invalid("message", "", "hello comes once").into()),
            // A message of a later version is skipped.
            Some(Said::Leaving(_)) => {
                self.attachment.leave();
                Ok(())
            }
            Some(Said::Heartbeat(_)) | None => Ok(()),
        }
    }

    async fn output(&self, wire: v1::CommandOutput) -> Result<(), End> {
        let chunk = chunk_from_wire(wire.chunk.ok_or_else(|| Error::missing("output.chunk"))?)?;
        let id = CommandId::new(&wire.command_id)?;
        Ok(self.attachment.output(&id, wire.epoch, &chunk).await?)
    }

    /// Journals a result beside the stream, so that results do not wait for each other. A result
    /// whose output went ahead comes after that output because each piece was journaled in turn.
    async fn done(&self, wire: v1::CommandDone) -> Result<(), End> {
        let id = CommandId::new(&wire.command_id)?;
        let result = result_from_wire(wire.result.ok_or_else(|| Error::missing("done.result"))?)?;
        let end = Finished { result, chunks: wire.chunks, skipped: 0 };
        let permit = self.results.clone().acquire_owned().await.map_err(|_closed| End::Quiet)?;
        let (attachment, told) = (self.attachment.clone(), self.link.told.clone());
        tokio::spawn(async move {
            journal_and_ack(&attachment, &told, id, wire.epoch, end).await;
            drop(permit);
        });
        Ok(())
    }
}

/// Acknowledges a result once it is journaled. When the journal fails for long, the link is closed
/// instead: the executor keeps the result and sends it again from its next link. One whose output is not
/// all there is asked for again.
async fn journal_and_ack(
    attachment: &Attachment,
    told: &mpsc::Sender<Answer>,
    id: CommandId,
    epoch: u64,
    end: Finished,
) {
    match attachment.done(&id, epoch, end).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => {
            tracing::warn!(command = %id, %error, "could not journal a result");
            return attachment.closed().cancel();
        }
    }
    let ack = Told::Ack(v1::ResultAck { command_id: id.to_string(), epoch });
    // An executor that is gone gets the acknowledgement when it sends the result again.
    let _ = told.send(Ok(v1::AttachResponse { message: Some(ack) })).await;
}

fn run_to_wire(accepted: Accepted, epoch: u64, deadline: SystemTime) -> v1::RunCommand {
    let command = accepted.command;
    let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
    v1::RunCommand {
        command_id: command.id.to_string(),
        epoch,
        argv: command.spec.argv,
        timeout: Some(duration_to_wire(left)),
        max_output_bytes: command.spec.max_output_bytes,
        live: accepted.live,
    }
}

fn closing() -> End {
    End::Told(Error::new(kubently_core::ErrorKind::Draining, "the server closed this attachment; attach again"))
}
