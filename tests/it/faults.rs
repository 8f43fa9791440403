//! What an accepted command is promised when something breaks: one promise a test. docs/delivery.md states them;
//! `make faults` breaks things at random instead.

use kubently_proto::v1::{
    CancelCommandRequest, Command, CommandSpec, CommandState, ExecuteCommandRequest, GetCommandRequest, Outcome,
    StreamCommandRequest, SubmitCommandRequest, WaitCommandRequest, stream_command_request::Target,
    stream_command_response::Event,
};
use tonic::Status;
use tonic_types::StatusExt;

use crate::sandbox::{
    API_KEY, CLUSTER, Debug, Kind, PATIENCE, Sandbox,
    by_hand::ByHand,
    face::{get, spec},
};

fn seconds(seconds: i64) -> Option<pbjson_types::Duration> {
    Some(pbjson_types::Duration { seconds, nanos: 0 })
}

fn pods(timeout: i64) -> CommandSpec {
    CommandSpec { timeout: seconds(timeout), ..spec(CLUSTER, &["get", "pods"]) }
}

async fn submit(debug: &mut Debug, timeout: i64) -> String {
    let request = SubmitCommandRequest { spec: Some(pods(timeout)), ..Default::default() };
    debug.submit_command(request).await.unwrap().into_inner().command.unwrap().id
}

async fn read(debug: &mut Debug, id: &str) -> Command {
    let request = GetCommandRequest { command_id: id.into() };
    debug.get_command(request).await.unwrap().into_inner().command.unwrap()
}

async fn wait(debug: &mut Debug, id: &str) -> Command {
    let request = WaitCommandRequest { command_id: id.into(), timeout: seconds(20) };
    let command = debug.wait_command(request).await.unwrap().into_inner().command.unwrap();
    assert_eq!(command.state(), CommandState::Done);
    command
}

