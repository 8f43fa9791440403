//! `/agent/…`: executors that ask.

use serde_json::json;

use super::{BEARER, CLUSTER, Server, get_pods, send, text};

#[tokio::test]
async fn a_polling_executor_runs_a_command() {
    let server = Server::start().await;
    assert_eq!(server.executor_get("/agent/commands", &[]).await.status, 204);
    let caller = server.posting("/debug/execute", &[], get_pods());
    let given = server.executor_get("/agent/commands?wait=20", &[]).await;
    assert_eq!(given.status, 200);
    let command = given.json()["commands"][0].clone();
    let expected = json!({
        "id": command["id"], "args": ["get", "pods", "--namespace=default"], "timeout": command["timeout"],
        "session_id": null, "correlation_id": null,
    });
    assert_eq!(command, expected);
    // It runs one at a time, so there is no second one for it.
    let second = server.posting("/debug/execute", &[], get_pods());
    assert_eq!(server.executor_get("/agent/commands?wait=1", &[]).await.status, 204);

    for _ in 0..2 {
        let body = json!({
            "command_id": command["id"],
            "result": {"success": true, "output": "x", "error": null, "exit_code": 0, "execution_time_ms": 2},
        });
        let posted = server.executor_post("/agent/results", &body).await;
        assert_eq!((posted.status, text(&posted.json(), "status")), (200, "accepted"));
    }
    assert_eq!(caller.await.unwrap().json()["output"], "x");
    let next = server.executor_get("/agent/commands?wait=20", &[]).await.json();
    assert_eq!(next["commands"].as_array().unwrap().len(), 1);
    second.abort();
}

#[tokio::test]
async fn our_polling_executor_gets_many_and_hears_of_cancels() {
    let server = Server::start().await;
    let ours = [BEARER, CLUSTER, ("x-kubently-executor-id", "e-1"), ("x-kubently-max-in-flight", "8")];
    let ask = async |wait: u32| send(server.addr, "GET", &format!("/agent/commands?wait={wait}"), &ours, "").await;
    assert_eq!(ask(0).await.status, 204);
    let operation = server.post("/debug/execute/async", &get_pods()).await.json();
    let given = ask(20).await.json();
    assert_eq!((&given["commands"][0]["id"], &given["commands"][0]["epoch"]), (&operation["command_id"], &json!(1)));
    server.delete(text(&operation["links"], "self")).await;
    assert_eq!(ask(20).await.json()["cancelled"], json!([{"id": operation["command_id"], "epoch": 1}]));
}

#[tokio::test]
async fn a_polling_executor_is_attached_between_its_questions_until_its_token_goes() {
    let server = Server::start().await;
    assert_eq!(server.executor_get("/agent/commands", &[]).await.status, 204);
    assert_eq!(server.get("/admin/agents/c/status").await.json()["connected"], true);
    assert_eq!(server.delete("/admin/agents/c/token").await.status, 204);
    assert_eq!(server.executor_get("/agent/commands?wait=20", &[]).await.status, 401);
}

#[tokio::test]
async fn status_says_whether_asking_pays() {
    let server = Server::start().await;
    let idle = json!({"cluster_id": "c", "is_active": false, "queue_depth": 0});
    assert_eq!(server.executor_get("/agent/status", &[]).await.json(), idle);
    assert_eq!(server.post("/debug/session", &json!({"cluster_id": "c"})).await.status, 201);
    assert_eq!(server.executor_get("/agent/status", &[]).await.json()["is_active"], true);
    let refused = server.executor_get("/agent/commands?wait=61", &[]).await;
    assert_eq!((refused.status, &refused.json()["detail"][0]["loc"]), (422, &json!(["query", "wait"])));
}
