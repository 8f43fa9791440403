//! All rules on one line.

use std::ops::Range;

use super::{Rules, aws, bearer, bytes, gate, keys, names::Weight, pairs, pem, url, words};

/// Lines that belong to a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    /// All that are indented further than it, which stands in this column.
    Indented(usize),
    /// Those below a line of dashes, as describe prints a ConfigMap's data.
    Title,
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
    /// A secret's name was given, and its value not yet.
    pub(super) named: Option<Weight>,
}

/// How to look at a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    /// The line begins here: it is no later part of a long one.
    pub(super) whole: bool,
    /// An access key id stood a little above.
    pub(super) near_id: bool,
    /// What the line above said about a value that may stand here.
    pub(super) named: Option<Weight>,
    /// Values of names count. Not in documentation.
    pub(super) pairs: bool,
}

/// Finds what is secret in `line`.
pub(super) fn line(line: &[u8], rules: &Rules, look: Look) -> Found {
    let mut wanted = rules.names.gate.rules(line);
    wanted |= if look.near_id { gate::AWS } else { 0 };
    wanted |= if look.named.is_some() { gate::PAIRS } else { 0 };
    if wanted == 0 {
        return Found::default();
    }
    let wants = |set: gate::Rules| wanted & set != 0;
    let mut found = Found { id: wants(gate::AWS) && aws::has_id(line), ..Found::default() };
    let spans = &mut found.spans;
    if wants(gate::TOKENS) {
        keys::tokens(line, spans);
    }
    if wants(gate::KEYS) {
        keys::keys(line, spans);
    }
    if wants(gate::HEADERS) {
        bearer::credentials(line, spans);
        registry(line, spans);
    }
    if wants(gate::URLS) {
        url::passwords(line, spans);
    }
    found.key = wants(gate::PEM) && pem::private_keys(line, spans);
    if look.pairs && wants(gate::PAIRS) {
        found.named = look.named;
        found.block = pairs::values(line, &rules.names, look.whole, &mut found.named, spans);
    }
    if look.pairs && wants(gate::WORDS) {
        words::values(line, look.whole, spans);
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
