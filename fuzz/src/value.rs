//! JSON values.

use serde_json::{Map, Number, Value};

use crate::Bytes;

/// Deepest value that is made: as deep as a JSON reader lets through.
const MAX_DEPTH: usize = 120;

/// Strings that printers have to think about.
const STRINGS: &[&str] = &[
    "",
    " ",
    "~",
    "null",
    "true",
    "yes",
    "off",
    "y",
    "1",
    "1.0",
    "0x1f",
    "0o7",
    "1e3",
    ".inf",
    "2026-01-31",
    "12:30:45",
    "-",
    "- a",
    "? a",
    ": ",
    "a: b",
    "a #b",
    "#a",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "%",
    "@",
    "`",
    "'",
    "\"",
    "{",
    "[",
    ",",
    "<<",
    "=",
    "\n",
    "a\n",
    "\na",
    "a\n\nb",
    " a",
    "a ",
    "\t",
    "\r",
    "\u{0}",
    "\u{7}",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "\u{fffe}",
    "\u{1f600}",
    "<a&b>",
    "größe",
    "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k l m n o p q r s t u v w x y z",
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "items",
];

/// The value that `bytes` spell: JSON if they are JSON, else made from them piece by piece.
#[must_use]
pub fn read(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|_| make(&mut Bytes::new(bytes), 0))
}

fn make(bytes: &mut Bytes<'_>, depth: usize) -> Value {
    if depth >= MAX_DEPTH {
        return Value::Null;
    }
    let byte = bytes.byte();
    match byte % 9 {
        0 => Value::Null,
        1 => Value::Bool(byte > 100),
        2 => Value::from(i64::from(byte) - 100),
        3 => Value::from(u64::from_le_bytes(eight(bytes))),
        4 => Number::from_f64(f64::from_le_bytes(eight(bytes))).map_or(Value::Null, Value::Number),
        5 => Value::String(bytes.text()),
        6 => Value::String(bytes.choose(STRINGS).unwrap_or_default().to_owned()),
        7 => Value::Array((0..byte / 9 % 6).map(|_| make(bytes, depth + 1)).collect()),
        _ => Value::Object((0..byte / 9 % 6).map(|_| (key(bytes), make(bytes, depth + 1))).collect::<Map<_, _>>()),
    }
}

fn key(bytes: &mut Bytes<'_>) -> String {
    let byte = bytes.byte();
    if byte > 200 { bytes.text() } else { bytes.choose(STRINGS).unwrap_or_default().to_owned() }
}

fn eight(bytes: &mut Bytes<'_>) -> [u8; 8] {
    [(); 8].map(|()| bytes.byte())
}
