//! A command checked without running it, over every face; and a policy file that changes under a running system.

use kubently_executor::TransportKind;
use kubently_proto::v1::{CheckCommandRequest, CheckCommandResponse};
use serde_json::{Value, json};
use tonic::Code;

use crate::sandbox::{
    CLUSTER, Kind, PATIENCE, Sandbox,
    face::{Face, get, kubently, post},
};

/// Commands, the rule that refuses each under [`POLICY`], and the setting that decides.
const CASES: [(&[&str], &str, &str); 7] = [
    (&["get", "po", "-n", "shop"], "", ""),
    (&["get", "pods", "-n", "lab"], "namespace-not-allowed", "namespaces.allow"),
    (&["get", "pods", "-A"], "namespace-not-allowed", "namespaces.allNamespaces"),
    (&["get", "nodes"], "cluster-scope-not-allowed", "namespaces.clusterScoped"),
    (&["get", "secrets", "-n", "shop"], "restricted-resource", "secrets"),
    (&["logs", "x", "--previous", "-n", "shop"], "flag-not-allowed", "flags.deny"),
    (&["delete", "pod", "x"], "verb-not-allowed", ""),
];

const POLICY: &str = "namespaces: {allow: [shop]}\nflags: {deny: [previous]}\n";

/// A policy file in the sandbox's own folder.
struct File(tempfile::TempDir);

impl File {
    fn new(text: &str) -> Self {
        let file = Self(tempfile::tempdir().unwrap());
        file.write(text);
        file
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("policy.yaml")
    }

    /// As a ConfigMap changes: at once.
    fn write(&self, text: &str) {
        let draft = self.0.path().join("draft");
        std::fs::write(&draft, text).unwrap();
        std::fs::rename(draft, self.path()).unwrap();
    }
}

async fn over_grpc(sandbox: &Sandbox, cluster: &str, argv: &[&str]) -> Result<CheckCommandResponse, tonic::Status> {
    let argv = argv.iter().map(ToString::to_string).collect();
    let request = CheckCommandRequest { cluster_id: cluster.into(), argv, streaming: false };
    sandbox.debug().check_command(request).await.map(tonic::Response::into_inner)
}

async fn over_rest(sandbox: &Sandbox, cluster: &str, argv: &[&str]) -> (u16, Value) {
    post(sandbox, "/debug/check", &json!({"cluster_id": cluster, "argv": argv})).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_face_judges_alike_and_nothing_runs() {
    let file = File::new(POLICY);
    let sandbox = Sandbox::start_with(Kind::Memory, |config| config.policy_file = Some(file.path())).await;
    // No executor is attached.
    sandbox.token(CLUSTER).await;
    let path = file.path().display().to_string();
    for (argv, rule, setting) in CASES {
        let grpc = over_grpc(&sandbox, CLUSTER, argv).await.unwrap();
        assert_eq!(
            (grpc.allowed, grpc.rule.as_str(), grpc.setting.as_str()),
            (rule.is_empty(), rule, setting),
            "{argv:?}"
        );

        let (status, rest) = over_rest(&sandbox, CLUSTER, argv).await;
        assert_eq!(
            (status, &rest["allowed"], &rest["argv"]),
            (200, &json!(grpc.allowed), &json!(grpc.argv)),
            "{argv:?}"
        );
        assert_eq!(rest["refusal"]["rule"].as_str().unwrap_or_default(), rule, "{argv:?}");

        let mut line = vec!["policy", "check", "--policy-file", &path, "-o", "json", "--"];
        line.extend(argv);
        let printed = kubently(&sandbox, &line).await;
        assert_eq!(printed.status.code(), Some(i32::from(!grpc.allowed)), "{argv:?}");
        let cli: CheckCommandResponse = serde_json::from_slice(&printed.stdout).unwrap();
        assert_eq!(cli, grpc, "{argv:?}");
    }
    let unknown = over_grpc(&sandbox, "nowhere", &["get", "pods"]).await.unwrap_err();
    assert_eq!((unknown.code(), over_rest(&sandbox, "nowhere", &["get", "pods"]).await.0), (Code::NotFound, 404));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_says_what_is_wrong_with_a_policy_file() {
    let file = File::new("verbs:\n- get\n- fly\n");
    let path = file.path().display().to_string();
    let sandbox = Sandbox::start(Kind::Memory).await;
    let said = "verbs[1] (line 3): must be one of get,";
    let check = kubently(&sandbox, &["policy", "check", "--policy-file", &path, "--", "get", "pods"]).await;
    let server = kubently(
        &sandbox,
        &["server", "--listen", "127.0.0.1:0", "--api-keys", "svc:secret-key-1", "--policy-file", &path],
    )
    .await;
    for (output, code) in [(check, 2), (server, 1)] {
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(stderr.contains(said), "{stderr}");
        assert_eq!(output.status.code(), Some(code), "{stderr}");
    }
    let schema = kubently(&sandbox, &["policy", "schema"]).await;
    assert_eq!(serde_json::from_slice::<Value>(&schema.stdout).unwrap()["title"], "Kubently policy");
    file.write("mode: fullAccess");
    let conflict = ["dev", "--demo", "--mode", "readOnly", "--policy-file", &path, "--", "get", "ns"];
    let output = kubently(&sandbox, &conflict).await;
    assert_eq!(output.status.code(), Some(64), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Waits until `cluster`'s executor has reported these verbs.
async fn until_reported(sandbox: &Sandbox, verbs: &Value) {
    let path = format!("/api/v1/clusters/{CLUSTER}/capabilities");
    let reported = async {
        while &get(sandbox, &path).await.1["capabilities"]["allowed_verbs"] != verbs {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reported).await.expect("the executor reports its verbs");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_executor_follows_its_file_and_decides() {
    let file = File::new("verbs: [get]");
    let sandbox = Sandbox::start(Kind::Redis).await;
    let _executor =
        sandbox.executor_with(CLUSTER, TransportKind::Grpc, |config| config.policy_file = Some(file.path())).await;
    until_reported(&sandbox, &json!(["get"])).await;
    let pods = ["get", "pods", "-n", "shop"];
    assert_eq!(Face::Cli.run(&sandbox, CLUSTER, &pods).await.exit_code, 0);
    file.write("verbs: [version, logs]");
    until_reported(&sandbox, &json!(["version", "logs"])).await;
    // The server would let it through; the executor decides.
    assert!(over_grpc(&sandbox, CLUSTER, &pods).await.unwrap().allowed);
    let refused = Face::Cli.run(&sandbox, CLUSTER, &pods).await;
    assert_eq!(refused.exit_code, 77, "{refused:?}");
    assert!(refused.stderr.contains("verb-not-allowed"), "{refused:?}");
    assert_eq!(Face::Cli.run(&sandbox, CLUSTER, &["version"]).await.exit_code, 0);
}
