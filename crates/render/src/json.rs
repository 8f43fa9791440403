//! JSON as Go's `encoding/json` indents it, which is what kubectl prints.

use std::{fmt::Write, iter::repeat_n};

use serde_json::{Number, Value};

const INDENT: usize = 4;
/// Between these Go writes floats without an exponent.
const PLAIN: std::ops::Range<f64> = 1e-6..1e21;

/// `value` with sorted keys and four spaces a level, ending in a newline.
pub fn print(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value, 0);
    out.push('\n');
    out
}

fn put(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => string(out, text),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            block(out, depth, '[', ']', items.iter(), |out, item| put(out, item, depth + 1));
        }
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            block(out, depth, '{', '}', fields.into_iter(), |out, (name, value)| {
                string(out, name);
                out.push_str(": ");
                put(out, value, depth + 1);
            });
        }
    }
}

fn block<T>(
    out: &mut String,
    depth: usize,
    open: char,
    close: char,
    items: impl Iterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    out.push(open);
    for (at, value) in items.enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.extend(repeat_n(' ', INDENT * (depth + 1)));
        item(out, value);
    }
    out.push('\n');
    out.extend(repeat_n(' ', INDENT * depth));
    out.push(close);
}

/// A number as Go prints it: whole floats without a fraction. What does not fit into 64 bits with a sign is a float.
pub fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(float) if !number.is_i64() && (PLAIN.contains(&float.abs()) || float == 0.0) => float.to_string(),
        _ => number.to_string(),
    }
}

/// A string with Go's escapes, HTML's special characters among them.
pub(crate) fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_gos() {
        for (number, text) in [
            (json!(1.0), "1"),
            (json!(-0.0), "-0"),
            (json!(1e20), "100000000000000000000"),
            (json!(1.234_567_890_123_456_7e20), "123456789012345670000"),
            (json!(1e21), "1e+21"),
            (json!(0.000_001_5), "0.0000015"),
            (json!(1.5e-7), "1.5e-7"),
            (json!(u64::MAX), "18446744073709552000"),
            (json!(i64::MIN), "-9223372036854775808"),
        ] {
            assert_eq!(print(&number), format!("{text}\n"));
        }
    }

    #[test]
    fn prints_like_go() {
        let value = json!({"b": [1, 2.0, 0.5, true, null], "a": {"x": "<a&b>\n\u{1}\"é"}, "c": [], "d": {}});
        let expected = r#"{
    "a": {
        "x": "\u003ca\u0026b\u003e\n\u0001\"é"
    },
    "b": [
        1,
        2,
        0.5,
        true,
        null
    ],
    "c": [],
    "d": {}
}
"#;
        assert_eq!(print(&value), expected);
    }
}
