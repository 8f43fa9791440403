//! What follows `Bearer`, `Basic` and `Authorization`.

use std::ops::Range;

use super::{
    base64,
    bytes::{at, before, cut, find, is_blank, is_word, run},
    names::Weight,
    value,
};

/// Shorter words behind `Bearer` are words.
const MIN_TOKEN: usize = 12;
/// A longer word is no scheme's name.
const MAX_SCHEME: usize = 64;
/// How much of a credential is looked at before it is known to be one; keeps hostile lines cheap.
const MAX_LOOK: usize = 2048;
/// How much of a credential is decoded to see whether it is one.
const MAX_BASIC: usize = 4096;

/// Finds credentials of HTTP.
pub(super) fn credentials(line: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while from < line.len() {
        let byte = at(line, from).to_ascii_lowercase();
        let word = (byte == b'a' || byte == b'b') && !is_word(before(line, from));
        let found = if word { header(line, from).or_else(|| scheme(line, from, false)) } else { None };
        if let Some(range) = &found {
            out.push(range.clone());
        }
        from = found.map_or(from + 1, |range| range.end);
    }
}

/// `Authorization: Scheme credentials`: here a short credential is one, too, and a scheme nobody knows.
fn header(line: &[u8], start: usize) -> Option<Range<usize>> {
    let name: &[u8] = b"authorization";
    if !super::bytes::is_at(line, start, name) {
        return None;
    }
    // Quotes and brackets of however it was printed, with one separator among them.
    let after = start + name.len();
    let begin = run(cut(line, 0, after + 16), after, |byte| {
        matches!(byte, b'"' | b'\'' | b'\\' | b':' | b'=' | b' ' | b'[' | b'>' | b'\t')
    });
    if !cut(line, after, begin).iter().any(|byte| matches!(byte, b':' | b'=')) {
        return None;
    }
    if let Some(found) = scheme(line, begin, true) {
        return Some(found);
    }
    let word = run(cut(line, 0, begin + MAX_SCHEME), begin, is_credential);
    if !is_blank(at(line, word)) {
        // No scheme: the value is the credential, unless it is the name of a mode.
        return accept(line, begin, word, MIN_TOKEN);
    }
    let known = ["token", "apikey", "negotiate", "splunk", "ssws", "key", "digest", "aws4-hmac-sha256", "genie-key"];
    if !known.iter().any(|scheme| cut(line, begin, word).eq_ignore_ascii_case(scheme.as_bytes())) {
        return None;
    }
    let rest = run(line, word, is_blank);
    let end = run(line, rest, |byte| !matches!(byte, b'"' | b'\'' | b'\\' | b'\r' | b'\n' | b'<' | b'>' | b']' | b'}'));
    accept(line, rest, end, 1)
}

/// `Bearer …` or `Basic …` at `start`; `sure` when a header's name stands before.
fn scheme(line: &[u8], start: usize, sure: bool) -> Option<Range<usize>> {
    let bearer = super::bytes::is_at(line, start, b"bearer");
    let basic = !bearer && super::bytes::is_at(line, start, b"basic");
    let name = start + if bearer { 6 } else { 5 };
    if !(bearer || basic) || !(is_blank(at(line, name)) || cut(line, name, name + 3) == b"%20") {
        return None;
    }
    let begin = if at(line, name) == b'%' { name + 3 } else { run(line, name, is_blank) };
    let end = run(cut(line, 0, begin + MAX_LOOK), begin, is_credential);
    let token = cut(line, begin, end);
    let fits = match (bearer, sure) {
        (true, true) => at(line, end) != b'"' || !token.ends_with(b"="),
        (true, false) => token.len() >= MIN_TOKEN && is_mixed(token),
        (false, _) => {
            (sure && token.len() >= 6 && !at(line, end).is_ascii_alphabetic()) && !token.ends_with(b"realm=")
                || is_basic(token)
        }
    };
    if fits { accept(line, begin, end, 1) } else { None }
}

fn accept(line: &[u8], begin: usize, end: usize, least: usize) -> Option<Range<usize>> {
    let token = cut(line, begin, end);
    let nothing = token.len() < least
        || value::is_placeholder(super::bytes::tail(line, begin), Weight::Strong)
        || value::is_setting(token, Weight::Strong)
        || value::is_prose(token);
    (!nothing).then(|| begin..run(line, end, is_credential).max(end))
}

fn is_credential(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b':' | b'|' | b'%' | b'!' | b'@' | b'#' | b'*'
        )
}

/// Letters and digits, or letters of both cases in the middle: no word of a sentence.
fn is_mixed(token: &[u8]) -> bool {
    let digit = token.iter().any(u8::is_ascii_digit);
    let inner = token.get(1..).unwrap_or_default();
    let upper = inner.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let lower = inner.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    (digit || (upper >= 2 && lower >= 2)) && !token.ends_with(b":")
}

/// Base64 of `name:password`.
pub(super) fn is_basic(token: &[u8]) -> bool {
    let plain = (token.len() >= 8 && token.len() <= MAX_BASIC).then(|| base64::decode(token)).flatten();
    plain.is_some_and(|plain| find(&plain, b":", 0).is_some() && plain.iter().all(|byte| (0x20..0x7f).contains(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<&str> {
        let mut out = Vec::new();
        credentials(line.as_bytes(), &mut out);
        out.into_iter().map(|range| &line[range]).collect()
    }

    #[test]
    fn finds() {
        let cases = [
            ("Authorization: Bearer abc", "abc"),
            ("authorization:[Bearer s.Yx81hMq]", "s.Yx81hMq"),
            ("-H 'Authorization: Basic dXNlcjpwYXNz'", "dXNlcjpwYXNz"),
            ("\"Authorization\":\"Token 9944b09199c62bcf\"", "9944b09199c62bcf"),
            ("using bearer 0123456789abcdef now", "0123456789abcdef"),
            ("Proxy-Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
            ("basic dXNlcjpwYXNz", "dXNlcjpwYXNz"),
            ("Authorization: 6f1d0a3c9e7b4d2f", "6f1d0a3c9e7b4d2f"),
        ];
        for (line, secret) in cases {
            assert_eq!(found(line), [secret], "{line}");
        }
    }

    #[test]
    fn leaves() {
        for line in [
            "WWW-Authenticate: Bearer realm=\"x\"",
            "bearer token was rejected",
            "Basic authentication is off",
            "Authorization: Bearer ${TOKEN}",
            "Authorization: Bearer <token>",
            "authorization: none",
            "authorization-mode=Node,RBAC",
            "--authorization-mode=Node,RBAC",
            "basic validation passed",
            "Authorization: Bearer <redacted:012abc>",
            "rbac.authorization.k8s.io: x",
            "forbearer abcdef0123456789",
        ] {
            assert!(found(line).is_empty(), "{line}: {:?}", found(line));
        }
    }
}
