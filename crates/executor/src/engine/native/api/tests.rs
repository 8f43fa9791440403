use std::{collections::VecDeque, future::IntoFuture, time::Instant};

use axum::Router;
use http::StatusCode;
use kubently_render::redact;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::*;

/// A server that gives these answers, one after the other: status, `Retry-After` and text.
struct Server {
    connection: Connection,
    left: Arc<Mutex<VecDeque<Answer>>>,
    _stop: DropGuard,
}

type Answer = (u16, Option<&'static str>, &'static str);

async fn serve(answers: impl IntoIterator<Item = Answer>) -> Server {
    let left: Arc<Mutex<VecDeque<_>>> = Arc::new(Mutex::new(answers.into_iter().collect()));
    let next = Arc::clone(&left);
    let answer = move || {
        let (code, retry_after, text) = next.lock().unwrap().pop_front().expect("no more questions");
        let mut response = Response::builder().status(StatusCode::from_u16(code).unwrap());
        if let Some(seconds) = retry_after {
            response = response.header("retry-after", seconds);
        }
        async move { response.header(CONTENT_TYPE, "text/plain").body(axum::body::Body::from(text)).unwrap() }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let server = axum::serve(listener, Router::new().fallback(answer));
    tokio::spawn(server.with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
    let connection = Connection::new(kube::Config::new(url.parse().unwrap())).unwrap();
    Server { connection, left, _stop: stop.drop_guard() }
}

async fn get(server: &Server, limit: Option<Duration>) -> Result<Bytes, String> {
    let redactor = Redactor::new(&[1; 32], &redact::Settings::default());
    let output = Output::new(1 << 20, None);
    let api = server.connection.api(&redactor, limit, &output);
    api.get("/apis/metrics.k8s.io/v1beta1/nodes", JSON).await.map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn who_is_down_is_not_asked_again() {
    let sentence = "Error from server (ServiceUnavailable): the server is currently unable to handle the request \
                    (get nodes.metrics.k8s.io)";
    let server = serve([(503, None, "service unavailable\n"), (200, None, "too late")]).await;
    assert_eq!(get(&server, None).await, Err(sentence.to_owned()));
    assert_eq!(server.left.lock().unwrap().len(), 1, "one question");
}

#[tokio::test]
async fn who_asks_for_time_gets_it() {
    let server = serve([(429, Some("1"), "busy"), (503, Some("0"), ""), (200, None, "{}")]).await;
    let started = Instant::now();
    assert_eq!(get(&server, None).await, Ok(Bytes::from("{}")));
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn nobody_is_asked_without_end() {
    let busy = (429, Some("0"), "busy");
    let server = serve([busy; again::MAX_RETRIES + 2]).await;
    let told = get(&server, None).await.unwrap_err();
    assert!(
        told.starts_with("Error from server (TooManyRequests): the server has received too many requests"),
        "{told}"
    );
    assert_eq!(server.left.lock().unwrap().len(), 1);
    // Nor longer than the caller wants to wait.
    let server = serve([(429, Some("3600"), "busy")]).await;
    let told = get(&server, Some(Duration::from_millis(50))).await.unwrap_err();
    assert!(told.contains("--request-timeout"), "{told}");
    // What is no time, or no answer of this kind, is not waited for.
    for answer in [(429, Some("soon"), ""), (404, Some("0"), "")] {
        let server = serve([answer, (200, None, "")]).await;
        get(&server, None).await.unwrap_err();
        assert_eq!(server.left.lock().unwrap().len(), 1, "{answer:?}");
    }
}

#[test]
fn warnings_are_read() {
    assert_eq!(warning_text(r#"299 - "v1 \"X\" is old""#).as_deref(), Some(r#"v1 "X" is old"#));
    for header in ["", "199 - \"x\"", "299 - x", "299 - \"no end"] {
        assert_eq!(warning_text(header), None, "{header}");
    }
}

#[test]
fn queries_are_encoded() {
    let path = Path::new("/api/v1/pods").query("labelSelector", "a in (b,c)").maybe("x", None::<&str>);
    assert_eq!(path.query("limit", "5").build(), "/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&limit=5");
}
