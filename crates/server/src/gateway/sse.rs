//! Server-sent events as every stream here sends them.

use std::fmt;

use axum::response::{
    IntoResponse, Response,
    sse::{Event, KeepAlive, Sse},
};
use futures::Stream;
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;

/// Ends a stream abnormally. A clean end would make older executors come back in a tight loop.
#[derive(Debug)]
pub(super) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream was cut")
    }
}

impl std::error::Error for Cut {}

/// A stream's answer. Nothing on the way may keep it or hold it back.
pub(super) fn respond<S>(events: S, keep_alive: Option<KeepAlive>) -> Response
where
    S: Stream<Item = Result<Event, Cut>> + Send + 'static,
{
    let sse = Sse::new(events);
    let mut response = match keep_alive {
        Some(keep_alive) => sse.keep_alive(keep_alive).into_response(),
        None => sse.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// An event whose data is one line of JSON.
pub(super) fn event(name: &str, id: impl fmt::Display, data: &impl Serialize) -> Event {
    // What is sent here is made of strings and numbers, which always serialise, and JSON that is
    // not pretty-printed has no line break.
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).id(id.to_string()).data(data)
}
