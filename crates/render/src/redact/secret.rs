//! The values of a Secret: every one of them goes, whatever it looks like.

use serde_json::{Map, Value};

use super::{base64, pseudonym::Pseudonyms, pseudonym::is_pseudonym};

/// Types that only Secrets have; found on objects that lost their kind.
const TYPES: &[&str] = &["Opaque", "kubernetes.io/", "helm.sh/release.", "bootstrap.kubernetes.io/"];

/// Whether `fields` are those of a Secret.
pub(super) fn is_secret(kind: Option<&str>, fields: &Map<String, Value>) -> bool {
    let typed = || {
        let name = fields.get("type").and_then(Value::as_str).unwrap_or_default();
        fields.contains_key("data") && TYPES.iter().any(|start| name.starts_with(start))
    };
    kind.map_or_else(typed, |kind| kind == "Secret")
}

/// How a Secret's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `data`: in base64.
    Coded,
    /// `stringData`: as they are.
    Plain,
}

/// Replaces all values of `data`.
pub(super) fn values(data: &mut Value, form: Form, pseudonyms: &Pseudonyms) {
    match data {
        Value::Object(entries) => entries.values_mut().for_each(|value| one(value, form, pseudonyms)),
        other => one(other, form, pseudonyms),
    }
}

fn one(value: &mut Value, form: Form, pseudonyms: &Pseudonyms) {
    match value {
        Value::Null => {}
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => *text = masked(text, form, pseudonyms),
        // Nothing the API accepts, but an annotation can hold it.
        other => {
            let hidden = pseudonyms.of(other.to_string().as_bytes());
            *other = Value::String(if form == Form::Coded { base64::encode(hidden.as_bytes()) } else { hidden });
        }
    }
}

fn masked(text: &str, form: Form, pseudonyms: &Pseudonyms) -> String {
    if form == Form::Plain {
        return pseudonyms.of(text.as_bytes());
    }
    match base64::decode(text.as_bytes()) {
        Some(plain) if is_pseudonym(&plain) => text.to_owned(),
        Some(plain) => base64::encode(pseudonyms.of(&plain).as_bytes()),
        None => base64::encode(pseudonyms.of(text.as_bytes()).as_bytes()),
    }
}
