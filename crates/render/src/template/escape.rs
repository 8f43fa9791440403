//! Texts made safe for other languages: `html`, `js`, `urlquery`; and `base64decode`.

use std::fmt::Write;

use super::quoting::is_print;

/// For HTML.
pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            byte => out.push(*byte),
        }
    }
    out
}

/// For a text in JavaScript.
pub(super) fn js(text: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for c in String::from_utf8_lossy(text).chars() {
        // Writing to a String cannot fail.
        let _ = match c {
            '\\' | '\'' | '"' => write!(out, "\\{c}"),
            '<' | '>' | '&' | '=' | '\0'..'\u{20}' => write!(out, "\\u{:04X}", u32::from(c)),
            c if c.is_ascii() || is_print(c) => write!(out, "{c}"),
            c => write!(out, "\\u{:04X}", u32::from(c)),
        };
    }
    out.into_bytes()
}

/// For a query's name or value.
pub(super) fn url_query(text: &[u8]) -> Vec<u8> {
    let mut out = String::new();
    for byte in text {
        // Writing to a String cannot fail.
        let _ = match byte {
            b' ' => write!(out, "+"),
            b'-' | b'_' | b'.' | b'~' => write!(out, "{}", char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => write!(out, "{}", char::from(*byte)),
            byte => write!(out, "%{byte:02X}"),
        };
    }
    out.into_bytes()
}

/// What a text in base64 means; an error says at which byte it is wrong.
pub(super) fn base64_decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut quantum = Vec::with_capacity(4);
    let mut rest = text.iter().enumerate().filter(|(_, byte)| !matches!(byte, b'\n' | b'\r'));
    while let Some((at, byte)) = rest.next() {
        if *byte == b'=' {
            if quantum.len() < 2 {
                return Err(at);
            }
            if quantum.len() == 2 {
                match rest.next() {
                    Some((_, b'=')) => {}
                    Some((at, _)) => return Err(at - 1),
                    None => return Err(text.len()),
                }
            }
            put(&mut out, &quantum);
            return rest.next().map_or(Ok(out), |(at, _)| Err(at));
        }
        quantum.push(digit(*byte).ok_or(at)?);
        if quantum.len() == 4 {
            put(&mut out, &quantum);
            quantum.clear();
        }
    }
    if quantum.is_empty() { Ok(out) } else { Err(text.len() - quantum.len()) }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Two to four digits of six bits make one to three bytes.
fn put(out: &mut Vec<u8>, digits: &[u8]) {
    let number = digits.iter().fold(0, |number, digit| number << 6 | u32::from(*digit));
    let missing = u32::try_from(4_usize.saturating_sub(digits.len())).unwrap_or(0);
    let [_, bytes @ ..] = (number << (6 * missing)).to_be_bytes();
    out.extend_from_slice(bytes.get(..digits.len().saturating_sub(1)).unwrap_or_default());
}
