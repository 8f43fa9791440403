//! kubectl's dialect of JSONPath (client-go's `jsonpath` package): `-o jsonpath=`, custom columns and `--sort-by`.
//!
//! Expressions and objects come from strangers, so what an expression may visit and print is bounded.

mod budget;
mod compare;
mod eval;
pub mod go;
mod node;
mod parse;
mod quantity;
mod range;
mod reader;
pub mod sort;
mod unquote;

use std::{borrow::Cow, fmt};

use serde_json::Value;

pub(crate) use budget::Budget;
use node::Node;

/// Most that one template prints, in bytes; one value more may be printed beyond it.
const MAX_TEXT: usize = 32 << 20;

/// Why an expression cannot be read or carried out, in client-go's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    text: String,
    fatal: bool,
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), fatal: false }
    }

    fn fatal(text: impl Into<String>) -> Self {
        Self { text: text.into(), fatal: true }
    }

    /// Whether kubectl ends at once when it meets this error, also where it passes over all others.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        self.fatal
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// What an expression finds. Go tells apart what is held by a map or a list from what stands for itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Found<'a> {
    /// In a map or a list; may be null.
    Held(&'a Value),
    /// The object itself, a literal, or what `..` walks through.
    Bare(&'a Value),
    /// One byte of a string: `*` takes strings apart too.
    Byte(u8),
    /// No value at all, as in a range over a null.
    Nothing,
}

impl<'a> Found<'a> {
    /// The value behind it; none for null and for what is no value of the object.
    pub(crate) fn value(self) -> Option<&'a Value> {
        match self {
            Self::Held(value) | Self::Bare(value) if !value.is_null() => Some(value),
            _ => None,
        }
    }

    /// As Go's `fmt.Sprint` prints it, which is what custom columns show.
    #[must_use]
    pub fn plain(self) -> String {
        match self {
            Self::Held(value) | Self::Bare(value) => go::plain(value),
            Self::Byte(byte) => byte.to_string(),
            Self::Nothing => "<nil>".to_owned(),
        }
    }

    fn json(self) -> Cow<'a, Value> {
        match self {
            Self::Held(value) | Self::Bare(value) => Cow::Borrowed(value),
            Self::Byte(byte) => Cow::Owned(byte.into()),
            Self::Nothing => Cow::Owned(Value::Null),
        }
    }
}

/// A template that was read: text with expressions in braces.
#[derive(Debug, Clone)]
pub struct Template {
    text: String,
    nodes: Vec<Node>,
    allow_missing: bool,
}

impl Template {
    /// Reads a template. Missing fields are errors unless [`Self::allow_missing`] says otherwise.
    ///
    /// # Errors
    /// When it is not well formed.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self { text: text.to_owned(), nodes: parse::parse(text)?, allow_missing: false })
    }

    /// Whether a field that is not there is nothing, instead of an error.
    #[must_use]
    pub fn allow_missing(self, allow_missing: bool) -> Self {
        Self { allow_missing, ..self }
    }

    /// What the template finds in `object`: one list for each text and each expression.
    ///
    /// # Errors
    /// When an expression does not fit the object, or visits too much.
    pub(crate) fn find<'a>(&'a self, object: &'a Value, budget: &mut Budget<'_>) -> Result<Vec<Vec<Found<'a>>>, Error> {
        range::find(&self.nodes, self.allow_missing, object, budget)
    }

    /// What `-o jsonpath` prints: what is found, with spaces between the values of one expression.
    ///
    /// # Errors
    /// When an expression does not fit the object, visits too much, or prints too much.
    pub fn execute(&self, object: &Value) -> Result<String, Error> {
        let mut out = String::new();
        for found in self.find(object, &mut Budget::new(&[object]))? {
            for (at, one) in found.into_iter().enumerate() {
                if at > 0 {
                    out.push(' ');
                }
                print(&mut out, one);
                check(&out)?;
            }
        }
        Ok(out)
    }

    /// What `-o jsonpath-as-json` prints: an indented list for each text and each expression.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn execute_as_json(&self, object: &Value) -> Result<String, Error> {
        let mut out = String::new();
        for found in self.find(object, &mut Budget::new(&[object]))? {
            go::json_list(&mut out, found, |out, one, depth| {
                if check(out).is_ok() {
                    go::json(out, &one.json(), depth);
                }
            });
            out.push('\n');
            check(&out)?;
        }
        Ok(out)
    }

    /// What kubectl says when the template failed on `object`: everything it knows.
    #[must_use]
    pub fn failure(&self, error: &Error, object: &Value) -> String {
        format!(
            "error executing jsonpath {}: Error executing template: {error}. Printing more information for debugging \
             the template:\n\ttemplate was:\n\t\t{}\n\tobject given to jsonpath engine was:\n\t\t{}\n\n\n",
            go::quote(&self.text),
            self.text,
            go::syntax(object),
        )
    }
}

fn print(out: &mut String, found: Found<'_>) {
    match found {
        Found::Held(value) | Found::Bare(value) => match value {
            Value::String(text) => out.push_str(text),
            Value::Null => out.push_str("null"),
            Value::Array(_) | Value::Object(_) => go::json(out, value, None),
            other => out.push_str(&go::plain(other)),
        },
        Found::Byte(byte) => out.push_str(&byte.to_string()),
        Found::Nothing => out.push_str("<no value>"),
    }
}

/// Whether there may be more than `out`.
pub(crate) fn check(out: &str) -> Result<(), Error> {
    if out.len() <= MAX_TEXT { Ok(()) } else { Err(Error::new("the template prints too much")) }
}

/// An expression as columns and sorting take it, with or without the braces and the first dot, made into a template:
/// `metadata.name`, `.metadata.name` and `{metadata.name}` all mean `{.metadata.name}`.
///
/// # Errors
/// When there are more braces than those around it.
pub fn relaxed(path: &str) -> Result<String, Error> {
    let inner = path.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(path);
    let field = match inner.strip_prefix('.') {
        // A dot alone is a name, not a prefix.
        Some("") | None => inner,
        Some(rest) => rest,
    };
    if path.is_empty() {
        return Ok(String::new());
    }
    if field.is_empty() || field.contains(['{', '}']) {
        return Err(Error::new(
            "unexpected path string, expected a 'name1.name2' or '.name1.name2' or '{name1.name2}' or '{.name1.name2}'",
        ));
    }
    Ok(format!("{{.{field}}}"))
}

#[cfg(test)]
mod tests;
