//! Reading a server's table without what no table shows.
//!
//! A row comes with its object's metadata, and most of that is who changed which field: several times what is printed.
//! It is passed over while the answer is read, so that it never takes up memory.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// What a table shows of its objects beside its cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Their namespaces.
    pub namespace: bool,
    /// Their labels.
    pub labels: bool,
}

/// Reads an answer. Of the objects in a table's rows only what is shown is kept. An answer that is no table, or does not
/// say so before its rows, is read whole.
///
/// # Errors
/// When it is no JSON, or a table with rows of another form.
pub fn read(answer: &[u8], shown: Shown) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_slice(answer);
    let value = Seed { part: Part::Answer, shown }.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// Where in an answer something stands.
#[derive(Debug, Clone, Copy)]
enum Part {
    Answer,
    Rows,
    Row,
    Object,
    Metadata,
}

/// Reads a part.
#[derive(Debug, Clone, Copy)]
struct Seed {
    part: Part,
    shown: Shown,
}

/// What becomes of a field.
enum Fate {
    Kept,
    Dropped,
    Read(Part),
}

impl Seed {
    /// `before`: the fields of the same object that stand before it.
    fn fate(self, name: &str, before: &Map<String, Value>) -> Fate {
        match (self.part, name) {
            (Part::Answer, "rows") if before.get("kind").is_some_and(|kind| kind == "Table") => Fate::Read(Part::Rows),
            (Part::Row, "object") if self.shown.namespace || self.shown.labels => Fate::Read(Part::Object),
            (Part::Object, "metadata") => Fate::Read(Part::Metadata),
            (Part::Metadata, "namespace") if self.shown.namespace => Fate::Kept,
            (Part::Metadata, "labels") if self.shown.labels => Fate::Kept,
            (Part::Answer, _) | (Part::Row, "cells") => Fate::Kept,
            _ => Fate::Dropped,
        }
    }

    const fn of(self, part: Part) -> Self {
        Self { part, ..self }
    }
}

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self.part {
            Part::Answer => "an object",
            Part::Rows => "a table's rows",
            Part::Row => "a table's row",
            Part::Object => "a row's object",
            Part::Metadata => "an object's metadata",
        })
    }

    // Go writes what is empty as null.
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let Part::Rows = self.part else {
            return Err(serde::de::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        };
        let mut rows = Vec::new();
        while let Some(row) = seq.next_element_seed(self.of(Part::Row))? {
            rows.push(row);
        }
        Ok(Value::Array(rows))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = match self.fate(&name, &fields) {
                Fate::Kept => map.next_value()?,
                Fate::Read(part) => map.next_value_seed(self.of(part))?,
                Fate::Dropped => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ALL: Shown = Shown { namespace: true, labels: true };

    fn again(value: &Value) -> Value {
        read(value.to_string().as_bytes(), ALL).unwrap()
    }

    #[test]
    fn of_rows_only_what_is_shown_is_kept() {
        // In the order of the API server; a map of ours would have "apiVersion" first, which is as good.
        let answer = br#"{"kind":"Table","metadata":{"continue":"x"},"columnDefinitions":[{"name":"Name"}],"rows":[
            {"cells":["a",3],"object":{"kind":"PartialObjectMetadata","metadata":{"name":"a","namespace":"n",
                "uid":"u","labels":{"l":"1"},"managedFields":[{"fieldsV1":{"f:x":{}}}]},"spec":{"rows":[1]}}},
            {"cells":null,"object":null}]}"#;
        let expected = json!({"kind": "Table", "metadata": {"continue": "x"}, "columnDefinitions": [{"name": "Name"}],
            "rows": [{"cells": ["a", 3], "object": {"metadata": {"namespace": "n", "labels": {"l": "1"}}}},
                {"cells": null, "object": null}]});
        assert_eq!(read(answer, ALL).unwrap(), expected);
        let labels = read(answer, Shown { namespace: false, labels: true }).unwrap();
        assert_eq!(labels["rows"][0]["object"]["metadata"], json!({"labels": {"l": "1"}}));
        let cells = read(answer, Shown { namespace: false, labels: false }).unwrap();
        assert_eq!(cells["rows"], json!([{"cells": ["a", 3]}, {"cells": null}]));
        assert_eq!(again(&json!({"kind": "Table", "rows": null})), json!({"kind": "Table", "rows": null}));
    }

    #[test]
    fn what_is_no_table_is_whole() {
        let list = json!({"items": [{"metadata": {"name": "a", "uid": "u"}}], "kind": "PodList"});
        let custom = json!({"kind": "Sheet", "rows": [{"object": {"metadata": {"uid": "u"}}}, 7, "text"]});
        let late = br#"{"rows": [{"object": {"metadata": {"uid": "u"}}}], "kind": "Table"}"#;
        assert_eq!((again(&list), again(&custom)), (list, custom));
        assert_eq!(read(late, ALL).unwrap()["rows"][0]["object"]["metadata"]["uid"], "u");
    }

    #[test]
    fn what_cannot_be_read_says_what_was_expected() {
        for (answer, expected) in [
            ("[]", "an object"),
            ("7", "an object"),
            (r#"{"kind": "Table", "rows": 7}"#, "a table's rows"),
            (r#"{"kind": "Table", "rows": [[]]}"#, "a table's row"),
            (r#"{"kind": "Table", "rows": [{"object": "x"}]}"#, "a row's object"),
            (r#"{"kind": "Table"} x"#, "trailing"),
            (r#"{"kind": "Table""#, "EOF"),
        ] {
            let error = read(answer.as_bytes(), ALL).unwrap_err().to_string();
            assert!(error.contains(expected), "{answer}: {error}");
        }
    }
}
