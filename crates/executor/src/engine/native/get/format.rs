//! The formats that show whole objects, or what is picked from them.

use kubently_core::kubectl::{GetCommand, OutputFormat};
use kubently_render::{
    columns::Columns,
    json,
    jsonpath::{Error, Template},
    object::{self, list_of},
    template::{self, Missing},
    yaml,
};
use serde_json::Value;

use super::super::fault::Fault;

/// The formats there are, as kubectl lists them.
const FORMATS: &str = "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,\
    jsonpath-file,name,template,templatefile,wide,yaml";

/// What is printed.
pub(super) enum Whole {
    /// The one object that was asked for.
    One(Value),
    /// What kubectl puts a list around.
    List(Vec<Value>),
}

impl Whole {
    fn objects(&self) -> Vec<&Value> {
        match self {
            Self::One(object) => vec![object],
            Self::List(objects) => objects.iter().collect(),
        }
    }

    fn into_value(self) -> Value {
        match self {
            Self::One(object) => object,
            Self::List(objects) => list_of(objects),
        }
    }

    fn drop_managed_fields(&mut self) {
        match self {
            Self::One(object) => object::drop_managed_fields(object),
            Self::List(objects) => objects.iter_mut().for_each(object::drop_managed_fields),
        }
    }
}

/// A format that was understood.
pub(super) enum Format {
    /// `-o name`
    Name,
    /// `-o json`, `-o yaml`
    Object { print: fn(&Value) -> String, managed_fields: bool },
    /// `-o jsonpath`, `-o jsonpath-as-json`; these show managed fields too.
    JsonPath { template: Template, as_json: bool },
    /// `-o go-template`; it shows managed fields too.
    GoTemplate { template: template::Template, missing: Missing },
    /// `-o custom-columns`
    Columns { columns: Columns, no_headers: bool },
}

impl Format {
    /// The format that was asked for.
    pub(super) fn new(get: &GetCommand) -> Result<Self, Fault> {
        let managed_fields = get.show_managed_fields;
        match &get.output {
            OutputFormat::Name => Ok(Self::Name),
            OutputFormat::Yaml => Ok(Self::Object { print: yaml::print, managed_fields }),
            OutputFormat::Json => Ok(Self::Object { print: json::print, managed_fields }),
            OutputFormat::JsonPath(text) => Self::json_path(get, text, false),
            OutputFormat::JsonPathAsJson(text) => Self::json_path(get, text, true),
            OutputFormat::GoTemplate(text) => Self::go_template(get, text),
            OutputFormat::CustomColumns(spec) => {
                let columns = Columns::parse(spec).map_err(|error| plain(&error))?;
                Ok(Self::Columns { columns, no_headers: get.no_headers })
            }
            other => Err(Fault::Plain(format!(
                "unable to match a printer suitable for the output format \"{other}\", allowed formats are: {FORMATS}"
            ))),
        }
    }

    fn json_path(get: &GetCommand, text: &str, as_json: bool) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::Plain("template format specified but no template given".to_owned()));
        }
        let malformed = |error| Fault::Plain(format!("error parsing jsonpath {text}, {error}"));
        let template = Template::parse(text).map_err(malformed)?;
        Ok(Self::JsonPath { template: template.allow_missing(get.allow_missing_template_keys), as_json })
    }

    fn go_template(get: &GetCommand, text: &str) -> Result<Self, Fault> {
        if text.is_empty() {
            return Err(Fault::Plain("template format specified but no template given".to_owned()));
        }
        let template = template::Template::parse(text).map_err(|error| Fault::Plain(error.to_string()))?;
        let missing = if get.allow_missing_template_keys { Missing::IsNoValue } else { Missing::IsError };
        Ok(Self::GoTemplate { template, missing })
    }

    /// The text, and what went wrong behind it.
    pub(super) fn print(&self, mut whole: Whole) -> (String, Option<Fault>) {
        match self {
            Self::Name => (whole.objects().into_iter().map(|object| object::name_of(object) + "\n").collect(), None),
            Self::Object { print, managed_fields } => {
                if !managed_fields {
                    whole.drop_managed_fields();
                }
                (print(&whole.into_value()), None)
            }
            Self::JsonPath { template, as_json } => {
                let object = whole.into_value();
                let printed = if *as_json { template.execute_as_json(&object) } else { template.execute(&object) };
                match printed {
                    Ok(text) => (text, None),
                    Err(error) => (String::new(), Some(Fault::Plain(template.failure(&error, &object)))),
                }
            }
            Self::GoTemplate { template, missing } => match template.execute(&whole.into_value(), *missing) {
                Ok(text) => (text, None),
                Err(error) => {
                    let fault = Fault::Plain(error.to_string());
                    (error.stdout, Some(fault))
                }
            },
            Self::Columns { columns, no_headers } => {
                let mut text = String::new();
                let printed = columns.print(&mut text, &whole.objects(), *no_headers);
                (text, printed.err().map(|error| plain(&error)))
            }
        }
    }
}

pub(super) fn plain(error: &Error) -> Fault {
    Fault::Plain(error.to_string())
}
