//! The JSON Schema, the reader and the example must say the same.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;

use kubently_core::{
    kubectl::Verb,
    policy::{DEFAULT_ENV_NAME_PATTERNS, Mode, Redaction, Secrets},
};
use kubently_policy::{MAX_ENTRIES, SCHEMA, read};
use serde_json::{Map, Value, json};

const EXAMPLE: &str = include_str!("../../../docs/policy.example.yaml");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn properties(object: &Value) -> &Map<String, Value> {
    object["properties"].as_object().unwrap()
}

/// The fields that the reader takes in the map `name`, out of its own words; the whole for an empty name.
fn fields_of_reader(name: &str) -> BTreeSet<String> {
    let document = if name.is_empty() { json!({"bogus": 1}) } else { json!({ name: {"bogus": 1} }) };
    let said = read(&document.to_string()).unwrap_err().rule;
    let list = said.split_once("expected ").unwrap_or_else(|| panic!("{said}")).1;
    let list = list.trim_start_matches("one of ");
    list.split(", ").map(|field| field.trim_matches('`').to_owned()).collect()
}

#[test]
fn schema_and_reader_have_the_same_fields() {
    let schema = schema();
    let names = |object: &Value| properties(object).keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&schema), fields_of_reader(""));
    let mut maps = 0;
    for (name, property) in properties(&schema).iter().filter(|(_, property)| property["type"] == "object") {
        assert_eq!(names(property), fields_of_reader(name), "{name}");
        assert_eq!(property["additionalProperties"], false, "{name}");
        maps += 1;
    }
    assert_eq!((maps, &schema["additionalProperties"]), (4, &json!(false)));
}

#[test]
fn schema_and_domain_have_the_same_words() {
    let schema = schema();
    let words = |value: &Value| value["enum"].clone();
    assert_eq!(words(&schema["properties"]["mode"]), json!(Mode::ALL.map(Mode::as_str)));
    assert_eq!(words(&schema["properties"]["verbs"]["items"]), json!(Verb::ALL.map(Verb::as_str)));
    assert_eq!(words(&schema["properties"]["secrets"]), json!(Secrets::ALL.map(Secrets::as_str)));
    let redaction = &schema["properties"]["redaction"]["properties"];
    assert_eq!(redaction["envNamePatterns"]["default"], json!(DEFAULT_ENV_NAME_PATTERNS));
    assert_eq!(redaction["enabled"]["default"], json!(Redaction::default().enabled));
    assert_eq!(schema["properties"]["mode"]["default"], Mode::default().as_str());
    assert_eq!(schema["properties"]["secrets"]["default"], Secrets::default().as_str());
}

/// Every list: its bounds, and what an empty one means.
#[test]
fn schema_and_reader_bound_lists_alike() {
    let schema = schema();
    let mut lists = vec![("verbs".to_owned(), &schema["properties"]["verbs"], json!({}))];
    for (map, property) in properties(&schema).iter().filter(|(_, property)| property["type"] == "object") {
        let inner = properties(property).iter().filter(|(_, inner)| inner["type"] == "array");
        lists.extend(inner.map(|(name, inner)| (format!("{map}.{name}"), inner, json!({}))));
    }
    assert_eq!(lists.len(), 8);
    for (path, property, _) in lists {
        assert_eq!(property["maxItems"], json!(MAX_ENTRIES), "{path}");
        assert_eq!(
            property["minItems"].as_u64() == Some(1),
            read(&at(&path, &json!([])).to_string()).is_err(),
            "{path}"
        );
    }
}

/// Every example in the schema, put where it belongs, is a policy.
#[test]
fn the_examples_are_valid() {
    let schema = schema();
    let mut seen = 0;
    let mut check = |path: &str, property: &Value| {
        for example in property["examples"].as_array().into_iter().flatten() {
            let document = at(path, example);
            assert!(read(&document.to_string()).is_ok(), "{path}: {:?}", read(&document.to_string()));
            assert_eq!(objection(&schema, &schema, &document), None, "{path}");
            seen += 1;
        }
    };
    check("", &schema);
    for (name, property) in properties(&schema) {
        check(name, property);
        for (inner, property) in property["properties"].as_object().into_iter().flatten() {
            check(&format!("{name}.{inner}"), property);
        }
    }
    assert!(seen >= 14, "{seen}");
}

