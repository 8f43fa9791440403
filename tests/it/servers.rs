//! Servers among themselves and with Redis: handing over, and what they hold.

use std::time::Duration;

use futures::future::join_all;
use kubently_executor::TransportKind;
use kubently_proto::v1::{
    CommandSpec, ExecuteCommandRequest, ListExecutorsRequest, Outcome, StreamCommandRequest, attach_response::Message,
    executor_service_client::ExecutorServiceClient, stream_command_request::Target, stream_command_response::Event,
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::sandbox::{
    API_KEY, CLUSTER, Kind, PATIENCE, Sandbox, channel,
    face::{get, spec},
    hello,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_hands_its_executors_over() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let servers = vec![sandbox.back().url(), sandbox.front().url()];
    let mut executor = sandbox.executor_with(CLUSTER, TransportKind::Grpc, |config| config.servers = servers).await;
    // It begins with any of its servers, so that a fleet spreads over them.
    let first = executor.attached.borrow().clone().unwrap().server;
    let (stopping, staying) = match first == sandbox.back().url() {
        true => (sandbox.back(), sandbox.front()),
        false => (sandbox.front(), sandbox.back()),
    };
    stopping.stop().await;
    let elsewhere = executor.attached.wait_for(|to| to.as_ref().is_some_and(|to| to.server != first));
    tokio::time::timeout(PATIENCE, elsewhere).await.expect("it attaches to the other server").unwrap();
    let request = ExecuteCommandRequest { spec: Some(spec(CLUSTER, &["get", "ns"])), ..Default::default() };
    let mut debug = sandbox.debug_on(staying, API_KEY);
    let command = debug.execute_command(request).await.unwrap().into_inner().command.unwrap();
    assert_eq!(command.result.unwrap().outcome(), Outcome::Succeeded);
}

/// Connections that the servers hold; the one that asks is not theirs.
async fn connections(sandbox: &Sandbox) -> usize {
    let list = sandbox.redis.as_ref().unwrap().ask("CLIENT LIST").await;
    list.lines().filter(|line| line.contains("id=") && !line.contains("cmd=client")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_connections_depend_on_servers_only() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let before = connections(&sandbox).await;
    assert_eq!(before, 2 * sandbox.servers.len(), "one for commands and one for pub/sub each");
    let clusters: Vec<String> = (0..20).map(|i| format!("c-{i}")).collect();
    let executors = clusters.iter().map(|cluster| sandbox.executor_with(cluster, TransportKind::Grpc, |_config| {}));
    let executors = join_all(executors).await;
    let commands = clusters.iter().flat_map(|cluster| std::iter::repeat_n(cluster, 10)).map(|cluster| {
        let mut debug = sandbox.debug();
        async move {
            let request = ExecuteCommandRequest { spec: Some(spec(cluster, &["get", "ns"])), ..Default::default() };
            let command = debug.execute_command(request).await.unwrap().into_inner().command.unwrap();
            assert_eq!(command.result.unwrap().outcome(), Outcome::Succeeded);
        }
    });
    let (_, during) = tokio::join!(join_all(commands), connections(&sandbox));
    assert_eq!(during, before);
    assert_eq!(executors.len(), 20);
    let listed = sandbox.admin().list_executors(ListExecutorsRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.executors.len(), 20, "every server sees every executor");
    let everything = sandbox.redis.as_ref().unwrap().ask("INFO commandstats").await;
    assert!(!everything.contains("cmdstat_keys"), "KEYS is never used");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_reflection_are_there() {
    let sandbox = Sandbox::start(Kind::Memory).await;
    let mut health = HealthClient::new(channel(sandbox.front()));
    for service in ["", "kubently.v1.DebugService", "kubently.v1.ExecutorService"] {
        let request = HealthCheckRequest { service: service.into() };
        let status = health.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service}");
    }
}

/// An executor whose link died without a word comes back before the server noticed.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_link_of_the_same_executor_replaces_the_first() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let token = sandbox.token(CLUSTER).await;
    let mut client = ExecutorServiceClient::new(channel(sandbox.back()));
    let mut first = client.attach(hello(CLUSTER, &token)).await.unwrap().into_inner();
    assert!(matches!(first.message().await.unwrap().unwrap().message, Some(Message::Welcome(_))));
    let mut second = client.attach(hello(CLUSTER, &token)).await.unwrap().into_inner();
    assert!(matches!(second.message().await.unwrap().unwrap().message, Some(Message::Welcome(_))));
    let ended = async { while let Ok(Some(_heartbeat)) = first.message().await {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("the first link ends");
    let request = ListExecutorsRequest { cluster_id: CLUSTER.into() };
    let listed = sandbox.admin().list_executors(request).await.unwrap().into_inner();
    assert_eq!(listed.executors.len(), 1, "it is still present");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_executor_is_dropped() {
    let quick = |config: &mut kubently_server::Config| config.heartbeat_interval = Duration::from_millis(100);
    let sandbox = Sandbox::start_with(Kind::Memory, quick).await;
    let token = sandbox.token(CLUSTER).await;
    let mut client = ExecutorServiceClient::new(channel(sandbox.back()));
    let mut link = client.attach(hello(CLUSTER, &token)).await.unwrap().into_inner();
    let mut heartbeats = 0;
    let ended = async {
        while let Ok(Some(told)) = link.message().await {
            heartbeats += u32::from(matches!(told.message, Some(Message::Heartbeat(_))));
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.expect("a side that says nothing is dropped");
    assert!(heartbeats > 0, "the server itself was not silent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_lets_its_commands_finish() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut debug = sandbox.debug();
    let slow = CommandSpec {
        timeout: Some(pbjson_types::Duration { seconds: 2, nanos: 0 }),
        ..spec(CLUSTER, &["logs", "demo-slow", "-n", "lab"])
    };
    let request = StreamCommandRequest { target: Some(Target::Spec(slow)), ..Default::default() };
    let mut stream = debug.stream_command(request).await.unwrap().into_inner();
    let accepted = stream.message().await.unwrap().unwrap();
    assert!(matches!(accepted.event, Some(Event::Accepted(_))));
    let (_, result) = tokio::join!(sandbox.front().stop(), async {
        loop {
            match stream.message().await.unwrap().expect("the result comes before the end").event {
                Some(Event::Result(result)) => return result,
                Some(_) => {}
                None => panic!("an empty event"),
            }
        }
    });
    assert_eq!(result.outcome(), Outcome::TimedOut, "it ran to its deadline");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_requests_are_refused_and_nothing_hangs() {
    let mut sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    drop(sandbox.redis.take());
    let request = ExecuteCommandRequest { spec: Some(spec(CLUSTER, &["get", "ns"])), ..Default::default() };
    let mut debug = sandbox.debug();
    let refused = tokio::time::timeout(PATIENCE, debug.execute_command(request)).await.expect("it does not hang");
    assert_eq!(refused.unwrap_err().code(), tonic::Code::Unavailable);
    let health = tokio::time::timeout(PATIENCE, get(&sandbox, "/health")).await.expect("health does not hang");
    assert_eq!(health.0, 503, "{}", health.1);
    let live = tokio::time::timeout(PATIENCE, get(&sandbox, "/healthz")).await.expect("liveness does not hang");
    assert_eq!(live.0, 200, "it is alive all the same");
}
