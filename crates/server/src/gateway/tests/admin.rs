//! Clusters, tokens, executors and the audit trail.

use serde_json::{Value, json};

use super::{Server, get_pods, send, text};

#[tokio::test]
async fn a_token_is_made_shown_once_and_revoked() {
    let server = Server::start().await;
    let made = server.post("/admin/agents/new/token", &json!({})).await;
    assert_eq!(made.status, 200);
    let made = made.json();
    assert_eq!((text(&made, "token").len(), text(&made, "clusterId")), (64, "new"));
    assert!(text(&made, "createdAt").ends_with('Z'));
    let taken = server.post("/admin/agents/new/token", &json!({})).await;
    assert_eq!((taken.status, text(&taken.json(), "reason").to_owned()), (409, "ALREADY_EXISTS".to_owned()));
    assert_eq!(taken.json()["message"], taken.json()["detail"]);

    // Without a body, as the older command line sends it.
    assert_eq!(send(server.addr, "POST", "/admin/agents/third/token", &[super::KEY], "").await.status, 200);
    let chosen = "x".repeat(32);
    let made = server.post("/admin/agents/own/token", &json!({"token": chosen})).await;
    assert_eq!(made.json()["token"], chosen.as_str());
    let short = server.post("/admin/agents/other/token", &json!({"token": "short"})).await;
    assert_eq!((short.status, &short.json()["detail"][0]["loc"]), (422, &json!(["body", "token"])));
    let bad = server.post("/admin/agents/Bad%20ID/token", &json!({})).await;
    assert_eq!((bad.status, &bad.json()["detail"][0]["loc"]), (422, &json!(["path", "cluster_id"])));

    let gone = server.delete("/admin/agents/new/token").await;
    assert_eq!((gone.status, gone.body.len()), (204, 0));
    assert_eq!(server.delete("/admin/agents/new/token").await.status, 404);
    assert_eq!(server.get("/debug/clusters").await.json(), json!({"clusters": ["c", "own", "third"], "count": 3}));
}

#[tokio::test]
async fn clusters_show_their_executors() {
    let server = Server::start().await;
    let listed = json!({"clusters": [{"id": "c", "connected": false, "lastSeen": null}], "count": 1});
    assert_eq!(server.get("/admin/agents").await.json(), listed);
    let expected = json!({
        "id": "c", "connected": false, "status": "disconnected", "lastSeen": null, "version": null,
        "kubernetesVersion": null, "capabilities": null, "mode": null,
    });
    assert_eq!(server.get("/admin/agents/c/status").await.json(), expected);
    let expected = json!({
        "clusterId": "c", "capabilities": null, "ttlRemaining": null,
        "status": {"hasToken": true, "hasActiveSession": false, "executorReporting": false, "connected": false},
    });
    assert_eq!(server.get("/debug/clusters/c").await.json(), expected);

    let _stream = server.attached(&[("user-agent", "kubently-executor/9.9")]).await;
    let body = json!({"mode": "readOnly", "executor_pod": "pod-1"});
    server.executor_post("/executor/capabilities", &body).await;
    let seen = server.get("/admin/agents").await.json();
    assert_eq!((&seen["clusters"][0]["connected"], seen["clusters"][0]["lastSeen"].is_string()), (&json!(true), true));
    let seen = server.get("/admin/agents/c/status").await.json();
    assert_eq!((text(&seen, "status"), text(&seen, "mode"), text(&seen, "version")), ("connected", "readOnly", "9.9"));
    assert_eq!(seen["capabilities"]["executor_pod"], "pod-1");
    let seen = server.get("/debug/clusters/c").await.json();
    assert_eq!(seen["status"]["executorReporting"], true);
    assert!((3590..=3600).contains(&seen["ttlRemaining"].as_u64().unwrap()));

    let unknown = server.get("/debug/clusters/d").await;
    let detail = "Cluster 'd' not found. No token, session, or capabilities exist.";
    assert_eq!((unknown.status, text(&unknown.json(), "detail").to_owned()), (404, detail.to_owned()));
    assert_eq!(server.get("/admin/agents/d/status").await.status, 404);
}

#[tokio::test]
async fn the_audit_trail_is_each_services_own() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let caller = server.posting("/debug/execute", &[("x-correlation-id", "h")], get_pods());
    let id = text(&stream.next_of("command").await.data, "id").to_owned();
    server.succeed(&id, "secret output").await;
    caller.await.unwrap();
    // Entries are written beside the command's path, in order: a second query soon has it.
    let mut seen = server.get("/audit?event_type=command_executed").await.json();
    while seen["count"] == 0 {
        tokio::task::yield_now().await;
        seen = server.get("/audit?event_type=command_executed").await.json();
    }
    let entry = &seen["entries"][0];
    let expected = json!({
        "timestamp": entry["timestamp"], "type": "command_executed", "service_identity": "svc", "cluster_id": "c",
        "session_id": null, "command_id": id, "command": "get pods --namespace=default", "outcome": "success",
        "error": null, "correlation_id": "h",
    });
    assert_eq!((entry, &seen["service_identity"]), (&expected, &json!("svc")));
    for (query, count) in
        [("since=2020-01-01T00:00:00Z", 1), ("until=2020-01-01T00:00:00%2B00:00", 0), ("cluster_id=d", 0)]
    {
        assert_eq!(server.get(&format!("/audit?{query}")).await.json()["count"], count, "{query}");
    }

    let bad = server.get("/audit?since=yesterday").await;
    assert_eq!((bad.status, bad.json()["detail"].is_string()), (400, true));
    for query in ["limit=0", "limit=1001", "limit=x"] {
        let bad = server.get(&format!("/audit?{query}")).await;
        assert_eq!((bad.status, &bad.json()["detail"][0]["loc"]), (422, &json!(["query", "limit"])), "{query}");
    }
    let bare = send(server.addr, "GET", "/audit", &[("x-api-key", "bare-key-22")], "").await;
    assert_eq!((bare.status, bare.json()["detail"].is_string()), (403, true));
    assert_ne!(seen, Value::Null);
}
