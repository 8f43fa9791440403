//! Requests to the Kubernetes API.

mod again;
mod question;
mod refused;
#[cfg(test)]
mod tests;

use std::{
    collections::HashSet,
    fmt::Write,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{
    HeaderMap, Response,
    header::{CONTENT_TYPE, WARNING},
};
use http_body_util::{BodyExt, Limited};
use kube::{Client, client::Body};
use kubently_render::redact::Redactor;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use super::fault::{Fault, chain};
use crate::runner::Output;
use question::Question;

/// Largest answer read into memory. Lists come in pieces of 500 objects, so only monstrous objects get there.
const MAX_ANSWER: usize = 64 << 20;
/// Bytes of answers that any command may hold.
const SMALL: usize = 256 << 10;
/// Commands that may hold more at the same time: enough to keep the processors of a small pod busy.
const LANES: usize = 4;
/// Largest error answer read; real ones are a few hundred bytes.
const MAX_ERROR: usize = 1 << 20;

/// Plain JSON.
pub(super) const JSON: &str = "application/json";

/// A pool of kept-alive connections to the API server.
pub(super) struct Connection {
    client: Client,
    url: http::Uri,
    /// One permit for each command that holds more than [`SMALL`].
    lanes: Arc<Semaphore>,
}

impl Connection {
    pub(super) fn new(mut config: kube::Config) -> Result<Self, kube::Error> {
        // Its client would go on for minutes, whatever the server says.
        config.default_retry = false;
        let (url, lanes) = (config.cluster_url.clone(), Arc::new(Semaphore::new(LANES)));
        Ok(Self { url, client: Client::try_from(config)?, lanes })
    }

    #[cfg(test)]
    pub(super) fn lanes(&self) -> Arc<Semaphore> {
        Arc::clone(&self.lanes)
    }

    /// The API for one command, with a time limit for each of its requests; zero means none.
    pub(super) fn api<'a>(&'a self, redactor: &'a Redactor, limit: Option<Duration>, output: &'a Output) -> Api<'a> {
        let timeout = limit.filter(|limit| !limit.is_zero());
        let (warned, held, lane) = (Mutex::default(), AtomicUsize::new(0), tokio::sync::Mutex::default());
        Api { connection: self, redactor, timeout, output, warned, held, lane }
    }
}

/// The API server as one command sees it.
pub(super) struct Api<'a> {
    connection: &'a Connection,
    redactor: &'a Redactor,
    timeout: Option<Duration>,
    /// Where the server's warnings go.
    output: &'a Output,
    /// The warnings that were printed; each is printed once.
    warned: Mutex<HashSet<String>>,
    /// Bytes of answers so far.
    held: AtomicUsize,
    /// What lets this command hold more than [`SMALL`].
    lane: tokio::sync::Mutex<Option<OwnedSemaphorePermit>>,
}

