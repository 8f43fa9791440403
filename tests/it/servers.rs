//! Servers among themselves and with Redis: handing over, and what they hold.

use futures::future::join_all;
use kubently_executor::TransportKind;
use kubently_proto::v1::{
    ExecuteCommandRequest, ListExecutorsRequest, Outcome, attach_response::Message,
    executor_service_client::ExecutorServiceClient,
};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use crate::sandbox::{CLUSTER, Kind, PATIENCE, Sandbox, channel, face::spec, hello};

#[tokio::test(flavor = "multi_thread")]
async fn a_stopping_server_hands_its_executors_over() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let servers = vec![sandbox.back().url(), sandbox.front().url()];
    let mut executor = sandbox.executor_with(CLUSTER, TransportKind::Grpc, |config| config.servers = servers).await;
    let first = executor.attached.borrow().clone().unwrap().server;
    sandbox.back().stop().await;
    let elsewhere = executor.attached.wait_for(|to| to.as_ref().is_some_and(|to| to.server != first));
    tokio::time::timeout(PATIENCE, elsewhere).await.expect("it attaches to the other server").unwrap();
    let request = ExecuteCommandRequest { spec: Some(spec(CLUSTER, &["get", "ns"])), ..Default::default() };
    let command = sandbox.debug().execute_command(request).await.unwrap().into_inner().command.unwrap();
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
