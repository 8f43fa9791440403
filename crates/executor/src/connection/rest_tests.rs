//! The REST transports against a server that the test plays itself.

mod resilience;

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::{ConnectInfo, Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    Config, Timing, TransportKind, bind,
    testing::{SOON, Script, script},
};

/// What a request brought.
#[derive(Debug)]
struct Posted {
    path: &'static str,
    body: Value,
}

/// The server's side of the play.
struct Stage {
    /// Event streams as they are opened, with the request's headers.
    streams: mpsc::Sender<(HeaderMap, mpsc::Sender<String>)>,
    posted: mpsc::Sender<Posted>,
    /// Answers to posted results, in order; 200 when there are none left.
    answers: Mutex<VecDeque<StatusCode>>,
    /// Seconds that an answer other than 200 asks to wait.
    retry_after: Option<&'static str>,
    /// Answers to questions for commands, in order; 204 when there are none left.
    commands: Mutex<VecDeque<Value>>,
    heartbeat: Value,
    reports: StatusCode,
}

struct Play {
    streams: mpsc::Receiver<(HeaderMap, mpsc::Sender<String>)>,
    posted: mpsc::Receiver<Posted>,
    url: String,
}

async fn stream(State(stage): State<Arc<Stage>>, headers: HeaderMap) -> Response {
    let (say, said) = mpsc::channel(16);
    stage.streams.send((headers, say)).await.unwrap();
    let body = ReceiverStream::new(said).map(Ok::<_, Infallible>);
    ([("content-type", "text/event-stream")], Body::from_stream(body)).into_response()
}

async fn results(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) -> Response {
    stage.posted.send(Posted { path: "results", body }).await.unwrap();
    let answer = stage.answers.lock().unwrap().pop_front().unwrap_or(StatusCode::OK);
    match stage.retry_after {
        Some(seconds) if answer != StatusCode::OK => (answer, [("retry-after", seconds)]).into_response(),
        _ => answer.into_response(),
    }
}

async fn capabilities(State(stage): State<Arc<Stage>>, Json(body): Json<Value>) -> StatusCode {
    stage.posted.send(Posted { path: "capabilities", body }).await.unwrap();
    stage.reports
}

async fn heartbeat(State(stage): State<Arc<Stage>>, ConnectInfo(peer): ConnectInfo<SocketAddr>) -> Json<Value> {
    stage.posted.send(Posted { path: "heartbeat", body: json!(peer.port()) }).await.unwrap();
    Json(stage.heartbeat.clone())
}

