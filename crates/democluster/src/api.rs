//! The API's face: one request in, one answer out.

mod discovery;
mod failure;
mod list;
mod logs;
mod metrics;
mod negotiate;
mod protobuf;
mod query;
mod reviews;
mod route;
mod watch;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::{Config, clock::Clock, scene::Scene, story};

use self::{failure::Failure, negotiate::Form, query::Query, route::Target};

/// What every answer is made from. Nothing in it changes while it serves.
#[derive(Debug)]
pub(crate) struct Api {
    scene: Scene,
    clock: Clock,
    latency: BTreeMap<String, Duration>,
    shutdown: CancellationToken,
}

impl Api {
    pub(crate) fn new(config: Config, shutdown: CancellationToken) -> Self {
        let scene = story::scene(config.now, config.crowd);
        Self { scene, clock: Clock::starting_at(config.now), latency: config.latency, shutdown }
    }

    /// Holds an answer back as long as the configuration says, but not beyond shutdown.
    async fn delay(&self, resource: &str) {
        if let Some(latency) = self.latency.get(resource) {
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                () = tokio::time::sleep(*latency) => {}
            }
        }
    }
}

/// Answers any request.
pub(crate) async fn handle(
    State(api): State<Arc<Api>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
    let answer = async {
        let form = Form::asked_for(accept)?;
        if method == Method::GET || method == Method::HEAD {
            read(&api, &uri, form).await
        } else {
            write(&method, uri.path(), &body)
        }
    };
    answer.await.unwrap_or_else(IntoResponse::into_response)
}

async fn read(api: &Arc<Api>, uri: &Uri, form: Form) -> Result<Response, Failure> {
    match uri.path().trim_end_matches('/') {
        "" => Ok(json_answer(
            &json!({ "paths": ["/api", "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"] }),
        )),
        "/version" => Ok(json_answer(&discovery::version())),
        "/healthz" | "/livez" | "/readyz" => Ok((StatusCode::OK, "ok").into_response()),
        "/api" => Ok(discovery::core_versions(form)),
        "/apis" => Ok(discovery::group_list(form)),
        "/openapi/v3" => Ok(json_answer(&json!({ "paths": {} }))),
        path => match Target::parse(path)? {
            Target::Group(group) => Ok(json_answer(&discovery::group(group)?)),
            Target::Version { group, version } => Ok(json_answer(&discovery::resource_list(group, version)?)),
            Target::Resource(resource) => resource.read(api, &Query::of(uri), form).await,
        },
    }
}

/// Reviews are posts that change nothing; all other writes are refused.
fn write(method: &Method, path: &str, body: &[u8]) -> Result<Response, Failure> {
    let Target::Resource(target) = Target::parse(path)? else { return Err(Failure::method_not_allowed()) };
    if *method == Method::POST && target.kind.allows("create") {
        let review = reviews::answer(target.kind, body)?;
        return Ok(
            (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], review.to_string()).into_response()
        );
    }
    Err(Failure::method_not_allowed())
}

fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}
