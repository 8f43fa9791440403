//! What must hold for any text and any object.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Redactor, Settings, base64};

fn redactor() -> Redactor {
    Redactor::new(&[42; 32], &Settings::default())
}

fn streamed(text: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut stream = redactor().stream();
    let mut out = Vec::new();
    let mut rest = text;
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        out.extend(stream.push(piece));
        rest = after;
    }
    out.extend(stream.push(rest));
    out.extend(stream.finish());
    out
}

/// Words that rules begin or end with, and some that they do not.
fn fragment() -> impl Strategy<Value = String> {
    let words = [
        "password",
        "DB_PASSWORD",
        "token",
        "secret",
        "=",
        ": ",
        ":",
        " ",
        "\n",
        "\"",
        "'",
        "\\\"",
        "\\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        ";",
        "&",
        "--token ",
        "--password=",
        "eyJhbGciOiJI",
        ".eyJzdWIiOiJh",
        ".c2ln",
        "://",
        "u:",
        "@",
        "@tcp(",
        "host",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----END RSA PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEF",
        "|",
        "Bearer ",
        "Basic ",
        "dXNlcjpwYXNz",
        "Authorization: ",
        "AKIAIOSFODNN7EXAMPLE",
        "<redacted:012abc>",
        "${X}",
        "  ",
        "hunter2",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "é",
        "x",
        "#",
        "<",
        ">",
        "auth",
        "0",
        "- ",
        "\r\n",
        "LS0tLS1CRUdJTi",
    ];
    prop_oneof![8 => proptest::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => "[ -~]{1,8}"]
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(fragment(), 0..40).prop_map(|parts| parts.concat())
}

fn object() -> impl Strategy<Value = Value> {
    let key = proptest::sample::select(vec![
        "kind",
        "data",
        "stringData",
        "metadata",
        "annotations",
        "password",
        "token",
        "name",
        "value",
        "env",
        "args",
        "items",
        "spec",
        "secretName",
        "type",
        "a",
    ]);
    let leaf = prop_oneof![
        text().prop_map(Value::String),
        Just(json!("Secret")),
        Just(json!("ConfigMap")),
        Just(json!("SecretList")),
        Just(json!("{\"kind\":\"Secret\",\"data\":{\"a\":\"aHVudGVyMg==\"}}")),
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            proptest::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_cut_gives_the_same(text in text(), cuts in proptest::collection::vec(0_usize..40, 0..12)) {
        let whole = redactor().text(&text).into_owned();
        prop_assert_eq!(streamed(text.as_bytes(), &cuts), whole.into_bytes());
    }

    #[test]
    fn bytes_cut_anyhow(bytes in proptest::collection::vec(any::<u8>(), 0..400), cuts in proptest::collection::vec(0_usize..40, 0..12)) {
        prop_assert_eq!(streamed(&bytes, &cuts), streamed(&bytes, &[]));
    }

    #[test]
    fn text_twice_is_text_once(text in text()) {
        let once = redactor().text(&text).into_owned();
        prop_assert_eq!(redactor().text(&once), once.as_str());
    }

    #[test]
    fn objects_twice_are_objects_once(object in object()) {
        let mut once = object;
        redactor().object(&mut once);
        let mut twice = once.clone();
        redactor().object(&mut twice);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn no_value_of_a_secret_survives(data in proptest::collection::btree_map("[a-z.]{1,12}", "[ -~é]{8,60}", 1..6), plain in "[ -~]{8,40}") {
        let coded: BTreeMap<_, _> = data.iter().map(|(key, value)| (key, base64::encode(value.as_bytes()))).collect();
        let mut secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": coded, "stringData": {"plain": plain}});
        let applied = format!("{secret}\n");
        secret["metadata"] = json!({"name": "n", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}});
        redactor().object(&mut secret);
        let printed = [crate::json::print(&secret), crate::yaml::print(&secret), secret.to_string()];
        for value in data.values().chain([&plain]) {
            let quoted = Value::from(value.as_str()).to_string();
            let inner = quoted.trim_matches('"');
            for text in &printed {
                for form in [value.as_str(), inner, base64::encode(value.as_bytes()).trim_end_matches('=')] {
                    prop_assert!(!text.contains(form), "{form} in {text}");
                }
            }
        }
    }

    #[test]
    fn equal_values_have_equal_pseudonyms(one in "[a-zA-Z0-9]{9,20}", other in "[a-zA-Z0-9]{9,20}") {
        let hidden = |text: &str| redactor().text(&format!("DB_PASSWORD={text}")).into_owned();
        let pod = |text: &str| {
            let mut object = json!({"env": [{"name": "DB_PASSWORD", "value": text}]});
            redactor().object(&mut object);
            format!("DB_PASSWORD={}", object["env"][0]["value"].as_str().unwrap_or_default())
        };
        prop_assert_eq!(hidden(&one), pod(&one));
        prop_assert_eq!(hidden(&one) == hidden(&other), one == other);
    }

    #[test]
    fn other_settings_never_fail(text in text(), names in proptest::collection::vec("[ -~]{0,12}", 0..4)) {
        let settings = Settings { names: names.clone(), exceptions: names, ..Settings::default() };
        let redactor = Redactor::new(&[1; 32], &settings);
        let once = redactor.text(&text).into_owned();
        prop_assert!(once.len() <= text.len() * 18 + 32);
    }
}
