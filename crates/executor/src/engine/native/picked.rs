//! What expressions pick from objects: `-o jsonpath`, `-o jsonpath-as-json` and `-o go-template`, for every verb.

use kubently_core::kubectl::OutputFormat;
use kubently_render::{
    jsonpath::{self, go::as_floats},
    template::{self, Missing},
};
use serde_json::Value;

use super::fault::Fault;

/// An expression that was read.
pub(super) enum Picked {
    /// `-o jsonpath`, `-o jsonpath-as-json`
    JsonPath { template: jsonpath::Template, as_json: bool },
    /// `-o go-template`
    GoTemplate { template: template::Template, missing: Missing },
}

impl Picked {
    /// The expression in `output`, when that is one of these formats.
    pub(super) fn new(output: &OutputFormat, allow_missing: bool) -> Result<Option<Self>, Fault> {
        match output {
            OutputFormat::JsonPath(text) => Self::json_path(text, allow_missing, false).map(Some),
            OutputFormat::JsonPathAsJson(text) => Self::json_path(text, allow_missing, true).map(Some),
            OutputFormat::GoTemplate(text) => Self::go_template(text, allow_missing).map(Some),
            _ => Ok(None),
        }
    }

    fn json_path(text: &str, allow_missing: bool, as_json: bool) -> Result<Self, Fault> {
        given(text)?;
        let malformed = |error| Fault::Plain(format!("error parsing jsonpath {text}, {error}"));
        let template = jsonpath::Template::parse(text).map_err(malformed)?;
        Ok(Self::JsonPath { template: template.allow_missing(allow_missing), as_json })
    }

    fn go_template(text: &str, allow_missing: bool) -> Result<Self, Fault> {
        given(text)?;
        let template = template::Template::parse(text).map_err(|error| Fault::Plain(error.to_string()))?;
        let missing = if allow_missing { Missing::IsNoValue } else { Missing::IsError };
        Ok(Self::GoTemplate { template, missing })
    }

    /// The text for an object that kubectl keeps as the server sent it, and what went wrong behind it.
    pub(super) fn print(&self, object: &Value) -> (String, Option<Fault>) {
        match self {
            Self::JsonPath { template, as_json } => {
                let printed = if *as_json { template.execute_as_json(object) } else { template.execute(object) };
                match printed {
                    Ok(text) => (text, None),
                    Err(error) => (String::new(), Some(Fault::Plain(template.failure(&error, object)))),
                }
            }
            Self::GoTemplate { template, missing } => match template.execute(object, *missing) {
                Ok(text) => (text, None),
                Err(error) => {
                    let fault = Fault::Plain(error.to_string());
                    (error.stdout, Some(fault))
                }
            },
        }
    }

    /// The same for an object that kubectl knows the type of: on their way to a `JSONPath` its numbers become floats.
    pub(super) fn print_typed(&self, mut object: Value) -> (String, Option<Fault>) {
        if let Self::JsonPath { .. } = self {
            as_floats(&mut object);
        }
        self.print(&object)
    }
}

fn given(text: &str) -> Result<(), Fault> {
    if text.is_empty() {
        return Err(Fault::Plain("template format specified but no template given".to_owned()));
    }
    Ok(())
}

/// What kubectl says of a format that a command does not have.
pub(super) fn no_such_format(output: &OutputFormat, formats: &str) -> Fault {
    Fault::Plain(format!(
        "unable to match a printer suitable for the output format \"{output}\", allowed formats are: {formats}"
    ))
}
