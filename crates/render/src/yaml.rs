//! YAML as go-yaml v2 writes it, which is what kubectl prints: which strings are quoted, where long lines are
//! folded, and in which order keys come are its rules, not ours.

mod order;
mod scalar;
mod style;

use serde_json::{Map, Number, Value};

use crate::json::number_text;
use order::key_order;
use scalar::Scalar;

/// Spaces a level.
const INDENT: usize = 2;
/// Powers of ten at which `strconv`'s `g` writes a float without an exponent.
const PLAIN_EXPONENTS: std::ops::Range<i32> = -4..6;

/// `value` as a document; ends in a newline.
pub fn print(value: &Value) -> String {
    let mut writer = Writer::default();
    match value {
        Value::Object(fields) if !fields.is_empty() => writer.mapping(fields, 0, true),
        Value::Array(items) if !items.is_empty() => writer.sequence(items, 0, true),
        other => writer.leaf(other, INDENT),
    }
    writer.end_line();
    writer.out
}

/// A number as go-yaml prints it: kubectl goes through JSON, so what has no fraction there and fits into 64 bits is whole,
/// and any other float has an exponent from six digits on (`strconv`'s `g`).
fn number_in_yaml(number: &Number) -> String {
    let text = number_text(number);
    if let Ok(whole) = text.parse::<i64>() {
        return whole.to_string();
    }
    if text.parse::<u64>().is_ok() {
        return text;
    }
    let Some(float) = number.as_f64() else { return text };
    let scientific = format!("{float:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return text };
    match exponent.parse::<i32>() {
        Ok(exponent) if !PLAIN_EXPONENTS.contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => float.to_string(),
    }
}

/// The text so far, and where its last line ends.
#[derive(Default)]
struct Writer {
    out: String,
    /// Characters in the last line.
    column: usize,
}

impl Writer {
    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column = if c == '\n' { 0 } else { self.column + 1 };
    }

    fn text(&mut self, text: &str) {
        text.chars().for_each(|c| self.put(c));
    }

    fn end_line(&mut self) {
        if self.column > 0 {
            self.put('\n');
        }
    }

    /// A new line, `indent` deep.
    fn line(&mut self, indent: usize) {
        self.end_line();
        self.spaces(indent);
    }

    fn spaces(&mut self, count: usize) {
        (0..count).for_each(|_| self.put(' '));
    }

    /// `here`: the first key goes where we are, behind a dash.
    fn mapping(&mut self, fields: &Map<String, Value>, indent: usize, here: bool) {
        let mut fields: Vec<_> = fields.iter().collect();
        fields.sort_by(|(one, _), (other, _)| key_order(one, other));
        for (at, (name, value)) in fields.into_iter().enumerate() {
            if at > 0 || !here {
                self.line(indent);
            }
            Scalar { text: name, indent: indent + INDENT, is_key: true }.write(self);
            self.put(':');
            match value {
                Value::Object(fields) if !fields.is_empty() => self.mapping(fields, indent + INDENT, false),
                // A list is not indented below its key.
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent, false),
                other => {
                    self.put(' ');
                    self.leaf(other, indent + INDENT);
                }
            }
        }
    }

    fn sequence(&mut self, items: &[Value], indent: usize, here: bool) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 || !here {
                self.line(indent);
            }
            self.text("- ");
            match item {
                Value::Object(fields) if !fields.is_empty() => self.mapping(fields, indent + INDENT, true),
                Value::Array(items) if !items.is_empty() => self.sequence(items, indent + INDENT, true),
                other => self.leaf(other, indent + INDENT),
            }
        }
    }

    fn leaf(&mut self, value: &Value, indent: usize) {
        match value {
            Value::Null => self.text("null"),
            Value::Bool(value) => self.text(if *value { "true" } else { "false" }),
            Value::Number(number) => self.text(&number_in_yaml(number)),
            Value::String(text) => Scalar { text, indent, is_key: false }.write(self),
            Value::Array(_) => self.text("[]"),
            Value::Object(_) => self.text("{}"),
        }
    }
}

#[cfg(test)]
mod tests;