impl Api<'_> {
    /// The server's address, as it is configured.
    pub(super) const fn url(&self) -> &http::Uri {
        &self.connection.url
    }

    /// The whole answer.
    pub(super) async fn get(&self, path: &str, accept: &str) -> Result<Bytes, Fault> {
        self.answer(&Question::get(path, accept)).await
    }

    async fn answer(&self, question: &Question<'_>) -> Result<Bytes, Fault> {
        self.in_time(async { self.whole(self.send(question).await?).await }).await
    }

    /// Why there is nothing in a namespace, if the reason is that it does not exist.
    pub(super) async fn missing_namespace(&self, namespace: &str, accept: &str) -> Option<Fault> {
        let path = format!("/api/v1/namespaces/{namespace}");
        self.answer(&Question::get(&path, accept).about_nothing()).await.err().filter(Fault::is_not_found)
    }

    /// The answer, read as JSON; what is printed of it is redacted first.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str, accept: &str) -> Result<T, Fault> {
        let bytes = self.get(path, accept).await?;
        serde_json::from_slice(&bytes).map_err(|error| unreadable(path, &error))
    }

    /// An object or a list, for printing: without its secrets.
    pub(super) async fn object(&self, path: &str) -> Result<Value, Fault> {
        let mut object = self.read(path, JSON).await?;
        self.redactor.object(&mut object);
        Ok(object)
    }

    /// What makes an answer printable that was read by itself.
    pub(super) const fn redactor(&self) -> &Redactor {
        self.redactor
    }

    /// What the server answers to `question`, an object that is only asked and never stored, such as an access review.
    pub(super) async fn ask(&self, path: &str, question: &Value) -> Result<Value, Fault> {
        let bytes = self.answer(&Question::post(path, question.to_string().into())).await?;
        serde_json::from_slice(&bytes).map_err(|error| unreadable(path, &error))
    }

    /// The answer, piece by piece. Answers before it count as gone.
    pub(super) async fn stream(
        &self,
        path: &str,
        accept: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Fault>> + use<>, Fault> {
        let body = self.in_time(self.send(&Question::get(path, accept))).await?;
        self.let_go().await;
        Ok(body.into_data_stream().map(|piece| piece.map_err(|error| Fault::Unreachable(chain(&error)))))
    }

    /// The answer's body, if it is no error.
    async fn send(&self, question: &Question<'_>) -> Result<Body, Fault> {
        let mut response = self.send_once(question).await?;
        for _ in 0..again::MAX_RETRIES {
            let Some(wait) = again::after(response.status(), response.headers()) else { break };
            sleep(wait).await;
            response = self.send_once(question).await?;
        }
        let (head, body) = response.into_parts();
        if head.status.is_success() {
            return Ok(body);
        }
        let text = Limited::new(body, MAX_ERROR).collect().await;
        let text = text.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let status = refused::status(head.status, content_type, &text, &question.words(), self.redactor);
        Err(Fault::Api(status))
    }

    async fn send_once(&self, question: &Question<'_>) -> Result<Response<Body>, Fault> {
        let request = question.request().map_err(|error| Fault::Plain(error.to_string()))?;
        let response = self.connection.client.send(request).await.map_err(|error| self.unreachable(&error))?;
        self.warn_of(response.headers());
        Ok(response)
    }

    /// Reads a body to its end.
    async fn whole(&self, mut body: Body) -> Result<Bytes, Fault> {
        let (mut pieces, mut length) = (Vec::new(), 0);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Fault::Unreachable(chain(&error)))?;
            let Ok(piece) = frame.into_data() else { continue };
            self.hold(piece.len()).await?;
            length += piece.len();
            if length > MAX_ANSWER {
                return Err(Fault::Plain(format!("an answer of the server is longer than {MAX_ANSWER} bytes")));
            }
            pieces.push(piece);
        }
        // A short answer comes in one piece.
        Ok(<[Bytes; 1]>::try_from(pieces).map_or_else(|pieces| pieces.concat().into(), |[piece]| piece))
    }

    /// Counts what this command reads. Beyond [`SMALL`] it goes on only in one of a few lanes: what is read is held
    /// many times over while it is printed, and all commands together must not fill the memory.
    async fn hold(&self, bytes: usize) -> Result<(), Fault> {
        if self.held.fetch_add(bytes, Ordering::Relaxed) + bytes <= SMALL {
            return Ok(());
        }
        let mut lane = self.lane.lock().await;
        if lane.is_none() {
            let free = Arc::clone(&self.connection.lanes).acquire_owned().await;
            *lane = Some(free.map_err(|_closed| Fault::Plain("the engine is ending".to_owned()))?);
        }
        Ok(())
    }

    /// Leaves the lane. What was read before is printed and gone when something begins that may not end: a watch must
    /// not keep others from their long answers.
    async fn let_go(&self) {
        self.held.store(0, Ordering::Relaxed);
        *self.lane.lock().await = None;
    }

    /// Prints a warning, as kubectl does.
    pub(super) fn warn(&self, text: &str) {
        self.output.err(&format!("Warning: {text}\n"));
    }

    /// Prints what the server warns of, each once: deprecated versions above all.
    fn warn_of(&self, headers: &HeaderMap) {
        let texts = headers.get_all(WARNING).iter().filter_map(|header| warning_text(header.to_str().ok()?));
        for text in texts {
            if self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(text.clone()) {
                self.warn(&text);
            }
        }
    }

    fn unreachable(&self, error: &kube::Error) -> Fault {
        let cause = chain(error);
        if cause.contains("Connection refused") {
            Fault::Refused(self.url().authority().map(ToString::to_string).unwrap_or_default())
        } else {
            Fault::Unreachable(cause)
        }
    }

    async fn in_time<T>(&self, request: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
        match self.timeout {
            None => request.await,
            Some(limit) => timeout(limit, request).await.unwrap_or_else(|_| {
                Err(Fault::Unreachable("context deadline exceeded (the --request-timeout is over)".to_owned()))
            }),
        }
    }
}

/// Says that an answer is not what it should be.
pub(super) fn unreadable(path: &str, error: &serde_json::Error) -> Fault {
    Fault::Plain(format!("the server's answer to {path} cannot be read: {error}"))
}

/// The text of a `Warning` header of the kind that Kubernetes sends: `299 AGENT "TEXT"` (RFC 7234, section 5.5).
fn warning_text(header: &str) -> Option<String> {
    let rest = header.strip_prefix("299 ")?;
    let quoted = rest.split_once(' ')?.1.trim_start().strip_prefix('"')?;
    let mut text = String::new();
    let mut chars = quoted.chars();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

/// Builds a path with a query; values are percent-encoded.
pub(super) struct Path {
    text: String,
    separator: char,
}

impl Path {
    pub(super) fn new(path: impl Into<String>) -> Self {
        Self { text: path.into(), separator: '?' }
    }

    pub(super) fn query(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.text.push(self.separator);
        self.separator = '&';
        self.text.push_str(name);
        self.text.push('=');
        encode(&mut self.text, value.as_ref());
        self
    }

    pub(super) fn maybe(self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    pub(super) fn build(self) -> String {
        self.text
    }
}

/// Appends `text` as one path segment or query value.
pub(super) fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
