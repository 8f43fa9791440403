//! What is refused, how fast, and what the refusal says.

use std::time::{Duration, Instant};

use kubently_executor::TransportKind;
use kubently_proto::v1::{
    AttachRequest, CommandOutput, CommandSpec, ExecuteCommandRequest, OutputChunk, OutputStream, QueryAuditRequest,
    RevokeTokenRequest, SubmitCommandRequest, admin_service_client::AdminServiceClient, attach_request::Message,
    attach_response::Message as Told, executor_service_client::ExecutorServiceClient,
};
use tonic::{Code, Request, Status, metadata::MetadataValue};
use tonic_types::StatusExt;

use crate::sandbox::{CLUSTER, Kind, PATIENCE, Sandbox, attach, channel, face::spec, hello};

/// How fast a refusal must be on a busy machine; far less than any command's deadline.
const AT_ONCE: Duration = Duration::from_secs(2);

async fn refused(sandbox: &Sandbox, spec: CommandSpec) -> Status {
    let begun = Instant::now();
    let request = ExecuteCommandRequest { spec: Some(spec), ..Default::default() };
    let status = sandbox.debug().execute_command(request).await.unwrap_err();
    assert!(begun.elapsed() < AT_ONCE, "{:?}: {status}", begun.elapsed());
    status
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

async fn unknown_and_offline(kind: Kind) {
    let sandbox = Sandbox::start_with(kind, |config| config.offline_after = Duration::from_millis(1)).await;
    let unknown = refused(&sandbox, spec("nowhere", &["get", "pods"])).await;
    assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "CLUSTER_NOT_FOUND"));

    sandbox.token("quiet").await;
    let offline = refused(&sandbox, spec("quiet", &["get", "pods"])).await;
    assert_eq!((offline.code(), reason(&offline).as_str()), (Code::Unavailable, "CLUSTER_OFFLINE"));
    assert!(offline.message().contains("offline"), "{offline}");
    assert!(offline.get_details_retry_info().is_some());

    let executor = sandbox.executor(TransportKind::Grpc).await;
    let listed = refused(&sandbox, spec("nowhere", &["get", "pods"])).await;
    assert!(listed.message().contains("Available clusters: quiet, shop-1"), "{listed}");
    drop(executor);
    // Once its executor is gone for as long as is set, the cluster is offline again, and says so at once.
    let gone = async {
        loop {
            let request = ExecuteCommandRequest { spec: Some(spec(CLUSTER, &["get", "ns"])), ..Default::default() };
            match sandbox.debug().execute_command(request).await {
                Err(status) => return status,
                Ok(_still_there) => tokio::task::yield_now().await,
            }
        }
    };
    let status = tokio::time::timeout(PATIENCE, gone).await.unwrap();
    assert_eq!(reason(&status), "CLUSTER_OFFLINE");
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_offline_in_memory() {
    unknown_and_offline(Kind::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_and_offline_over_redis() {
    unknown_and_offline(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_fields_are_named() {
    let sandbox = Sandbox::start(Kind::Memory).await;
    let too_long = Some(pbjson_types::Duration { seconds: 601, nanos: 0 });
    let cases = [
        ("cluster_id", spec("Bad ID*", &["get", "pods"])),
        ("spec.argv", spec(CLUSTER, &[])),
        ("spec.timeout", CommandSpec { timeout: too_long, ..spec(CLUSTER, &["get", "pods"]) }),
        ("session_id", CommandSpec { session_id: "x".into(), ..spec(CLUSTER, &["get", "pods"]) }),
    ];
    for (field, spec) in cases {
        let status = refused(&sandbox, spec).await;
        assert_eq!(status.code(), Code::InvalidArgument, "{field}");
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, field);
        assert!(!violations[0].description.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dangerous_commands_are_denied_before_anything_runs() {
    let sandbox = Sandbox::start(Kind::Memory).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    for argv in [
        &["delete", "pod", "x"][..],
        &["get", "secrets"],
        &["get", "pods", "-s", "https://elsewhere"],
        &["get", "pods", "--as=system:admin"],
        &["rollout", "-n", "history", "restart", "deploy/x"],
        &["get", "pods", "-o", "go-template-file=/proc/self/environ"],
        &["logs", "demo-slow", "-n", "lab", "-f"],
    ] {
        let status = refused(&sandbox, spec(CLUSTER, argv)).await;
        assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "COMMAND_DENIED"), "{argv:?}");
        assert!(status.get_details_bad_request().unwrap().field_violations[0].field.starts_with("spec.argv"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_need_a_key() {
    let sandbox = Sandbox::start(Kind::Memory).await;
    let mut nobody = AdminServiceClient::new(channel(sandbox.front()));
    let status = nobody.query_audit(QueryAuditRequest::default()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated);
    let mut wrong = Request::new(QueryAuditRequest::default());
    wrong.metadata_mut().insert("x-api-key", MetadataValue::from_static("not-the-key"));
    assert_eq!(nobody.query_audit(wrong).await.unwrap_err().code(), Code::Unauthenticated);
    let mut bearer = Request::new(QueryAuditRequest::default());
    bearer.metadata_mut().insert("authorization", MetadataValue::from_static("Bearer sandbox-key"));
    assert_eq!(nobody.query_audit(bearer).await.unwrap().into_inner().service_identity, "sandbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn executors_need_their_own_clusters_token() {
    let sandbox = Sandbox::start(Kind::Memory).await;
    let token = sandbox.token("one").await;
    sandbox.token("two").await;
    let mut client = ExecutorServiceClient::new(channel(sandbox.back()));
    for (cluster, token) in [("one", "wrong"), ("two", token.as_str()), ("nowhere", token.as_str())] {
        let status = client.attach(hello(cluster, token)).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{cluster}");
    }
    client.attach(hello("one", &token)).await.unwrap();
}

async fn revocation_detaches(kind: Kind) {
    let sandbox = Sandbox::start(kind).await;
    let mut executor = sandbox.executor(TransportKind::Grpc).await;
    let request = RevokeTokenRequest { cluster_id: CLUSTER.into() };
    sandbox.admin().revoke_token(request.clone()).await.unwrap();
    let gone = executor.attached.wait_for(Option::is_none);
    tokio::time::timeout(PATIENCE, gone).await.expect("a revoked executor is detached").unwrap();
    assert_eq!(sandbox.admin().revoke_token(request).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_detaches_in_memory() {
    revocation_detaches(Kind::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_detaches_from_another_server() {
    revocation_detaches(Kind::Redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_tells_who_did_what() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let request = ExecuteCommandRequest { spec: Some(spec(CLUSTER, &["get", "ns"])), ..Default::default() };
    let command = sandbox.debug().execute_command(request).await.unwrap().into_inner().command.unwrap();
    let query = QueryAuditRequest { event_type: "command_executed".into(), ..Default::default() };
    let written = async {
        loop {
            let entries = sandbox.admin().query_audit(query.clone()).await.unwrap().into_inner().entries;
            if let [entry] = &entries[..] {
                return entry.clone();
            }
        }
    };
    let entry = tokio::time::timeout(PATIENCE, written).await.unwrap();
    assert_eq!((entry.command_id, entry.command.as_str()), (command.id, "get ns"));
    assert_eq!((entry.service_identity.as_str(), entry.outcome.as_str()), ("sandbox", "success"));
}

/// An executor that sends more than was asked for is cut off: what it sends is kept in Redis.
#[tokio::test(flavor = "multi_thread")]
async fn an_executor_cannot_send_without_end() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let token = sandbox.token(CLUSTER).await;
    let (say, says) = tokio::sync::mpsc::channel(1);
    let mut client = ExecutorServiceClient::new(channel(sandbox.back()));
    let request = attach(CLUSTER, &token, tokio_stream::wrappers::ReceiverStream::new(says));
    let mut link = client.attach(request).await.unwrap().into_inner();
    sandbox.until_connected(CLUSTER).await;
    let mut debug = sandbox.debug();
    let spec = CommandSpec { max_output_bytes: 1 << 20, ..spec(CLUSTER, &["get", "pods"]) };
    let request = SubmitCommandRequest { spec: Some(spec), ..Default::default() };
    debug.submit_command(request).await.unwrap();
    let run = loop {
        if let Some(Told::Run(run)) = link.message().await.unwrap().unwrap().message {
            break run;
        }
    };
    let flood = tokio::spawn(async move {
        for seq in 1.. {
            let chunk = OutputChunk {
                seq,
                stream: OutputStream::Stdout.into(),
                data: vec![b'x'; 256 << 10].into(),
                restarted: false,
            };
            let output = CommandOutput { command_id: run.command_id.clone(), epoch: run.epoch, chunk: Some(chunk) };
            if say.send(AttachRequest { message: Some(Message::Output(output)) }).await.is_err() {
                return seq;
            }
        }
        0
    });
    let refused = async { while let Ok(Some(_told)) = link.message().await {} };
    tokio::time::timeout(PATIENCE, refused).await.expect("the link ends");
    drop(link);
    let sent = tokio::time::timeout(PATIENCE, flood).await.expect("nobody takes more").unwrap();
    assert!(sent < 40, "{sent} chunks were taken for a limit of 4");
}
