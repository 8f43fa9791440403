//! HTTP/1.1 by hand.

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// Nothing here takes this long unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    async fn read(reader: &mut BufReader<TcpStream>) -> Self {
        let status = line(reader).await.unwrap();
        let status = status.split(' ').nth(1).unwrap().parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = line(reader).await.unwrap();
            let Some((name, value)) = line.split_once(": ") else { break };
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Self { status, headers, body: Vec::new() }
    }
}

async fn line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    let read = timeout(PATIENCE, reader.read_line(&mut line)).await.expect("something within 20 s");
    let read = read.unwrap_or(0);
    (read > 0).then(|| line.trim_end().to_owned())
}

/// Sends the head and the body of a request.
pub(super) async fn ask(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        head.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    // A server that refuses the head may close before the body is there.
    let _ = stream.write_all(body.as_bytes()).await;
    BufReader::new(stream)
}

/// One request.
pub(super) async fn send(addr: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut reader = ask(addr, method, path, headers, body).await;
    let mut answer = Answer::read(&mut reader).await;
    let chunked = answer.header("transfer-encoding") == Some("chunked");
    if chunked {
        while let Some(size) = line(&mut reader).await.map(|size| usize::from_str_radix(&size, 16).unwrap()) {
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).await.unwrap();
            answer.body.extend(&chunk[..size]);
            if size == 0 {
                break;
            }
        }
    } else {
        timeout(PATIENCE, reader.read_to_end(&mut answer.body)).await.expect("an end within 20 s").unwrap();
    }
    answer
}

/// A server-sent event.
#[derive(Debug, Default)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) id: String,
    pub(super) retry: String,
    pub(super) data: Value,
}

/// A stream of events.
pub(super) struct Events {
    pub(super) head: Answer,
    reader: BufReader<TcpStream>,
    /// Whether the body's end mark came.
    pub(super) ended_cleanly: bool,
}

impl Events {
    pub(super) async fn open(addr: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let mut reader = ask(addr, method, path, headers, body).await;
        let head = Answer::read(&mut reader).await;
        assert_eq!(head.status, 200, "{path}");
        Self { head, reader, ended_cleanly: false }
    }

    /// The next event; what frames the chunks is no field of one.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let mut event = Event::default();
        loop {
            let line = line(&mut self.reader).await?;
            match line.split_once(": ") {
                Some(("event", name)) => name.clone_into(&mut event.name),
                Some(("id", id)) => id.clone_into(&mut event.id),
                Some(("retry", retry)) => retry.clone_into(&mut event.retry),
                Some(("data", data)) => event.data = serde_json::from_str(data).unwrap(),
                _ if line.is_empty() && !event.name.is_empty() => return Some(event),
                _ => self.ended_cleanly |= line == "0",
            }
        }
    }

    /// The next event of this name.
    pub(super) async fn next_of(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads to the end.
    pub(super) async fn drain(&mut self) {
        while self.next().await.is_some() {}
    }
}
