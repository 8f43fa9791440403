//! Numbers in templates.

use super::lex::is_alphanumeric;

/// A constant; it may be several types at once, as in Go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
    /// Whole, but larger than an `int`.
    TooLarge,
}

/// How many bytes of `text` are a number; an error says how many were looked at.
pub(super) fn scan(text: &str) -> Result<usize, usize> {
    let length = scan_one(text)?;
    // Go takes two numbers with a sign between them for a complex one.
    let rest = text.get(length..).unwrap_or_default();
    if !rest.starts_with(['+', '-']) {
        return Ok(length);
    }
    let (Ok(more) | Err(more)) = scan_one(rest);
    Err(length + more)
}

fn scan_one(text: &str) -> Result<usize, usize> {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let run = |mut at: usize, digits: fn(&u8) -> bool| {
        while bytes.get(at).is_some_and(|byte| *byte == b'_' || digits(byte)) {
            at += 1;
        }
        at
    };
    let mut digits: fn(&u8) -> bool = u8::is_ascii_digit;
    let mut is_hex = false;
    if bytes.get(at) == Some(&b'0') {
        at += 1;
        match bytes.get(at) {
            Some(b'x' | b'X') => (digits, is_hex, at) = (u8::is_ascii_hexdigit, true, at + 1),
            Some(b'o' | b'O') => (digits, at) = (|byte: &u8| (b'0'..=b'7').contains(byte), at + 1),
            Some(b'b' | b'B') => (digits, at) = (|byte: &u8| matches!(byte, b'0' | b'1'), at + 1),
            _ => {}
        }
    }
    at = run(at, digits);
    if bytes.get(at) == Some(&b'.') {
        at = run(at + 1, digits);
    }
    let exponent: &[u8] = if is_hex { b"pP" } else { b"eE" };
    if bytes.get(at).is_some_and(|byte| exponent.contains(byte)) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
        at = run(at, u8::is_ascii_digit);
    }
    // Imaginary numbers are read so that messages are Go's; they have no use here.
    at += usize::from(bytes.get(at) == Some(&b'i'));
    match text.get(at..).and_then(|rest| rest.chars().next()) {
        Some(next) if is_alphanumeric(next) => Err(at + next.len_utf8()),
        _ => Ok(at),
    }
}

/// The value of a number's text; an error is Go's message.
pub(super) fn parse(text: &str) -> Result<Number, String> {
    let looks_float =
        text.contains(['.', 'p', 'P']) || (!text.to_ascii_lowercase().contains("0x") && text.contains(['e', 'E']));
    if !looks_float {
        return match integer(text) {
            Some(number) => Ok(i64::try_from(number).map_or(Number::TooLarge, Number::Int)),
            None if text.parse::<f64>().is_ok() => Err(format!("integer overflow: {}", super::quote(text.as_bytes()))),
            None => Err(illegal(text)),
        };
    }
    let digits = text.replace('_', "");
    let float = if digits.to_ascii_lowercase().contains("0x") { hex_float(&digits) } else { digits.parse().ok() };
    match float {
        Some(number) if number.is_finite() && underscores_are_right(text) => Ok(Number::Float(number)),
        _ => Err(illegal(text)),
    }
}

fn illegal(text: &str) -> String {
    format!("illegal number syntax: {}", super::quote(text.as_bytes()))
}

/// A whole number in any base that fits 64 bits, signed or not.
fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter();
    let prefixed = prefixed.filter_map(|(prefix, base)| Some((lower.strip_prefix(prefix)?, base))).next();
    let octal = || lower.strip_prefix('0').filter(|rest| !rest.is_empty()).map(|rest| (rest, 8));
    let (digits, base) = prefixed.or_else(octal).unwrap_or((&lower, 10));
    if digits.starts_with(['+', '-']) || !underscores_are_right(&lower) {
        return None;
    }
    let number = i128::from(u64::from_str_radix(&digits.replace('_', ""), base).ok()?);
    let number = if negative { -number } else { number };
    (number >= i128::from(i64::MIN)).then_some(number)
}

/// Whether every `_` stands between digits; a base's prefix counts as one.
fn underscores_are_right(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let unsigned = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    let is_hex = unsigned.starts_with("0x");
    let prefixed = is_hex || unsigned.starts_with("0b") || unsigned.starts_with("0o");
    let digits = unsigned.get(if prefixed { 2 } else { 0 }..).unwrap_or_default();
    let mut before = if prefixed { '0' } else { '^' };
    for c in digits.chars() {
        let kind = match c {
            '_' => '_',
            c if c.is_ascii_digit() || (is_hex && c.is_ascii_hexdigit()) => '0',
            _ => '!',
        };
        if (kind == '_' && before != '0') || (kind == '!' && before == '_') {
            return false;
        }
        before = kind;
    }
    before != '_'
}

/// `0x1.8p3`
fn hex_float(text: &str) -> Option<f64> {
    let lower = text.to_ascii_lowercase();
    let (sign, rest) = match lower.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, lower.strip_prefix('+').unwrap_or(&lower)),
    };
    let (mantissa, exponent) = rest.strip_prefix("0x")?.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    // More digits than these cannot be told apart in a float anyway.
    let digits = digits.get(..digits.len().min(13))?;
    let number = u64::from_str_radix(digits, 16).ok()?;
    let shift = i32::try_from(whole.len()).ok()? - i32::try_from(digits.len()).ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    #[allow(clippy::cast_precision_loss, reason = "52 bits fit")]
    let number = number as f64;
    Some(sign * number * 2f64.powi(exponent.checked_add(shift * 4)?))
}
