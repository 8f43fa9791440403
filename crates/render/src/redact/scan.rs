//! All rules on one line.

use std::ops::Range;

use super::{Rules, aws, bearer, bytes, keys, pairs, pem, url};

/// A block of lines that belongs to a name: all that are indented further than it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// The column of its name.
    pub(super) indent: usize,
}

/// What was found in a line.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// What to replace, in order, without overlaps.
    pub(super) spans: Vec<Range<usize>>,
    /// A private key begins whose body is on the next lines.
    pub(super) key: bool,
    /// A secret block begins.
    pub(super) block: Option<Block>,
    /// An access key id stands here, so its secret may be near.
    pub(super) id: bool,
}

/// How to look at a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The line begins here: it is no later part of a long one.
    pub(super) whole: bool,
    /// An access key id stood a little above.
    pub(super) near_id: bool,
    /// Values of names count. Not in documentation.
    pub(super) pairs: bool,
}

/// Finds what is secret in `line`.
pub(super) fn line(line: &[u8], rules: &Rules, look: Look) -> Found {
    let mut found = Found { id: aws::has_id(line), ..Found::default() };
    let spans = &mut found.spans;
    keys::tokens(line, spans);
    keys::keys(line, spans);
    bearer::credentials(line, spans);
    url::passwords(line, spans);
    found.key = pem::private_keys(line, spans);
    if look.pairs {
        found.block = pairs::values(line, &rules.names, look.whole, spans);
        registry(line, spans);
    }
    if found.id || look.near_id {
        aws::secrets(line, spans);
    }
    merge(spans);
    found
}

/// `"auth": "…"` of a registry's configuration: a user and password in base64.
fn registry(line: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(name) = bytes::find(line, b"auth", from) {
        let gap = bytes::run(line, name + 4, |byte| matches!(byte, b'"' | b'\\' | b'\'' | b':' | b'=' | b' '));
        let end = bytes::run(line, gap, |byte| bytes::is_base64(byte) || byte == b'=');
        from = end.max(name + 4);
        if gap > name + 5 || (gap == name + 5 && bytes::at(line, name + 4) == b'=') {
            let text = bytes::cut(line, gap, end);
            if !bytes::is_word(bytes::before(line, name)) || bytes::before(line, name) == b'_' {
                out.extend(bearer::is_basic(text).then_some(gap..end));
            }
        }
    }
}

/// Sorts, and joins what overlaps.
fn merge(spans: &mut Vec<Range<usize>>) {
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable_by_key(|span| (span.start, span.end));
    spans.dedup_by(|next, last| {
        let overlap = next.start < last.end;
        if overlap {
            last.end = last.end.max(next.end);
        }
        overlap
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlaps_are_joined() {
        let mut spans = vec![5..9, 0..2, 1..4, 4..5, 9..9];
        merge(&mut spans);
        assert_eq!(spans, [0..4, 4..5, 5..9]);
    }

    #[test]
    fn registries() {
        let found = |line: &str| {
            let mut out = Vec::new();
            registry(line.as_bytes(), &mut out);
            out.len()
        };
        assert_eq!((found(r#"{"auth":"dXNlcjpwYXNz"}"#), found("_auth=dXNlcjpwYXNz")), (1, 1));
        assert_eq!((found(r#"{"auth":"basic"}"#), found("oauth=dXNlcjpwYXNz"), found("auth dXNlcjpwYXNz")), (0, 0, 0));
    }
}
