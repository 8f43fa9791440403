//! Watches.

use tokio::io::AsyncReadExt;

use crate::client::{Demo, TABLE, read_until};

#[tokio::test]
async fn a_watch_tells_what_is_there_and_ends_with_the_server() {
    let demo = Demo::start().await;
    let mut stream = demo.open("GET /api/v1/namespaces/lab/pods?watch=true", "application/json", "").await;
    read_until(&mut stream, "\"type\":\"ADDED\"", 2).await;
    demo.begin_stop();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    demo.stop().await;
}

#[tokio::test]
async fn a_watch_from_a_known_version_is_silent() {
    let demo = Demo::start().await;
    let path = "/api/v1/namespaces/lab/pods?watch=true&resourceVersion=48000&timeoutSeconds=0";
    assert_eq!(demo.get(path).await.body, "");
}

#[tokio::test]
async fn a_watch_can_be_of_tables() {
    let demo = Demo::start().await;
    let path = "GET /api/v1/namespaces/lab/pods?watch=true&timeoutSeconds=0";
    let answer = demo.ask(path, TABLE, "").await;
    let tables: Vec<serde_json::Value> = answer.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(tables.len(), 2);
    assert!(tables[0]["object"]["columnDefinitions"].is_array());
    assert!(tables[1]["object"]["columnDefinitions"].is_null());
    assert_eq!(tables[1]["object"]["rows"][0]["cells"][0], "demo-slow");
}

#[tokio::test]
async fn a_streaming_list_says_when_it_is_complete() {
    let demo = Demo::start().await;
    let path = "/api/v1/namespaces/lab/pods?watch=true&sendInitialEvents=true&timeoutSeconds=0";
    let body = demo.get(path).await.body;
    let last = body.lines().last().unwrap();
    assert!(last.contains("BOOKMARK") && last.contains("k8s.io/initial-events-end"), "{last}");
}
