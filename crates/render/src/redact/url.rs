//! Passwords in addresses: `scheme://user:password@host`.

use std::ops::Range;

use super::{
    bytes::{at, cut, find, run_back},
    names::Weight,
    pseudonym::{PSEUDONYM, pseudonym_at},
    value,
};

/// Longer than any user and password; keeps the search linear.
const MAX_USERINFO: usize = 512;

/// Finds the passwords of addresses.
pub(super) fn passwords(line: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(scheme) = find(line, b"://", from) {
        let begin = scheme + 3;
        let found = password(line, begin);
        from = found.as_ref().map_or(begin, |range| range.end);
        out.extend(found);
    }
    sources(line, out);
}

/// The password in what follows `://`.
fn password(line: &[u8], begin: usize) -> Option<Range<usize>> {
    let colon = user_end(line, begin)?;
    let text = cut(line, 0, colon + MAX_USERINFO);
    let mut last = None;
    let mut at_end = colon + 1;
    let mut slash = false;
    while at_end < text.len() {
        let byte = at(text, at_end);
        match byte {
            b'<' if pseudonym_at(text, at_end) => {}
            b'>' | b'<' if !is_marked(text, colon + 1) => break,
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'`' | b'\\' => break,
            b':' if cut(text, at_end, at_end + 3) == b"://" => break,
            // A port, then a path: what comes after has nothing to do with a password.
            b'/' | b'?' | b'#' if last.is_some() || is_port(cut(text, colon + 1, at_end)) => break,
            b'/' | b'?' | b'#' => slash = true,
            // Another address of the same list.
            b',' if last.is_some() => break,
            b'@' if !slash || last.is_none() => last = Some(at_end),
            _ => {}
        }
        at_end += 1;
    }
    let end = last?;
    let password = cut(line, colon + 1, end);
    if password.is_empty() || password == b"x-oauth-basic" {
        // The token stands where the user does.
        return (colon > begin).then_some(begin..colon).filter(|user| is_password(cut(line, user.start, user.end)));
    }
    is_password(password).then_some(colon + 1..end)
}

/// Where the user's name ends: at the first colon, before anything that no name has.
fn user_end(line: &[u8], begin: usize) -> Option<usize> {
    let name = cut(line, begin, begin + MAX_USERINFO);
    let length = name.iter().position(|byte| {
        matches!(
            byte,
            b':' | b'/' | b'?' | b'#' | b'@' | b' ' | b'\t' | b'"' | b'\'' | b'[' | b'\\' | b'<' | b'>' | b'\n'
        )
    })?;
    if at(name, length) == b'<' {
        // `<user>:password@`
        let close = find(name, b">:", length)?;
        return Some(begin + close + 1);
    }
    (at(name, length) == b':').then_some(begin + length)
}

/// Whether a pseudonym or a label in angle brackets begins here.
fn is_marked(text: &[u8], begin: usize) -> bool {
    at(text, begin) == b'<'
}

fn is_port(text: &[u8]) -> bool {
    text.len() <= 5 && text.iter().all(u8::is_ascii_digit)
}

fn is_password(text: &[u8]) -> bool {
    !value::is_placeholder(text, Weight::Strong) && !value::is_setting(text, Weight::Strong)
}

/// `user:password@tcp(host:3306)/db`, as Go's MySQL driver has it.
fn sources(line: &[u8], out: &mut Vec<Range<usize>>) {
    for net in [&b"@tcp("[..], b"@unix(", b"@tcp6("] {
        let mut from = 0;
        while let Some(end) = find(line, net, from) {
            from = end + net.len();
            let begin =
                run_back(line, end, MAX_USERINFO, |byte| !matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b'=' | b'\n'));
            let begin = begin + pseudonyms_end(cut(line, begin, end));
            let colon = cut(line, begin, end).iter().position(|&byte| byte == b':');
            if let Some(colon) = colon.map(|colon| begin + colon + 1)
                && is_password(cut(line, colon, end))
                && colon < end
            {
                out.push(colon..end);
            }
        }
    }
}

/// Where the last pseudonym in `text` ends: its colon parts nothing.
fn pseudonyms_end(text: &[u8]) -> usize {
    (0..text.len()).rev().find(|&start| pseudonym_at(text, start)).map_or(0, |start| start + PSEUDONYM)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<&str> {
        let mut out = Vec::new();
        passwords(line.as_bytes(), &mut out);
        out.into_iter().map(|range| &line[range]).collect()
    }

    #[test]
    fn finds() {
        let cases = [
            ("postgres://app:hunter2@db:5432/shop?sslmode=disable", "hunter2"),
            ("redis://:hunter2@cache:6379/0", "hunter2"),
            ("amqp://u:p/w@host", "p/w"),
            ("x=https://user:p@ss@host/path", "p@ss"),
            ("app:hunter2@tcp(db:3306)/shop", "hunter2"),
            ("https://0123abcd:x-oauth-basic@host/", "0123abcd"),
            ("https://0123abcd:@host/", "0123abcd"),
            ("mongodb://u:hunter2@a:1,b:2,c:3/db", "hunter2"),
        ];
        for (line, secret) in cases {
            assert_eq!(found(line), [secret], "{line}");
        }
        assert_eq!(found("http://a:b1@h http://c:d2@h"), ["b1", "d2"]);
    }

    #[test]
    fn leaves() {
        for line in [
            "https://host:8443/path@v1",
            "http://host/a:b@c",
            "https://user@host/",
            "ssh://git@host:22/x",
            "http://[::1]:80/a@b",
            "postgres://u:${PASS}@host",
            "postgres://u:$(PASS)@host",
            "redis://u:<redacted:012abc>@h",
            "http://u:xxxxx@h",
            "://",
            "http://host:80",
            "http://a:80, mail b@c",
            "postgres://<user>:<password>@host",
        ] {
            assert!(found(line).is_empty(), "{line}: {:?}", found(line));
        }
    }
}
