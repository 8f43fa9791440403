//! The API's watch streams: one JSON object a line.

use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt};
use serde::Deserialize;
use serde_json::Value;

use super::{
    api::Api,
    fault::{Fault, Status},
};

/// Longest line; objects in etcd are at most 1.5 MiB, and a table's row comes with its object.
const MAX_LINE: usize = 8 << 20;

/// Something happened to an object.
#[derive(Debug, Deserialize)]
pub(super) struct Change {
    /// `ADDED`, `MODIFIED`, `DELETED`, `BOOKMARK` or `ERROR`.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The object, or a table with its row.
    pub(super) object: Value,
}

/// A watch that is open.
pub(super) struct Watch {
    pieces: Pin<Box<dyn Stream<Item = Result<Bytes, Fault>> + Send>>,
    rest: BytesMut,
}

impl Watch {
    /// Opens the watch at `path`, which says `watch=true`.
    pub(super) async fn open(api: &Api<'_>, path: &str, accept: &str) -> Result<Self, Fault> {
        Ok(Self { pieces: Box::pin(api.stream(path, accept).await?), rest: BytesMut::new() })
    }

    /// The next change; none when the server ended the watch, which it does after a while.
    pub(super) async fn next(&mut self) -> Result<Option<Change>, Fault> {
        loop {
            if let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line = self.rest.split_to(end + 1);
                if line.trim_ascii().is_empty() {
                    continue;
                }
                return read(&line).map(Some);
            }
            if self.rest.len() > MAX_LINE {
                return Err(Fault::Plain("the server's watch sent a line that is too long".to_owned()));
            }
            match self.pieces.next().await {
                Some(piece) => self.rest.extend_from_slice(&piece?),
                None => return Ok(None),
            }
        }
    }
}

fn read(line: &[u8]) -> Result<Change, Fault> {
    let unreadable = |error| Fault::Plain(format!("the server's watch cannot be read: {error}"));
    let change: Change = serde_json::from_slice(line).map_err(unreadable)?;
    if change.kind == "ERROR" {
        return Err(Fault::Api(serde_json::from_value::<Status>(change.object).unwrap_or_default()));
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn watch(pieces: &'static [&'static str]) -> Watch {
        let pieces = stream::iter(pieces.iter().map(|piece| Ok(Bytes::from_static(piece.as_bytes()))));
        Watch { pieces: Box::pin(pieces), rest: BytesMut::new() }
    }

    #[tokio::test]
    async fn changes_are_whole_lines_wherever_pieces_end() {
        let mut watch =
            watch(&["{\"type\":\"ADDED\",\"obj", "ect\":{\"a\":1}}\n\n{\"type\":\"DELETED\",\"object\":{}}\n"]);
        let first = watch.next().await.unwrap().unwrap();
        assert_eq!((first.kind.as_str(), first.object["a"].as_i64()), ("ADDED", Some(1)));
        assert_eq!(watch.next().await.unwrap().unwrap().kind, "DELETED");
        assert!(watch.next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn an_error_ends_a_watch() {
        let mut watch =
            watch(&["{\"type\":\"ERROR\",\"object\":{\"message\":\"too old\",\"reason\":\"Expired\",\"code\":410}}\n"]);
        assert_eq!(watch.next().await.unwrap_err().to_string(), "Error from server (Expired): too old");
    }
}
