//! Commands that nobody waits for, and streams of output.

use serde_json::json;

use super::{KEY, Server, client::Events, get_pods, text};

#[tokio::test]
async fn a_submitted_command_is_looked_at_until_it_is_done() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let submitted = server.post("/debug/execute/async", &get_pods()).await;
    assert_eq!(submitted.status, 202, "{}", submitted.text());
    let submitted = submitted.json();
    assert_eq!((text(&submitted, "status"), &submitted["output"]), ("pending", &json!(null)));
    assert_eq!(submitted["operation_id"], submitted["command_id"]);
    let path = text(&submitted["links"], "self").to_owned();

    let id = text(&stream.next_of("command").await.data, "id").to_owned();
    assert_eq!(id, text(&submitted, "command_id"));
    assert_eq!(server.get(&path).await.json()["status"], "running");
    let waiter = {
        let (addr, path) = (server.addr, format!("{path}?wait=20"));
        tokio::spawn(async move { super::send(addr, "GET", &path, &[KEY], "").await })
    };
    server.succeed(&id, "done").await;
    let seen = waiter.await.unwrap().json();
    assert_eq!((text(&seen, "status"), text(&seen, "output")), ("success", "done"));
    assert_eq!(server.get(&path).await.json(), seen);

    assert_eq!(server.get(&format!("{path}?wait=61")).await.status, 422);
    assert_eq!(server.get(&format!("{path}?wait=x")).await.status, 422);
    for unknown in ["no-uuid", "0199c1a0-7c3e-7b1a-8a2b-0123456789ab"] {
        assert_eq!(server.get(&format!("/debug/operations/{unknown}")).await.status, 404);
        assert_eq!(server.delete(&format!("/debug/operations/{unknown}")).await.status, 404);
    }
}

#[tokio::test]
async fn a_cancelled_operation_says_so() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let holding = server.post("/debug/execute/async", &get_pods()).await.json();
    stream.next_of("command").await;
    // A serial executor: this one waits, so nobody has it.
    let waiting = server.post("/debug/execute/async", &get_pods()).await.json();
    let cancelled = server.delete(text(&waiting["links"], "self")).await;
    assert_eq!((cancelled.status, &cancelled.json()["status"]), (200, &json!("cancelled")));
    let held = server.delete(text(&holding["links"], "self")).await;
    assert_eq!((held.status, &held.json()["status"]), (200, &json!("running")));
}

#[tokio::test]
async fn output_is_streamed_and_resumed() {
    let server = Server::start().await;
    let mut stream = server.attached(&[]).await;
    let headers = [KEY];
    let body = get_pods().to_string();
    let mut watched = Events::open(server.addr, "POST", "/debug/execute/stream", &headers, &body).await;
    let accepted = watched.next_of("accepted").await;
    assert_eq!((accepted.id.as_str(), text(&accepted.data, "status")), ("0", "pending"));
    let id = text(&stream.next_of("command").await.data, "id").to_owned();
    server.succeed(&id, "one\n").await;
    let output = watched.next_of("output").await;
    assert_eq!((output.id.as_str(), &output.data), ("1", &json!({"seq": 1, "stream": "stdout", "data": "one\n"})));
    let result = watched.next_of("result").await;
    assert_eq!((text(&result.data, "status"), &result.data["exit_code"]), ("success", &json!(0)));
    assert!(result.data["output"].is_null());
    watched.drain().await;
    assert!(watched.ended_cleanly);

    let path = format!("/debug/commands/{id}/stream");
    for (last, expected) in [(None, vec!["accepted", "output", "result"]), (Some("1"), vec!["accepted", "result"])] {
        let headers: Vec<_> = last.map(|last| ("last-event-id", last)).into_iter().chain([KEY]).collect();
        let mut again = Events::open(server.addr, "GET", &path, &headers, "").await;
        let mut names = Vec::new();
        while let Some(event) = again.next().await {
            names.push(event.name);
        }
        assert_eq!(names, expected);
    }
    let wrong = super::send(server.addr, "GET", &path, &[KEY, ("last-event-id", "x")], "").await;
    assert_eq!((wrong.status, &wrong.json()["detail"][0]["loc"]), (422, &json!(["header", "Last-Event-ID"])));
    assert_eq!(server.get("/debug/commands/x/stream").await.status, 404);
}