#[test]
fn the_example_file_is_valid_and_shows_every_field() {
    let policy = read(EXAMPLE).unwrap();
    assert!(policy.namespaces().is_limited() && !policy.shows_secrets());
    for (name, property) in properties(&schema()) {
        let inner = property["properties"].as_object().into_iter().flat_map(Map::keys);
        for field in
            std::iter::once(name).chain(inner).filter(|field| !["allow", "allNamespaces"].contains(&field.as_str()))
        {
            assert!(EXAMPLE.contains(&format!("{field}:")), "{field}");
        }
    }
}

/// Whatever a file is cut or garbled to, it is read or refused.
#[test]
fn no_garbled_file_is_a_defect() {
    for (at, _) in EXAMPLE.char_indices() {
        let (head, tail) = EXAMPLE.split_at(at);
        for text in [
            head.to_owned(),
            tail.to_owned(),
            format!("{head}\u{0}{tail}"),
            format!("{head}{{{tail}"),
            format!("{head}&a *a{tail}"),
        ] {
            if let Err(invalid) = read(&text) {
                assert!(!invalid.rule.is_empty(), "{text}");
            }
        }
    }
}

/// What the schema refuses, the reader refuses too.
#[test]
fn schema_and_reader_refuse_alike() {
    let schema = schema();
    for wrong in [
        json!({}),
        json!([]),
        json!({"mode": 1}),
        json!({"mode": "x"}),
        json!({"verbs": "get"}),
        json!({"verbs": ["fly"]}),
        json!({"verbs": []}),
        json!({"flags": {}}),
        json!({"flags": {"allow": ["follow"]}}),
        json!({"namespaces": {"allow": ["shop"], "allNamespaces": "true"}}),
        json!({"secrets": null}),
        json!({"redaction": {"envNamePatterns": [""]}}),
    ] {
        assert!(objection(&schema, &schema, &wrong).is_some(), "{wrong}");
        assert!(read(&wrong.to_string()).is_err(), "{wrong}");
    }
}

/// A document with `value` at `path`, and beside it what it needs.
fn at(path: &str, value: &Value) -> Value {
    match path.split_once('.') {
        None if path.is_empty() => value.clone(),
        None => json!({ path: value }),
        Some(("namespaces", "namespacedTypes")) => json!({"namespaces": {"deny": ["a"], "namespacedTypes": value}}),
        Some((outer, inner)) => json!({ outer: {inner: value} }),
    }
}

/// Where `value` breaks the schema: as much of JSON Schema as ours uses, but for patterns.
fn objection(root: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).unwrap();
        return objection(root, target, value);
    }
    let is_type = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        other => panic!("a type that this test does not know: {other}"),
    };
    let size = value.as_array().map(Vec::len).or(value.as_object().map(Map::len)).or(value.as_str().map(str::len));
    let bound = |names: [&str; 3]| names.iter().find_map(|name| schema[*name].as_u64());
    let least = bound(["minItems", "minProperties", "minLength"]).unwrap_or(0);
    let most = bound(["maxItems", "maxProperties", "maxLength"]).unwrap_or(u64::MAX);
    let fits = size.is_none_or(|size| (least..=most).contains(&(size as u64)));
    let listed = schema["enum"].as_array().is_none_or(|words| words.contains(value));
    if !is_type || !fits || !listed {
        return Some(format!("{value} is not {schema}"));
    }
    let items = value.as_array().into_iter().flatten().map(|item| (&schema["items"], item));
    let fields = value.as_object().into_iter().flatten().map(|(name, field)| (&schema["properties"][name], field));
    items.chain(fields).find_map(|(schema, value)| match schema {
        Value::Null => Some(format!("{value} has no place")),
        schema => objection(root, schema, value),
    })
}
