//! `-o`: how the answer is printed.

use std::fmt;

use crate::refusal::{Refusal, Rule};

/// Longest name of a format that is none of ours.
const MAX_OTHER: usize = 32;

/// An output format (kubectl 1.33 `-o`). Expressions are data: they are passed to the printer and to nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum OutputFormat {
    /// The verb's own form; for `get` the server's table.
    #[default]
    Default,
    /// `wide`: more columns.
    Wide,
    /// `name`: `TYPE/NAME` only.
    Name,
    /// `json`
    Json,
    /// `yaml`
    Yaml,
    /// `jsonpath=EXPRESSION`
    JsonPath(String),
    /// `jsonpath-as-json=EXPRESSION`
    JsonPathAsJson(String),
    /// `custom-columns=HEADER:EXPRESSION,…`
    CustomColumns(String),
    /// `go-template=EXPRESSION`, also spelled `template=`
    GoTemplate(String),
    /// A plain word that is none of these: some verbs have their own formats (`explain -o plaintext`), for all others
    /// the engine prints kubectl's "unable to match a printer".
    Other(String),
}

/// Formats that take an expression. Their `-file` siblings are missing on purpose: they read any file.
type WithExpression = (&'static str, fn(String) -> OutputFormat);
const WITH_EXPRESSION: &[WithExpression] = &[
    ("jsonpath", OutputFormat::JsonPath),
    ("jsonpath-as-json", OutputFormat::JsonPathAsJson),
    ("custom-columns", OutputFormat::CustomColumns),
    ("go-template", OutputFormat::GoTemplate),
    ("template", OutputFormat::GoTemplate),
];

const ALLOWED: &str = "wide, name, json, yaml, jsonpath=…, jsonpath-as-json=…, custom-columns=…, go-template=…";

impl OutputFormat {
    /// Reads the value of `-o`.
    ///
    /// # Errors
    /// For formats that read files, and for what is no format at all.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let (format, expression) = text.split_once('=').unwrap_or((text, ""));
        if format.to_ascii_lowercase().contains("file") {
            return Err(Refusal::new(Rule::FileOutput, "the output format reads a file of the executor", ALLOWED));
        }
        if let Some((_, make)) = WITH_EXPRESSION.iter().find(|(name, _)| *name == format) {
            return Ok(make(expression.to_owned()));
        }
        // kubectl lowers these three (`-o JSON`), and no other.
        match text.to_ascii_lowercase().as_str() {
            "" => Ok(Self::Default),
            "json" => Ok(Self::Json),
            "yaml" => Ok(Self::Yaml),
            "name" => Ok(Self::Name),
            _ if text == "wide" => Ok(Self::Wide),
            _ if is_word(text) => Ok(Self::Other(text.to_owned())),
            _ => Err(Refusal::new(Rule::InvalidValue, "not an output format", ALLOWED)),
        }
    }

    /// The expression, for formats that have one.
    #[must_use]
    pub fn expression(&self) -> Option<&str> {
        match self {
            Self::JsonPath(text) | Self::JsonPathAsJson(text) | Self::CustomColumns(text) | Self::GoTemplate(text) => {
                Some(text)
            }
            _ => None,
        }
    }
}

fn is_word(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    starts_well && text.len() <= MAX_OTHER && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

impl fmt::Display for OutputFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => Ok(()),
            Self::Wide => f.write_str("wide"),
            Self::Name => f.write_str("name"),
            Self::Json => f.write_str("json"),
            Self::Yaml => f.write_str("yaml"),
            Self::JsonPath(text) => write!(f, "jsonpath={text}"),
            Self::JsonPathAsJson(text) => write!(f, "jsonpath-as-json={text}"),
            Self::CustomColumns(text) => write!(f, "custom-columns={text}"),
            Self::GoTemplate(text) => write!(f, "go-template={text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_readers_are_refused_in_every_spelling() {
        for format in [
            "jsonpath-file=/etc/passwd",
            "go-template-file=/proc/self/environ",
            "templatefile=/x",
            "custom-columns-file=/x",
            "go-template-file",
            "Templatefile",
        ] {
            assert_eq!(OutputFormat::parse(format).unwrap_err().rule, Rule::FileOutput, "{format}");
        }
    }

    #[test]
    fn expressions_may_hold_anything_visible() {
        let format = OutputFormat::parse("jsonpath={range .items[*]}{.a};{\"=\"}||{\"file\"}{\"\n\"}{end}").unwrap();
        assert_eq!(format, OutputFormat::JsonPath("{range .items[*]}{.a};{\"=\"}||{\"file\"}{\"\n\"}{end}".into()));
        assert_eq!(OutputFormat::parse("template={{.}}").unwrap().to_string(), "go-template={{.}}");
    }

    #[test]
    fn case_is_read_as_kubectl_does() {
        assert_eq!(OutputFormat::parse("JSON"), Ok(OutputFormat::Json));
        assert_eq!(OutputFormat::parse("WIDE"), Ok(OutputFormat::Other("WIDE".into())));
        for bad in ["a b", "x=y", "json\n", "--raw", "jsonpath ={.}"] {
            assert_eq!(OutputFormat::parse(bad).unwrap_err().rule, Rule::InvalidValue, "{bad}");
        }
    }
}
