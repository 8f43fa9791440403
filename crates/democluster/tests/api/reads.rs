//! Discovery, lists, tables, single objects, refusals.

use std::{collections::BTreeMap, time::Duration};

use kubently_democluster::Config;
use serde_json::json;

use crate::client::{Demo, TABLE};

#[tokio::test]
async fn lists_pods_as_objects() {
    let demo = Demo::start().await;
    let list = demo.json("/api/v1/namespaces/shop/pods").await;
    assert_eq!(list["kind"], "PodList");
    assert_eq!(list["apiVersion"], "v1");
    let first = &list["items"][0];
    assert_eq!(first["kind"], json!(null), "items of a list do not repeat their kind");
    assert_eq!(first["metadata"]["namespace"], "shop");
    assert!(first["metadata"]["uid"].as_str().is_some_and(|uid| uid.len() == 36));
}

#[tokio::test]
async fn prints_pods_as_a_table() {
    let demo = Demo::start().await;
    let answer = demo.ask("GET /api/v1/namespaces/shop/pods?limit=500", TABLE, "").await;
    let table = answer.json();
    assert_eq!(table["kind"], "Table");
    assert_eq!(table["columnDefinitions"][0]["format"], "name");
    assert_eq!(table["columnDefinitions"][5]["priority"], 1);
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    let rows = demo.rows("/api/v1/namespaces/shop/pods?includeObject=None").await;
    let orders = rows.iter().find(|row| row[0].starts_with("orders-")).unwrap();
    assert_eq!(orders[1..3], ["0/1", "CrashLoopBackOff"]);
    assert!(orders[3].starts_with("12 (") && orders[3].ends_with(" ago)"), "{}", orders[3]);
    assert_eq!(orders[4], "47m");
}

#[tokio::test]
async fn shows_every_defect_of_the_story() {
    let demo = Demo::start().await;
    let rows = demo.rows("/api/v1/pods").await;
    let status = |prefix: &str| rows.iter().find(|row| row[0].starts_with(prefix)).unwrap()[2].clone();
    assert_eq!(status("orders-"), "CrashLoopBackOff");
    assert_eq!(status("packing-planner-"), "Pending");
    assert_eq!(status("stock-db-1"), "Pending");
    assert_eq!(status("label-import-"), "Error");
    assert!(rows.iter().any(|row| row[0].starts_with("ledger-") && row[2] == "ImagePullBackOff"));
    let endpoints = demo.rows("/api/v1/namespaces/shop/endpoints").await;
    assert!(endpoints.iter().any(|row| row[..2] == ["basket", "<none>"]));
    let claims = demo.rows("/api/v1/namespaces/warehouse/persistentvolumeclaims").await;
    assert!(claims.iter().any(|row| row[..2] == ["data-stock-db-1", "Pending"]));
    let nodes = demo.rows("/api/v1/nodes").await;
    assert!(nodes.iter().any(|row| row[..2] == ["oak-3", "NotReady"]));
    let jobs = demo.rows("/apis/batch/v1/jobs").await;
    assert!(jobs.iter().any(|row| row[..2] == ["label-import", "Failed"]));
    let fraud = demo.names("/api/v1/namespaces/payments/events?fieldSelector=type%3DWarning").await;
    assert!(fraud.iter().any(|name| name.starts_with("ledger-")));
}

#[tokio::test]
async fn selects_by_label_and_field() {
    let demo = Demo::start().await;
    let orders = demo.names("/api/v1/pods?labelSelector=app%20in%20(orders),pod-template-hash").await;
    assert_eq!(orders.len(), 2);
    let pending = demo.names("/api/v1/namespaces/warehouse/pods?fieldSelector=status.phase%3DPending").await;
    assert_eq!(pending.len(), 2);
    let lost = demo.names("/api/v1/pods?fieldSelector=spec.nodeName%3Doak-3").await;
    assert!(lost.len() == 1 && lost[0].starts_with("log-shipper-"));
    let refused = demo.get("/api/v1/pods?fieldSelector=spec.color%3Dred").await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.json()["message"], "field label not supported: spec.color");
}

