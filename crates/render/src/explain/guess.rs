//! What kubectl calls a schema's type, and which values it allows.

use serde_json::Value;

use super::document::{Document, Schema};
use crate::template::{go_float, go_text};

/// Values shown of an enumeration in a list of fields.
const SHOWN_VALUES: usize = 4;

/// A schema that says nothing at all was found, so its type cannot be told. Where it was found decides the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Untyped {
    /// Whether it is in a list of fields, not the field that was asked for.
    pub(super) listed: bool,
    /// How many parts of an `allOf` were entered on the way.
    pub(super) parts: usize,
}

impl Untyped {
    /// kubectl's words: what its templates were at, from the outside in.
    pub(super) fn message(self) -> String {
        const PLACE: &str = "template: plaintext:";
        const INNER: &str = "error calling include: template: plaintext:";
        let mut text = format!(
            "{PLACE}39:13: executing \"plaintext\" at <include \"schema\" (dict \"gvk\" $gvk \"Document\" $.Document \
             \"FieldPath\" $.FieldPath \"Recursive\" $.Recursive)>: {INNER}63:21: executing \"schema\" at \
             <include \"output\" (set $ \"schema\" .)>: {INNER}"
        );
        for _ in 0..self.parts {
            text += "128:21: executing \"output\" at <include \"output\" (set $nextContext \"schema\" $subschema)>: ";
            text += INNER;
        }
        if self.listed {
            text += "101:17: executing \"output\" at <include \"fieldList\" (dict \"schema\" $resolved \"level\" 1 \
                     \"Document\" $.Document \"Recursive\" $.Recursive)>: ";
            text += INNER;
        }
        text + "286:12: executing \"typeGuess\" at <fail \"expected schema argument to subtemplate 'typeguess'\">: \
                error calling fail: expected schema argument to subtemplate 'typeguess'"
    }
}

/// `string`, `[]Container`, `map[string]Quantity`.
pub(super) fn type_of(document: &Document, schema: &Schema) -> Result<String, Untyped> {
    if schema.is_empty() {
        return Err(Untyped::default());
    }
    if let Some(items) = schema.items() {
        return Ok(format!("[]{}", type_of(document, items)?));
    }
    if let Some(values) = schema.values() {
        return Ok(format!("map[string]{}", type_of(document, values)?));
    }
    if let ([only], true) = (schema.all_of.as_slice(), schema.properties.is_empty()) {
        return type_of(document, only);
    }
    if !schema.reference().is_empty() {
        return Ok(of_reference(document, schema.reference()).to_owned());
    }
    Ok(match schema.kind() {
        "" | "object" => "Object".to_owned(),
        kind => kind.to_owned(),
    })
}

/// The last word of an object's reference, else the primitive type that is behind it.
fn of_reference<'a>(document: &'a Document, reference: &'a str) -> &'a str {
    match document.resolve(reference).map(Schema::kind) {
        None | Some("" | "object") => {
            let name = reference.rsplit(['/', '.']).next().unwrap_or_default();
            if name.is_empty() { "Object" } else { name }
        }
        Some(kind) => kind,
    }
}

/// The line of a field list that says which values are allowed; empty when all are.
pub(super) fn some_values(schema: &Schema, indent: usize) -> String {
    if schema.allowed.is_empty() {
        return String::new();
    }
    let shown: Vec<_> = schema.allowed.iter().take(SHOWN_VALUES).map(value_text).collect();
    let more = if schema.allowed.len() > SHOWN_VALUES { ", ...." } else { "" };
    format!("\n{:indent$}enum: {}{more}", "", shown.join(", "))
}

/// Every allowed value on its own line; empty when all are allowed.
pub(super) fn all_values(schema: &Schema) -> String {
    if schema.allowed.is_empty() {
        return String::new();
    }
    let lines: String = schema.allowed.iter().map(|value| format!("\n    {}", value_text(value))).collect();
    format!("ENUM:{lines}")
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::Null => "<no value>".to_owned(),
        // kubectl reads these documents with every number as a float.
        Value::Number(number) => go_float(number.as_f64().unwrap_or_default()),
        value => go_text(value),
    }
}
