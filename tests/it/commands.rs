//! What a command may go through: time-out, cancel, much output, many at once, resuming.

use std::{collections::HashSet, time::Duration};

use futures::future::join_all;
use kubently_executor::TransportKind;
use kubently_proto::v1::{
    CancelCommandRequest, CommandResult, CommandSpec, CommandState, ExecuteCommandRequest, GetCommandRequest, Outcome,
    StreamCommandRequest, StreamCommandResponse, SubmitCommandRequest, WaitCommandRequest,
    stream_command_request::Target, stream_command_response::Event,
};
use tokio_stream::StreamExt;

use crate::sandbox::{CLUSTER, Debug, PATIENCE, Sandbox, face::spec};

/// Logs without an end for a while: each line comes 200 ms after the one before.
const SLOW: [&str; 4] = ["logs", "demo-slow", "-n", "lab"];
/// Logs of more than 6 MiB.
const BIG: [&str; 4] = ["logs", "demo-firehose", "-n", "lab"];

on_both!(
    a_slow_command_times_out,
    cancel_stops_what_runs,
    a_caller_who_leaves_cancels,
    a_detached_command_goes_on,
    five_megabytes_arrive_whole,
    more_than_the_limit_is_cut_off_and_said,
    two_hundred_at_once,
    a_stream_resumes_by_number,
    submit_then_get_and_wait,
    same_key_same_command,
    a_session_belongs_to_its_commands,
);

fn seconds(seconds: i64) -> Option<pbjson_types::Duration> {
    Some(pbjson_types::Duration { seconds, nanos: 0 })
}

async fn execute(debug: &mut Debug, spec: CommandSpec) -> CommandResult {
    let request = ExecuteCommandRequest { spec: Some(spec), ..Default::default() };
    debug.execute_command(request).await.unwrap().into_inner().command.unwrap().result.unwrap()
}

async fn submit(debug: &mut Debug, spec: CommandSpec) -> String {
    let request = SubmitCommandRequest { spec: Some(spec), ..Default::default() };
    debug.submit_command(request).await.unwrap().into_inner().command.unwrap().id
}

async fn wait(debug: &mut Debug, id: &str) -> CommandResult {
    let request = WaitCommandRequest { command_id: id.into(), timeout: seconds(60) };
    let command = debug.wait_command(request).await.unwrap().into_inner().command.unwrap();
    command.result.expect("the command is done")
}

/// Waits until an executor has the command.
async fn until_leased(debug: &mut Debug, id: &str) {
    let leased = async {
        loop {
            let request = GetCommandRequest { command_id: id.into() };
            let command = debug.get_command(request).await.unwrap().into_inner().command.unwrap();
            if command.state() == CommandState::Leased {
                return;
            }
            assert_eq!(command.state(), CommandState::Accepted);
        }
    };
    tokio::time::timeout(PATIENCE, leased).await.expect("an executor takes the command");
}

async fn a_slow_command_times_out(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let spec = CommandSpec { timeout: seconds(1), ..spec(CLUSTER, &SLOW) };
    let begun = std::time::Instant::now();
    let result = execute(&mut sandbox.debug(), spec).await;
    assert_eq!(result.outcome(), Outcome::TimedOut, "{result:?}");
    assert_eq!(result.exit_code, None);
    assert!(begun.elapsed() < Duration::from_secs(5), "the executor stops it at its deadline, not the server's grace");
}

async fn cancel_stops_what_runs(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut debug = sandbox.debug();
    let spec = CommandSpec { timeout: seconds(120), ..spec(CLUSTER, &SLOW) };
    let id = submit(&mut debug, spec).await;
    until_leased(&mut debug, &id).await;
    // Any server can be asked.
    let mut elsewhere = sandbox.debug_on(sandbox.back(), crate::sandbox::API_KEY);
    elsewhere.cancel_command(CancelCommandRequest { command_id: id.clone() }).await.unwrap();
    let result = tokio::time::timeout(PATIENCE, wait(&mut debug, &id)).await.unwrap();
    assert_eq!(result.outcome(), Outcome::Cancelled, "{result:?}");
}

