//! `/executor/…`: an executor of the older system, and one of ours.

use serde_json::{Value, json};

use super::{
    BEARER, CLUSTER, KEY, Server,
    client::{Events, ask, send},
    get_pods, text,
};

const OURS: &[(&str, &str)] = &[("x-kubently-executor-id", "e-1"), ("x-kubently-max-in-flight", "4")];

#[tokio::test]
async fn an_older_executor_runs_a_command_over_its_stream() {
    let server = Server::start().await;
    let mut stream = Events::open(server.addr, "GET", "/executor/stream", &[BEARER, CLUSTER], "").await;
    assert_eq!(stream.head.header("content-type"), Some("text/event-stream; charset=utf-8"));
    assert_eq!(stream.head.header("cache-control"), Some("no-store"));
    assert_eq!(stream.head.header("x-accel-buffering"), Some("no"));
    let connected = stream.next().await.unwrap();
    assert_eq!((connected.name.as_str(), connected.retry.as_str()), ("connected", "5000"));
    let identity = connected.id.strip_suffix(":0").expect("who it is, and that it had nothing yet").to_owned();
    assert_eq!((&connected.data["status"], &connected.data["cluster_id"]), (&json!("connected"), &json!("c")));

    let mut body = get_pods();
    body["namespace"] = json!("web");
    body["correlation_id"] = json!("corr-1");
    let caller = server.posting("/debug/execute", &[], body);
    let event = stream.next_of("command").await;
    assert_eq!(event.id, format!("{identity}:1"));
    let command = event.data;
    let id = text(&command, "id").to_owned();
    let expected = json!({
        "id": id, "args": ["get", "pods", "--namespace=web"], "timeout": command["timeout"], "correlation_id": "corr-1",
    });
    assert_eq!(command, expected);
    assert!((9..=10).contains(&command["timeout"].as_u64().unwrap()));

    for _ in 0..2 {
        let posted = server.succeed(&id, "NAME\n").await;
        assert_eq!((posted.status, posted.json()), (200, json!({"status": "accepted", "command_id": id})));
    }
    let answer = caller.await.unwrap();
    assert_eq!(answer.status, 200);
    let expected = json!({
        "command_id": id, "session_id": null, "cluster_id": "c", "status": "success", "correlation_id": "corr-1",
        "output": "NAME\n", "error": null, "execution_time_ms": 3, "executed_at": "2026-11-22T20:34:55.299000Z",
        "exit_code": 0, "stdout": "NAME\n", "stderr": "", "truncated": false, "bytes_total": 5, "engine": null,
        "outcome": "succeeded", "message": null,
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn a_stream_is_kept_alive_by_events() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let kept = stream.next().await.unwrap();
    assert_eq!(kept.name, "keepalive");
    assert!(kept.id.ends_with(":0"), "it changes nothing about what the executor had: {}", kept.id);
    assert!(kept.data["timestamp"].is_f64());
}

#[tokio::test]
async fn a_serial_executor_gets_one_command_at_a_time() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let callers = [(); 2].map(|()| server.posting("/debug/execute", &[], get_pods()));
    for _ in 0..2 {
        let id = text(&stream.next_of("command").await.data, "id").to_owned();
        // The other one is not sent before this one's result.
        assert_eq!(stream.next().await.unwrap().name, "keepalive");
        server.succeed(&id, "x").await;
    }
    for caller in callers {
        assert_eq!(caller.await.unwrap().json()["status"], "success");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_and_only_our_executors_are_told() {
    let server = Server::start().await;
    let mut ours = server.attached(OURS).await;
    let caller = ask(server.addr, "POST", "/debug/execute", &[KEY], &get_pods().to_string()).await;
    let command = ours.next_of("command").await.data;
    assert_eq!((&command["epoch"], &command["max_output_bytes"]), (&json!(1), &json!(1 << 20)));
    drop(caller);
    assert_eq!(ours.next_of("cancel").await.data, json!({"id": command["id"], "epoch": 1}));
    let body = json!({
        "command_id": command["id"], "success": false, "execution_time_ms": 1, "status": "ERROR", "outcome": "cancelled",
    });
    assert_eq!(server.executor_post("/executor/results", &body).await.status, 200);
    let seen = server.get(&format!("/debug/operations/{}", text(&command, "id"))).await.json();
    assert_eq!((&seen["status"], &seen["outcome"]), (&json!("cancelled"), &json!("cancelled")));
}

#[tokio::test]
async fn a_revoked_token_cuts_the_stream_without_a_clean_end() {
    let server = Server::start().await;
    let mut stream = server.attached(OURS).await;
    assert_eq!(server.delete("/admin/agents/c/token").await.status, 204);
    stream.drain().await;
    assert!(!stream.ended_cleanly);
    assert_eq!(server.executor_get("/executor/stream", &[]).await.status, 401);
}

#[tokio::test]
async fn results_that_are_not_the_clusters_are_refused() {
    let server = Server::start().await;
    for id in ["0199c1a0-7c3e-7b1a-8a2b-0123456789ab", "x"] {
        let refused = server.succeed(id, "x").await;
        assert_eq!(
            (refused.status, &refused.json()["detail"]),
            (403, &json!("Command was not issued to this cluster"))
        );
    }
    for (body, field) in [
        (json!({"success": true, "execution_time_ms": 1}), "command_id"),
        (json!({"command_id": "x", "execution_time_ms": 1}), "success"),
        (json!({"command_id": "x", "success": true}), "execution_time_ms"),
        (json!({"command_id": "x", "success": true, "execution_time_ms": 1, "executed_at": "soon"}), "executed_at"),
    ] {
        let refused = server.executor_post("/executor/results", &body).await;
        assert_eq!((refused.status, &refused.json()["detail"][0]["loc"]), (422, &json!(["body", field])), "{body}");
    }
}

#[tokio::test]
async fn executors_prove_who_they_are() {
    let server = Server::start().await;
    let ask = async |headers: &[(&str, &str)]| send(server.addr, "GET", "/agent/status", headers, "").await;
    for headers in [
        [("authorization", "Bearer wrong"), CLUSTER],
        [BEARER, ("x-cluster-id", "d")],
        [BEARER, ("x-cluster-id", "Bad ID*")],
    ] {
        let refused = ask(&headers).await;
        assert_eq!((refused.status, &refused.json()["detail"]), (401, &json!("Invalid executor credentials")));
    }
    assert_eq!(ask(&[("authorization", super::TOKEN), CLUSTER]).await.status, 200);
    let missing = ask(&[]).await;
    let item = |name: &str| json!({"type": "missing", "loc": ["header", name], "msg": "Field required", "input": null});
    let expected = json!([item("authorization"), item("x-cluster-id")]);
    assert_eq!((missing.status, &missing.json()["detail"]), (422, &expected));
}

#[tokio::test]
async fn capabilities_are_kept_and_renewed() {
    let server = Server::start().await;
    let expected = json!({
        "status": "not_found", "message": "No capabilities found for cluster c. Consider re-reporting.",
    });
    assert_eq!(server.executor_post("/executor/heartbeat", &Value::Null).await.json(), expected);
    let body =
        json!({"mode": "extendedReadOnly", "allowed_verbs": ["get"], "executor_version": "1", "cloud": {"x": 1}});
    let stored = server.executor_post("/executor/capabilities", &body).await;
    let expected = json!({
        "status": "success", "message": "Capabilities stored for cluster c", "mode": "extendedReadOnly", "ttl_seconds": 3600,
    });
    assert_eq!((stored.status, stored.json()), (200, expected));
    let expected = json!({"status": "success", "message": "TTL refreshed for cluster c"});
    assert_eq!(server.executor_post("/executor/heartbeat", &Value::Null).await.json(), expected);
    let refused = server.executor_post("/executor/capabilities", &json!({"mode": "root"})).await;
    assert_eq!((refused.status, &refused.json()["detail"][0]["loc"]), (422, &json!(["body", "mode"])));

    let seen = server.get("/api/v1/clusters/c/capabilities").await.json();
    assert_eq!((&seen["clusterId"], &seen["available"]), (&json!("c"), &json!(true)));
    let features = json!({"exec": true, "port_forward": true, "proxy": false});
    assert_eq!((&seen["capabilities"]["features"], &seen["capabilities"]["cloud"]), (&features, &Value::Null));
    let unknown = server.get("/api/v1/clusters/Bad%20ID/capabilities").await;
    let expected = json!({"clusterId": "Bad ID", "capabilities": null, "available": false});
    assert_eq!((unknown.status, unknown.json()), (200, expected));
}

#[tokio::test]
async fn long_output_is_cut_at_the_commands_limit() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let output = "0123456789abcdef".repeat(5 << 16);
    for (limit, kept) in [(None, 1 << 20), (Some(16 << 20), output.len())] {
        let mut body = get_pods();
        body["max_output_bytes"] = json!(limit);
        let caller = server.posting("/debug/execute", &[], body);
        let id = text(&stream.next_of("command").await.data, "id").to_owned();
        assert_eq!(server.succeed(&id, &output).await.status, 200);
        let answer = caller.await.unwrap().json();
        assert_eq!(text(&answer, "stdout").len(), kept);
        assert_eq!(answer["truncated"], limit.is_none());
        assert_eq!(answer["bytes_total"], output.len());
    }
}

#[tokio::test]
async fn a_stopping_server_cuts_its_streams_and_ends() {
    let server = Server::start().await;
    let mut streams = [server.attached(&[]).await, server.attached(OURS).await];
    let polled = server.executor_get("/agent/commands", &[]).await;
    assert_eq!(polled.status, 204);
    let served = server.stop();
    for stream in &mut streams {
        stream.drain().await;
        assert!(!stream.ended_cleanly);
    }
    tokio::time::timeout(std::time::Duration::from_secs(20), served).await.unwrap().unwrap().unwrap();
}
