//! Commands that do not end by themselves: watching, and following logs.

use futures::StreamExt;
use kubently_executor::TransportKind;
use kubently_proto::v1::{
    CommandResult, CommandSpec, Outcome, OutputStream, StreamCommandRequest, stream_command_request::Target,
    stream_command_response::Event,
};
use serde_json::{Value, json};

use crate::sandbox::{
    API_KEY, CLUSTER, PATIENCE, Sandbox,
    face::{http, spec},
};

on_both!(
    watches_stream_until_their_deadline,
    followed_logs_end_at_their_size,
    a_watch_over_rest_is_an_event_stream,
    an_executor_without_a_live_way_refuses_and_says_why,
);

fn streaming(argv: &[&str], seconds: i64) -> CommandSpec {
    let timeout = Some(pbjson_types::Duration { seconds, nanos: 0 });
    CommandSpec { timeout, ..spec(CLUSTER, argv) }
}

/// What a stream said: the output that came before the result, in pieces, and the result.
struct Told {
    pieces: Vec<Vec<u8>>,
    result: CommandResult,
}

impl Told {
    fn text(&self) -> String {
        String::from_utf8(self.pieces.concat()).unwrap()
    }
}

async fn told(sandbox: &Sandbox, spec: CommandSpec) -> Told {
    let request = StreamCommandRequest { target: Some(Target::Spec(spec)), ..Default::default() };
    let mut events = sandbox.debug().stream_command(request).await.unwrap().into_inner();
    let mut pieces = Vec::new();
    let ended = async {
        loop {
            match events.next().await.expect("a result ends it").unwrap().event.unwrap() {
                Event::Accepted(_) => assert!(pieces.is_empty(), "acceptance comes first"),
                Event::Output(chunk) => {
                    assert_eq!(chunk.stream(), OutputStream::Stdout, "{:?}", chunk.data);
                    pieces.push(chunk.data.to_vec());
                }
                Event::Result(result) => return result,
            }
        }
    };
    let result = tokio::time::timeout(PATIENCE, ended).await.unwrap();
    Told { pieces, result }
}

async fn watches_stream_until_their_deadline(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    for (argv, first, line) in [
        (&["get", "pods", "-n", "shop", "-w"][..], "NAME ", "orders-"),
        (&["get", "deploy", "orders", "-n", "shop", "--watch", "-o", "name"], "deployment.apps/orders\n", "orders"),
        (&["events", "-n", "shop", "-w"], "LAST SEEN", "orders-"),
        (&["logs", "demo-slow", "-n", "lab", "-f"], "", "\n"),
    ] {
        let told = told(&sandbox, streaming(argv, 2)).await;
        let text = told.text();
        assert!(text.starts_with(first) && text.contains(line), "{argv:?}: {text}");
        assert_eq!(told.result.outcome(), Outcome::TimedOut, "{argv:?}: {:?}", told.result);
        assert_eq!(told.result.engine, "native");
        assert!(told.result.stdout.is_empty(), "{argv:?}: what was streamed is not said twice");
        assert_eq!(told.result.bytes_total, text.len() as u64, "{argv:?}: it all came before the deadline");
    }
}

async fn followed_logs_end_at_their_size(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    // Without an end, but for its size.
    let spec = CommandSpec { max_output_bytes: 300, ..streaming(&["logs", "demo-slow", "-n", "lab", "-f"], 60) };
    let told = told(&sandbox, spec).await;
    assert!(told.pieces.len() > 1, "it came as it was written: {:?}", told.pieces);
    assert_eq!(told.pieces.concat().len(), 300);
    assert!(told.result.truncated, "{:?}", told.result);
    assert_eq!(told.result.outcome(), Outcome::Succeeded, "{:?}", told.result);
}

async fn a_watch_over_rest_is_an_event_stream(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let body = json!({"cluster_id": CLUSTER, "command_type": "get", "args": ["pods", "-w"], "namespace": "shop",
        "timeout_seconds": 2});
    let url = format!("{}/debug/execute/stream", sandbox.front().url());
    let answer = http().post(url).header("x-api-key", API_KEY).json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    // The deadline ends the command, and with it the stream.
    let text = tokio::time::timeout(PATIENCE, answer.text()).await.unwrap().unwrap();
    let events: Vec<(&str, Value)> = text.split("\n\n").filter_map(event).collect();
    let names: Vec<&str> = events.iter().map(|(name, _)| *name).collect();
    assert_eq!((names.first(), names.last()), (Some(&"accepted"), Some(&"result")), "{text}");
    let output: String = events.iter().filter_map(|(_, data)| data["data"].as_str()).collect();
    assert!(output.starts_with("NAME ") && output.contains("orders-"), "{text}");
    assert_eq!(events.last().unwrap().1["outcome"], "timed_out", "{text}");
}

/// One server-sent event: its name and its data.
fn event(text: &str) -> Option<(&str, Value)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    Some((field("event: ")?, serde_json::from_str(field("data: ")?).unwrap()))
}

/// Executors on the older transports have no way for output but the result.
async fn an_executor_without_a_live_way_refuses_and_says_why(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Sse).await;
    for argv in [&["get", "pods", "-n", "shop", "-w"][..], &["logs", "demo-slow", "-n", "lab", "-f"]] {
        let told = told(&sandbox, streaming(argv, 20)).await;
        assert_eq!(told.result.outcome(), Outcome::Denied, "{:?}", told.result);
        assert!(told.result.message.contains("stream"), "{:?}", told.result);
    }
}
