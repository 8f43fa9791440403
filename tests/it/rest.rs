//! What REST callers get from a server that is not the executor's, beyond the main job.

use futures::StreamExt;
use kubently_executor::TransportKind;
use serde_json::{Value, json};

use crate::sandbox::{
    API_KEY, CLUSTER, Kind, PATIENCE, Sandbox, Server,
    face::{get, http, post},
};

/// A request body for a command on [`CLUSTER`] without a namespace added.
fn body(argv: &[&str], more: &Value) -> Value {
    let (verb, args) = argv.split_first().unwrap();
    let mut body = json!({"cluster_id": CLUSTER, "command_type": verb, "args": args, "namespace": null});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn get_from(server: &Server, path: &str) -> (u16, Value) {
    let answer = http().get(format!("{}{path}", server.url())).header("x-api-key", API_KEY).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_is_the_same_from_every_server() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Sse).await;
    let (status, accepted) = post(&sandbox, "/debug/execute/async", &body(&["get", "ns"], &json!({}))).await;
    assert_eq!(status, 202, "{accepted}");
    let id = accepted["operation_id"].as_str().unwrap_or_else(|| panic!("{accepted}"));
    let path = format!("/debug/operations/{id}?wait=20");
    let (_, elsewhere) = get_from(sandbox.back(), &path).await;
    assert_eq!((elsewhere["status"].as_str(), elsewhere["exit_code"].as_i64()), (Some("success"), Some(0)));
    let (_, here) = get(&sandbox, &path).await;
    assert_eq!(here, elsewhere);
    let (status, _) = get(&sandbox, "/debug/operations/0199c1a0-7c3e-7b1a-8a2b-0123456789ab").await;
    assert_eq!(status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_out_is_200_as_before_and_408_when_asked_for() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let slow = body(&["logs", "demo-slow", "-n", "lab"], &json!({"timeout_seconds": 1}));
    let (status, answer) = post(&sandbox, "/debug/execute", &slow).await;
    assert_eq!((status, answer["status"].as_str()), (200, Some("timeout")), "{answer}");
    assert_eq!(answer["error"], "Command execution timeout");
    let url = format!("{}/debug/execute", sandbox.front().url());
    let strict = http().post(url).header("x-api-key", API_KEY).header("prefer", "handling=strict");
    let strict = strict.json(&slow).send().await.unwrap();
    assert_eq!(strict.status(), 408);
}

/// Events of an SSE stream, as (id, data), until `wanted` of them or the end.
async fn events(server: &Server, path: &str, after: Option<&str>, wanted: usize) -> Vec<(String, String)> {
    let mut request = http().get(format!("{}{path}", server.url())).header("x-api-key", API_KEY);
    if let Some(after) = after {
        request = request.header("last-event-id", after);
    }
    let answer = request.send().await.unwrap();
    assert_eq!(answer.headers()["content-type"].to_str().unwrap().split(';').next(), Some("text/event-stream"));
    let mut text = String::new();
    let mut bytes = answer.bytes_stream();
    let read = async {
        while let Some(Ok(piece)) = bytes.next().await {
            text.push_str(&String::from_utf8_lossy(&piece).replace("\r\n", "\n"));
            if parse(&text).len() >= wanted {
                break;
            }
        }
        parse(&text)
    };
    tokio::time::timeout(PATIENCE, read).await.unwrap()
}

fn parse(text: &str) -> Vec<(String, String)> {
    let field = |event: &str, name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
    let complete = text.rsplit_once("\n\n").map_or("", |(complete, _)| complete);
    let events = complete.split("\n\n").filter(|event| field(event, "data: ").is_some());
    events.map(|e| (field(e, "id: ").unwrap_or_default(), field(e, "data: ").unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_stream_resumes_on_another_server() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let big = body(&["logs", "demo-firehose", "-n", "lab", "--tail=4000"], &json!({"timeout_seconds": 30}));
    let (_, accepted) = post(&sandbox, "/debug/execute/async", &big).await;
    let id = accepted["operation_id"].as_str().unwrap_or_else(|| panic!("{accepted}"));
    let (_, done) = get(&sandbox, &format!("/debug/operations/{id}?wait=20")).await;
    assert_eq!(done["status"], "success", "{done}");
    let path = format!("/debug/commands/{id}/stream");
    let all = events(sandbox.front(), &path, None, usize::MAX).await;
    assert!(all.len() > 3, "{} events", all.len());
    let (last_seen, _) = &all[1];
    let rest = events(sandbox.back(), &path, Some(last_seen), usize::MAX).await;
    // The first event of a stream says what is followed; output goes on after the last one seen.
    let after: Vec<_> = rest.iter().filter(|event| all[2..].contains(event)).collect();
    assert_eq!(after.len(), all.len() - 2, "nothing missing, nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_hangs_up_cancels() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let slow = body(&["logs", "demo-slow", "-n", "lab"], &json!({"timeout_seconds": 30}));
    let url = format!("{}/debug/execute", sandbox.front().url());
    let call = http().post(url).header("x-api-key", API_KEY).json(&slow).send();
    let call = tokio::spawn(call);
    until_metric(sandbox.back(), "kubently_running_commands 1").await;
    call.abort();
    until_metric(sandbox.back(), "kubently_commands_total{outcome=\"cancelled\"} 1").await;
}

/// Waits until a server's metrics have this line.
async fn until_metric(server: &Server, line: &str) {
    let shown = async {
        loop {
            let text = http().get(format!("{}/metrics", server.url())).send().await.unwrap().text().await.unwrap();
            if text.lines().any(|shown| shown == line) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, shown).await.unwrap_or_else(|_elapsed| panic!("{line}"));
}
