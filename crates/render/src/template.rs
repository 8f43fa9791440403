//! Go's `text/template`, as kubectl offers it with `-o go-template=`.
//!
//! Runs are bounded in steps, depth and output, so that no template can run away.

mod calls;
mod compare;
mod escape;
mod format;
mod lex;
mod node;
mod number;
mod parse;
mod quoting;
mod raw;
mod run;
mod value;

use std::fmt;

use serde_json::Value as Json;

use parse::Trees;
use value::{Data, Value};

/// What kubectl calls the template of its output.
const NAME: &str = "output";

/// What a key that a map does not have means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// It prints as `<no value>`: `--allow-missing-template-keys=true`, kubectl's default.
    #[default]
    IsNoValue,
    /// The run ends with an error.
    IsError,
}

/// A template that was read.
#[derive(Debug)]
pub struct Template {
    text: String,
    trees: Trees,
}

/// Why a template cannot be read or run. Displays as kubectl's message, without its `error: `.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    message: String,
    /// What kubectl prints to standard output before it fails: what the template printed so far, and what helps to
    /// find the mistake. Empty when it cannot be read.
    pub stdout: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl Error {
    /// kubectl ends its message with a line break, unless there is one already.
    fn new(message: &str, stdout: String) -> Self {
        Self { message: message.strip_suffix('\n').unwrap_or(message).to_owned(), stdout }
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When it is none; see [`Error`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        match parse::parse(NAME, text) {
            Ok(trees) => Ok(Self { text: text.to_owned(), trees }),
            Err(message) => Err(Error::new(&format!("error parsing template {text}, {message}"), String::new())),
        }
    }

    /// What the template prints for `object`. What is no UTF-8, such as a part of a character, is replaced.
    ///
    /// # Errors
    /// When it does something that is not possible, or too much; see [`Error`].
    pub fn execute(&self, object: &Json, missing: Missing) -> Result<String, Error> {
        let ran = run::run(&self.trees, NAME, &self.text, object, missing);
        let mut stdout =
            String::from_utf8(ran.out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let Some(error) = ran.error else { return Ok(stdout) };
        let (text, raw, shown) = (&self.text, raw::json(object), go_text(object));
        stdout += &format!(
            "Error executing template: {error}. Printing more information for debugging the template:\n\
             \ttemplate was:\n\t\t{text}\n\
             \traw data was:\n\t\t{raw}\n\
             \tobject given to template engine was:\n\t\t{shown}\n\n"
        );
        Err(Error::new(&format!("error executing template {}: {error}", quote(text.as_bytes())), stdout))
    }
}

/// A value as Go's `fmt` prints it: `map[a:1 b:[x y]]`.
pub(crate) fn go_text(value: &Json) -> String {
    let printed = format::print(&[Value::plain(Data::of(value))]);
    String::from_utf8_lossy(&printed.text).into_owned()
}

/// A number as Go's `fmt` prints a `float64`: `2.5`, `1e+06`.
pub(crate) fn go_float(number: f64) -> String {
    let printed = format::print(&[Value::plain(Data::Float(number))]);
    String::from_utf8_lossy(&printed.text).into_owned()
}

fn quote(text: &[u8]) -> String {
    quoting::quoted(text, '"', false)
}

#[cfg(test)]
mod tests;
