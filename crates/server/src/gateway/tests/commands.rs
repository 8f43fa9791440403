//! `/debug/execute`.

use serde_json::{Value, json};

use super::{Server, get_pods, text};

async fn refused(server: &Server, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    let answer = server.post_with("/debug/execute", headers, body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn an_unknown_cluster_names_the_known_ones() {
    let server = Server::start().await;
    for id in ["d", "Bad ID*"] {
        let (status, body) = refused(&server, &[], &json!({"cluster_id": id, "args": ["pods"]})).await;
        let detail = format!("Cluster '{id}' not found. Available clusters: c");
        assert_eq!((status, text(&body, "detail"), text(&body, "message")), (404, detail.as_str(), detail.as_str()));
    }
}

#[tokio::test]
async fn an_offline_cluster_is_said_at_once() {
    let server = Server::start().await;
    let answer = server.post("/debug/execute", &get_pods()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert!(text(&answer.json(), "detail").contains("offline"));
    assert_eq!(answer.json()["reason"], "CLUSTER_OFFLINE");
}

#[tokio::test]
async fn a_refused_command_blames_the_argument() {
    let server = Server::start().await;
    for (body, loc) in [
        (json!({"args": ["pods", "--as=system:admin"]}), json!(["body", "args", 1])),
        (json!({"args": ["pods"], "extra_args": ["-o", "go-template-file=/x"]}), json!(["body", "extra_args", 1])),
        (json!({"args": ["pods"], "namespace": "-A"}), json!(["body", "namespace"])),
        (json!({"command_type": "rollout", "args": ["restart", "deploy/x"]}), json!(["body", "args", 0])),
        (json!({"args": ["pods", "-w"]}), json!(["body", "args"])),
        (json!({"command_type": "delete", "args": ["pods"]}), json!(["body", "command_type"])),
        (json!({"args": vec!["a"; 21]}), json!(["body", "args"])),
        (json!({"args": "pods"}), json!(["body", "args"])),
        (json!({"args": ["pods"], "timeout_seconds": 31}), json!(["body", "timeout_seconds"])),
        (json!({"args": ["pods"], "max_output_bytes": 0}), json!(["body", "max_output_bytes"])),
        (json!({"args": ["pods"], "correlation_id": "a b"}), json!(["body", "correlation_id"])),
    ] {
        let mut body = body;
        body["cluster_id"] = json!("c");
        let (status, seen) = refused(&server, &[], &body).await;
        assert_eq!((status, &seen["detail"][0]["loc"]), (422, &loc), "{body}: {seen}");
        assert!(seen["detail"][0]["msg"].is_string() && seen["message"].is_string(), "{seen}");
    }
    for header in [("x-request-timeout", "61"), ("idempotency-key", "a b")] {
        let (status, seen) = refused(&server, &[header], &get_pods()).await;
        assert_eq!((status, &seen["detail"][0]["loc"][0]), (422, &json!("header")), "{seen}");
    }
}

#[tokio::test]
async fn commands_without_arguments_and_harmless_names_pass() {
    let server = Server::start().await;
    let mut stream = server.attached(&[("x-kubently-max-in-flight", "64")]).await;
    for (kind, args, argv) in [
        ("version", json!([]), "version"),
        ("api-resources", json!([]), "api-resources"),
        ("cluster-info", json!([]), "cluster-info"),
        ("get", json!(["pod", "credit-service-1"]), "get pod credit-service-1 --namespace=default"),
        ("auth", json!(["can-i", "get", "pods"]), "auth can-i get pods --namespace=default"),
        ("get", json!(["pods", "-A"]), "get pods --all-namespaces=true"),
    ] {
        let caller =
            server.posting("/debug/execute", &[], json!({"cluster_id": "c", "command_type": kind, "args": args}));
        let command = stream.next_of("command").await.data;
        let seen: Vec<&str> = command["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
        assert_eq!(seen.join(" "), argv);
        server.succeed(text(&command, "id"), "").await;
        assert_eq!(caller.await.unwrap().json()["output"], "");
    }
}

#[tokio::test]
async fn what_did_not_run_to_its_end_is_an_answer_or_for_the_strict_an_error() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    for (status, error, word, told, strict) in [
        ("TIMEOUT", "too slow", "timeout", "Command execution timeout", 408),
        ("BLOCKED", "Blocked by whitelist: no", "failure", "Blocked by whitelist: no", 422),
    ] {
        for headers in [&[][..], &[("prefer", "handling=strict")]] {
            let caller = server.posting("/debug/execute", headers, get_pods());
            let id = stream.next_of("command").await.data["id"].clone();
            let body = json!({
                "command_id": id, "success": false, "execution_time_ms": 1, "status": status, "error": error,
            });
            server.executor_post("/executor/results", &body).await;
            let answer = caller.await.unwrap();
            let seen = answer.json();
            if headers.is_empty() {
                assert_eq!((answer.status, text(&seen, "status"), text(&seen, "error")), (200, word, told));
                assert!(seen["output"].is_null());
            } else {
                assert_eq!(answer.status, strict, "{seen}");
                assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            }
        }
    }
}

#[tokio::test]
async fn a_command_that_fails_is_an_answer_with_its_exit_code() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let caller = server.posting("/debug/execute", &[("x-correlation-id", "h")], get_pods());
    let command = stream.next_of("command").await.data;
    assert_eq!(command["correlation_id"], "h");
    let body = json!({
        "command_id": command["id"], "success": false, "execution_time_ms": 1, "output": "o\ne", "stdout": "o",
        "stderr": "e", "return_code": 3, "status": "FAILED",
    });
    server.executor_post("/executor/results", &body).await;
    let seen = caller.await.unwrap().json();
    assert_eq!((text(&seen, "status"), text(&seen, "output"), &seen["error"]), ("failure", "o\ne", &Value::Null));
    assert_eq!((&seen["exit_code"], text(&seen, "stdout"), text(&seen, "stderr")), (&json!(3), "o", "e"));
}

#[tokio::test]
async fn the_same_idempotency_key_is_the_same_command() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let key = [("idempotency-key", "k-1")];
    let first = server.posting("/debug/execute", &key, get_pods());
    let id = text(&stream.next_of("command").await.data, "id").to_owned();
    server.succeed(&id, "x").await;
    assert_eq!(first.await.unwrap().json()["command_id"], id.as_str());
    let (status, again) = refused(&server, &key, &get_pods()).await;
    assert_eq!((status, text(&again, "command_id"), text(&again, "output")), (200, id.as_str(), "x"));
    let (status, other) = refused(&server, &key, &json!({"cluster_id": "c", "args": ["nodes"]})).await;
    assert_eq!((status, text(&other, "reason")), (409, "IDEMPOTENCY_CONFLICT"));
}
