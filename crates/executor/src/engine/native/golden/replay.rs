//! An API server that answers from recordings.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::recording::{Answer, Recording};

/// Query parameters that change what is sent at once, not what the answer is.
const IRRELEVANT: [&str; 4] = ["limit", "timeout", "resourceVersion", "hash"];

/// A question, without what does not matter.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Question {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    as_table: bool,
    user: Option<String>,
}

impl Question {
    fn new(method: &str, path: &str, accept: &str, user: Option<&str>) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut query: Vec<_> = query.split('&').filter_map(parameter).collect();
        query.sort_unstable();
        let user = user.filter(|user| !user.is_empty()).map(str::to_owned);
        Self { method: method.into(), path: path.into(), query, as_table: accept.contains("as=Table"), user }
    }
}

fn parameter(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=')?;
    let value = decode(value);
    let value = match name {
        _ if IRRELEVANT.contains(&name) => return None,
        // Its terms come in the order of a map.
        "fieldSelector" => sorted_terms(&value),
        _ => value,
    };
    Some((name.to_owned(), value))
}

fn sorted_terms(selector: &str) -> String {
    let mut terms: Vec<_> = selector.split(',').collect();
    terms.sort_unstable();
    terms.join(",")
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = (*byte == b'%').then(|| after.get(..2)).flatten();
        let code = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        rest = if code.is_some() { &after[2..] } else { after };
        bytes.push(code.unwrap_or(if *byte == b'+' { b' ' } else { *byte }));
    }
    String::from_utf8(bytes).unwrap()
}

/// The answers by question; several where only the question's body tells them apart.
type Answers = HashMap<Question, Vec<Answer>>;

/// The server; it ends when dropped.
pub(super) struct Replay {
    pub(super) url: String,
    _stop: DropGuard,
}

impl Replay {
    pub(super) async fn start(recording: &Recording) -> Self {
        let mut answers = Answers::new();
        for answer in recording.answers() {
            let Answer { method, path, accept, impersonate_user, .. } = &answer;
            let question = Question::new(method, path, accept, impersonate_user.as_deref());
            answers.entry(question).or_default().push(answer);
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let app = Router::new().fallback(answer).with_state(Arc::new(answers));
        let server = axum::serve(listener, app).with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(server.into_future());
        Self { url, _stop: stop.drop_guard() }
    }
}

async fn answer(State(answers): State<Arc<Answers>>, request: Request) -> Response {
    let text = |headers: &HeaderMap, name: &str| {
        headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let user = text(request.headers(), "impersonate-user");
    let accept = text(request.headers(), "accept");
    let path = request.uri().path_and_query().unwrap().to_string();
    let method = request.method().to_string();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    if path.contains("watch=true") {
        // Nothing changed while it was recorded, so a watch says nothing until it is given up.
        return Response::new(Body::from_stream(futures::stream::pending::<Result<&'static str, std::io::Error>>()));
    }
    let found = |accept: &str| answers.get(&Question::new(&method, &path, accept, Some(&user)));
    // What is served is the same for everybody, and was recorded once.
    let discovered = || answers.get(&Question::new(&method, &path, "", None)).filter(|_| is_discovery(&path));
    match found(&accept).or_else(|| found("")).or_else(discovered).and_then(|found| choose(found, &body)) {
        Some(answer) => recorded(answer),
        None => not_recorded(&method, &path),
    }
}

fn is_discovery(path: &str) -> bool {
    matches!(path, "/api" | "/apis")
}

/// The answer whose question had what this one has; recorded bodies are protobuf, so its texts are looked for.
fn choose<'a>(answers: &'a [Answer], body: &[u8]) -> Option<&'a Answer> {
    let question: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut texts = Vec::new();
    leaves(&question["spec"], &mut texts);
    let has_all = |answer: &&Answer| {
        let recorded = answer.request_body.as_deref().unwrap_or_default();
        texts.iter().all(|text| recorded.contains(text.as_str()))
    };
    answers.iter().find(has_all)
}

fn leaves(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Value::Object(fields) => fields.values().for_each(|field| leaves(field, texts)),
        _ => {}
    }
}

fn recorded(answer: &Answer) -> Response {
    let mut response = Response::builder().status(answer.status).header(header::CONTENT_TYPE, &answer.content_type);
    if !answer.warning.is_empty() {
        response = response.header(header::WARNING, &answer.warning);
    }
    response.body(Body::from(answer.body.clone())).unwrap()
}

/// Says so in words that no kubectl has, so that it is seen in a comparison.
fn not_recorded(method: &str, path: &str) -> Response {
    let status =
        json!({"kind": "Status", "message": format!("not recorded: {method} {path}"), "reason": "NotRecorded"});
    Response::builder().status(StatusCode::NOT_IMPLEMENTED).body(Body::from(status.to_string())).unwrap()
}
