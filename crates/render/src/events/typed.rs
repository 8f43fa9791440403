//! Objects whose type kubectl knows, printed as JSON: their fields come in the order of the type, not of the alphabet.

use serde_json::Value;

use crate::json;

const INDENT: usize = 4;

/// The order of an object's fields, and what those are that have an order themselves.
pub(crate) struct Shape {
    /// Names in order, each with the shape of what it holds, or of what the list there holds.
    pub(crate) fields: &'static [(&'static str, Option<&'static Shape>)],
}

/// Kubernetes' `ObjectMeta`.
pub(crate) const METADATA: Shape = Shape {
    fields: &[
        ("name", None),
        ("generateName", None),
        ("namespace", None),
        ("selfLink", None),
        ("uid", None),
        ("resourceVersion", None),
        ("generation", None),
        ("creationTimestamp", None),
        ("deletionTimestamp", None),
        ("deletionGracePeriodSeconds", None),
        ("labels", None),
        ("annotations", None),
        ("ownerReferences", Some(&OWNER)),
        ("finalizers", None),
        ("managedFields", Some(&MANAGED)),
    ],
};

const OWNER: Shape = Shape {
    fields: &[
        ("apiVersion", None),
        ("kind", None),
        ("name", None),
        ("uid", None),
        ("controller", None),
        ("blockOwnerDeletion", None),
    ],
};

const MANAGED: Shape = Shape {
    fields: &[
        ("manager", None),
        ("operation", None),
        ("apiVersion", None),
        ("time", None),
        ("fieldsType", None),
        ("fieldsV1", None),
        ("subresource", None),
    ],
};

/// `value` in the order of `shape`; fields that it does not name come last.
pub(crate) fn print(value: &Value, shape: &'static Shape) -> String {
    let mut out = String::new();
    put(&mut out, value, Some(shape), 0);
    out.push('\n');
    out
}

fn put(out: &mut String, value: &Value, shape: Option<&'static Shape>, depth: usize) {
    match (value, shape) {
        (Value::Array(items), Some(_)) if !items.is_empty() => {
            let items = items.iter().map(|item| (None, item, shape)).collect();
            block(out, ('[', ']'), items, depth);
        }
        (Value::Object(fields), Some(shape)) if !fields.is_empty() => {
            let known = shape.fields.iter().filter_map(|(name, of)| Some((Some(*name), fields.get(*name)?, *of)));
            let is_known = |name: &str| shape.fields.iter().any(|(known, _)| *known == name);
            let others = fields.iter().filter(|(name, _)| !is_known(name));
            let others = others.map(|(name, value)| (Some(name.as_str()), value, None));
            block(out, ('{', '}'), known.chain(others).collect(), depth);
        }
        _ => out.push_str(&json::print(value).trim_end().replace('\n', &format!("\n{}", " ".repeat(INDENT * depth)))),
    }
}

type Entry<'a> = (Option<&'a str>, &'a Value, Option<&'static Shape>);

fn block(out: &mut String, (open, close): (char, char), entries: Vec<Entry<'_>>, depth: usize) {
    out.push(open);
    for (at, (name, value, shape)) in entries.into_iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(INDENT * (depth + 1)));
        if let Some(name) = name {
            out.push_str(json::print(&Value::from(name)).trim_end());
            out.push_str(": ");
        }
        put(out, value, shape, depth + 1);
    }
    out.push('\n');
    out.push_str(&" ".repeat(INDENT * depth));
    out.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_come_in_the_order_of_their_type() {
        static SHAPE: Shape =
            Shape { fields: &[("kind", None), ("metadata", Some(&METADATA)), ("empty", Some(&OWNER))] };
        let value = json!({"a": 1, "empty": [], "kind": "<K>", "metadata": {"labels": {"z": "1", "b": "2"}, "name": "n",
            "ownerReferences": [{"uid": "u", "kind": "k", "new": [1]}]}});
        let expected = r#"{
    "kind": "\u003cK\u003e",
    "metadata": {
        "name": "n",
        "labels": {
            "b": "2",
            "z": "1"
        },
        "ownerReferences": [
            {
                "kind": "k",
                "uid": "u",
                "new": [
                    1
                ]
            }
        ]
    },
    "empty": [],
    "a": 1
}
"#;
        assert_eq!(print(&value, &SHAPE), expected);
    }
}
