//! What no recording shows, against a server made of a few answers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::UNIX_EPOCH,
};

use axum::{Router, body::Body, extract::Request, http::StatusCode, response::Response};
use kubently_core::{
    command::{CommandResult, Outcome},
    kubectl::parse,
    policy::{Mode, Policy},
};
use kubently_render::redact::{self, Redactor};
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{Clock, engine::native::Native, runner::Output};

/// A server that answers some paths, and notes all questions.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _stop: DropGuard,
}

fn resource(name: &str, kind: &str, namespaced: bool) -> Value {
    json!({"name": name, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": ["get", "list"]})
}

fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({"kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message})
}

fn discovery() -> BTreeMap<&'static str, Value> {
    let resources = [resource("pods", "Pod", true), resource("services", "Service", true)];
    BTreeMap::from([
        ("/api", json!({"kind": "APIVersions", "versions": ["v1"]})),
        ("/apis", json!({"kind": "APIGroupList", "groups": []})),
        ("/api/v1", json!({"kind": "APIResourceList", "resources": resources})),
    ])
}

async fn serve(answers: &[(&'static str, Value)]) -> Server {
    let mut known = discovery();
    known.extend(answers.iter().cloned());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let answer = move |request: Request| {
        let path = request.uri().path_and_query().unwrap().to_string();
        noted.lock().unwrap().push(path.clone());
        let missing = || status(404, "NotFound", &format!("{path} not found"));
        let body = known.get(path.as_str()).cloned().unwrap_or_else(missing);
        let code = body["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or(200);
        let response = Response::builder().status(StatusCode::from_u16(code).unwrap());
        // A text is sent as it is: the lines of a watch.
        let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        async move { response.body(Body::from(text)).unwrap() }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let server = axum::serve(listener, Router::new().fallback(answer));
    tokio::spawn(server.with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
    Server { url, asked, _stop: stop.drop_guard() }
}

/// Exit code, stdout and stderr.
async fn get(server: &Server, line: &str) -> (i32, String, String) {
    let argv: Vec<_> = line.split(' ').map(str::to_owned).collect();
    let command = parse(&argv).unwrap();
    assert!(super::super::covers(&command), "{line}");
    let kube = kube::Config::new(server.url.parse().unwrap());
    let clock = Clock::Fixed("2026-11-02T00:00:00Z".parse().unwrap());
    let native =
        Native::new(kube, Policy::new(Mode::ReadOnly), Redactor::new(&[1; 32], &redact::Settings::default()), clock)
            .unwrap();
    let output = Output::new(1 << 20, None);
    let exit = native.run(&command, &output).await;
    let mut result = CommandResult::unfinished(Outcome::Succeeded, "", UNIX_EPOCH);
    output.close(&mut result, usize::MAX);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (exit.code.unwrap(), text(&result.stdout), text(&result.stderr))
}

fn pod(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2026-11-01T00:00:00Z"}})
}

fn list(names: &[&str], next: &str) -> Value {
    let items: Vec<_> = names.iter().map(|name| pod(name)).collect();
    json!({"kind": "PodList", "apiVersion": "v1", "metadata": {"continue": next}, "items": items})
}

#[tokio::test]
async fn pieces_before_one_that_expired_are_shown() {
    let gone = status(410, "Expired", "The provided continue parameter is too old");
    let server = serve(&[
        ("/api/v1/namespaces/shop/pods?limit=2", list(&["a", "b"], "t")),
        ("/api/v1/namespaces/shop/pods?limit=2&continue=t", gone),
    ])
    .await;
    let (code, out, err) = get(&server, "get pods -n shop --chunk-size=2 -o name").await;
    assert_eq!((code, out.as_str()), (1, "pod/a\npod/b\n"));
    assert_eq!(err, "Error from server (Expired): The provided continue parameter is too old\n");
    let (code, out, _) = get(&server, "get pods -n shop --chunk-size=2").await;
    assert_eq!((code, out.as_str()), (1, "NAME   AGE\na      24h\nb      24h\n"));
}

#[tokio::test]
async fn a_list_that_is_refused_says_what_was_asked_for() {
    let bad = status(400, "BadRequest", "field label not supported: x");
    let server = serve(&[("/api/v1/namespaces/shop/pods?fieldSelector=x%3D1&limit=500", bad)]).await;
    let (code, _, err) = get(&server, "get pods -n shop --field-selector=x=1").await;
    let expected = "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \
                    \"\", field selector \"x=1\": field label not supported: x\n";
    assert_eq!((code, err.as_str()), (1, expected));
    let (_, _, err) = get(&server, "get svc,services -n shop").await;
    assert!(err.contains("doesn't have a resource type \"svc\""), "{err}");
    let (_, _, err) = get(&server, "get services -n shop").await;
    assert!(err.starts_with("Error from server (NotFound): Unable to list \"/v1, Resource=services\": "), "{err}");
}

#[tokio::test]
async fn a_missing_namespace_says_more_than_a_missing_object() {
    let server = serve(&[("/api/v1/namespaces/shop", json!({"kind": "Namespace"}))]).await;
    let (_, _, err) = get(&server, "get pods x -n shop").await;
    assert_eq!(err, "Error from server (NotFound): /api/v1/namespaces/shop/pods/x not found\n");
    let (_, _, err) = get(&server, "get pods x -n nowhere -o yaml").await;
    assert_eq!(err, "Error from server (NotFound): /api/v1/namespaces/nowhere not found\n");
    let (code, _, err) = get(&server, "get pods x -n nowhere --ignore-not-found").await;
    assert_eq!((code, err.as_str()), (0, ""));
    get(&server, "get pods x -n default").await;
    assert!(!server.asked.lock().unwrap().contains(&"/api/v1/namespaces/default".to_owned()));
}

#[tokio::test]
async fn of_several_failures_our_own_has_no_prefix() {
    let server = serve(&[("/api/v1/namespaces/shop/pods/a", pod("a"))]).await;
    let (code, out, err) = get(&server, "get pods a x -n shop -o custom-columns=A:.metadata.name[0]").await;
    assert_eq!((code, out.as_str()), (1, "A\n"));
    assert!(err.ends_with(" not found\nstring is not array or slice\n"), "{err}");
    let (_, _, err) = get(&server, "get pods a -n shop -o jsonpath={.metadata[0]}").await;
    assert!(err.starts_with("error: error executing jsonpath \"{.metadata[0]}\": "), "{err}");
    assert!(err.ends_with("}}\n\n\n") && !err.ends_with("}}\n\n\n\n"), "{err}");
}

#[tokio::test]
async fn subresources_and_sorting_ask_for_what_they_need() {
    let server = serve(&[("/api/v1/namespaces/shop/pods/a/status", pod("a"))]).await;
    let (code, out, _) = get(&server, "get pods a -n shop --subresource=status").await;
    assert_eq!((code, out.as_str()), (0, "NAME   AGE\na      24h\n"));
    let (_, _, err) = get(&server, "get pods -n shop --subresource=status").await;
    assert_eq!(err, "error: subresource cannot be used when bulk resources are specified\n");
    get(&server, "get pods -n shop --sort-by=.x --chunk-size=3").await;
    get(&server, "get pods -n shop --sort-by=.x --server-print=false").await;
    let asked = server.asked.lock().unwrap();
    for path in ["/api/v1/namespaces/shop/pods?includeObject=Object", "/api/v1/namespaces/shop/pods"] {
        assert!(asked.iter().any(|asked| asked == path), "{path}: {asked:?}");
    }
}

/// A table with one column, as the first answer of a watch has it; later ones leave the columns out.
fn table(names: &[&str], columns: bool) -> Value {
    let rows = names.iter().map(|name| json!({"cells": [name, "1/1"], "object": pod(name)}));
    let definitions =
        json!([{"name": "Name", "type": "string", "format": "name"}, {"name": "Ready", "type": "string"}]);
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": "7"},
        "columnDefinitions": if columns { definitions } else { Value::Null }, "rows": rows.collect::<Vec<_>>()})
}

fn changes(all: &[(&str, Value)]) -> Value {
    all.iter()
        .map(|(kind, object)| json!({"type": kind, "object": object}).to_string() + "\n")
        .collect::<String>()
        .into()
}

#[tokio::test]
async fn watching_goes_on_in_the_columns_of_the_list() {
    let watched =
        changes(&[("MODIFIED", table(&["a"], true)), ("BOOKMARK", json!({})), ("DELETED", table(&["bb"], false))]);
    let server = serve(&[
        ("/api/v1/namespaces/shop/pods?limit=500", table(&["a-long-name", "a"], true)),
        ("/api/v1/namespaces/shop/pods?resourceVersion=7&watch=true", watched),
    ])
    .await;
    let rows = "a-long-name   1/1\na             1/1\n";
    let (code, out, err) = get(&server, "get pods -n shop -w").await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, format!("NAME          READY\n{rows}a             1/1\nbb            1/1\n"));
    let (_, out, _) = get(&server, "get pods -n shop -w --no-headers --output-watch-events").await;
    let expected = "ADDED      a-long-name   1/1\nADDED      a             1/1\nMODIFIED   a             1/1\nDELETED    bb            1/1\n";
    assert_eq!(out, expected);
    let (_, out, _) = get(&server, "get pods -n shop --watch-only").await;
    assert_eq!(out, "NAME   READY\na      1/1\nbb     1/1\n");
    let (code, _, err) = get(&server, "get pods,services -n shop -w").await;
    assert_eq!(code, 1);
    assert!(err.contains("more than 1 resource was found"), "{err}");
}

#[tokio::test]
async fn watching_one_object_prints_it_whole_each_time() {
    let server = serve(&[
        ("/api/v1/namespaces/shop/pods/a", pod("a")),
        ("/api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Da&watch=true", changes(&[("MODIFIED", pod("a"))])),
    ])
    .await;
    let (code, out, err) = get(&server, "get pods a -n shop -w -o name").await;
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out.lines().count(), 2, "{out}");
    let (_, out, _) = get(&server, "get pods a -n shop -w -o yaml").await;
    assert_eq!(out.matches("---\n").count(), 1, "{out}");
}
