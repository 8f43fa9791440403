//! What everybody may read, and that the OpenAPI document leaves nothing out.

use std::collections::BTreeSet;

use serde_json::json;

use super::{Server, send};

/// Every route of this face. A route that is added must be added here too.
const ROUTES: &[(&str, &str)] = &[
    ("get", "/.well-known/kubently-auth"),
    ("get", "/admin/agents"),
    ("get", "/admin/agents/{cluster_id}/status"),
    ("post", "/admin/agents/{cluster_id}/token"),
    ("delete", "/admin/agents/{cluster_id}/token"),
    ("get", "/agent/commands"),
    ("post", "/agent/results"),
    ("get", "/agent/status"),
    ("get", "/api/v1/clusters/{cluster_id}/capabilities"),
    ("get", "/audit"),
    ("get", "/auth/discovery"),
    ("post", "/debug/check"),
    ("get", "/debug/clusters"),
    ("get", "/debug/clusters/{cluster_id}"),
    ("get", "/debug/commands/{command_id}/stream"),
    ("post", "/debug/execute"),
    ("post", "/debug/execute/async"),
    ("post", "/debug/execute/stream"),
    ("get", "/debug/operations/{operation_id}"),
    ("delete", "/debug/operations/{operation_id}"),
    ("post", "/debug/session"),
    ("get", "/debug/session/{session_id}"),
    ("delete", "/debug/session/{session_id}"),
    ("post", "/executor/capabilities"),
    ("post", "/executor/heartbeat"),
    ("post", "/executor/results"),
    ("get", "/executor/stream"),
    ("get", "/health"),
    ("get", "/health/auth"),
    ("get", "/healthz"),
    ("get", "/metrics"),
    ("get", "/openapi.json"),
    ("get", "/readyz"),
];

#[tokio::test]
async fn the_document_lists_every_route_and_every_route_answers() {
    let server = Server::start().await;
    let document = send(server.addr, "GET", "/openapi.json", &[], "").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut listed = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        listed.extend(item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone())));
    }
    let expected: BTreeSet<_> =
        ROUTES.iter().map(|(method, path)| ((*method).to_owned(), (*path).to_owned())).collect();
    assert_eq!(listed, expected);
    for (method, path) in ROUTES {
        // Without a credential: an endpoint answers or asks for one, a path that is not there does neither.
        let answer = send(server.addr, &method.to_uppercase(), &path.replace(['{', '}'], ""), &[], "").await;
        assert!([200, 401, 422].contains(&answer.status), "{method} {path}: {}", answer.status);
    }
}

/// Routes are only ever added together with their description.
#[test]
fn no_route_is_added_beside_the_document() {
    let source = include_str!("../../gateway.rs");
    assert!(!source.contains(".route(") && !source.contains("route_service") && !source.contains("nest"));
}

#[tokio::test]
async fn the_document_describes_credentials_and_errors() {
    let server = Server::start().await;
    let document = send(server.addr, "GET", "/openapi.json", &[], "").await.json();
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["api_key", "bearer", "executor"]);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for schema in [
        "CommandResponse",
        "CheckResponse",
        "ExecuteRequest",
        "SessionResponse",
        "ProblemDetails",
        "PostedResult",
        "Operation",
    ] {
        assert!(schemas.contains_key(schema), "{schema} in {:?}", schemas.keys());
    }
    for (method, path) in ROUTES {
        let operation = &document["paths"][path][method];
        let secured = !operation["security"].is_null();
        assert_eq!(secured, !operation["responses"]["401"].is_null(), "{method} {path}");
        assert!(operation["summary"].is_string(), "{method} {path}");
    }
}

#[tokio::test]
async fn health_is_said_in_three_ways() {
    let server = Server::start().await;
    let read = async |path: &str| send(server.addr, "GET", path, &[], "").await;
    assert_eq!(read("/healthz").await.json(), json!({"status": "ok"}));
    assert_eq!(read("/readyz").await.json(), json!({"status": "ready", "store": true, "draining": false}));
    let expected = json!({
        "status": "healthy", "redis": "memory", "modules": "initialized", "tls": "disabled",
        "environment": "production", "policy": "built_in", "version": env!("CARGO_PKG_VERSION"),
    });
    assert_eq!(read("/health").await.json(), expected);
}

#[tokio::test]
async fn metrics_come_in_the_format_that_is_asked_for() {
    let server = Server::start().await;
    let plain = send(server.addr, "GET", "/metrics", &[], "").await;
    assert_eq!(plain.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(plain.text().contains("# TYPE kubently_active_sessions gauge") && !plain.text().contains("# EOF"));
    let accept = [("accept", "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3")];
    let open = send(server.addr, "GET", "/metrics", &accept, "").await;
    assert_eq!(open.header("content-type"), Some("application/openmetrics-text; version=1.0.0; charset=utf-8"));
    assert!(open.text().ends_with("# EOF\n"));
}

#[tokio::test]
async fn how_to_authenticate_is_public() {
    let server = Server::start().await;
    let known = send(server.addr, "GET", "/.well-known/kubently-auth", &[], "").await.json();
    assert_eq!((&known["authentication_methods"], &known["oauth"]["enabled"]), (&json!(["api_key"]), &json!(false)));
    assert_eq!(known["api_key"]["header"], "X-API-Key");
    assert_eq!(send(server.addr, "GET", "/auth/discovery", &[], "").await.json(), known);
    assert_eq!(send(server.addr, "GET", "/health/auth", &[], "").await.status, 200);
}
