//! `/debug/check`, and the policy file behind it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Server, send, text};

/// Far beyond any wait in a test that works.
const SOON: Duration = Duration::from_secs(20);

async fn checked(server: &Server, argv: &[&str]) -> Value {
    let answer = server.post("/debug/check", &json!({"cluster_id": "c", "argv": argv})).await;
    assert_eq!(answer.status, 200, "{argv:?}");
    answer.json()
}

#[tokio::test]
async fn a_command_is_judged_and_not_run() {
    let server = Server::start().await;
    // No executor is attached, so nothing could run.
    let allowed = checked(&server, &["get", "po", "-n", "shop"]).await;
    assert_eq!(allowed, json!({"allowed": true, "refusal": null, "argv": ["get", "po", "--namespace=shop"]}));
    let by_policy = checked(&server, &["get", "secrets"]).await;
    let refusal = &by_policy["refusal"];
    assert_eq!((text(refusal, "rule"), text(refusal, "setting")), ("restricted-resource", "secrets"));
    assert_eq!((&refusal["argument"], &refusal["argument_index"]), (&json!("secrets"), &Value::Null));
    assert!(
        text(refusal, "alternatives").contains("other resources") && by_policy["argv"] == json!(["get", "secrets"])
    );
    let by_grammar = checked(&server, &["get", "pods", "--token=hunter2"]).await;
    let refusal = &by_grammar["refusal"];
    assert_eq!((text(refusal, "rule"), &refusal["setting"]), ("denied-flag", &Value::Null));
    assert_eq!((&refusal["argument"], &refusal["argument_index"]), (&json!("--token"), &json!(2)));
    assert!(by_grammar["argv"] == json!([]) && !by_grammar.to_string().contains("hunter2"));
}

#[tokio::test]
async fn following_is_judged_as_it_would_be_run() {
    let server = Server::start().await;
    let mut body = json!({"cluster_id": "c", "argv": ["logs", "x", "-f"]});
    assert_eq!(server.post("/debug/check", &body).await.json()["refusal"]["rule"], "streaming-not-requested");
    body["streaming"] = json!(true);
    assert_eq!(server.post("/debug/check", &body).await.json()["allowed"], true);
}

#[tokio::test]
async fn who_may_ask_and_about_what_is_as_for_commands() {
    let server = Server::start().await;
    let body = json!({"cluster_id": "c", "argv": ["get", "pods"]});
    assert_eq!(send(server.addr, "POST", "/debug/check", &[], &body.to_string()).await.status, 401);
    for id in ["d", "Bad ID*"] {
        let answer = server.post("/debug/check", &json!({"cluster_id": id, "argv": ["get", "pods"]})).await;
        assert_eq!((answer.status, text(&answer.json(), "reason")), (404, "CLUSTER_NOT_FOUND"), "{id}");
    }
    let answer = server.post("/debug/check", &json!({"cluster_id": "c"})).await;
    assert_eq!((answer.status, &answer.json()["detail"][0]["loc"]), (422, &json!(["body", "argv"])));
}

/// Asks until `is` is true of the answer.
async fn until<F: Future<Output = Value>>(ask: impl Fn() -> F, is: impl Fn(&Value) -> bool) {
    let asking = async {
        while !is(&ask().await) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, asking).await.expect("it becomes true");
}

#[tokio::test]
async fn a_changed_policy_file_counts_and_a_bad_one_only_shows() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("policy.yaml");
    std::fs::write(&file, "namespaces: {allow: [shop]}").unwrap();
    let server = Server::start_with(|config| config.policy_file = Some(file.clone())).await;
    let health = async || server.get("/health").await.json();
    assert_eq!(health().await["policy"], "current");
    assert_eq!(checked(&server, &["get", "pods", "-n", "shop"]).await["allowed"], true);
    // Which namespace is meant is known to the executor only.
    for argv in [&["get", "pods", "-n", "web"][..], &["get", "pods"], &["get", "pods", "-A"], &["get", "nodes"]] {
        assert_eq!(checked(&server, argv).await["allowed"], false, "{argv:?}");
    }
    std::fs::write(&file, "namespaces: {allow: [Shop]}").unwrap();
    until(health, |health| health["policy"] == "outdated").await;
    assert_eq!(checked(&server, &["get", "pods", "-n", "shop"]).await["allowed"], true);
    std::fs::write(&file, "verbs: [logs]").unwrap();
    until(health, |health| health["policy"] == "current").await;
    let refused = checked(&server, &["get", "pods", "-n", "shop"]).await;
    assert_eq!(refused["refusal"]["setting"], "verbs");
    // What is to run is judged by the same policy.
    let run = server.post("/debug/execute", &super::get_pods()).await;
    assert_eq!((run.status, text(&run.json(), "reason")), (422, "COMMAND_DENIED"));
}

#[tokio::test]
async fn at_start_a_bad_policy_file_is_an_error() {
    let mut config = crate::Config::new("127.0.0.1:0".parse().unwrap(), "svc:secret-key-1");
    config.policy_file = Some("/nonexistent/policy.yaml".into());
    let error = crate::bind(config).await.err().unwrap().to_string();
    assert!(error.contains("policy file /nonexistent/policy.yaml"), "{error}");
}
