//! Values as Go prints them: `fmt`'s `%v`, `%#v` and `%q`, and `encoding/json`.

use std::{fmt::Write, iter::repeat_n};

use serde_json::{Map, Number, Value};

use crate::json;

const INDENT: usize = 4;

/// A number as client-go reads it: whole numbers of 64 bits, and floats for all others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum GoNumber {
    /// `int64`
    Int(i64),
    /// `float64`
    Float(f64),
}

pub(super) fn number(number: &Number) -> GoNumber {
    number.as_i64().map_or_else(|| GoNumber::Float(number.as_f64().unwrap_or_default()), GoNumber::Int)
}

/// Makes whole floats whole numbers, as it happens to objects that go through JSON once more: those of a list.
pub fn through_json(value: &mut Value) {
    match value {
        Value::Number(one) if one.is_f64() => {
            if let Ok(whole) = json_number(one).parse::<i64>() {
                *value = whole.into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(through_json),
        Value::Object(fields) => fields.values_mut().for_each(through_json),
        _ => {}
    }
}

/// Makes all numbers floats, as it happens to objects of a type that kubectl knows when they go through JSON.
pub fn as_floats(value: &mut Value) {
    match value {
        Value::Number(one) => {
            if let Some(float) = one.as_f64().and_then(Number::from_f64) {
                *one = float;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(as_floats),
        Value::Object(fields) => fields.values_mut().for_each(as_floats),
        _ => {}
    }
}

/// The name of a value's Go type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(one) => match number(one) {
            GoNumber::Int(_) => "int64",
            GoNumber::Float(_) => "float64",
        },
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// `%v`: `map[a:1 b:[x y]]`, `<nil>`, `1e+06`.
#[must_use]
pub fn plain(value: &Value) -> String {
    let mut out = String::new();
    put_plain(&mut out, value);
    out
}

fn put_plain(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            joined(out, items, " ", put_plain);
            out.push(']');
        }
        Value::Object(fields) => {
            out.push_str("map[");
            joined(out, sorted(fields), " ", |out, (name, value)| {
                out.push_str(name);
                out.push(':');
                put_plain(out, value);
            });
            out.push(']');
        }
        Value::Bool(_) | Value::Number(_) => put_scalar(out, value),
    }
}

/// `%#v`: Go source that makes the value.
#[must_use]
pub fn syntax(value: &Value) -> String {
    let mut out = String::new();
    put_syntax(&mut out, value);
    out
}

fn put_syntax(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("interface {}(nil)"),
        Value::String(text) => out.push_str(&quote(text)),
        Value::Array(items) => {
            out.push_str("[]interface {}{");
            joined(out, items, ", ", put_syntax);
            out.push('}');
        }
        Value::Object(fields) => {
            out.push_str("map[string]interface {}{");
            joined(out, sorted(fields), ", ", |out, (name, value)| {
                out.push_str(&quote(name));
                out.push(':');
                put_syntax(out, value);
            });
            out.push('}');
        }
        Value::Bool(_) | Value::Number(_) => put_scalar(out, value),
    }
}

fn put_scalar(out: &mut String, value: &Value) {
    match value {
        Value::Number(one) => match number(one) {
            GoNumber::Int(whole) => out.push_str(&whole.to_string()),
            GoNumber::Float(float) => out.push_str(&float_text(float)),
        },
        other => out.push_str(&other.to_string()),
    }
}

fn sorted(fields: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    fields
}

fn joined<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    separator: &str,
    mut put: impl FnMut(&mut String, T),
) {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push_str(separator);
        }
        put(out, item);
    }
}

/// `%v` of a float: the shortest digits that mean it, with an exponent below 0.0001 and from a million on.
fn float_text(float: f64) -> String {
    let (digits, exponent) = scientific(float);
    if (-4..6).contains(&exponent) { float.to_string() } else { with_exponent(&digits, exponent) }
}

