//! Objects of any kind: the places where the API keeps secrets, and names that say so anywhere else.

use std::{borrow::Cow, sync::Arc};

use serde_json::{Map, Value};

use super::{
    Rules, TextRedactor, aws,
    glob::normalise,
    names::Weight,
    pseudonym::is_pseudonym,
    secret::{self, Form},
    value,
};

/// No object of the API is deeper; what is goes unseen.
const MAX_DEPTH: usize = 150;
/// Headers whose values are credentials.
const HEADERS: &[&str] = &["authorization", "proxy-authorization", "cookie", "set-cookie"];
/// Fields whose names are chosen by whoever made the object, and whose values are no secrets.
const LABELS: &[&str] = &["labels", "matchLabels", "nodeSelector", "selector", "podSelector"];

/// Walks through one document.
pub(super) struct Walk<'a> {
    rules: &'a Arc<Rules>,
}

/// Where the walk is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    depth: usize,
    /// Names of fields count.
    names: bool,
    /// The field is `metadata`.
    metadata: bool,
    /// A schema: texts are documentation.
    schema: bool,
}

/// What an object is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Secret,
    ConfigMap,
    Table,
    Other,
}

impl Scope {
    fn under(self, key: &str) -> Self {
        let name = normalise(key.as_bytes());
        let refers =
            [&b"REF"[..], b"REFS", b"SELECTOR", b"REFERENCE", b"REFERENCES"].iter().any(|end| name.ends_with(end));
        let names = self.names && !refers && !LABELS.contains(&key);
        Self { depth: self.depth + 1, names, metadata: key == "metadata", schema: self.schema }
    }
}

impl<'a> Walk<'a> {
    pub(super) fn new(rules: &'a Arc<Rules>) -> Self {
        Self { rules }
    }

    pub(super) fn document(&self, value: &mut Value) {
        self.any(value, None, Scope { depth: 0, names: true, metadata: false, schema: false });
    }

