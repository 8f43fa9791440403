//! Logs: from the end, of the run before, cut, followed.

use std::time::{Duration, Instant};

use crate::client::{Demo, read_until};

async fn log(demo: &Demo, namespace: &str, prefix: &str, query: &str) -> crate::client::Answer {
    let pod = demo.pod(namespace, prefix).await;
    demo.get(&format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?{query}")).await
}

#[tokio::test]
async fn the_previous_log_tells_the_cause() {
    let demo = Demo::start().await;
    let orders = log(&demo, "shop", "orders-", "previous=true&tailLines=1").await;
    assert_eq!(orders.body, "FATAL cannot reach the database, giving up: check DATABASE_HOST\n");
    let fraud = log(&demo, "payments", "fraud-check-", "previous=true").await;
    assert!(fraud.body.ends_with("heap 251 MiB of 256 MiB\n"), "{}", fraud.body);
    let none = log(&demo, "shop", "catalog-", "previous=true").await;
    assert_eq!(none.status, 400);
    assert!(none.body.contains("previous terminated container"), "{}", none.body);
}

#[tokio::test]
async fn tail_since_timestamps_and_limit() {
    let demo = Demo::start().await;
    assert_eq!(log(&demo, "shop", "frontend-", "tailLines=3").await.body.lines().count(), 3);
    assert_eq!(log(&demo, "shop", "frontend-", "tailLines=0").await.body, "");
    // A line every 11 seconds.
    let recent = log(&demo, "shop", "frontend-", "sinceSeconds=60").await;
    assert!((4..=6).contains(&recent.body.lines().count()), "{}", recent.body);
    let stamped = log(&demo, "shop", "frontend-", "tailLines=1&timestamps=true").await;
    let (time, text) = stamped.body.split_once(' ').unwrap();
    assert!(time.parse::<jiff::Timestamp>().is_ok() && text.starts_with("level="), "{}", stamped.body);
    assert_eq!(log(&demo, "shop", "frontend-", "limitBytes=10").await.body.len(), 10);
}

#[tokio::test]
async fn containers_have_to_be_named_and_known() {
    let demo = Demo::start().await;
    let unnamed = log(&demo, "payments", "gateway-", "").await;
    assert_eq!(unnamed.status, 400);
    assert!(unnamed.body.contains("choose one of: [gateway mesh-proxy] or one of the init containers"));
    assert_eq!(log(&demo, "payments", "gateway-", "container=mesh-proxy&tailLines=1").await.status, 200);
    assert_eq!(log(&demo, "payments", "gateway-", "container=nope").await.status, 400);
    assert_eq!(log(&demo, "warehouse", "stock-db-1", "").await.status, 204);
    assert_eq!(demo.get("/api/v1/namespaces/shop/pods/nope/log").await.status, 404);
}

#[tokio::test]
async fn a_silent_node_gives_no_logs() {
    let demo = Demo::start().await;
    let lost = demo.names("/api/v1/pods?fieldSelector=spec.nodeName%3Doak-3").await.remove(0);
    let answer = demo.get(&format!("/api/v1/namespaces/kube-system/pods/{lost}/log")).await;
    assert_eq!(answer.status, 500);
    assert!(answer.body.contains("no route to host"), "{}", answer.body);
}

#[tokio::test]
async fn the_firehose_is_long_and_the_same_each_time() {
    let demo = Demo::start().await;
    let whole = log(&demo, "lab", "demo-firehose", "").await.body;
    assert_eq!(whole.len(), 8 * 1024 * 1024);
    let tail = log(&demo, "lab", "demo-firehose", "tailLines=5").await.body;
    assert!(whole.ends_with(&tail));
}

#[tokio::test]
async fn the_slow_log_comes_line_by_line() {
    let demo = Demo::start().await;
    let started = Instant::now();
    let path = "GET /api/v1/namespaces/lab/pods/demo-slow/log?follow=true";
    let mut stream = demo.open(path, "*/*", "").await;
    read_until(&mut stream, "tick 00003", 1).await;
    assert!(started.elapsed() >= Duration::from_millis(550));
    drop(stream);
    demo.stop().await;
}

#[tokio::test]
async fn following_goes_on_until_shutdown() {
    let demo = Demo::start().await;
    let pod = demo.pod("shop", "frontend-").await;
    let path = format!("GET /api/v1/namespaces/shop/pods/{pod}/log?follow=true&tailLines=1");
    let mut stream = demo.open(&path, "*/*", "").await;
    read_until(&mut stream, "level=", 1).await;
    demo.stop().await;
}
