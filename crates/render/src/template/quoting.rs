//! Go's string literals: read and written.

use std::{fmt::Write, str::Chars};

/// Whether Go's `strconv.IsPrint` holds.
pub(super) fn is_print(c: char) -> bool {
    // Behind another letter, so that a combining mark is not escaped for standing alone.
    let text: String = ['a', c].iter().collect();
    matches!(c, '"' | '\'' | '\\') || text.escape_debug().count() == 2
}

/// `text` as a Go literal in double quotes; `ascii`: with escapes for everything beyond.
pub(super) fn quoted(text: &[u8], quote: char, ascii: bool) -> String {
    let mut out = String::from(quote);
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            put(&mut out, c, quote, ascii);
        }
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out.push(quote);
    out
}

fn put(out: &mut String, c: char, quote: char, ascii: bool) {
    let escape = match c {
        c if c == quote => Some(c),
        '\\' => Some('\\'),
        '\u{7}' => Some('a'),
        '\u{8}' => Some('b'),
        '\u{c}' => Some('f'),
        '\n' => Some('n'),
        '\r' => Some('r'),
        '\t' => Some('t'),
        '\u{b}' => Some('v'),
        _ => None,
    };
    // Writing to a String cannot fail.
    let _ = match (escape, u32::from(c)) {
        (Some(escape), _) => write!(out, "\\{escape}"),
        (None, code) if code < 0x20 || code == 0x7f => write!(out, "\\x{code:02x}"),
        (None, _) if is_print(c) && (!ascii || c.is_ascii()) => write!(out, "{c}"),
        (None, code) if code < 0x1_0000 => write!(out, "\\u{code:04x}"),
        (None, code) => write!(out, "\\U{code:08x}"),
    };
}

/// What a literal in double quotes or backquotes means; none when it is none.
pub(super) fn unquoted(literal: &str) -> Option<Vec<u8>> {
    let quote = literal.chars().next()?;
    let inner = literal.get(1..literal.len().checked_sub(1)?)?;
    if quote == '`' {
        return Some(inner.replace('\r', "").into_bytes());
    }
    let mut out = Vec::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => escape(&mut chars, quote)?.put(&mut out),
            c if c == quote => return None,
            c => Unit::Char(c).put(&mut out),
        }
    }
    Some(out)
}

/// The number of the character in a literal in single quotes; an error is Go's message.
pub(super) fn character(literal: &str) -> Result<i64, String> {
    const INVALID: &str = "invalid syntax";
    let mut chars = literal.chars();
    chars.next();
    let unit = match chars.next() {
        Some('\\') => escape(&mut chars, '\'').ok_or(INVALID)?,
        Some('\'') | None => return Err(INVALID.to_owned()),
        Some(c) => Unit::Char(c),
    };
    if chars.as_str() != "'" {
        return Err(format!("malformed character constant: {literal}"));
    }
    Ok(match unit {
        Unit::Byte(byte) => i64::from(byte),
        Unit::Char(c) => i64::from(u32::from(c)),
    })
}

/// What one escape stands for.
enum Unit {
    Byte(u8),
    Char(char),
}

impl Unit {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Byte(byte) => out.push(*byte),
            Self::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

fn escape(chars: &mut Chars<'_>, quote: char) -> Option<Unit> {
    let c = match chars.next()? {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        c if c == quote => c,
        'x' => return u8::try_from(digits(chars, 2, 16)?).ok().map(Unit::Byte),
        'u' => char::from_u32(digits(chars, 4, 16)?)?,
        'U' => char::from_u32(digits(chars, 8, 16)?)?,
        first @ '0'..='7' => {
            let rest = digits(chars, 2, 8)?;
            return u8::try_from(first.to_digit(8)? * 64 + rest).ok().map(Unit::Byte);
        }
        _ => return None,
    };
    Some(Unit::Char(c))
}

fn digits(chars: &mut Chars<'_>, count: usize, base: u32) -> Option<u32> {
    let mut number: u32 = 0;
    for _ in 0..count {
        number = number.checked_mul(base)?.checked_add(chars.next()?.to_digit(base)?)?;
    }
    Some(number)
}
