//! Why a policy file cannot be used.

use std::{fmt, io, path::PathBuf};

/// Longest piece of a file that an error repeats, in characters.
const MAX_QUOTED: usize = 80;
/// Longest rule, in characters: a parser's words may hold a piece of the file.
const MAX_RULE: usize = 1_000;

/// What is wrong in a policy file: where, which rule it breaks, and so what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The path of the field: `namespaces.allow[1]`; empty for the file as a whole.
    pub field: String,
    /// The line in the file, from 1, where it is known.
    pub line: Option<u64>,
    /// The rule.
    pub rule: String,
}

impl Invalid {
    pub(crate) fn new(field: impl Into<String>, line: Option<u64>, rule: &str) -> Self {
        Self { field: field.into(), line, rule: shown(rule, MAX_RULE) }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = if self.field.is_empty() { "the policy" } else { &self.field };
        match self.line {
            Some(line) => write!(f, "{field} (line {line}): {}", self.rule),
            None => write!(f, "{field}: {}", self.rule),
        }
    }
}

impl std::error::Error for Invalid {}

/// Why a policy cannot be had from a file.
#[derive(Debug)]
pub enum Error {
    /// It cannot be read.
    Unreadable(PathBuf, io::Error),
    /// It is larger than [`MAX_BYTES`](crate::MAX_BYTES), no file, or no text.
    Unfit(PathBuf, &'static str),
    /// It says something that cannot be.
    Invalid(PathBuf, Invalid),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, cause) => write!(f, "policy file {}: {cause}", path.display()),
            Self::Unfit(path, rule) => write!(f, "policy file {}: {rule}", path.display()),
            Self::Invalid(path, invalid) => write!(f, "policy file {}: {invalid}", path.display()),
        }
    }
}

impl std::error::Error for Error {}

/// A piece of a file as it may be shown: short and without control characters.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", shown(text, MAX_QUOTED))
}

fn shown(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
