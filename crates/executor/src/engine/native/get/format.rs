//! The formats that show whole objects, or what is picked from them.

use kubently_core::kubectl::{GetCommand, OutputFormat};
use kubently_render::{
    columns::Columns,
    json,
    jsonpath::Error,
    object::{self, list_of},
    yaml,
};
use serde_json::Value;

use super::super::{
    fault::Fault,
    picked::{Picked, no_such_format},
};

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
    /// What is picked by an expression, from managed fields too.
    Picked(Picked),
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
            OutputFormat::CustomColumns(spec) => {
                let columns = Columns::parse(spec).map_err(|error| plain(&error))?;
                Ok(Self::Columns { columns, no_headers: get.no_headers })
            }
            other => {
                let picked = Picked::new(other, get.allow_missing_template_keys)?;
                picked.map(Self::Picked).ok_or_else(|| no_such_format(other, FORMATS))
            }
        }
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
            Self::Picked(picked) => picked.print(&whole.into_value()),
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