async fn commands(State(stage): State<Arc<Stage>>, Query(query): Query<Vec<(String, String)>>) -> Response {
    let next = stage.commands.lock().unwrap().pop_front();
    match next {
        Some(commands) => {
            let body = json!({ "wait": query[0].1 });
            stage.posted.send(Posted { path: "commands", body }).await.unwrap();
            Json(commands).into_response()
        }
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn play(change: impl FnOnce(&mut Stage)) -> Play {
    let (streams_in, streams) = mpsc::channel(16);
    let (posted_in, posted) = mpsc::channel(64);
    let mut stage = Stage {
        streams: streams_in,
        posted: posted_in,
        answers: Mutex::default(),
        retry_after: None,
        commands: Mutex::default(),
        heartbeat: json!({"status": "success"}),
        reports: StatusCode::OK,
    };
    change(&mut stage);
    let router = Router::new()
        .route("/executor/stream", get(stream))
        .route("/executor/results", post(results))
        .route("/executor/capabilities", post(capabilities))
        .route("/executor/heartbeat", post(heartbeat))
        .route("/agent/commands", get(commands))
        .route("/agent/results", post(results))
        .with_state(Arc::new(stage));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(
        async move { axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await },
    );
    Play { streams, posted, url }
}

impl Play {
    async fn start(&self, script: &Script, transport: TransportKind) -> DropGuard {
        self.start_with(script, transport, |_| {}).await
    }

    async fn start_with(&self, script: &Script, transport: TransportKind, change: fn(&mut Timing)) -> DropGuard {
        start(&[self], script, transport, change).await
    }
}

/// An executor with `plays` as its servers.
async fn start(plays: &[&Play], script: &Script, transport: TransportKind, change: fn(&mut Timing)) -> DropGuard {
    let config = script.config();
    let mut timing = config.timing.clone();
    change(&mut timing);
    let servers = plays.iter().map(|play| play.url.clone()).collect();
    let bound = bind(Config { servers, transport, timing, ..config }).await.unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(bound.serve(stop.clone()));
    stop.drop_guard()
}

impl Play {
    async fn opened(&mut self) -> (HeaderMap, mpsc::Sender<String>) {
        self.opened_with(CONNECTED).await
    }

    async fn opened_with(&mut self, first: &str) -> (HeaderMap, mpsc::Sender<String>) {
        let opened = timeout(SOON, self.streams.recv()).await.expect("a stream").unwrap();
        opened.1.send(first.to_owned()).await.unwrap();
        opened
    }

    /// The next post to `path`; others are passed over.
    async fn posted(&mut self, path: &str) -> Value {
        loop {
            let posted = timeout(SOON, self.posted.recv()).await.expect("a post").unwrap();
            if posted.path == path {
                return posted.body;
            }
        }
    }
}

const CONNECTED: &str = "event: connected\r\ndata: {\"status\": \"connected\"}\r\n\r\n";

fn command(id: &str, line: &str) -> String {
    let args: Vec<_> = line.split_whitespace().collect();
    format!(
        "event: command\r\ndata: {}\r\n\r\n",
        json!({"id": id, "args": args, "timeout": 20, "correlation_id": null})
    )
}

#[tokio::test]
async fn sse_runs_commands_and_posts_their_results() {
    let mut play = play(|_| {}).await;
    let script = script("echo out; echo err >&2; exit 2");
    let _running = play.start(&script, TransportKind::Sse).await;
    let (headers, stream) = play.opened().await;
    assert_eq!(
        (&headers["authorization"], &headers["x-cluster-id"]),
        (&"Bearer t0ken".parse().unwrap(), &"c1".parse().unwrap())
    );
    assert_eq!(
        (&headers["x-kubently-max-in-flight"], &headers["x-kubently-executor-id"]),
        (&"32".parse().unwrap(), &"e1".parse().unwrap())
    );
    assert_eq!(play.posted("capabilities").await["mode"], "readOnly");

    stream.send(command("a", "get pods")).await.unwrap();
    let body = play.posted("results").await;
    let expected = ["a", "out\n\nerr\n", "out\n", "err\n", "FAILED", "failed", "kubectl"];
    let fields = ["command_id", "output", "stdout", "stderr", "status", "outcome", "engine"];
    assert_eq!(fields.map(|field| body[field].as_str().unwrap()), expected);
    assert_eq!((&body["exit_code"], &body["return_code"], &body["success"]), (&json!(2), &json!(2), &json!(false)));
    assert!(body["executed_at"].as_f64().unwrap() > 1e9);

    stream
        .send("event: command\r\ndata: {\"id\": \"t\", \"tool\": \"loki\", \"request\": {}}\r\n\r\n".into())
        .await
        .unwrap();
    assert_eq!(play.posted("results").await["status"], "BLOCKED");
}

#[tokio::test]
async fn sse_cancels() {
    let mut play = play(|_| {}).await;
    let script = script("sleep 1000");
    let _running = play.start(&script, TransportKind::Sse).await;
    let (_, stream) = play.opened().await;
    stream.send(command("a", "get pods")).await.unwrap();
    stream.send("event: cancel\ndata: {\"id\": \"a\"}\n\n".into()).await.unwrap();
    assert_eq!(play.posted("results").await["outcome"], "cancelled");
}

#[tokio::test]
async fn a_result_is_posted_until_it_is_taken_and_a_refused_one_is_dropped() {
    let script = script("echo out");
    let mut play = play(|stage| {
        stage.answers = Mutex::new(
            [StatusCode::SERVICE_UNAVAILABLE, StatusCode::ACCEPTED, StatusCode::OK, StatusCode::FORBIDDEN].into(),
        );
    })
    .await;
    let _running = play.start(&script, TransportKind::Sse).await;
    let (_, stream) = play.opened().await;
    stream.send(command("a", "get pods")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(play.posted("results").await["command_id"], "a");
    }
    for id in ["b", "c"] {
        stream.send(command(id, "get pods")).await.unwrap();
        assert_eq!(play.posted("results").await["command_id"], id, "each once");
    }
}

#[tokio::test]
async fn a_stream_that_ends_is_opened_again_and_results_do_not_wait_for_it() {
    let script =
        script("dir=$(dirname \"$0\"); echo run > $dir/started; while [ ! -e $dir/go ]; do sleep 0.01; done; echo out");
    let mut play = play(|_| {}).await;
    let _running = play.start(&script, TransportKind::Sse).await;
    let (_, stream) = play.opened().await;
    stream.send(command("a", "get pods")).await.unwrap();
    while !script.dir.path().join("started").exists() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(stream);
    let _again = play.opened().await;
    std::fs::write(script.dir.path().join("go"), "").unwrap();
    assert_eq!(play.posted("results").await["command_id"], "a");
}

#[tokio::test]
async fn a_forgotten_report_is_made_again_at_the_next_heartbeat() {
    let script = script("true");
    let mut play = play(|stage| stage.heartbeat = json!({"status": "not_found"})).await;
    let _running =
        play.start_with(&script, TransportKind::Sse, |timing| timing.heartbeat = Duration::from_millis(10)).await;
    let _stream = play.opened().await;
    play.posted("capabilities").await;
    play.posted("heartbeat").await;
    play.posted("capabilities").await;
}

#[tokio::test]
async fn a_server_without_reports_is_not_asked_again() {
    let script = script("echo out");
    let mut play = play(|stage| stage.reports = StatusCode::NOT_FOUND).await;
    let _running =
        play.start_with(&script, TransportKind::Sse, |timing| timing.heartbeat = Duration::from_millis(1)).await;
    let (_, stream) = play.opened().await;
    play.posted("capabilities").await;
    stream.send(command("a", "get pods")).await.unwrap();
    let next = timeout(SOON, play.posted.recv()).await.unwrap().unwrap();
    assert_eq!(next.path, "results", "no heartbeat in between");
}

#[tokio::test]
async fn polling_fetches_commands_and_posts_their_results() {
    for (transport, held) in [(TransportKind::Smart, "30"), (TransportKind::Legacy, "0")] {
        let script = script("echo out");
        let command = json!({"id": "a", "args": ["get", "pods"], "timeout": 20, "session_id": null});
        let answers = [json!({ "commands": [command] }), json!({ "commands": [] })];
        let mut play = play(|stage| stage.commands = Mutex::new(answers.into())).await;
        let _running = play.start(&script, transport).await;
        let (mut waits, mut results) = (Vec::new(), Vec::new());
        while waits.len() < 2 || results.is_empty() {
            let posted = timeout(SOON, play.posted.recv()).await.expect("a post").unwrap();
            match posted.path {
                "commands" => waits.push(posted.body["wait"].clone()),
                "results" => results.push(posted.body),
                _ => {}
            }
        }
        assert_eq!(waits, ["0", held], "the first question is not held");
        let body = &results[0];
        assert_eq!((&body["command_id"], &body["result"]["output"]), (&json!("a"), &json!("out\n")));
        assert_eq!((&body["result"]["success"], &body["result"]["exit_code"]), (&json!(true), &json!(0)));
    }
}

#[tokio::test]
async fn a_result_that_is_too_large_is_shortened_and_not_lost() {
    let script = script("yes 0123456 | head -c 200000");
    let mut play = play(|stage| stage.answers = Mutex::new([StatusCode::PAYLOAD_TOO_LARGE].into())).await;
    let _running = play.start(&script, TransportKind::Sse).await;
    let (_, stream) = play.opened().await;
    stream.send(command("a", "get pods")).await.unwrap();
    let lengths = |body: Value| (body["stdout"].as_str().unwrap().len(), body["truncated"] == true);
    assert_eq!(lengths(play.posted("results").await), (200_000, false));
    assert_eq!(lengths(play.posted("results").await), (32 << 10, true));
}

#[tokio::test]
async fn a_changed_policy_is_reported_again() {
    let script = script("true");
    let file = script.dir.path().join("policy.yaml");
    std::fs::write(&file, "verbs: [get]").unwrap();
    let mut play = play(|_| {}).await;
    let (servers, policy_file) = (vec![play.url.clone()], Some(file.clone()));
    let config = Config { servers, transport: TransportKind::Sse, policy_file, ..script.config() };
    let stop = CancellationToken::new();
    tokio::spawn(bind(config).await.unwrap().serve(stop.clone()));
    let (_stop, _stream) = (stop.drop_guard(), play.opened().await);
    assert_eq!(play.posted("capabilities").await["allowed_verbs"], json!(["get"]));
    std::fs::write(&file, "verbs: [logs]").unwrap();
    assert_eq!(play.posted("capabilities").await["allowed_verbs"], json!(["logs"]));
}
