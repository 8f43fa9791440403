//! What is wrong with a request whatever it asks for.

use serde_json::json;
use tonic::{Code, client::Grpc, transport::Endpoint};

use super::{KEY, Server, get_pods, send};

#[tokio::test]
async fn a_client_needs_a_key() {
    let server = Server::start().await;
    let ask = async |headers: &[(&str, &str)]| send(server.addr, "GET", "/debug/clusters", headers, "").await;
    for (headers, detail) in [
        (vec![], "Missing API key"),
        (vec![("x-api-key", "wrong-key-1")], "Invalid API key"),
        (vec![("authorization", "Bearer wrong-key-1")], "Invalid API key"),
        (vec![("authorization", "Basic c2VjcmV0LWtleS0x")], "Missing API key"),
    ] {
        let refused = ask(&headers).await;
        assert_eq!((refused.status, &refused.json()["detail"]), (401, &json!(detail)));
        assert_eq!(refused.header("www-authenticate"), Some("ApiKey"));
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(ask(&[("authorization", "bearer secret-key-1")]).await.status, 200);
    assert_eq!(ask(&[("X-API-KEY", "bare-key-22")]).await.status, 200);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_said_in_the_same_shape() {
    let server = Server::start().await;
    let unknown = server.get("/no/such/path").await;
    assert_eq!((unknown.status, &unknown.json()["detail"]), (404, &json!("Not Found")));
    let wrong = send(server.addr, "PUT", "/debug/execute", &[KEY], "{}").await;
    assert_eq!((wrong.status, &wrong.json()["detail"]), (405, &json!("Method Not Allowed")));
    assert_eq!(wrong.header("allow"), Some("POST"));
}

#[tokio::test]
async fn bodies_are_checked_and_bounded() {
    let server = Server::start().await;
    for body in ["{", "[]", "null", "\"x\"", "{\"cluster_id\": 3}"] {
        let refused = send(server.addr, "POST", "/debug/execute", &[KEY], body).await;
        assert_eq!((refused.status, &refused.json()["detail"][0]["loc"][0]), (422, &json!("body")), "{body}");
    }
    let mut large = get_pods();
    large["args"] = json!(["x".repeat(3 << 20)]);
    let refused = send(server.addr, "POST", "/debug/execute", &[KEY], &large.to_string()).await;
    assert_eq!((refused.status, refused.json()["detail"].is_string()), (413, true));
}

#[tokio::test]
async fn every_answer_carries_the_requests_id() {
    let server = Server::start().await;
    let given = send(server.addr, "GET", "/nowhere", &[("x-request-id", "my-id")], "").await;
    assert_eq!((given.header("x-request-id"), &given.json()["request_id"]), (Some("my-id"), &json!("my-id")));
    let made = send(server.addr, "GET", "/healthz", &[("x-request-id", "{bad}")], "").await;
    assert_eq!(made.header("x-request-id").unwrap().len(), 32);
}

#[tokio::test]
async fn an_unknown_grpc_method_gets_grpcs_answer() {
    let server = Server::start().await;
    let channel = Endpoint::from_shared(format!("http://{}", server.addr)).unwrap().connect().await.unwrap();
    for path in ["/nowhere.Service/Method", "/kubently.v1.DebugService/NoSuchMethod"] {
        let mut client = Grpc::new(channel.clone());
        client.ready().await.unwrap();
        let codec = tonic_prost::ProstCodec::<(), ()>::default();
        let refused = client.unary(tonic::Request::new(()), path.parse().unwrap(), codec).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unimplemented, "{path}");
    }
}
