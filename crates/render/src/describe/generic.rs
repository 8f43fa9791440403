//! Kinds that nobody wrote a description for: field by field.

use serde_json::{Map, Value};

use super::{
    Events,
    metadata::{annotations, labels},
    writer::{Writer, put},
};
use crate::{fields::Fields, jsonpath::go::plain};

/// Deepest nesting that is printed.
const MAX_DEPTH: usize = 48;
/// What is left out at the top: it stands there already.
const SHOWN_ABOVE: [&str; 6] = [
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.labels",
    ".metadata.annotations",
    ".metadata.managedFields",
    "",
];

/// Describes an object of any kind.
#[must_use]
pub fn generic(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    put!(writer, 0, "Namespace:\t{}\n", object.text("metadata.namespace"));
    labels(&mut writer, "Labels", object, "metadata.labels");
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    if let Value::Object(fields) = object {
        content(&mut writer, fields, 0, "");
    }
    events.put(&mut writer);
    writer.finish()
}

fn content(writer: &mut Writer, fields: &Map<String, Value>, level: usize, path: &str) {
    if level > MAX_DEPTH {
        return;
    }
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in fields {
        let below = format!("{path}.{name}");
        if SHOWN_ABOVE.contains(&below.as_str()) {
            continue;
        }
        let label = smart_label(name);
        match value {
            Value::Object(fields) => {
                put!(writer, level, "{label}:\n");
                content(writer, fields, level + 1, &below);
            }
            Value::Array(items) => {
                put!(writer, level, "{label}:\n");
                list(writer, items, level + 1, &below);
            }
            value => put!(writer, level, "{label}:\t{}\n", plain(value)),
        }
    }
}

fn list(writer: &mut Writer, items: &[Value], level: usize, path: &str) {
    for item in items {
        match item {
            Value::Object(fields) => content(writer, fields, level, path),
            item => put!(writer, level, "{}\n", plain(item)),
        }
    }
}

/// `apiVersion` → `API Version`: words of a camel-case name, known abbreviations in capitals. A name with anything but
/// letters and dashes stays as it is.
fn smart_label(field: &str) -> String {
    const ACRONYMS: [&str; 5] = ["API", "URL", "UID", "OSB", "GUID"];
    if !field.chars().all(|c| c.is_alphabetic() || c == '-') {
        return field.to_owned();
    }
    let words = words(field).into_iter().map(|word| {
        let upper = word.to_uppercase();
        if ACRONYMS.contains(&upper.as_str()) {
            return upper;
        }
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
    });
    words.collect::<Vec<String>>().join(" ")
}

/// Splits where the kind of character changes: lower case, upper case, digit, other. The last capital of several belongs
/// to the small letters behind it (`HTTPServer` → `HTTP`, `Server`).
fn words(text: &str) -> Vec<String> {
    let mut runs: Vec<(u8, String)> = Vec::new();
    for c in text.chars() {
        let class = class(c);
        match runs.last_mut() {
            Some((last, run)) if *last == class => run.push(c),
            _ => runs.push((class, c.to_string())),
        }
    }
    for at in 1..runs.len() {
        let (before, after) = runs.split_at_mut(at);
        if let (Some((2, upper)), Some((1, lower))) = (before.last_mut(), after.first_mut())
            && let Some(last) = upper.pop()
        {
            lower.insert(0, last);
        }
    }
    runs.into_iter().map(|(_, run)| run).filter(|run| !run.is_empty()).collect()
}

fn class(c: char) -> u8 {
    match c {
        c if c.is_lowercase() => 1,
        c if c.is_uppercase() => 2,
        c if c.is_numeric() => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::parse;

    #[test]
    fn labels_are_words() {
        let cases = [
            ("apiVersion", "API Version"),
            ("kind", "Kind"),
            ("podIP", "Pod IP"),
            ("HTTPServer", "HTTP Server"),
            ("uid", "UID"),
            ("v1beta1", "v1beta1"),
            ("app.kubernetes.io/name", "app.kubernetes.io/name"),
            ("resourceVersion", "Resource Version"),
        ];
        for (field, label) in cases {
            assert_eq!(smart_label(field), label, "{field}");
        }
        assert_eq!(smart_label("apiURL"), "API URL");
    }

    #[test]
    fn fields_come_in_order_and_nested() {
        let object = json!({"metadata": {"name": "x", "managedFields": [1], "uid": "u"}, "kind": "K",
            "spec": {"list": [{"a": 1}, "b", [1, {"c": "d"}]], "flag": true, "none": null, "float": 1_000_000.5}});
        let events = Events { found: None, now: parse("2026-01-01T00:00:00Z").unwrap() };
        let expected = "\
Name:         x
Namespace:    
Labels:       <none>
Annotations:  <none>
Kind:         K
Metadata:
  UID:  u
Spec:
  Flag:   true
  Float:  1.0000005e+06
  List:
    A:  1
    b
    [1 map[c:d]]
  None:  <nil>
";
        assert_eq!(generic(&object, events), expected);
    }
}
