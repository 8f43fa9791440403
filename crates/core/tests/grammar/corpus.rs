//! The vectors that are data: one JSON object a line.

#![expect(clippy::expect_used, reason = "a corpus that cannot be read is a failed test")]

use serde_json::Value;

const ATTACKS: &str = include_str!("corpus/attacks.jsonl");
const ORDINARY: &str = include_str!("corpus/ordinary.jsonl");

/// A vector that must never run.
pub(crate) struct Attack {
    /// What it tries, for counting.
    pub(crate) class: String,
    /// The rule that refuses it.
    pub(crate) rule: String,
    pub(crate) argv: Vec<String>,
}

/// A vector that people type.
pub(crate) struct Ordinary {
    /// Whether it only runs on the streaming path.
    pub(crate) streaming: bool,
    pub(crate) argv: Vec<String>,
}

pub(crate) fn attacks() -> Vec<Attack> {
    let read = |row: &Value| Attack { class: text(&row["class"]), rule: text(&row["rule"]), argv: argv(row) };
    rows(ATTACKS).iter().map(read).collect()
}

pub(crate) fn ordinary() -> Vec<Ordinary> {
    rows(ORDINARY).iter().map(|row| Ordinary { streaming: row["streaming"] == true, argv: argv(row) }).collect()
}

fn rows(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn argv(row: &Value) -> Vec<String> {
    row["argv"].as_array().expect("an argument vector").iter().map(text).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
