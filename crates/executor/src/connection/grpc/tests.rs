//! The executor against a server that the test plays itself, message by message.

mod again;
mod leaving;
mod policy;

use std::{net::SocketAddr, time::Duration};

use kubently_proto::{
    convert::duration_to_wire,
    v1::{
        AttachRequest, AttachResponse, CancelRun, CommandDone, Drain, Heartbeat, Hello, Outcome, ResultAck, RunCommand,
        Welcome,
        attach_request::Message as Said,
        attach_response::Message,
        executor_service_server::{ExecutorService, ExecutorServiceServer},
    },
};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{Request, Response, Status, Streaming, transport::Server};

use crate::{
    AttachedTo, Config, bind,
    testing::{SOON, Script, script},
};

const LONG: Duration = Duration::from_secs(60);

/// One attachment as the server sees it.
struct Attachment {
    hello: Hello,
    token: String,
    said: Streaming<AttachRequest>,
    say: mpsc::Sender<Result<AttachResponse, Status>>,
}

impl Attachment {
    async fn welcome(&self, heartbeat: Duration) {
        let heartbeat_interval = Some(duration_to_wire(heartbeat));
        self.say(Message::Welcome(Welcome { server_id: "s1".into(), heartbeat_interval })).await;
    }

    async fn say(&self, message: Message) {
        let _ = self.say.send(Ok(AttachResponse { message: Some(message) })).await;
    }

    async fn run(&self, id: &str, epoch: u64, line: &str) {
        let run = RunCommand {
            command_id: id.into(),
            epoch,
            argv: line.split_whitespace().map(str::to_owned).collect(),
            timeout: Some(duration_to_wire(SOON)),
            max_output_bytes: 1 << 20,
            live: line.starts_with("logs -f"),
        };
        self.say(Message::Run(run)).await;
    }

    async fn ack(&self, id: &str, epoch: u64) {
        self.say(Message::Ack(ResultAck { command_id: id.into(), epoch })).await;
    }

    /// The next thing that is no heartbeat; none when the stream ended.
    async fn heard(&mut self) -> Option<Said> {
        loop {
            match timeout(SOON, self.said.message()).await.expect("something is said").ok()??.message? {
                Said::Heartbeat(_) => {}
                said => return Some(said),
            }
        }
    }

    /// The seq of the output that comes next.
    async fn output(&mut self) -> u64 {
        match self.heard().await {
            Some(Said::Output(output)) => output.chunk.unwrap().seq,
            other => panic!("{other:?}"),
        }
    }

    /// What says that the executor is about to stop comes next.
    async fn leaves(&mut self) {
        let said = self.heard().await;
        assert!(matches!(said, Some(Said::Leaving(_))), "{said:?}");
    }

    async fn done(&mut self) -> CommandDone {
        match self.heard().await {
            Some(Said::Done(done)) => done,
            other => panic!("{other:?}"),
        }
    }
}

/// Hands every attachment to the test.
struct Stage(mpsc::Sender<Attachment>);

#[tonic::async_trait]
impl ExecutorService for Stage {
    type AttachStream = ReceiverStream<Result<AttachResponse, Status>>;

    async fn attach(&self, request: Request<Streaming<AttachRequest>>) -> Result<Response<Self::AttachStream>, Status> {
        let token = request.metadata().get("authorization").map(|token| token.to_str().unwrap().to_owned());
        let token = token.ok_or_else(|| Status::unauthenticated("no token"))?;
        if token != "Bearer t0ken" {
            return Err(Status::unauthenticated("wrong token"));
        }
        let mut said = request.into_inner();
        let Some(Said::Hello(hello)) = said.message().await?.and_then(|first| first.message) else {
            return Err(Status::invalid_argument("the first message must be a Hello"));
        };
        let (say, answers) = mpsc::channel(16);
        let _ = self.0.send(Attachment { hello, token, said, say }).await;
        Ok(Response::new(ReceiverStream::new(answers)))
    }
}

/// A server on a free port; its attachments come out of the receiver.
async fn server() -> (SocketAddr, mpsc::Receiver<Attachment>) {
    let (stage, attachments) = mpsc::channel(16);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = ExecutorServiceServer::new(Stage(stage));
    let serving = Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener));
    tokio::spawn(serving);
    (address, attachments)
}

/// A running executor; stops with the guard.
struct Running {
    attached: tokio::sync::watch::Receiver<Option<AttachedTo>>,
    stop: CancellationToken,
    served: tokio::task::JoinHandle<()>,
    _guard: DropGuard,
}

async fn start(config: Config) -> Running {
    let bound = bind(config).await.unwrap();
    let stop = CancellationToken::new();
    let attached = bound.attached();
    let served = tokio::spawn(bound.serve(stop.clone()));
    Running { attached, served, _guard: stop.clone().drop_guard(), stop }
}

