//! Private keys in PEM: within one line, as `\n` in a string or in base64 once more. Those of several lines are
//! [`super::held`]'s.

use std::ops::Range;

use super::{
    base64,
    bytes::{cut, find, is_base64, run},
};

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END";
/// The longest label: `ENCRYPTED PRIVATE KEY` and its like.
const MAX_LABEL: usize = 48;
/// Less than that behind a header is a word.
const MIN_CODED: usize = 16;
/// What `-----BEGI` is in base64.
const CODED: &[u8] = b"LS0tLS1CRUdJTi";
/// How much of it says what it is.
const CODED_HEAD: usize = 80;

/// Finds private keys' bodies; true when one begins here whose end is on a later line.
pub(super) fn private_keys(line: &[u8], out: &mut Vec<Range<usize>>) -> bool {
    let mut from = 0;
    let mut open = false;
    while let Some(begin) = find(line, BEGIN, from) {
        from = begin + BEGIN.len();
        let Some(head) = head_end(line, from) else { continue };
        let end = find(line, END, head);
        let body = trim(line, head, end.unwrap_or(line.len()));
        let coded = run(cut(line, 0, body.end), body.start, is_body) - body.start;
        let long = cut(line, body.start, body.start + coded)
            .split(|&byte| !is_base64(byte))
            .any(|part| part.len() >= MIN_CODED);
        if end.is_none() {
            open = body.is_empty() || (long && coded == body.len());
        }
        if !body.is_empty() && (end.is_some() || long) {
            let stop = if end.is_some() { body.end } else { body.start + coded };
            out.push(trim(line, body.start, stop));
        }
        from = end.unwrap_or(line.len());
    }
    coded_keys(line, out);
    open
}

/// Where the header ends whose label begins at `label`, if it is a private key's.
fn head_end(line: &[u8], label: usize) -> Option<usize> {
    let end = run(cut(line, 0, label + MAX_LABEL), label, |byte| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' '
    });
    let private = find(cut(line, label, end), b"PRIVATE KEY", 0).is_some();
    (private && cut(line, end, end + 5) == b"-----").then_some(end + 5)
}

fn is_body(byte: u8) -> bool {
    is_base64(byte) || matches!(byte, b'=' | b'\\' | b' ' | b'\r' | b'\n' | b'\t' | b':' | b',' | b'-')
}

/// Without line ends, escaped or not, at the edges.
fn trim(line: &[u8], start: usize, end: usize) -> Range<usize> {
    let (mut start, mut end) = (start, end);
    loop {
        let text = cut(line, start, end);
        if let [b'\\', b'n' | b'r' | b't', ..] = text {
            start += 2;
        } else if let [b' ' | b'\t' | b'\r' | b'\n' | b'\\', ..] = text {
            start += 1;
        } else if let [.., b'\\', b'n' | b'r' | b't'] = text {
            end -= 2;
        } else if let [.., b' ' | b'\t' | b'\r' | b'\n' | b'\\'] = text {
            end -= 1;
        } else {
            return start..end.max(start);
        }
    }
}

/// Whole keys in base64, as in a kubeconfig's `client-key-data`. Certificates begin alike and are public.
fn coded_keys(line: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(start) = find(line, CODED, from) {
        let end = run(line, start, is_base64);
        let end = run(line, end, |byte| byte == b'=');
        let head = cut(line, start, (start + CODED_HEAD).min(start + (end - start) / 4 * 4));
        if base64::decode(head).is_some_and(|head| find(&head, b"PRIVATE KEY", 0).is_some()) {
            out.push(start..end);
        }
        from = end;
    }
}

/// Whether `line` holds the end of a key.
pub(super) fn ends(line: &[u8]) -> bool {
    find(line, END, 0).is_some()
}

/// Whether `line` is one of the few lines that may stand before a key's body: nothing behind a prefix of so many
/// words, or how the key is encrypted.
pub(super) fn is_header(line: &[u8], prefix: usize) -> bool {
    words_of(line).len() <= prefix
        || [&b"Proc-Type: "[..], b"DEK-Info: "].iter().any(|header| find(line, header, 0).is_some())
}

/// Where the part of a body begins that stands on `line`: behind `words` words of a prefix when that is known, else
/// behind as many as there are. Nothing when this is no line of a body.
pub(super) fn body(line: &[u8], words: Option<usize>) -> Option<Range<usize>> {
    /// The usual line has 64; a shorter word behind others may be any word.
    const SURE: usize = 40;
    let parts = words_of(line);
    let last = parts.last()?.clone();
    let fits = cut(line, last.start, last.end).iter().all(|&byte| is_base64(byte) || byte == b'=');
    let known = words.is_some_and(|words| words + 1 == parts.len());
    let alone = words.is_none() && parts.len() == 1;
    (fits && (known || alone || last.len() >= SURE)).then_some(last)
}

/// How many words stand before the last one.
pub(super) fn prefix_words(line: &[u8]) -> usize {
    words_of(line).len().saturating_sub(1)
}

/// How many words stand before the first header.
pub(super) fn words_before(line: &[u8]) -> usize {
    words_of(cut(line, 0, find(line, BEGIN, 0).unwrap_or(0))).len()
}

fn words_of(line: &[u8]) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let mut from = 0;
    while from < line.len() {
        let start = run(line, from, |byte| byte.is_ascii_whitespace());
        from = run(line, start, |byte| !byte.is_ascii_whitespace());
        if from > start {
            out.push(start..from);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> (Vec<&str>, bool) {
        let mut out = Vec::new();
        let open = private_keys(line.as_bytes(), &mut out);
        (out.into_iter().map(|range| &line[range]).collect(), open)
    }

    #[test]
    fn within_a_line() {
        let (begin, end) = ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----");
        assert_eq!(found(&format!("{begin}\\nMIIE\\nabc=\\n{end}\\n")), (vec!["MIIE\\nabc="], false));
        assert_eq!(found(&format!("{begin} MIIE {end} {begin} MIIF {end}")), (vec!["MIIE", "MIIF"], false));
        assert_eq!(found(&format!("key: {begin}")), (vec![], true));
        assert_eq!(found(&format!("{begin}\\nMIIEabc\" cut")), (vec![], false));
        assert_eq!(found(&format!("{begin}\\nMIIEvQIBADANBgkqhkiG\" cut")), (vec!["MIIEvQIBADANBgkqhkiG"], false));
        assert_eq!(found("-----BEGIN CERTIFICATE-----\\nMIIE\\n-----END CERTIFICATE-----"), (vec![], false));
        assert_eq!(found(&format!("{begin}{end}")), (vec![], false));
    }

    #[test]
    fn in_base64() {
        let key = base64::encode(b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n-----END PRIVATE KEY-----\n");
        let public = base64::encode(b"-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG\n-----END CERTIFICATE-----\n");
        assert_eq!(found(&format!("a: {key}\n")), (vec![key.as_str()], false));
        assert_eq!(found(&format!("a: {public}\n")), (vec![], false));
    }

    #[test]
    fn lines_of_a_body() {
        let long = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        assert_eq!(body(format!("2026-01-01T00:00:00Z {long}\n").as_bytes(), None), Some(21..85));
        assert_eq!(body(b"  abc=\n", None), Some(2..6));
        assert_eq!(body(b"x abc=\n", Some(1)), Some(2..6));
        assert_eq!(body(b"connection refused\n", None), None);
        assert_eq!(body(b"{\"a\": 1}\n", None), None);
        assert_eq!(body(b"\n", None), None);
    }
}