fn scientific(float: f64) -> (String, i32) {
    let text = format!("{float:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    (digits.to_owned(), exponent.parse().unwrap_or_default())
}

fn with_exponent(digits: &str, exponent: i32) -> String {
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

/// JSON as `encoding/json` writes it: sorted keys, HTML's special characters escaped. With a depth it is indented.
pub(super) fn json(out: &mut String, value: &Value, depth: Option<usize>) {
    match value {
        Value::Number(one) => out.push_str(&json_number(one)),
        Value::String(text) => json::string(out, text),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Object(fields) if fields.is_empty() => out.push_str("{}"),
        Value::Array(items) => json_block(out, ('[', ']'), depth, items, json),
        Value::Object(fields) => {
            json_block(out, ('{', '}'), depth, sorted(fields), |out, (name, value), depth| {
                json::string(out, name);
                out.push_str(if depth.is_some() { ": " } else { ":" });
                json(out, value, depth);
            });
        }
        Value::Null | Value::Bool(_) => out.push_str(&value.to_string()),
    }
}

/// An indented list of what `put` writes of each item.
pub(super) fn json_list<T>(out: &mut String, items: Vec<T>, put: impl FnMut(&mut String, T, Option<usize>)) {
    if items.is_empty() {
        out.push_str("[]");
    } else {
        json_block(out, ('[', ']'), Some(0), items, put);
    }
}

fn json_block<T>(
    out: &mut String,
    (open, close): (char, char),
    depth: Option<usize>,
    items: impl IntoIterator<Item = T>,
    mut put: impl FnMut(&mut String, T, Option<usize>),
) {
    let line = |out: &mut String, depth: Option<usize>| {
        if let Some(depth) = depth {
            out.push('\n');
            out.extend(repeat_n(' ', INDENT * depth));
        }
    };
    let deeper = depth.map(|depth| depth + 1);
    out.push(open);
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        line(out, deeper);
        put(out, item, deeper);
    }
    line(out, depth);
    out.push(close);
}

fn json_number(one: &Number) -> String {
    let float = match number(one) {
        GoNumber::Int(whole) => return whole.to_string(),
        GoNumber::Float(float) => float,
    };
    if float == 0.0 || (1e-6..1e21).contains(&float.abs()) {
        return float.to_string();
    }
    let (digits, exponent) = scientific(float);
    // Its exponents below zero have no leading zero.
    if exponent < 0 { format!("{digits}e{exponent}") } else { with_exponent(&digits, exponent) }
}

/// `%q`: a quoted string with Go's escapes.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                // Writing to a String cannot fail.
                let _ = match code {
                    ..0x80 => write!(out, "\\x{code:02x}"),
                    0x80..0x1_0000 => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
    out
}

/// `%#U`: a character's number, and itself where it can be shown.
pub(super) fn unicode(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if is_printable(c) { format!("{code} '{c}'") } else { code }
}

/// As Go's `unicode.IsPrint`.
fn is_printable(c: char) -> bool {
    // Behind a letter the standard library escapes exactly what cannot be shown.
    c.is_ascii_graphic() || c == ' ' || (!c.is_ascii() && !format!("a{c}").escape_debug().any(|c| c == '\\'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_printed_as_go_prints_them() {
        let value = json!({"b": [1, "x", null, true], "a": {"f": 1_000_000.0, "e": {}}});
        assert_eq!(plain(&value), "map[a:map[e:map[] f:1e+06] b:[1 x <nil> true]]");
        let expected = concat!(
            r#"map[string]interface {}{"a":map[string]interface {}{"e":map[string]interface {}{}, "f":1e+06}, "#,
            r#""b":[]interface {}{1, "x", interface {}(nil), true}}"#
        );
        assert_eq!(syntax(&value), expected);
    }

    #[test]
    fn floats_have_the_digits_and_exponents_of_go() {
        let cases = [
            (1.0, "1", "1"),
            (1.5, "1.5", "1.5"),
            (123_456.7, "123456.7", "123456.7"),
            (1_000_000.0, "1e+06", "1000000"),
            (1_234_567.8, "1.2345678e+06", "1234567.8"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_01, "1e-05", "0.00001"),
            (1e-7, "1e-07", "1e-7"),
            (1e21, "1e+21", "1e+21"),
            (-2.5e-10, "-2.5e-10", "-2.5e-10"),
            (1.234_567_890_123_456_7e19, "1.2345678901234567e+19", "12345678901234567000"),
        ];
        for (float, plainly, as_json) in cases {
            let mut out = String::new();
            json(&mut out, &json!(float), None);
            assert_eq!((plain(&json!(float)).as_str(), out.as_str()), (plainly, as_json));
        }
    }

    #[test]
    fn whole_floats_of_a_list_are_whole_numbers() {
        let mut value = json!({"a": [1e6, 1.5, 1e21, 1e300], "b": 9.3e18});
        through_json(&mut value);
        assert_eq!(plain(&value), "map[a:[1000000 1.5 1e+21 1e+300] b:9.3e+18]");
    }

    #[test]
    fn json_is_compact_or_indented() {
        let value = json!({"b": [1, {}], "a": "<&>\u{2028}\u{1}"});
        let mut compact = String::new();
        json(&mut compact, &value, None);
        assert_eq!(compact, r#"{"a":"\u003c\u0026\u003e\u2028\u0001","b":[1,{}]}"#);
        let mut indented = String::new();
        json(&mut indented, &json!([{"a": [1]}, []]), Some(0));
        assert_eq!(indented, "[\n    {\n        \"a\": [\n            1\n        ]\n    },\n    []\n]");
    }

    #[test]
    fn strings_are_quoted() {
        assert_eq!(
            quote("a\"\\\n\u{1}\u{7f}é\u{200b}\u{feff}😀\u{e0001}"),
            r#""a\"\\\n\x01\x7fé\u200b\ufeff😀\U000e0001""#
        );
        assert_eq!(unicode('='), "U+003D '='");
        assert_eq!(unicode('\u{7}'), "U+0007");
    }
}