#[tokio::test]
async fn hands_out_lists_in_chunks() {
    let demo = Demo::start().await;
    let all = demo.names("/api/v1/pods").await;
    let (mut names, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/pods?limit=7&continue={token}");
        let page = demo.json(&path).await;
        names.extend(demo.names(&path).await);
        let Some(next) = page["metadata"]["continue"].as_str() else { break };
        assert_eq!(page["items"].as_array().unwrap().len(), 7);
        assert_eq!(page["metadata"]["remainingItemCount"], json!(all.len() - names.len()));
        next.clone_into(&mut token);
    }
    assert_eq!(names, all);
}

#[tokio::test]
async fn refuses_like_the_api_server() {
    let demo = Demo::start().await;
    let missing = demo.get("/api/v1/namespaces/shop/pods/nope").await;
    assert_eq!(missing.status, 404);
    let expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 404,
        "message": "pods \"nope\" not found", "reason": "NotFound", "details": { "name": "nope", "kind": "pods" },
    });
    assert_eq!(missing.json(), expected);
    let grouped = demo.json("/apis/apps/v1/namespaces/shop/deployments/nope").await;
    assert_eq!(grouped["message"], "deployments.apps \"nope\" not found");
    assert_eq!(demo.get("/api/v1/unicorns").await.status, 404);
    let write = demo.ask("DELETE /api/v1/namespaces/lab/pods/demo-slow", "*/*", "").await;
    assert_eq!((write.status, write.json()["reason"].clone()), (405, json!("MethodNotAllowed")));
    assert_eq!(demo.get("/api/v1/namespaces/lab/pods/demo-slow").await.status, 200);
}

#[tokio::test]
async fn tells_what_there_is() {
    let demo = Demo::start().await;
    assert_eq!(demo.get("/readyz").await.body, "ok");
    assert_eq!(demo.json("/version").await["major"], "1");
    assert_eq!(demo.json("/api").await["versions"], json!(["v1"]));
    let groups = demo.json("/apis").await;
    assert!(groups["groups"].as_array().unwrap().iter().any(|group| group["name"] == "warehouse.example.io"));
    let resources = demo.json("/apis/apps/v1").await;
    assert!(resources["resources"].as_array().unwrap().iter().any(|r| r["shortNames"] == json!(["deploy"])));
    let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";
    let aggregated = demo.ask("GET /apis", accept, "").await;
    assert_eq!(aggregated.json()["kind"], "APIGroupDiscoveryList");
    assert!(aggregated.head.contains("as=APIGroupDiscoveryList"), "{}", aggregated.head);
}

#[tokio::test]
async fn answers_access_reviews_and_metrics() {
    let demo = Demo::start().await;
    let path = "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    for (verb, allowed) in [("list", true), ("delete", false)] {
        let review = json!({ "spec": { "resourceAttributes": { "verb": verb, "resource": "pods" } } });
        let answer = demo.ask(path, "application/json", &review.to_string()).await;
        assert_eq!((answer.status, answer.json()["status"]["allowed"].clone()), (201, json!(allowed)), "{verb}");
    }
    let usage = demo.json("/apis/metrics.k8s.io/v1beta1/namespaces/payments/pods").await;
    assert_eq!(usage["kind"], "PodMetricsList");
    assert!(usage["items"][0]["containers"][0]["usage"]["memory"].as_str().is_some_and(|m| m.ends_with("Ki")));
    let nodes = demo.names("/apis/metrics.k8s.io/v1beta1/nodes").await;
    assert_eq!(nodes, ["oak-1", "oak-2"], "nothing is known of a silent node");
}

#[tokio::test]
async fn events_have_both_shapes() {
    let demo = Demo::start().await;
    let old = demo.json("/api/v1/namespaces/shop/events?fieldSelector=reason%3DBackOff").await;
    let new = demo.json("/apis/events.k8s.io/v1/namespaces/shop/events?fieldSelector=reason%3DBackOff").await;
    assert_eq!(old["items"][0]["message"], new["items"][0]["note"]);
    assert_eq!(old["items"][0]["involvedObject"]["kind"], new["items"][0]["regarding"]["kind"]);
}

#[tokio::test]
async fn holds_answers_back_when_told_to() {
    let delay = Duration::from_millis(300);
    let latency = BTreeMap::from([("configmaps".to_owned(), delay)]);
    let demo = Demo::with(Config { latency, ..Config::default() }).await;
    let started = std::time::Instant::now();
    demo.get("/api/v1/namespaces/shop/configmaps").await;
    assert!(started.elapsed() >= delay);
}
