//! GET requests to the Kubernetes API.

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
    HeaderMap, Request,
    header::{ACCEPT, CONTENT_TYPE, WARNING},
};
use http_body_util::{BodyExt, Limited};
use kube::{Client, client::Body};
use kubently_render::redact::Redactor;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::fault::{Fault, Status, chain};
use crate::runner::Output;

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
    pub(super) fn new(config: kube::Config) -> Result<Self, kube::Error> {
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
        self.in_time(async { self.whole(self.send(question(path, accept)).await?).await }).await
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
        let request = Request::post(path).header(ACCEPT, JSON).header(CONTENT_TYPE, JSON);
        let request = request.body(Body::from(question.to_string().into_bytes()));
        let bytes = self.in_time(async { self.whole(self.send(request).await?).await }).await?;
        serde_json::from_slice(&bytes).map_err(|error| unreadable(path, &error))
    }

    /// The answer, piece by piece. Answers before it count as gone.
    pub(super) async fn stream(
        &self,
        path: &str,
        accept: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Fault>> + use<>, Fault> {
        let body = self.in_time(self.send(question(path, accept))).await?;
        self.let_go().await;
        Ok(body.into_data_stream().map(|piece| piece.map_err(|error| Fault::Unreachable(chain(&error)))))
    }

    async fn send(&self, request: Result<Request<Body>, http::Error>) -> Result<Body, Fault> {
        let request = request.map_err(|error| Fault::Plain(error.to_string()))?;
        let response = self.connection.client.send(request).await.map_err(|error| self.unreachable(&error))?;
        self.warn_of(response.headers());
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let code = response.status();
        let text = Limited::new(response.into_body(), MAX_ERROR).collect().await;
        let text = text.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(Fault::Api(serde_json::from_slice(&text).unwrap_or_else(|_| foreign(code, &text))))
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

fn question(path: &str, accept: &str) -> Result<Request<Body>, http::Error> {
    Request::get(path).header(ACCEPT, accept).body(Body::empty())
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

/// An error that is not the API server's own, from a proxy for example.
fn foreign(code: http::StatusCode, text: &[u8]) -> Status {
    let reason = code.canonical_reason().unwrap_or_default().replace(' ', "");
    let message = String::from_utf8_lossy(text).trim().to_owned();
    Status { message, reason, code: code.as_u16() }
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
