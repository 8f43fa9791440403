//! GET requests to the Kubernetes API.

use std::{fmt::Write, future::Future, time::Duration};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::{Request, header::ACCEPT};
use http_body_util::{BodyExt, Limited};
use kube::{Client, client::Body};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::fault::{Fault, Status, chain};

/// Largest answer read into memory. Lists come in pieces of 500 objects, so only monstrous objects get there.
const MAX_ANSWER: usize = 64 << 20;
/// Largest error answer read; real ones are a few hundred bytes.
const MAX_ERROR: usize = 1 << 20;

/// Plain JSON.
pub(super) const JSON: &str = "application/json";

/// The API server, over a pool of kept-alive connections.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
    /// Host and port, for messages.
    server: String,
    timeout: Option<Duration>,
}

impl Api {
    pub(super) fn new(config: kube::Config) -> Result<Self, kube::Error> {
        let server = config.cluster_url.authority().map(ToString::to_string).unwrap_or_default();
        Ok(Self { client: Client::try_from(config)?, server, timeout: None })
    }

    /// The same API with another time limit for each request; zero means none.
    pub(super) fn with_timeout(&self, limit: Option<Duration>) -> Self {
        Self { timeout: limit.filter(|limit| !limit.is_zero()), ..self.clone() }
    }

    /// The whole answer.
    pub(super) async fn get(&self, path: &str, accept: &str) -> Result<Bytes, Fault> {
        self.in_time(async {
            let body = self.send(path, accept).await?;
            let collected = Limited::new(body, MAX_ANSWER).collect().await;
            collected
                .map(http_body_util::Collected::to_bytes)
                .map_err(|error| Fault::Unreachable(chain(error.as_ref())))
        })
        .await
    }

    /// The answer, read as JSON.
    pub(super) async fn read<T: DeserializeOwned>(&self, path: &str, accept: &str) -> Result<T, Fault> {
        let bytes = self.get(path, accept).await?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Fault::Plain(format!("the server's answer to {path} cannot be read: {error}")))
    }

    /// The answer, piece by piece.
    pub(super) async fn stream(&self, path: &str) -> Result<impl Stream<Item = Result<Bytes, Fault>> + use<>, Fault> {
        let body = self.in_time(self.send(path, "*/*")).await?;
        Ok(body.into_data_stream().map(|piece| piece.map_err(|error| Fault::Unreachable(chain(&error)))))
    }

    async fn send(&self, path: &str, accept: &str) -> Result<Body, Fault> {
        let request = Request::get(path).header(ACCEPT, accept).body(Body::empty());
        let request = request.map_err(|error| Fault::Plain(error.to_string()))?;
        let response = self.client.send(request).await.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        let code = response.status();
        let text = Limited::new(response.into_body(), MAX_ERROR).collect().await;
        let text = text.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(Fault::Api(serde_json::from_slice(&text).unwrap_or_else(|_| foreign(code, &text))))
    }

    fn unreachable(&self, error: &kube::Error) -> Fault {
        let cause = chain(error);
        if cause.contains("Connection refused") {
            Fault::Refused(self.server.clone())
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
    fn queries_are_encoded() {
        let path = Path::new("/api/v1/pods").query("labelSelector", "a in (b,c)").maybe("x", None::<&str>);
        assert_eq!(path.query("limit", "5").build(), "/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&limit=5");
    }
}