    /// `kind`: what an object is that does not say so itself.
    pub(super) fn any(&self, value: &mut Value, kind: Option<&str>, scope: Scope) {
        match value {
            Value::String(text) => self.text(text, scope),
            Value::Array(_) | Value::Object(_) if scope.depth > MAX_DEPTH => {
                *value = Value::String(self.pseudonym("too deep"));
            }
            Value::Array(items) => self.list(items, kind, scope),
            Value::Object(fields) => self.fields(fields, kind, scope),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn list(&self, items: &mut [Value], kind: Option<&str>, scope: Scope) {
        let mut flag = None;
        for item in items {
            let next = self.flag(item);
            match (flag, &mut *item) {
                (Some(weight), Value::String(text)) if !text.starts_with('-') => self.value(text, weight, scope),
                _ => self.any(item, kind, Scope { depth: scope.depth + 1, ..scope }),
            }
            flag = next;
        }
    }

    /// What an argument such as `--token` says about the next one.
    fn flag(&self, argument: &Value) -> Option<Weight> {
        let text = argument.as_str()?;
        let alone = text.starts_with("--") && !text.contains(['=', ' ', '\n']);
        alone.then(|| self.rules.names.variable(text.as_bytes())).flatten()
    }

    fn fields(&self, fields: &mut Map<String, Value>, kind: Option<&str>, scope: Scope) {
        let own = fields.get("kind").and_then(Value::as_str).or(kind).map(str::to_owned);
        let what = what_is(own.as_deref(), fields);
        let schema = scope.schema || own.as_deref() == Some("CustomResourceDefinition");
        // Such a field is about where a value comes from: the rest are names of keys.
        let refers = ["remoteRef", "sourceRef", "secretName"].iter().any(|key| fields.contains_key(*key));
        let scope = Scope { names: scope.names && !refers, schema, ..scope };
        self.named(fields, scope);
        self.near_id(fields);
        let columns = if what == What::Table { self.columns(fields) } else { Vec::new() };
        let listed = own.as_deref().and_then(|kind| kind.strip_suffix("List"));
        for (key, value) in fields {
            match (what, key.as_str(), &mut *value) {
                (_, "managedFields", _) if scope.metadata => {}
                (_, "annotations", Value::Object(annotations)) => {
                    let secret = kind == Some("Secret") || what == What::Secret;
                    self.annotations(annotations, secret, scope.under(key));
                }
                (What::Secret, "metadata", metadata) => self.any(metadata, Some("Secret"), scope.under(key)),
                (What::Secret, "data", data) => secret::values(data, Form::Coded, &self.rules.pseudonyms),
                (What::Secret, "stringData", data) => secret::values(data, Form::Plain, &self.rules.pseudonyms),
                (What::ConfigMap, "data", Value::Object(data)) => self.settings(data, scope.under(key)),
                (What::Table, "rows", Value::Array(rows)) => self.rows(rows, &columns, scope.under(key)),
                (_, "items", Value::Array(items)) => self.list(items, listed, scope.under(key)),
                (_, _, Value::String(text)) => self.leaf(key, text, scope),
                (_, _, other) => self.any(other, None, scope.under(key)),
            }
        }
    }

    /// `{"name": "DB_PASSWORD", "value": …}`, as containers have variables, and others parameters and headers.
    fn named(&self, fields: &mut Map<String, Value>, scope: Scope) {
        let Some(name) = fields.get("name").and_then(Value::as_str) else { return };
        // As it will be read: a name can hold a secret itself.
        let name = self.rules.text(name);
        let header = HEADERS.iter().any(|header| name.eq_ignore_ascii_case(header));
        // As a variable it is the secret, as a parameter more likely the name of one.
        let sure = header || &*name == "SECRET";
        let weight = if sure { Some(Weight::Strong) } else { self.rules.names.variable(name.as_bytes()) };
        if let Some(weight) = weight
            && let Some(Value::String(text)) = fields.get_mut("value")
        {
            self.value(text, weight, scope);
        }
    }

    /// A field beside an access key id may be its secret, whatever its name.
    fn near_id(&self, fields: &mut Map<String, Value>) {
        if !fields.values().any(|value| value.as_str().is_some_and(|text| aws::has_id(text.as_bytes()))) {
            return;
        }
        for value in fields.values_mut() {
            let Value::String(text) = value else { continue };
            let mut spans = Vec::new();
            aws::secrets(text.as_bytes(), &mut spans);
            for span in spans.into_iter().rev() {
                let secret = text.get(span.clone()).map(|secret| self.pseudonym(secret));
                text.replace_range(span, &secret.unwrap_or_default());
            }
        }
    }

    /// A ConfigMap's data: its keys are names of settings, or of files.
    fn settings(&self, data: &mut Map<String, Value>, scope: Scope) {
        for (key, value) in data {
            let Value::String(text) = value else { continue };
            let file = key.contains('.') && text.trim().contains('\n');
            match self.rules.names.variable(key.as_bytes()) {
                Some(weight) if !file => self.value(text, weight, scope),
                _ => self.text(text, scope),
            }
        }
    }

    /// Which columns of a table have a secret's name.
    fn columns(&self, table: &Map<String, Value>) -> Vec<Option<Weight>> {
        let columns = table.get("columnDefinitions").and_then(Value::as_array);
        let name = |column: &'_ Value| column.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        columns.into_iter().flatten().map(|column| self.rules.names.field(&name(column))).collect()
    }

    fn rows(&self, rows: &mut [Value], columns: &[Option<Weight>], scope: Scope) {
        for row in rows {
            let cells = row.get_mut("cells").and_then(Value::as_array_mut);
            for (cell, column) in cells.into_iter().flatten().zip(columns) {
                if let (Value::String(text), Some(weight)) = (cell, column) {
                    self.value(text, *weight, scope);
                }
            }
            self.any(row, None, Scope { depth: scope.depth + 1, ..scope });
        }
    }

    /// A text under `key`.
    pub(super) fn leaf(&self, key: &str, text: &mut String, scope: Scope) {
        let variable = || if is_variable(key) { self.rules.names.variable(key.as_bytes()) } else { None };
        let weight = if scope.names { self.rules.names.field(key).or_else(variable) } else { None };
        match weight {
            Some(weight) if !scope.schema => self.value(text, weight, scope),
            _ => self.text(text, scope),
        }
    }

    /// Whether a field of that name is secret.
    pub(super) fn is_field(&self, name: &str) -> bool {
        self.rules.names.field(name).is_some()
    }

    /// Whether a name is about a secret without being one.
    pub(super) fn is_exception(&self, name: &str) -> bool {
        self.rules.names.is_exception(name.as_bytes())
    }

    /// A value whose name says that it is secret.
    fn value(&self, text: &mut String, weight: Weight, scope: Scope) {
        let before = text.clone();
        self.text(text, scope);
        // Something that only looked like a placeholder goes as a whole.
        if is_secret(&before, weight) || *text != before {
            *text = self.pseudonym(&before);
        }
    }

    fn text(&self, text: &mut String, scope: Scope) {
        if self.rules.names.gate.rules(text.as_bytes()) == 0 {
            return;
        }
        let found = if scope.schema {
            TextRedactor::new(Arc::clone(self.rules)).without_pairs().whole(text)
        } else {
            self.rules.text(text)
        };
        if let Cow::Owned(redacted) = found {
            *text = redacted;
        }
    }

    pub(super) fn pseudonym(&self, secret: &str) -> String {
        self.rules.pseudonyms.of(secret.as_bytes())
    }
}

fn what_is(kind: Option<&str>, fields: &Map<String, Value>) -> What {
    match kind {
        _ if secret::is_secret(kind, fields) => What::Secret,
        Some("ConfigMap") => What::ConfigMap,
        Some("Table") => What::Table,
        _ => What::Other,
    }
}

/// Whether a value whose name says so is secret in fact.
fn is_secret(text: &str, weight: Weight) -> bool {
    let text = text.trim().as_bytes();
    !is_pseudonym(text) && !value::is_setting(text, weight) && !value::is_placeholder(text, weight)
}

/// Names of variables stand for themselves in any object.
fn is_variable(key: &str) -> bool {
    key.len() > 2
        && key.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && key.contains('_')
}

#[cfg(test)]
mod tests;
