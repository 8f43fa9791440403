//! The three ways in, as one function: what a caller sees of one command.

use kubently_proto::v1::{CommandSpec, ExecuteCommandRequest};
use serde_json::{Value, json};

use super::{API_KEY, Sandbox};

/// A way in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Face {
    Grpc,
    Rest,
    Cli,
}

/// What a caller sees.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) exit_code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Face {
    /// Runs a command through the front server.
    pub(crate) async fn run(self, sandbox: &Sandbox, cluster: &str, argv: &[&str]) -> Seen {
        match self {
            Self::Grpc => grpc(sandbox, cluster, argv).await,
            Self::Rest => rest(sandbox, cluster, argv).await,
            Self::Cli => cli(sandbox, cluster, argv).await,
        }
    }
}

/// A command as gRPC takes it.
pub(crate) fn spec(cluster: &str, argv: &[&str]) -> CommandSpec {
    CommandSpec {
        cluster_id: cluster.into(),
        argv: argv.iter().map(ToString::to_string).collect(),
        ..CommandSpec::default()
    }
}

async fn grpc(sandbox: &Sandbox, cluster: &str, argv: &[&str]) -> Seen {
    let request = ExecuteCommandRequest { spec: Some(spec(cluster, argv)), ..Default::default() };
    let command = sandbox.debug().execute_command(request).await.unwrap().into_inner().command.unwrap();
    let result = command.result.unwrap();
    Seen {
        exit_code: result.exit_code.unwrap(),
        stdout: String::from_utf8(result.stdout.to_vec()).unwrap(),
        stderr: String::from_utf8(result.stderr.to_vec()).unwrap(),
    }
}

async fn rest(sandbox: &Sandbox, cluster: &str, argv: &[&str]) -> Seen {
    let (verb, args) = argv.split_first().unwrap();
    let body = json!({"cluster_id": cluster, "command_type": verb, "args": args, "namespace": null});
    let (status, answer) = post(sandbox, "/debug/execute", &body).await;
    assert_eq!(status, 200, "{answer}");
    let text = |field: &str| answer[field].as_str().unwrap_or_default().to_owned();
    let exit_code = answer["exit_code"].as_i64().unwrap_or_else(|| panic!("{answer}"));
    Seen { exit_code: exit_code.try_into().unwrap(), stdout: text("stdout"), stderr: text("stderr") }
}

async fn cli(sandbox: &Sandbox, cluster: &str, argv: &[&str]) -> Seen {
    let mut arguments = vec!["exec", cluster, "--"];
    arguments.extend(argv);
    let output = kubently(sandbox, &arguments).await;
    Seen {
        exit_code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The real binary, pointed at the front server.
pub(crate) fn kubently_command(sandbox: &Sandbox, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_kubently"));
    command.args(arguments);
    command.env_clear();
    command.env("KUBENTLY_API_URL", sandbox.front().url());
    command.env("KUBENTLY_API_KEY", API_KEY);
    command.kill_on_drop(true);
    command
}

/// Runs the real binary to its end.
pub(crate) async fn kubently(sandbox: &Sandbox, arguments: &[&str]) -> std::process::Output {
    kubently_command(sandbox, arguments).output().await.unwrap()
}

/// A plain HTTP client.
pub(crate) fn http() -> reqwest::Client {
    super::static_provider();
    reqwest::Client::builder().tcp_nodelay(true).build().unwrap()
}

/// POSTs JSON with the caller's key; returns status and JSON.
pub(crate) async fn post(sandbox: &Sandbox, path: &str, body: &Value) -> (u16, Value) {
    let url = format!("{}{path}", sandbox.front().url());
    let answer = http().post(url).header("x-api-key", API_KEY).json(body).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// GETs JSON with the caller's key; returns status and JSON.
pub(crate) async fn get(sandbox: &Sandbox, path: &str) -> (u16, Value) {
    let url = format!("{}{path}", sandbox.front().url());
    let answer = http().get(url).header("x-api-key", API_KEY).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}