async fn a_caller_who_leaves_cancels(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut debug = sandbox.debug();
    let spec = CommandSpec { timeout: seconds(120), ..spec(CLUSTER, &SLOW) };
    let request = StreamCommandRequest { target: Some(Target::Spec(spec)), ..Default::default() };
    let mut stream = debug.stream_command(request).await.unwrap().into_inner();
    let Some(Event::Accepted(command)) = stream.next().await.unwrap().unwrap().event else {
        panic!("acceptance comes first")
    };
    until_leased(&mut debug, &command.id).await;
    drop(stream);
    let result = tokio::time::timeout(PATIENCE, wait(&mut debug, &command.id)).await.unwrap();
    assert_eq!(result.outcome(), Outcome::Cancelled, "{result:?}");
}

async fn a_detached_command_goes_on(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut debug = sandbox.debug();
    let spec = CommandSpec { timeout: seconds(2), ..spec(CLUSTER, &SLOW) };
    let request = StreamCommandRequest { target: Some(Target::Spec(spec)), detach: true, ..Default::default() };
    let mut stream = debug.stream_command(request).await.unwrap().into_inner();
    let Some(Event::Accepted(command)) = stream.next().await.unwrap().unwrap().event else {
        panic!("acceptance comes first")
    };
    drop(stream);
    let result = wait(&mut debug, &command.id).await;
    assert_eq!(result.outcome(), Outcome::TimedOut, "it ran to its deadline: {result:?}");
}

async fn five_megabytes_arrive_whole(sandbox: Sandbox) {
    for transport in [TransportKind::Grpc, TransportKind::Sse] {
        let cluster = format!("big-{}", transport.as_str());
        let _executor = sandbox.executor_with(&cluster, transport, |_config| {}).await;
        let spec = CommandSpec { timeout: seconds(60), max_output_bytes: 16 << 20, ..spec(&cluster, &BIG) };
        let result = execute(&mut sandbox.debug(), spec).await;
        assert_eq!(result.outcome(), Outcome::Succeeded, "{}", result.message);
        assert!(!result.truncated);
        assert!(result.stdout.len() > 5 << 20, "{} bytes", result.stdout.len());
        assert_eq!(result.bytes_total, result.stdout.len() as u64);
        assert_eq!(*result.stdout.last().unwrap(), b'\n', "nothing is missing at the end");
    }
}

async fn more_than_the_limit_is_cut_off_and_said(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let result = execute(&mut sandbox.debug(), spec(CLUSTER, &BIG)).await;
    assert!(result.truncated);
    assert_eq!(result.stdout.len(), 1 << 20);
    assert!(result.bytes_total > 1 << 20);
}

async fn two_hundred_at_once(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let commands = (0..200).map(|i| {
        let mut debug = sandbox.debug();
        // Each asks for something of its own, so that a mixed-up answer shows.
        let name = format!("no-such-pod-{i}");
        async move {
            let spec = CommandSpec { timeout: seconds(60), ..spec(CLUSTER, &["get", "pod", &name, "-n", "shop"]) };
            let request = ExecuteCommandRequest { spec: Some(spec), ..Default::default() };
            let command = debug.execute_command(request).await.unwrap().into_inner().command.unwrap();
            let stderr = command.result.unwrap().stderr;
            assert!(String::from_utf8_lossy(&stderr).contains(&format!("\"{name}\" not found")), "{stderr:?}");
            command.id
        }
    });
    let ids: HashSet<String> = join_all(commands).await.into_iter().collect();
    assert_eq!(ids.len(), 200);
}

async fn output_of(
    events: impl tokio_stream::Stream<Item = Result<StreamCommandResponse, tonic::Status>>,
) -> Vec<(u64, Vec<u8>)> {
    let mut events = std::pin::pin!(events);
    let mut output = Vec::new();
    while let Some(event) = events.next().await {
        match event.unwrap().event.unwrap() {
            Event::Accepted(_) => assert!(output.is_empty(), "acceptance comes first"),
            Event::Output(chunk) => output.push((chunk.seq, chunk.data.to_vec())),
            Event::Result(result) => {
                assert_eq!(result.outcome(), Outcome::Succeeded);
                assert!(result.stdout.is_empty());
                assert!(events.next().await.is_none(), "the result comes last");
                break;
            }
        }
    }
    output
}

