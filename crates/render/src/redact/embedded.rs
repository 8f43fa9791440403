//! Objects within annotations: `kubectl apply` keeps what it sent, and so do other tools.

use serde_json::{Map, Value};

use crate::json::{self, number_text};

use super::object::{Scope, Walk};

/// What gzip is in base64: an object that somebody packed.
const PACKED: &str = "H4sI";

impl Walk<'_> {
    /// Redacts annotations; `secret` when they are a Secret's, of which nothing may pass that cannot be read.
    pub(super) fn annotations(&self, annotations: &mut Map<String, Value>, secret: bool, scope: Scope) {
        for (key, value) in annotations {
            let Value::String(text) = value else { continue };
            let name = key.rsplit('/').next().unwrap_or_default();
            // `checksum/secret` is no secret.
            let name = if self.is_exception(key) { "" } else { name };
            if self.is_field(name) || !self.embedded(text, secret, scope) {
                self.leaf(name, text, scope);
            }
        }
    }

    /// Whether `text` held an object that was dealt with.
    fn embedded(&self, text: &mut String, secret: bool, scope: Scope) -> bool {
        let trimmed = text.trim();
        let braced = trimmed.starts_with(['{', '[']);
        let parsed = if braced { serde_json::from_str::<Value>(trimmed).ok() } else { None };
        let Some(before) = parsed else {
            let lines = trimmed.contains('\n');
            let manifest = lines && (trimmed.contains("kind: Secret") || trimmed.contains("stringData:"));
            let hidden = manifest || trimmed.starts_with(PACKED) || (secret && (braced || lines));
            if hidden {
                *text = self.pseudonym(trimmed);
            }
            return hidden;
        };
        let mut after = before.clone();
        self.any(&mut after, secret.then_some("Secret"), scope);
        // What needs no change is not written anew: not everybody writes as Go does.
        if after != before {
            let end = if text.ends_with('\n') { "\n" } else { "" };
            *text = compact(&after) + end;
        }
        true
    }
}

/// `value` as Go's `json.Marshal` writes it.
pub(super) fn compact(value: &Value) -> String {
    let mut out = String::new();
    put(&mut out, value);
    out
}

fn put(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => json::string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                put(out, item);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (at, (name, value)) in fields.into_iter().enumerate() {
                out.push_str(if at == 0 { "" } else { "," });
                json::string(out, name);
                out.push(':');
                put(out, value);
            }
            out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn compact_like_go() {
        let value = json!({"b": [1, 2.0, true, null], "a": {"x": "<a&b>\n\"é\u{1}"}, "c": {}, "d": []});
        let expected = r#"{"a":{"x":"\u003ca\u0026b\u003e\n\"é\u0001"},"b":[1,2,true,null],"c":{},"d":[]}"#;
        assert_eq!(compact(&value), expected);
    }
}
