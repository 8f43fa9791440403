//! Quoted strings with Go's escapes (`strconv.UnquoteChar`); single quotes work like double ones.

use std::str::Chars;

/// The text in `quoted`, quotes included; none where it is malformed. Bytes that are no UTF-8 become U+FFFD.
pub(super) fn unquote(quoted: &str) -> Option<String> {
    let quote = quoted.chars().next()?;
    let inner = quoted.get(1..)?.strip_suffix(quote)?;
    if !inner.contains('\\') && !inner.contains(quote) {
        return Some(inner.to_owned());
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => escape(&mut rest, quote, &mut bytes)?,
            c if c == quote => return None,
            c => push(&mut bytes, c),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn escape(rest: &mut Chars<'_>, quote: char, bytes: &mut Vec<u8>) -> Option<()> {
    let byte = match rest.next()? {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        'x' => u8::try_from(digits(rest, 2, 16, 0)?).ok()?,
        c @ '0'..='7' => u8::try_from(digits(rest, 2, 8, c.to_digit(8)?)?).ok()?,
        'u' => return char::from_u32(digits(rest, 4, 16, 0)?).map(|c| push(bytes, c)),
        'U' => return char::from_u32(digits(rest, 8, 16, 0)?).map(|c| push(bytes, c)),
        c if c == quote => u8::try_from(c).ok()?,
        _ => return None,
    };
    bytes.push(byte);
    Some(())
}

fn digits(rest: &mut Chars<'_>, count: usize, radix: u32, first: u32) -> Option<u32> {
    (0..count).try_fold(first, |value, _| value.checked_mul(radix)?.checked_add(rest.next()?.to_digit(radix)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_those_of_go() {
        let cases = [
            (r#""plain""#, Some("plain")),
            (r#"'it"s'"#, Some("it\"s")),
            (r#""\n\t\"\\\x41\u00e9\U0001F600\101""#, Some("\n\t\"\\Aé😀A")),
            (r#""\xff""#, Some("\u{fffd}")),
            (r#""\xc3\xa9""#, Some("é")),
            (r#""\'""#, None),
            (r#"'\''"#, Some("'")),
            (r#""\q""#, None),
            (r#""\x4""#, None),
            (r#""\400""#, None),
            (r#""\ud800""#, None),
            (r#"""#, None),
        ];
        for (quoted, text) in cases {
            assert_eq!(unquote(quoted).as_deref(), text, "{quoted}");
        }
    }
}
