//! The SSE transport: commands come as events, results go by POST.

mod parser;

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use reqwest::{
    RequestBuilder, Response,
    header::{ACCEPT, HeaderValue},
};
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    Context, Detached, Presence,
    envelope::{Cancel, Envelope},
    rest::Rest,
};
use parser::{Event, Parser};

const STREAM: &str = "/executor/stream";

/// Bounds of a named interval, so that a bad one neither ends good streams nor leaves dead ones unwatched.
const KEEP_ALIVE_BOUNDS: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(60));
/// What a sign of life may need on its way.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// Where the last stream ended; the next one goes on from there, also when another server sends it.
#[derive(Debug, Default)]
pub(super) struct Resume {
    last_id: String,
}

impl Resume {
    fn apply(&self, request: RequestBuilder) -> RequestBuilder {
        // An id that no header can hold is as good as none.
        match HeaderValue::from_str(&self.last_id) {
            Ok(last_id) if !last_id.is_empty() => request.header("last-event-id", last_id),
            _ => request,
        }
    }
}

/// One stream, from the call to its end.
pub(super) async fn attach(context: &Context, rest: &Rest<'_>, resume: &mut Resume) -> Detached {
    let server = context.server().to_owned();
    let response = match open(context, rest, &server, resume).await {
        Ok(response) => response,
        Err(end) => return end,
    };
    let idle = context.config.timing.stream_idle;
    let listener = Listener { context, rest, server, presence: None, idle };
    listener.listen(response.bytes_stream(), resume).await
}

async fn open(context: &Context, rest: &Rest<'_>, server: &str, resume: &Resume) -> Result<Response, Detached> {
    let call = resume.apply(rest.get(server, STREAM)).header(ACCEPT, "text/event-stream").send();
    match timeout(context.config.timing.welcome_timeout, call).await {
        Ok(Ok(response)) if response.status() == 200 => Ok(response),
        Ok(Ok(response)) => Err(super::rest::failure(response.status())),
        Ok(Err(error)) => Err(super::broken(&error)),
        Err(_) => Err(Detached::Broken("no answer in time".to_owned())),
    }
}

/// Acts on events of one stream.
struct Listener<'a> {
    context: &'a Context,
    rest: &'a Rest<'a>,
    server: String,
    presence: Option<Presence<'a>>,
    /// Silence after which the stream counts as dead.
    idle: Duration,
}

/// The data of `connected`; older servers tell neither.
#[derive(Deserialize, Default)]
struct Connected {
    #[serde(default)]
    server_id: String,
    /// How often the server says something at least.
    #[serde(default)]
    keep_alive_seconds: Option<f64>,
}

impl Connected {
    fn keep_alive(&self) -> Option<Duration> {
        let named = self.keep_alive_seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())?;
        Some(named.clamp(KEEP_ALIVE_BOUNDS.0, KEEP_ALIVE_BOUNDS.1))
    }
}

impl Listener<'_> {
    async fn listen(
        mut self,
        mut pieces: impl Stream<Item = reqwest::Result<Bytes>> + Unpin,
        resume: &mut Resume,
    ) -> Detached {
        let mut parser = Parser::after(&resume.last_id);
        loop {
            let piece = match timeout(self.idle, pieces.next()).await {
                Ok(Some(Ok(piece))) => piece,
                Ok(Some(Err(error))) => return super::broken(&error),
                Ok(None) => return Detached::Broken("the server closed the stream".to_owned()),
                Err(_) => return Detached::Broken("the server was silent for too long".to_owned()),
            };
            match parser.push(&piece) {
                Ok(events) => events.iter().for_each(|event| self.take(event)),
                Err(cause) => return Detached::Broken(cause.to_owned()),
            }
            parser.last_id().clone_into(&mut resume.last_id);
        }
    }

    /// Whatever comes first shows that the stream works.
    fn begin(&mut self, first: &Event) {
        let connected: Connected = serde_json::from_str(&first.data).unwrap_or_default();
        let keep_alive = connected.keep_alive();
        if let Some(keep_alive) = keep_alive {
            self.idle = keep_alive * 2 + ON_THE_WAY;
        }
        self.presence = Some(self.context.announce(&self.server, &connected.server_id));
        self.rest.attached(keep_alive.is_some());
    }

    fn take(&mut self, event: &Event) {
        if self.presence.is_none() {
            self.begin(event);
        }
        match event.name.as_str() {
            "command" => self.take_command(&event.data),
            "cancel" => self.take_cancel(&event.data),
            // `connected` and `keepalive` are signs of life; others are news of later versions.
            _ => {}
        }
    }

    fn take_command(&self, data: &str) {
        match serde_json::from_str::<Envelope>(data) {
            Ok(envelope) => envelope.start(&self.context.runner, self.rest.link()),
            Err(error) => tracing::warn!(%error, "a command event cannot be read"),
        }
    }

    fn take_cancel(&self, data: &str) {
        match serde_json::from_str::<Cancel>(data) {
            Ok(cancel) => cancel.pass_on(&self.context.runner, self.rest.link()),
            Err(error) => tracing::warn!(%error, "a cancel event cannot be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_keep_alive_that_makes_sense_is_taken() {
        let read = |text: &str| serde_json::from_str::<Connected>(text).unwrap().keep_alive();
        assert_eq!(read(r#"{"status": "connected"}"#), None);
        assert_eq!(read(r#"{"keep_alive_seconds": -1}"#), None);
        assert_eq!(read(r#"{"keep_alive_seconds": 8}"#), Some(Duration::from_secs(8)));
        assert_eq!(read(r#"{"keep_alive_seconds": 0}"#), Some(Duration::from_millis(10)));
        assert_eq!(read(r#"{"keep_alive_seconds": 1e9}"#), Some(Duration::from_secs(60)));
    }
}
