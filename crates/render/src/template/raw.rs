//! An object on one line, as Go's `encoding/json` writes it.

use serde_json::Value;

use super::value::entries;
use crate::json::number_text;

/// `value` as JSON without spaces, keys in order.
pub(super) fn json(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value);
    out
}

fn put(out: &mut String, value: &Value) {
    match value {
        Value::Number(number) => *out += &number_text(number),
        Value::String(text) => string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                *out += if at > 0 { "," } else { "" };
                put(out, item);
            }
            out.push(']');
        }
        Value::Object(map) => {
            out.push('{');
            for (at, (key, item)) in entries(map).into_iter().enumerate() {
                *out += if at > 0 { "," } else { "" };
                string(out, key);
                out.push(':');
                put(out, item);
            }
            out.push('}');
        }
        simple => *out += &simple.to_string(),
    }
}

/// A string with escapes, also of what means something in HTML.
fn string(out: &mut String, text: &str) {
    let plain = Value::from(text).to_string();
    for c in plain.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => *out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
}
