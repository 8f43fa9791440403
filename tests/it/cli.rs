//! The binary, as a person at a terminal and as a script use it.

use std::process::Stdio;

use kubently_executor::TransportKind;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::sandbox::{
    CLUSTER, Kind, PATIENCE, Sandbox,
    face::{kubently, kubently_command},
};

struct Printed {
    code: i32,
    stdout: String,
    stderr: String,
}

async fn run(sandbox: &Sandbox, arguments: &[&str]) -> Printed {
    let output = kubently(sandbox, arguments).await;
    Printed {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

async fn json(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let printed = run(sandbox, arguments).await;
    assert_eq!(printed.code, 0, "{arguments:?}: {}", printed.stderr);
    serde_json::from_str(&printed.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_noun_lists_and_shows() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;

    let clusters = run(&sandbox, &["clusters", "list"]).await;
    assert_eq!(clusters.code, 0, "{}", clusters.stderr);
    assert!(clusters.stdout.lines().any(|line| line.starts_with(CLUSTER)), "{}", clusters.stdout);
    assert_eq!(json(&sandbox, &["clusters", "get", CLUSTER, "-o", "json"]).await["connected"], true);
    let yaml = run(&sandbox, &["clusters", "get", CLUSTER, "-o", "yaml"]).await;
    assert!(yaml.stdout.contains(&format!("id: {CLUSTER}")), "{}", yaml.stdout);

    let session = json(&sandbox, &["sessions", "create", CLUSTER, "-o", "json"]).await;
    let id = session["id"].as_str().unwrap_or_else(|| panic!("{session}"));
    assert_eq!(json(&sandbox, &["sessions", "get", id, "-o", "json"]).await["clusterId"], CLUSTER);
    assert_eq!(run(&sandbox, &["exec", CLUSTER, "--session", id, "--", "get", "ns"]).await.code, 0);
    assert_eq!(run(&sandbox, &["sessions", "end", id]).await.code, 0);
    assert_eq!(run(&sandbox, &["sessions", "get", id]).await.code, 66);

    let token = json(&sandbox, &["tokens", "create", "another", "-o", "json"]).await;
    assert_eq!(token["token"].as_str().map(str::len), Some(64), "{token}");
    assert_eq!(run(&sandbox, &["tokens", "create", "another"]).await.code, 73);
    assert!(run(&sandbox, &["tokens", "list"]).await.stdout.contains("another"));
    assert_eq!(run(&sandbox, &["tokens", "revoke", "another"]).await.code, 0);

    assert!(run(&sandbox, &["audit"]).await.stdout.contains("executor_token_revoked"));
    assert!(run(&sandbox, &["version"]).await.stdout.contains(env!("CARGO_PKG_VERSION")));
    assert!(run(&sandbox, &["completion", "bash"]).await.stdout.contains("kubently"));
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_what_happened() {
    let sandbox = Sandbox::start(Kind::Memory).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    sandbox.token("quiet").await;
    let cases: [(i32, &[&str], &str); 6] = [
        (1, &["exec", CLUSTER, "--", "get", "pod", "nope", "-n", "shop"], "\"nope\" not found"),
        (77, &["exec", CLUSTER, "--", "delete", "pod", "x"], "delete"),
        (66, &["exec", "nowhere", "--", "get", "pods"], "not found"),
        (69, &["exec", "quiet", "--", "get", "pods"], "offline"),
        (124, &["exec", CLUSTER, "--timeout", "1s", "--", "logs", "demo-slow", "-n", "lab"], ""),
        (64, &["exec"], "Usage"),
    ];
    for (code, arguments, text) in cases {
        let printed = run(&sandbox, arguments).await;
        assert_eq!(printed.code, code, "{arguments:?}: {}", printed.stderr);
        assert!(printed.stderr.contains(text), "{arguments:?}: {}", printed.stderr);
    }
    let mut keyless = kubently_command(&sandbox, &["clusters", "list"]);
    keyless.env("KUBENTLY_API_KEY", "wrong-key-1");
    assert_eq!(keyless.output().await.unwrap().status.code(), Some(77));
}

#[tokio::test(flavor = "multi_thread")]
async fn follow_streams_live_and_ctrl_c_cancels() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let arguments = ["exec", CLUSTER, "--timeout", "120s", "--", "logs", "demo-slow", "-n", "lab", "-f"];
    let mut command = kubently_command(&sandbox, &arguments);
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap();
        assert!(line.is_some_and(|line| !line.is_empty()), "lines come while the command runs");
    }
    let pid = process.id().unwrap().to_string();
    let interrupt = tokio::process::Command::new("kill").args(["-INT", &pid]).status().await.unwrap();
    assert!(interrupt.success());
    let ended = tokio::time::timeout(PATIENCE, process.wait()).await.expect("it ends").unwrap();
    assert_eq!(ended.code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_can_be_submitted_watched_and_cancelled() {
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor = sandbox.executor(TransportKind::Grpc).await;
    let slow = ["logs", "demo-slow", "-n", "lab"];
    let mut arguments = vec!["exec", CLUSTER, "--detach", "--timeout", "120s", "-o", "json", "--"];
    arguments.extend(slow);
    let submitted = json(&sandbox, &arguments).await;
    let id = submitted["id"].as_str().unwrap_or_else(|| panic!("{submitted}"));
    assert_eq!(json(&sandbox, &["commands", "get", id, "-o", "json"]).await["clusterId"], CLUSTER);
    assert_eq!(run(&sandbox, &["commands", "cancel", id]).await.code, 0);
    let watched = tokio::time::timeout(PATIENCE, run(&sandbox, &["commands", "watch", id])).await.unwrap();
    assert_eq!(watched.code, 130, "{}", watched.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_runs_a_command_on_the_demo_cluster_with_nothing_else_installed() {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_kubently"));
    command.args(["dev", "--demo", "--", "get", "pods", "-n", "shop"]).env_clear().kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(stdout.starts_with("NAME ") && stdout.contains("CrashLoopBackOff"), "{stdout}");
}