fn config(script: &Script, servers: &[SocketAddr]) -> Config {
    let servers = servers.iter().map(|address| format!("http://{address}")).collect();
    Config { servers, ..script.config() }
}

async fn next(attachments: &mut mpsc::Receiver<Attachment>) -> Attachment {
    timeout(SOON, attachments.recv()).await.expect("an attachment").unwrap()
}

/// One server, one attached executor that runs `body` in place of kubectl.
async fn attached(body: &str) -> (Script, Running, mpsc::Receiver<Attachment>, Attachment) {
    let script = script(body);
    let (address, mut attachments) = server().await;
    let mut running = start(config(&script, &[address])).await;
    let attachment = next(&mut attachments).await;
    attachment.welcome(LONG).await;
    timeout(SOON, running.attached.wait_for(Option::is_some)).await.unwrap().unwrap();
    (script, running, attachments, attachment)
}

/// How often a script has run that adds a line to a file beside it.
fn runs(script: &Script) -> usize {
    std::fs::read_to_string(script.dir.path().join("runs")).unwrap_or_default().lines().count()
}

/// Waits until a script has counted a run.
async fn started(script: &Script) {
    while runs(script) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Counts a run, and ends once it is told to.
const GATE: &str =
    "dir=$(dirname \"$0\"); echo run >> $dir/runs; while [ ! -e $dir/go ]; do sleep 0.01; done; echo out";

fn open_gate(script: &Script) {
    std::fs::write(script.dir.path().join("go"), "").unwrap();
}

const COUNTING: &str = "echo run >> \"$(dirname \"$0\")/runs\"; echo out";

#[tokio::test]
async fn introduces_itself_runs_and_answers() {
    let (_script, running, _attachments, mut attachment) = attached("echo hello").await;
    assert_eq!((attachment.hello.cluster_id.as_str(), attachment.hello.executor_id.as_str()), ("c1", "e1"));
    assert_eq!((attachment.hello.max_in_flight, attachment.token.as_str()), (32, "Bearer t0ken"));
    let capabilities = attachment.hello.capabilities.clone().unwrap();
    let count = |verb: &str| capabilities.allowed_verbs.iter().filter(|allowed| *allowed == verb).count();
    assert_eq!((count("get"), count("rollout"), count("rollout status")), (1, 1, 0), "one word each, once");
    assert!(!capabilities.allowed_flags.is_empty());
    assert_eq!(running.attached.borrow().as_ref().unwrap().server_id, "s1");

    attachment.run("a", 3, "get pods").await;
    let done = attachment.done().await;
    let result = done.result.unwrap();
    assert_eq!((done.command_id.as_str(), done.epoch, done.chunks), ("a", 3, 0));
    assert_eq!((result.outcome(), &result.stdout[..]), (Outcome::Succeeded, &b"hello\n"[..]));

    attachment.run("b", 1, "delete pod x").await;
    assert_eq!(attachment.done().await.result.unwrap().outcome(), Outcome::Denied);
}

#[tokio::test]
async fn a_long_output_goes_ahead_in_chunks() {
    let (_script, _running, _attachments, mut attachment) = attached("yes 0123456 | head -c 400000").await;
    attachment.run("a", 1, "get pods").await;
    let mut bytes = 0;
    for seq in 1..=2 {
        let Some(Said::Output(output)) = attachment.heard().await else { panic!("output") };
        let chunk = output.chunk.unwrap();
        assert_eq!((output.command_id.as_str(), output.epoch, chunk.seq), ("a", 1, seq));
        bytes += chunk.data.len();
    }
    let done = attachment.done().await;
    assert_eq!((done.chunks, bytes), (2, 400_000));
    assert!(done.result.unwrap().stdout.is_empty());
}

#[tokio::test]
async fn a_cancel_ends_the_command() {
    let (_script, _running, _attachments, mut attachment) = attached("sleep 1000").await;
    attachment.run("a", 1, "get pods").await;
    attachment.say(Message::Cancel(CancelRun { command_id: "a".into(), epoch: 1 })).await;
    assert_eq!(attachment.done().await.result.unwrap().outcome(), Outcome::Cancelled);
}

#[tokio::test]
async fn comes_back_and_sends_its_answer_again_until_it_is_acknowledged() {
    let (script, _running, mut attachments, mut first) = attached(COUNTING).await;
    first.run("a", 1, "get pods").await;
    assert_eq!(first.done().await.command_id, "a");
    drop(first);

    let mut second = next(&mut attachments).await;
    second.welcome(LONG).await;
    assert_eq!(second.done().await.command_id, "a", "not acknowledged, so sent again");
    // Delivered again under a new lease: answered under it, not run again.
    second.run("a", 2, "get pods").await;
    let done = second.done().await;
    assert_eq!((done.epoch, &done.result.unwrap().stdout[..], runs(&script)), (2, &b"out\n"[..], 1));
    second.ack("a", 2).await;
    // What comes later on the stream shows that nothing of "a" is left to be said.
    second.run("b", 1, "get pods").await;
    assert_eq!(second.done().await.command_id, "b");
    second.ack("b", 1).await;
    drop(second);

    let mut third = next(&mut attachments).await;
    third.welcome(LONG).await;
    third.run("c", 1, "get pods").await;
    assert_eq!(third.done().await.command_id, "c", "acknowledged results are not sent again");
}

#[tokio::test]
async fn a_command_that_runs_while_the_link_breaks_answers_on_the_next_link() {
    let (script, _running, mut attachments, first) = attached(GATE).await;
    first.run("a", 1, "get pods").await;
    started(&script).await;
    drop(first);
    let mut second = next(&mut attachments).await;
    second.welcome(LONG).await;
    second.run("a", 1, "get pods").await;
    open_gate(&script);
    let done = second.done().await;
    assert_eq!((done.command_id.as_str(), runs(&script)), ("a", 1));
}

#[tokio::test]
async fn a_silent_server_is_left() {
    let script = script("true");
    let (address, mut attachments) = server().await;
    let mut running = start(config(&script, &[address])).await;
    let mut silent = next(&mut attachments).await;
    silent.welcome(Duration::from_millis(20)).await;
    timeout(SOON, running.attached.wait_for(Option::is_some)).await.unwrap().unwrap();
    assert!(matches!(timeout(SOON, silent.said.message()).await, Ok(Ok(Some(_)))), "the executor does beat");
    // Its stream is not closed; only the silence tells.
    let alive = next(&mut attachments).await;
    alive.welcome(LONG).await;
    drop(silent);
}

#[tokio::test]
async fn heartbeats_keep_a_quiet_link() {
    let script = script("echo out");
    let (address, mut attachments) = server().await;
    let _running = start(config(&script, &[address])).await;
    let mut attachment = next(&mut attachments).await;
    attachment.welcome(Duration::from_millis(200)).await;
    for _ in 0..5 {
        let beat = timeout(SOON, attachment.said.message()).await.unwrap().unwrap().unwrap();
        assert!(matches!(beat.message, Some(Said::Heartbeat(_))));
        attachment.say(Message::Heartbeat(Heartbeat {})).await;
    }
    attachment.run("a", 1, "get pods").await;
    assert_eq!(attachment.done().await.command_id, "a");
    assert!(attachments.try_recv().is_err(), "one attachment all the time");
}

#[tokio::test]
async fn a_refused_token_is_tried_again() {
    let script = script("true");
    let (address, mut attachments) = server().await;
    let wrong = Config { token: "wrong".into(), ..config(&script, &[address]) };
    let running = start(wrong).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(attachments.try_recv().is_err() && running.attached.borrow().is_none());
    running.stop.cancel();
    timeout(SOON, running.served).await.expect("it stops").unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_gives_the_next_one_its_turn() {
    let script = script("true");
    let (address, mut attachments) = server().await;
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let _running = start(config(&script, &[nobody, address, nobody])).await;
    next(&mut attachments).await;
}

#[tokio::test]
async fn a_draining_server_is_left_when_its_commands_are_answered() {
    let (script, running, mut attachments, mut old) = attached(GATE).await;
    old.run("a", 1, "get pods").await;
    started(&script).await;
    old.say(Message::Drain(Drain { spread: Some(duration_to_wire(Duration::from_millis(20))) })).await;
    let mut new = next(&mut attachments).await;
    new.welcome(LONG).await;
    new.run("b", 1, "get pods").await;
    open_gate(&script);
    assert_eq!(old.done().await.command_id, "a", "answered where it came from");
    assert_eq!(new.done().await.command_id, "b");
    old.ack("a", 1).await;
    assert!(old.heard().await.is_none(), "then the old link ends");
    assert!(running.attached.borrow().is_some());
}

#[test]
fn odd_heartbeat_intervals_are_bounded() {
    let welcome = |interval| Welcome { server_id: String::new(), heartbeat_interval: interval };
    assert_eq!(super::heartbeat(&welcome(None)), super::DEFAULT_HEARTBEAT);
    assert_eq!(super::heartbeat(&welcome(Some(duration_to_wire(Duration::ZERO)))), Duration::from_millis(10));
    assert_eq!(super::heartbeat(&welcome(Some(duration_to_wire(LONG * 10)))), LONG);
}
