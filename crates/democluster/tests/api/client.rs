//! A demo cluster to talk to, and as little HTTP as it takes.

use std::{net::SocketAddr, time::Duration};

use kubently_democluster::{Config, bind};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

pub(crate) const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/// No answer of the demo cluster takes this long; a test that waits longer has hung.
const PATIENCE: Duration = Duration::from_secs(10);

/// A served cluster.
pub(crate) struct Demo {
    address: SocketAddr,
    shutdown: CancellationToken,
    serving: JoinHandle<()>,
}

/// An answer that has been read to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Demo {
    pub(crate) async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let bound = bind(config).await.unwrap();
        let (address, shutdown) = (bound.local_addr(), CancellationToken::new());
        let serving = tokio::spawn(bound.serve(shutdown.clone()));
        Self { address, shutdown, serving }
    }

    /// Sends a request; HTTP/1.0, so that the answer ends with the connection and is not chunked.
    pub(crate) async fn open(&self, request: &str, accept: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let text = format!("{request} HTTP/1.0\r\nAccept: {accept}\r\nContent-Length: {length}\r\n\r\n{body}");
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    pub(crate) async fn ask(&self, request: &str, accept: &str, body: &str) -> Answer {
        let mut stream = self.open(request, accept, body).await;
        let mut text = Vec::new();
        tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await.unwrap().unwrap();
        let text = String::from_utf8(text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(&format!("GET {path}"), "application/json", "").await
    }

    pub(crate) async fn json(&self, path: &str) -> Value {
        self.get(path).await.json()
    }

    /// A Table's rows, as texts.
    pub(crate) async fn rows(&self, path: &str) -> Vec<Vec<String>> {
        let table = self.ask(&format!("GET {path}"), TABLE, "").await.json();
        let cell = |cell: &Value| cell.as_str().map_or_else(|| cell.to_string(), str::to_owned);
        let row = |row: &Value| row["cells"].as_array().unwrap().iter().map(cell).collect();
        table["rows"].as_array().unwrap().iter().map(row).collect()
    }

    /// The names in a list.
    pub(crate) async fn names(&self, path: &str) -> Vec<String> {
        let list = self.json(path).await;
        let name = |item: &Value| item["metadata"]["name"].as_str().unwrap().to_owned();
        list["items"].as_array().unwrap_or_else(|| panic!("{list}")).iter().map(name).collect()
    }

    /// The one pod whose name begins so.
    pub(crate) async fn pod(&self, namespace: &str, prefix: &str) -> String {
        let names = self.names(&format!("/api/v1/namespaces/{namespace}/pods")).await;
        names.into_iter().find(|name| name.starts_with(prefix)).unwrap()
    }

    /// Tells it to stop, and waits until it has.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.serving).await.unwrap().unwrap();
    }

    pub(crate) fn begin_stop(&self) {
        self.shutdown.cancel();
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Reads until `text` has come so many times.
pub(crate) async fn read_until(stream: &mut TcpStream, text: &str, times: usize) -> String {
    let mut seen = String::new();
    while seen.matches(text).count() < times {
        let mut buffer = [0; 4096];
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert_ne!(count, 0, "the stream ended after {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
    seen
}