async fn a_stream_resumes_by_number(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut debug = sandbox.debug();
    let spec = CommandSpec { timeout: seconds(60), max_output_bytes: 16 << 20, ..spec(CLUSTER, &BIG) };
    let request = StreamCommandRequest { target: Some(Target::Spec(spec)), detach: true, ..Default::default() };
    let mut stream = debug.stream_command(request).await.unwrap().into_inner();
    let mut id = String::new();
    let mut first = Vec::new();
    while first.len() < 3 {
        match stream.next().await.unwrap().unwrap().event.unwrap() {
            Event::Accepted(command) => id = command.id,
            Event::Output(chunk) => first.push((chunk.seq, chunk.data.to_vec())),
            Event::Result(_) => panic!("there is more output than that"),
        }
    }
    drop(stream);
    // The rest from the other server, then everything again.
    let target = Some(Target::CommandId(id));
    let mut elsewhere = sandbox.debug_on(sandbox.back(), crate::sandbox::API_KEY);
    let request = StreamCommandRequest { target: target.clone(), resume_after_seq: 3, ..Default::default() };
    let rest = output_of(elsewhere.stream_command(request).await.unwrap().into_inner()).await;
    let request = StreamCommandRequest { target, ..Default::default() };
    let all = output_of(debug.stream_command(request).await.unwrap().into_inner()).await;
    let numbers: Vec<u64> = all.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (1..=all.len() as u64).collect::<Vec<_>>(), "no gap, no repetition");
    first.extend(rest);
    assert!(first == all, "what came in two parts is what came at once");
}

async fn submit_then_get_and_wait(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut debug = sandbox.debug();
    let id = submit(&mut debug, spec(CLUSTER, &["get", "ns"])).await;
    let mut elsewhere = sandbox.debug_on(sandbox.back(), crate::sandbox::API_KEY);
    let waited = wait(&mut elsewhere, &id).await;
    assert_eq!(waited.outcome(), Outcome::Succeeded);
    let request = GetCommandRequest { command_id: id.clone() };
    let got = debug.get_command(request.clone()).await.unwrap().into_inner().command.unwrap();
    assert_eq!((got.state(), got.result), (CommandState::Done, Some(waited)), "one result, whoever asks");
    // Somebody else's command does not exist.
    let mut stranger = sandbox.debug_on(sandbox.front(), crate::sandbox::OTHER_KEY);
    assert_eq!(stranger.get_command(request).await.unwrap_err().code(), tonic::Code::NotFound);
}

async fn same_key_same_command(sandbox: Sandbox) {
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let request = |argv: &[&str]| ExecuteCommandRequest {
        spec: Some(spec(CLUSTER, argv)),
        idempotency_key: "once".into(),
        detach: false,
    };
    let first = sandbox.debug().execute_command(request(&["get", "ns"])).await.unwrap().into_inner();
    let mut elsewhere = sandbox.debug_on(sandbox.back(), crate::sandbox::API_KEY);
    let again = elsewhere.execute_command(request(&["get", "ns"])).await.unwrap().into_inner();
    assert_eq!(first, again);
    let conflict = elsewhere.execute_command(request(&["get", "nodes"])).await.unwrap_err();
    assert_eq!(conflict.code(), tonic::Code::Aborted);
    // Another caller's key of the same name is another key.
    let mut stranger = sandbox.debug_on(sandbox.front(), crate::sandbox::OTHER_KEY);
    let other = stranger.execute_command(request(&["get", "ns"])).await.unwrap().into_inner();
    assert_ne!(other.command.unwrap().id, first.command.unwrap().id);
}

async fn a_session_belongs_to_its_commands(sandbox: Sandbox) {
    use kubently_proto::v1::{CreateSessionRequest, EndSessionRequest, GetSessionRequest};
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut debug = sandbox.debug();
    let mut elsewhere = sandbox.debug_on(sandbox.back(), crate::sandbox::API_KEY);
    let request = CreateSessionRequest { cluster_id: CLUSTER.into(), ..Default::default() };
    let session = debug.create_session(request).await.unwrap().into_inner().session.unwrap();
    let with_session = CommandSpec { session_id: session.id.clone(), ..spec(CLUSTER, &["get", "ns"]) };
    let result = execute(&mut elsewhere, with_session.clone()).await;
    assert_eq!(result.outcome(), Outcome::Succeeded);
    let request = GetSessionRequest { session_id: session.id.clone() };
    let used = elsewhere.get_session(request.clone()).await.unwrap().into_inner().session.unwrap();
    assert_eq!(used.create_time, session.create_time);
    elsewhere.end_session(EndSessionRequest { session_id: session.id.clone() }).await.unwrap();
    assert_eq!(debug.get_session(request).await.unwrap_err().code(), tonic::Code::NotFound);
    let request = ExecuteCommandRequest { spec: Some(with_session), ..Default::default() };
    assert_eq!(debug.execute_command(request).await.unwrap_err().code(), tonic::Code::NotFound);
}
