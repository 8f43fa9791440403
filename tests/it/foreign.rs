//! Clients and executors that we did not write the libraries of.

use std::{path::PathBuf, process::Stdio};

use kubently_executor::TransportKind;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::sandbox::{API_KEY, CLUSTER, Kind, PATIENCE, Sandbox, face::post};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn python(script: &str) -> Command {
    let interpreter = root().join(".venv/bin/python");
    assert!(interpreter.exists(), "the Python clients are installed by `make tools`");
    let mut command = Command::new(interpreter);
    command.arg(root().join("tests/clients").join(script)).kill_on_drop(true);
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_grpc_client_with_its_own_stubs() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let mut client = python("grpc_client.py");
    client.arg(root().join("proto")).args([sandbox.front().addr.to_string().as_str(), API_KEY, CLUSTER]);
    let output = client.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let saw: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(saw["clusters"], json!([CLUSTER]));
    assert_eq!(saw["outcome"], "OUTCOME_SUCCEEDED");
    assert!(saw["stdout"].as_str().unwrap().contains("CrashLoopBackOff"));
    let kinds: Vec<&str> = saw["kinds"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"accepted"), Some(&"result")), "{kinds:?}");
    assert_eq!(saw["streamed_the_same"], true);
    assert_eq!(
        (saw["refusal"].as_str(), saw["keyless"].as_str()),
        (Some("PERMISSION_DENIED"), Some("UNAUTHENTICATED"))
    );
}

/// The foreign executor's process and what it prints.
struct Foreign {
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Foreign {
    async fn start(sandbox: &Sandbox) -> Self {
        let token = sandbox.token(CLUSTER).await;
        let mut command = python("sse_executor.py");
        command.args([sandbox.back().url().as_str(), CLUSTER, &token]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { lines, _process: process }
    }

    async fn says(&mut self) -> Value {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.unwrap().unwrap();
        serde_json::from_str(&line.expect("it is running")).unwrap()
    }
}

async fn an_older_executor_serves(kind: Kind) {
    let sandbox = Sandbox::start(kind).await;
    let mut foreign = Foreign::start(&sandbox).await;
    assert_eq!(foreign.says().await["capabilities"]["ttl_seconds"], 3600);
    let connected = foreign.says().await;
    assert_eq!(connected["event"], "connected");
    assert_eq!(
        (&connected["data"]["status"], &connected["data"]["cluster_id"]),
        (&json!("connected"), &json!(CLUSTER))
    );
    sandbox.until_connected(CLUSTER).await;

    let body = json!({"cluster_id": CLUSTER, "args": ["pods"], "namespace": "web", "correlation_id": "corr-1"});
    let (status, answer) = post(&sandbox, "/debug/execute", &body).await;
    assert_eq!((status, answer["status"].as_str()), (200, Some("success")), "{answer}");
    assert_eq!(answer["correlation_id"], "corr-1");
    loop {
        let said = foreign.says().await;
        if said["event"] == "command" {
            assert_eq!(said["data"]["id"], answer["command_id"]);
            assert_eq!(said["data"]["correlation_id"], "corr-1");
            let arguments = said["data"]["args"].as_array().unwrap().iter().map(|argument| argument.as_str().unwrap());
            assert_eq!(answer["output"].as_str().unwrap(), arguments.collect::<Vec<_>>().join(" "));
            break;
        }
    }
    for _ in 0..2 {
        let posted = foreign.says().await;
        assert_eq!(posted["posted"], 200);
        assert_eq!(posted["answer"], json!({"status": "accepted", "command_id": answer["command_id"]}));
    }

    let body = json!({"cluster_id": CLUSTER, "args": ["pods", "fail"], "namespace": null});
    let (_, failed) = post(&sandbox, "/debug/execute", &body).await;
    assert_eq!((failed["status"].as_str(), failed["exit_code"].as_i64()), (Some("failure"), Some(3)), "{failed}");
    assert_eq!(failed["stderr"], "it failed");
    assert!(failed["output"].as_str().unwrap().ends_with("\nit failed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_python_executor_serves_in_memory() {
    an_older_executor_serves(Kind::Memory).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_python_executor_serves_over_redis() {
    an_older_executor_serves(Kind::Redis).await;
}

/// kubectl itself against the demo cluster, where kubectl is installed.
#[tokio::test(flavor = "multi_thread")]
async fn kubectl_reads_the_demo_cluster() {
    if Command::new("kubectl").args(["version", "--client"]).output().await.is_err() {
        eprintln!("kubectl is not installed; nothing to compare with");
        return;
    }
    let sandbox = Sandbox::start(Kind::Memory).await;
    let vectors: [&[&str]; 6] = [
        &["get", "pods", "-A"],
        &["get", "deploy,svc", "-n", "shop"],
        &["describe", "pods", "-n", "shop"],
        &["describe", "deployments", "-n", "shop"],
        &["get", "events", "-n", "shop"],
        &["get", "nodes", "-o", "yaml"],
    ];
    for argv in vectors {
        let mut kubectl = Command::new("kubectl");
        kubectl.args(argv).env_clear().env("PATH", std::env::var_os("PATH").unwrap());
        kubectl.env("KUBECONFIG", sandbox.kubeconfig()).env("KUBECACHEDIR", sandbox.dir.path().join("cache"));
        let output = kubectl.output().await.unwrap();
        assert!(output.status.success(), "{argv:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(!output.stdout.is_empty(), "{argv:?}");
    }
}
