//! The SSE transport: commands come as events, results go by POST.

mod parser;

use futures::StreamExt;
use reqwest::header::ACCEPT;
use serde::Deserialize;
use tokio::time::timeout;

use super::{
    Context, Detached, Presence,
    envelope::{Cancel, Envelope},
    rest::Rest,
};
use parser::{Event, Parser};

const STREAM: &str = "/executor/stream";

/// One stream, from the call to its end.
pub(super) async fn attach(context: &Context, rest: &Rest<'_>) -> Detached {
    let server = context.server().to_owned();
    let call = rest.get(&server, STREAM).header(ACCEPT, "text/event-stream").send();
    let response = match timeout(context.config.timing.welcome_timeout, call).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => return super::broken(&error),
        Err(_) => return Detached::Broken("no answer in time".to_owned()),
    };
    if response.status() != 200 {
        return super::rest::failure(response.status());
    }
    let mut pieces = response.bytes_stream();
    let mut listener = Listener { context, rest, server, presence: None };
    let mut parser = Parser::default();
    loop {
        let piece = match timeout(context.config.timing.stream_idle, pieces.next()).await {
            Ok(Some(Ok(piece))) => piece,
            Ok(Some(Err(error))) => return super::broken(&error),
            Ok(None) => return Detached::Broken("the server closed the stream".to_owned()),
            Err(_) => return Detached::Broken("the server was silent for too long".to_owned()),
        };
        match parser.push(&piece) {
            Ok(events) => events.into_iter().for_each(|event| listener.take(&event)),
            Err(cause) => return Detached::Broken(cause.to_owned()),
        }
    }
}

/// Acts on events of one stream.
struct Listener<'a> {
    context: &'a Context,
    rest: &'a Rest<'a>,
    server: String,
    presence: Option<Presence<'a>>,
}

/// The data of `connected`; older servers tell no id.
#[derive(Deserialize, Default)]
struct Connected {
    #[serde(default)]
    server_id: String,
}

impl Listener<'_> {
    fn take(&mut self, event: &Event) {
        // Whatever comes first shows that the stream works.
        if self.presence.is_none() {
            let connected: Connected = serde_json::from_str(&event.data).unwrap_or_default();
            self.presence = Some(self.context.announce(&self.server, &connected.server_id));
            self.rest.attached();
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
