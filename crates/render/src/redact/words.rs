//! Values parted from their names by nothing but a blank, where a file's form or a program says that they are.

use std::ops::Range;

use super::{
    bytes::{at, cut, find, is_at, is_blank, run, tail},
    names::Weight,
    value,
};

/// First words of a line of two words.
const DIRECTIVES: &[&[u8]] =
    &[b"password", b"passwd", b"pass", b"requirepass", b"masterauth", b"secret_key", b"api_key", b"auth_token"];
/// Shorter values, and words, are more likely prose.
const MIN_VALUE: usize = 6;

/// Finds them in a line; `whole` when it begins where the line begins.
pub(super) fn values(line: &[u8], whole: bool, out: &mut Vec<Range<usize>>) {
    if whole {
        out.extend(directive(line));
    }
    out.extend(login(line));
    statement(line, b"password ", out);
    statement(line, b"identified by ", out);
    if let Some(curl) = find(line, b"curl ", 0) {
        out.extend(user(line, curl));
    }
}

/// `requirepass value`, and nothing else on the line.
fn directive(line: &[u8]) -> Option<Range<usize>> {
    let first = run(line, 0, is_blank);
    let name_end = run(cut(line, 0, first + 16), first, |byte| byte.is_ascii_alphabetic() || byte == b'_');
    let start = run(line, name_end, is_blank);
    let known = DIRECTIVES.contains(&cut(line, first, name_end));
    (known && start > name_end).then(|| start..start + tail(line, start).trim_ascii().len()).filter(|range| {
        let value = cut(line, range.start, range.end);
        value.len() >= MIN_VALUE && !value.iter().any(u8::is_ascii_whitespace) && is_secret(value)
    })
}

/// `PASSWORD 'value'` and `IDENTIFIED BY 'value'` of SQL.
fn statement(line: &[u8], words: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(quote) = find(line, b" '", from) {
        from = quote + 2;
        let fits = (quote + 1).checked_sub(words.len()).is_some_and(|start| is_at(line, start, words));
        let end = run(line, from, |byte| byte != b'\'');
        if fits && at(line, end) == b'\'' && is_secret(cut(line, from, end)) {
            out.push(from..end);
            from = end + 1;
        }
    }
}

/// `login name password value`, as in a netrc.
fn login(line: &[u8]) -> Option<Range<usize>> {
    let machine = [&b"machine "[..], b"default "].iter().find_map(|word| find(line, word, 0))?;
    let login = find(line, b"login ", machine)?;
    let name = run(line, login + 6, |byte| !is_blank(byte));
    let start = name + b" password ".len();
    let end = run(line, start, |byte| !byte.is_ascii_whitespace());
    (cut(line, name, start) == b" password " && is_secret(cut(line, start, end))).then_some(start..end)
}

/// `curl -u name:password`.
fn user(line: &[u8], from: usize) -> Option<Range<usize>> {
    let flag = |flag: &[u8]| find(line, flag, from).map(|at| at + flag.len());
    let start = flag(b" -u ").or_else(|| flag(b" --user ")).or_else(|| flag(b" --user="))?;
    let stop = |byte: u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'');
    let start = if stop(at(line, start)) { start + 1 } else { start };
    let end = run(line, start, |byte| !stop(byte));
    let colon = start + cut(line, start, end).iter().position(|&byte| byte == b':')? + 1;
    is_secret(cut(line, colon, end)).then_some(colon..end)
}

fn is_secret(value: &[u8]) -> bool {
    !value::is_plain_word(value)
        && !value::is_prose(value)
        && !value::is_placeholder(value, Weight::Strong)
        && !value::is_setting(value, Weight::Strong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<&str> {
        let mut out = Vec::new();
        values(line.as_bytes(), true, &mut out);
        out.into_iter().map(|range| &line[range]).collect()
    }

    #[test]
    fn finds() {
        for line in [
            "requirepass hunter-2\n",
            "  password hunter-2",
            "machine x login bob password hunter-2\n",
            "curl -s -u bob:hunter-2 https://x",
            "curl --user 'bob:hunter-2' https://x",
            "CREATE USER bob IDENTIFIED BY 'hunter-2';",
            "alter user bob password 'hunter-2'",
        ] {
            assert_eq!(found(line), ["hunter-2"], "{line}");
        }
    }

    #[test]
    fn leaves() {
        for line in [
            "password incorrect",
            "password expired.",
            "password 3d",
            "requirepass ${PASS}",
            "password of user x2 is old",
            "token-a deleted-b",
            "curl -u bob https://x",
            "curl -u bob:$PASS https://x",
            "login failed password x1y2z3",
            "no such user 'a-1', password 'missing'",
        ] {
            assert!(found(line).is_empty(), "{line}: {:?}", found(line));
        }
    }
}
