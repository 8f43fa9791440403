//! `/debug/session`.

use serde_json::{Value, json};

use super::{KEY, Server, client::send, get_pods, text};

#[tokio::test]
async fn a_session_lives_and_ends() {
    let server = Server::start().await;
    let body = json!({"cluster_id": "c", "user_id": "u", "correlation_id": "b", "ttl_seconds": 120});
    let headers = [("x-correlation-id", "h"), ("x-service-identity", "other")];
    let made = server.post_with("/debug/session", &headers, &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let keys: Vec<&String> = made.as_object().unwrap().keys().collect();
    let expected = [
        "cluster_id",
        "correlation_id",
        "created_at",
        "expires_at",
        "service_identity",
        "session_id",
        "status",
        "ttl_seconds",
    ];
    assert_eq!(keys, expected);
    assert_eq!((text(&made, "cluster_id"), text(&made, "status")), ("c", "active"));
    assert_eq!((text(&made, "correlation_id"), text(&made, "service_identity")), ("h", "other"));
    assert_eq!(made["ttl_seconds"], 120);

    let path = format!("/debug/session/{}", text(&made, "session_id"));
    assert_eq!(server.get(&path).await.json()["session_id"], made["session_id"]);
    let ended = server.delete(&path).await;
    assert_eq!((ended.status, ended.body.len()), (204, 0));
    let gone = server.get(&path).await;
    assert_eq!((gone.status, text(&gone.json(), "detail").to_owned()), (404, "Session not found".to_owned()));
    assert_eq!(server.delete(&path).await.status, 404);
    assert_eq!(server.get("/debug/session/no-uuid").await.status, 404);
}

#[tokio::test]
async fn a_session_needs_a_credential_and_a_known_cluster() {
    let server = Server::start().await;
    let body = json!({"cluster_id": "c"}).to_string();
    for headers in [vec![], vec![("x-api-key", "wrong-key-1")], vec![("authorization", "Bearer eyJ")]] {
        let refused = send(server.addr, "POST", "/debug/session", &headers, &body).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["detail"], "Authentication failed: Invalid credentials");
        assert_eq!(refused.header("www-authenticate"), Some("ApiKey"));
    }
    let by_bearer = [("authorization", "Bearer secret-key-1")];
    assert_eq!(send(server.addr, "POST", "/debug/session", &by_bearer, &body).await.status, 201);

    let unknown = server.post("/debug/session", &json!({"cluster_id": "d"})).await;
    assert_eq!(unknown.status, 404);
    assert_eq!(unknown.json()["detail"], "Cluster 'd' not found. Available clusters: c");
    for (body, field) in [
        (json!({}), "cluster_id"),
        (json!({"cluster_id": "Bad ID*"}), "cluster_id"),
        (json!({"cluster_id": "c", "ttl_seconds": 59}), "ttl_seconds"),
    ] {
        let refused = server.post("/debug/session", &body).await;
        assert_eq!((refused.status, &refused.json()["detail"][0]["loc"]), (422, &json!(["body", field])), "{body}");
    }
}

#[tokio::test]
async fn a_command_in_a_session_of_another_cluster_is_refused() {
    let server = Server::start().await;
    let made = server.post("/admin/agents/d/token", &Value::Null).await;
    assert_eq!(made.status, 200);
    let session = server.post("/debug/session", &json!({"cluster_id": "d"})).await.json();
    let mut body = get_pods();
    body["session_id"] = session["session_id"].clone();
    let refused = server.post("/debug/execute", &body).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    body["session_id"] = json!("gone");
    let refused = send(server.addr, "POST", "/debug/execute", &[KEY], &body.to_string()).await;
    assert_eq!((refused.status, refused.json()["detail"].clone()), (404, json!("Session not found")));
}
