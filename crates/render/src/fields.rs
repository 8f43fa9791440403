//! Reading fields of objects whose type nobody knows: what is missing or of another type reads as empty.

use serde_json::{Map, Value};

/// Access by a path of field names, joined by dots: `spec.template.metadata`. A name that has a dot itself, such as an
/// annotation's, is read with [`Value::get`].
pub trait Fields {
    /// The value there; null when there is none.
    fn at(&self, path: &str) -> &Value;

    /// The text there; empty when there is none.
    fn text(&self, path: &str) -> &str;

    /// The whole number there.
    fn int(&self, path: &str) -> Option<i64>;

    /// Whether true stands there.
    fn is(&self, path: &str) -> bool;

    /// The list there; empty when there is none.
    fn list(&self, path: &str) -> &[Value];

    /// The map there with its keys in order; empty when there is none.
    fn map(&self, path: &str) -> Vec<(&str, &Value)>;

    /// Whether anything but null stands there.
    fn has(&self, path: &str) -> bool {
        !self.at(path).is_null()
    }
}

impl Fields for Value {
    fn at(&self, path: &str) -> &Value {
        path.split('.').fold(self, |value, name| &value[name])
    }

    fn text(&self, path: &str) -> &str {
        self.at(path).as_str().unwrap_or_default()
    }

    fn int(&self, path: &str) -> Option<i64> {
        self.at(path).as_i64()
    }

    fn is(&self, path: &str) -> bool {
        self.at(path).as_bool().unwrap_or_default()
    }

    fn list(&self, path: &str) -> &[Value] {
        self.at(path).as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn map(&self, path: &str) -> Vec<(&str, &Value)> {
        sorted(self.at(path).as_object())
    }
}

fn sorted(map: Option<&Map<String, Value>>) -> Vec<(&str, &Value)> {
    let mut pairs: Vec<_> = map.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect();
    pairs.sort_unstable_by_key(|(name, _)| *name);
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_missing_reads_as_empty() {
        let object = json!({"a": {"b": "x", "n": 3, "t": true, "l": [1], "m": {"z": 1, "y": 2}}});
        assert_eq!((object.text("a.b"), object.text("a.n"), object.text("a.b.c")), ("x", "", ""));
        assert_eq!((object.int("a.n"), object.int("a.b")), (Some(3), None));
        assert_eq!((object.is("a.t"), object.is("nope")), (true, false));
        assert_eq!((object.list("a.l").len(), object.list("a.m").len()), (1, 0));
        let keys: Vec<_> = object.map("a.m").into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["y", "z"]);
        assert!(object.has("a.b") && !object.has("b.a"));
    }
}
