//! `pods/log`: whole, from the end, or as it is written.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, stream};
use jiff::Timestamp;
use serde_json::Value;

use super::{Api, Failure, Query, route::ResourcePath};
use crate::{
    catalog,
    clock::{earlier, rfc3339_nano, since},
    scene::{LogKey, LogSource, text},
};

/// A kubelet rotates logs: of a script's lines only so many are kept.
const KEPT_LINES: u64 = 500;
/// A chunk is sent when it is this long, or when no more lines are there yet.
const CHUNK_BYTES: usize = 32 * 1024;

/// Answers for one pod's log.
pub(super) fn answer(api: &Arc<Api>, path: ResourcePath<'_>, query: &Query) -> Result<Response, Failure> {
    let pod = api.scene.get(path.kind, path.namespace, path.name);
    let pod = pod.ok_or_else(|| Failure::no_object(path.kind, path.name))?;
    let container = container(pod, query.text("container"))?;
    if text(pod, "/spec/nodeName").is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    reachable(api, pod, &container)?;
    let key = LogKey {
        namespace: path.namespace.to_owned(),
        pod: path.name.to_owned(),
        previous: query.flag("previous"),
        container,
    };
    let source = api.scene.log(&key).ok_or_else(|| no_log(&key))?;
    let reader = Reader::open(api, source, query)?;
    Ok(([(header::CONTENT_TYPE, "text/plain")], Body::from_stream(reader.into_stream())).into_response())
}

/// The container to read: the asked one, or the only one.
fn container(pod: &Value, asked: Option<&str>) -> Result<String, Failure> {
    let names = |pointer: &str| -> Vec<&str> {
        let containers = pod.pointer(pointer).and_then(Value::as_array);
        containers.into_iter().flatten().map(|container| text(container, "/name")).collect()
    };
    let (name, main, init) = (text(pod, "/metadata/name"), names("/spec/containers"), names("/spec/initContainers"));
    match (asked, main.as_slice()) {
        (Some(asked), _) if main.contains(&asked) || init.contains(&asked) => Ok(asked.to_owned()),
        (Some(asked), _) => Err(Failure::bad_request(format!("container {asked} is not valid for pod {name}"))),
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => {
            let mut message =
                format!("a container name must be specified for pod {name}, choose one of: [{}]", main.join(" "));
            if !init.is_empty() {
                message.push_str(&format!(" or one of the init containers: [{}]", init.join(" ")));
            }
            Err(Failure::bad_request(message))
        }
    }
}

/// Refuses what the API server cannot get from a node that does not answer.
fn reachable(api: &Api, pod: &Value, container: &str) -> Result<(), Failure> {
    let node = catalog::find("", "v1", "nodes").and_then(|nodes| api.scene.get(nodes, "", text(pod, "/spec/nodeName")));
    let conditions = node.and_then(|node| node["status"]["conditions"].as_array());
    let silent = conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] != "True"));
    if !silent {
        return Ok(());
    }
    let host = format!("{}:10250", text(pod, "/status/hostIP"));
    let (namespace, name) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
    let url = format!("https://{host}/containerLogs/{namespace}/{name}/{container}");
    Err(Failure::internal(format!("Get \"{url}\": dial tcp {host}: connect: no route to host")))
}

fn no_log(key: &LogKey) -> Failure {
    let LogKey { pod, container, previous, .. } = key;
    Failure::bad_request(if *previous {
        format!("previous terminated container \"{container}\" in pod \"{pod}\" not found")
    } else {
        // In this scene only an image that cannot be pulled keeps a placed container from starting.
        format!("container \"{container}\" in pod \"{pod}\" is waiting to start: trying and failing to pull image")
    })
}

/// A log being read.
struct Reader {
    api: Arc<Api>,
    source: LogSource,
    asked: Timestamp,
    next: u64,
    /// The line to stop before; none while following.
    end: Option<u64>,
    timestamps: bool,
    /// Bytes that may still be sent.
    budget: usize,
}

impl Reader {
    fn open(api: &Arc<Api>, source: &LogSource, query: &Query) -> Result<Self, Failure> {
        let asked = api.clock.now();
        let length = source.len(asked);
        let paced = matches!(source, LogSource::Paced { .. });
        let mut next = if matches!(source, LogSource::Scripted(_)) { length.saturating_sub(KEPT_LINES) } else { 0 };
        // The lines of a paced log are all still to come, so there is no end and no past to choose from.
        if let (false, Some(seconds)) = (paced, query.number("sinceSeconds")?) {
            next = next.max(first_since(source, length, earlier(asked, Duration::from_secs(seconds)), asked));
        }
        if let (false, Some(time)) = (paced, query.text("sinceTime")) {
            let time = time.parse().map_err(|_| Failure::bad_request(format!("invalid sinceTime: {time}")))?;
            next = next.max(first_since(source, length, time, asked));
        }
        if let (false, Some(tail)) = (paced, query.number("tailLines")?) {
            next = next.max(length.saturating_sub(tail));
        }
        Ok(Self {
            api: Arc::clone(api),
            asked,
            next,
            end: (!query.flag("follow") || source.is_over()).then_some(length),
            timestamps: query.flag("timestamps"),
            budget: query.number("limitBytes")?.unwrap_or(usize::MAX),
            source: source.clone(),
        })
    }

    fn into_stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut reader| async move { reader.chunk().await.map(|chunk| (Ok(chunk), reader)) })
    }

    /// The next bytes; none at the end. Waits for lines that are still to come.
    async fn chunk(&mut self) -> Option<Bytes> {
        loop {
            if self.budget == 0 || self.end.is_some_and(|end| self.next >= end) {
                return None;
            }
            let ready = self.ready_lines();
            if !ready.is_empty() {
                return Some(self.spend(ready));
            }
            let shutdown = self.api.shutdown.clone();
            tokio::select! {
                () = shutdown.cancelled() => return None,
                () = self.next_line_due() => {}
            }
        }
    }

    fn ready_lines(&mut self) -> String {
        let now = self.api.clock.now();
        let available = if self.source.goes_on() { u64::MAX } else { self.source.len(now) };
        let end = self.end.unwrap_or(available);
        let mut text = String::new();
        while self.next < end && text.len() < CHUNK_BYTES {
            let line = self.source.line(self.next, self.asked);
            if line.at > now {
                break;
            }
            if self.timestamps {
                text.push_str(&rfc3339_nano(line.at));
                text.push(' ');
            }
            text.push_str(&line.text);
            text.push('\n');
            self.next += 1;
        }
        text
    }

    /// Takes the text out of the budget, cutting what is too much.
    fn spend(&mut self, text: String) -> Bytes {
        let mut bytes = text.into_bytes();
        bytes.truncate(self.budget);
        self.budget -= bytes.len();
        Bytes::from(bytes)
    }

    /// Returns when the next line is written: never, if none will be.
    async fn next_line_due(&self) {
        if !self.source.goes_on() {
            return std::future::pending().await;
        }
        let due = self.source.line(self.next, self.asked).at;
        tokio::time::sleep(since(due, self.api.clock.now()).max(Duration::from_millis(1))).await;
    }
}

/// The first of `length` lines written at `time` or later. Lines are in order of time.
fn first_since(source: &LogSource, length: u64, time: Timestamp, asked: Timestamp) -> u64 {
    let (mut low, mut high) = (0, length);
    while low < high {
        let middle = low.midpoint(high);
        if source.line(middle, asked).at < time { low = middle + 1 } else { high = middle }
    }
    low
}