fn stdout(command: &Command) -> String {
    String::from_utf8(command.result.as_ref().unwrap().stdout.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_comes_back_goes_on_with_its_command() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut executor = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let mut debug = sandbox.debug();
    let id = submit(&mut debug, 20).await;
    let first = executor.run().await;
    drop(executor);
    let mut executor = ByHand::attach(&sandbox, sandbox.front(), "e1").await;
    let again = executor.run().await;
    assert_eq!((&again.command_id, again.epoch), (&first.command_id, first.epoch), "the same lease, another server");
    executor.done(&again, "pods\n").await;
    executor.acked().await;
    for server in &sandbox.servers {
        assert_eq!(stdout(&wait(&mut sandbox.debug_on(server, API_KEY), &id).await), "pods\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_executor_takes_over_and_the_first_ones_late_result_is_refused() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut first = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let mut debug = sandbox.debug();
    let id = submit(&mut debug, 20).await;
    let old = first.run().await;
    let mut second = ByHand::attach(&sandbox, sandbox.front(), "e2").await;
    drop(first);
    let new = second.run().await;
    assert_eq!((&new.command_id, new.epoch), (&old.command_id, old.epoch + 1));
    let mut first = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    first.done(&old, "the old one's\n").await;
    first.acked().await;
    assert_ne!(read(&mut debug, &id).await.state(), CommandState::Done, "it was not wanted");
    second.done(&new, "the new one's\n").await;
    second.acked().await;
    assert_eq!(stdout(&wait(&mut debug, &id).await), "the new one's\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_that_leaves_has_its_command_taken_over_at_once() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut leaving = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let id = submit(&mut sandbox.debug(), 20).await;
    leaving.run().await;
    let mut staying = ByHand::attach(&sandbox, sandbox.front(), "e2").await;
    leaving.leave().await;
    let next = submit(&mut sandbox.debug(), 20).await;
    let run = staying.run().await;
    assert_eq!(run.command_id, next, "the one that leaves gets nothing more");
    staying.done(&run, "").await;
    staying.acked().await;
    drop(leaving);
    let run = staying.run().await;
    assert_eq!((run.command_id, run.epoch), (id, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_waits_for_an_executor_that_was_there_a_moment_ago() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    drop(ByHand::attach(&sandbox, sandbox.back(), "e1").await);
    let mut debug = sandbox.debug();
    let id = submit(&mut debug, 20).await;
    let mut executor = ByHand::attach(&sandbox, sandbox.front(), "e2").await;
    let run = executor.run().await;
    assert_eq!(run.command_id, id);
    executor.done(&run, "").await;
    assert_eq!(wait(&mut debug, &id).await.result.unwrap().outcome(), Outcome::Succeeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_command_says_whether_the_cluster_was_offline_or_busy() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut executor = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let mut debug = sandbox.debug();
    submit(&mut debug, 20).await;
    executor.run().await;
    let busy = submit(&mut debug, 1).await;
    let result = wait(&mut debug, &busy).await.result.unwrap();
    assert_eq!(result.outcome(), Outcome::Expired);
    assert!(result.message.starts_with("busy: "), "{}", result.message);
    drop(executor);
    sandbox.until_disconnected(CLUSTER).await;
    let offline = submit(&mut debug, 1).await;
    let result = wait(&mut debug, &offline).await.result.unwrap();
    assert_eq!(result.outcome(), Outcome::Expired);
    assert!(result.message.starts_with("offline: "), "{}", result.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn output_begins_anew_with_the_next_executor_and_says_so() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut first = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let mut debug = sandbox.debug();
    let target = Some(Target::Spec(pods(20)));
    let request = StreamCommandRequest { target, detach: true, ..Default::default() };
    let mut stream = debug.stream_command(request).await.unwrap().into_inner();
    let run = first.run().await;
    first.output(&run, 1, "half of ").await;
    let mut heard = Vec::new();
    let mut pieces = async |until: fn(&Event) -> bool| loop {
        let event = tokio::time::timeout(PATIENCE, stream.message()).await.unwrap().unwrap().unwrap().event.unwrap();
        let enough = until(&event);
        if let Event::Output(chunk) = event {
            heard.push((chunk.seq, chunk.restarted, String::from_utf8(chunk.data.to_vec()).unwrap()));
        }
        if enough {
            return;
        }
    };
    pieces(|event| matches!(event, Event::Output(_))).await;
    let mut second = ByHand::attach(&sandbox, sandbox.front(), "e2").await;
    first.leave().await;
    // Its piece came before this on the same link.
    drop(first);
    let run = second.run().await;
    second.output(&run, 1, "whole ").await;
    second.output(&run, 2, "output\n").await;
    second.done_after(&run, 2).await;
    pieces(|event| matches!(event, Event::Result(_))).await;
    let numbers: Vec<u64> = heard.iter().map(|(seq, ..)| *seq).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let restarted: Vec<bool> = heard.iter().map(|(_, restarted, _)| *restarted).collect();
    assert_eq!(restarted, [false, true, false, false]);
    assert_eq!(heard[2].2.clone() + &heard[3].2, "whole output\n");
    assert_eq!(stdout(&read(&mut debug, &run.command_id).await), "whole output\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_process_of_the_same_executor_gets_the_next_lease() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut first = ByHand::attach_as(&sandbox, sandbox.back(), "e1", "p1").await;
    let id = submit(&mut sandbox.debug(), 20).await;
    assert_eq!(first.run().await.epoch, 1);
    drop(first);
    let mut second = ByHand::attach_as(&sandbox, sandbox.front(), "e1", "p2").await;
    let run = second.run().await;
    assert_eq!((run.command_id, run.epoch), (id, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_reaches_an_executor_from_the_other_server() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut executor = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let mut debug = sandbox.debug();
    let id = submit(&mut debug, 20).await;
    executor.run().await;
    debug.cancel_command(CancelCommandRequest { command_id: id.clone() }).await.unwrap();
    assert_eq!(executor.cancel().await, id);
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn while_redis_is_away_commands_wait_and_what_is_too_much_is_refused_at_once() {
    let append_only = ["--appendonly", "yes", "--appendfsync", "always"];
    let one = |config: &mut kubently_server::Config| config.queue_size = 1;
    let sandbox = Sandbox::start_on(&append_only, one).await;
    let mut executor = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let mut debug = sandbox.debug();
    let before = submit(&mut debug, 20).await;
    let run = executor.run().await;
    let redis = sandbox.redis.as_ref().unwrap();
    redis.kill().await;
    sandbox.until_health("degraded").await;
    let (status, ready) = get(&sandbox, "/readyz").await;
    assert_eq!((status, ready["status"].as_str()), (200, Some("degraded")), "it stays in service");
    // A result that comes meanwhile is kept until Redis has it.
    executor.done(&run, "kept\n").await;
    let mut other = debug.clone();
    let waiting = tokio::spawn(async move { submit(&mut other, 20).await });
    sandbox.until_metric("kubently_queued_commands 1").await;
    let request = ExecuteCommandRequest { spec: Some(pods(20)), ..Default::default() };
    let refused = debug.clone().execute_command(request).await.unwrap_err();
    assert_eq!(reason(&refused), "STORE_UNAVAILABLE");
    assert!(refused.get_details_retry_info().is_some());
    redis.restart().await;
    assert_eq!(executor.acked().await.command_id, before);
    assert_eq!(stdout(&wait(&mut debug, &before).await), "kept\n");
    let run = executor.run().await;
    let id = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert_eq!(run.command_id, id, "the executor was attached all the time");
    sandbox.until_health("healthy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_emptied_redis_lost_is_written_again() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut executor = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let mut debug = sandbox.debug();
    let ended = submit(&mut debug, 20).await;
    let run = executor.run().await;
    executor.done(&run, "before\n").await;
    executor.acked().await;
    wait(&mut debug, &ended).await;
    let running = submit(&mut debug, 20).await;
    let run = executor.run().await;
    let redis = sandbox.redis.as_ref().unwrap();
    redis.kill().await;
    redis.restart().await;
    executor.done(&run, "after\n").await;
    executor.acked().await;
    for server in &sandbox.servers {
        let mut debug = sandbox.debug_on(server, API_KEY);
        assert_eq!(stdout(&wait(&mut debug, &running).await), "after\n");
        assert_eq!(stdout(&wait(&mut debug, &ended).await), "before\n");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_finds_its_command_again_on_any_server_and_without_its_caller_it_is_cancelled() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let mut executor = ByHand::attach(&sandbox, sandbox.back(), "e1").await;
    let request =
        || ExecuteCommandRequest { spec: Some(pods(20)), idempotency_key: "key-1".into(), ..Default::default() };
    let ask = |server| {
        let mut debug = sandbox.debug_on(server, API_KEY);
        tokio::spawn(async move { debug.execute_command(request()).await })
    };
    let gone = ask(sandbox.front());
    let run = executor.run().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let again = ask(sandbox.back());
    sandbox.until_waiting(sandbox.back()).await;
    // Nobody waits on the first server any more, and still nothing is cancelled.
    let mut other = ByHand::attach(&sandbox, sandbox.front(), "e2").await;
    let alone = submit_keyed(&sandbox, "key-2");
    let abandoned = other.run().await;
    alone.abort();
    assert_eq!(other.cancel().await, abandoned.command_id, "its caller did not come back");
    executor.done(&run, "one\n").await;
    let command = again.await.unwrap().unwrap().into_inner().command.unwrap();
    assert_eq!((command.id.as_str(), stdout(&command).as_str()), (run.command_id.as_str(), "one\n"));
}

/// Asks for a command with a key, on the front server.
fn submit_keyed(sandbox: &Sandbox, key: &'static str) -> tokio::task::JoinHandle<()> {
    let mut debug = sandbox.debug();
    tokio::spawn(async move {
        let request = ExecuteCommandRequest { spec: Some(pods(20)), idempotency_key: key.into(), ..Default::default() };
        let _cut = debug.execute_command(request).await;
    })
}
