use serde_json::{Value, json};

use super::super::{Redactor, Settings, base64};

fn redacted(mut object: Value) -> Value {
    Redactor::new(&[7; 32], &Settings::default()).object(&mut object);
    object
}

fn pseudonym(secret: &str) -> String {
    Redactor::new(&[7; 32], &Settings::default()).rules.pseudonyms.of(secret.as_bytes())
}

#[test]
fn secrets_stay_readable_as_base64() {
    let secret =
        |value: &str| json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "data": {"a": value, "e": ""}});
    let hidden = base64::encode(pseudonym("hunter2").as_bytes());
    assert_eq!(redacted(secret(&base64::encode(b"hunter2"))), secret(&hidden));
    let list = json!({"kind": "SecretList", "apiVersion": "v1", "items": [{"data": {"a": "aHVudGVyMg=="}, "stringData": {"b": "hunter2"}}]});
    let expected = json!({"kind": "SecretList", "apiVersion": "v1", "items": [{"data": {"a": hidden}, "stringData": {"b": pseudonym("hunter2")}}]});
    assert_eq!(redacted(list), expected);
}

#[test]
fn what_was_applied_is_written_as_go_writes_it() {
    let applied = "{\"kind\":\"Secret\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"a\\u0026b\"},\"stringData\":{\"p\":\"hunter2\"}}\n";
    let key = "kubectl.kubernetes.io/last-applied-configuration";
    let object = redacted(json!({"kind": "Secret", "metadata": {"annotations": {(key): applied}}}));
    let hidden = pseudonym("hunter2").replace('<', "\\u003c").replace('>', "\\u003e");
    let expected = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{{\"name\":\"a\\u0026b\"}},\"stringData\":{{\"p\":\"{hidden}\"}}}}\n"
    );
    assert_eq!(object["metadata"]["annotations"][key], expected);
}

#[test]
fn annotations_that_cannot_be_read() {
    let annotations = |kind: &str, text: &str| {
        redacted(json!({"kind": kind, "metadata": {"annotations": {"x": text}}}))["metadata"]["annotations"]["x"]
            .clone()
    };
    let broken = "{\"data\":{\"a\":\"aHVudGVyMg==\"";
    assert_eq!(annotations("Secret", broken), pseudonym(broken));
    assert_eq!(annotations("Pod", broken), broken);
    let yaml = "kind: Secret\ndata:\n  a: aHVudGVyMg==\n";
    assert_eq!(annotations("Secret", yaml), pseudonym(yaml.trim()));
    assert_eq!(annotations("ConfigMap", yaml), pseudonym(yaml.trim()));
    assert_eq!(
        annotations("Pod", "H4sIAAAAAAAA/6tWKkktLlGyUlAqS8wpTgUA"),
        pseudonym("H4sIAAAAAAAA/6tWKkktLlGyUlAqS8wpTgUA")
    );
    assert_eq!(annotations("Secret", "default"), "default");
    // What needs no change is not written anew.
    assert_eq!(annotations("Pod", "{ \"b\": 1,  \"a\": 2.50 }"), "{ \"b\": 1,  \"a\": 2.50 }");
}

#[test]
fn variables_and_arguments() {
    let pod = redacted(json!({"kind": "Pod", "spec": {"containers": [{
        "env": [{"name": "DB_PASSWORD", "value": "hunter2"}, {"name": "MODE", "value": "fast"},
            {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
            {"name": "URL", "value": "redis://:hunter2@cache:6379"}],
        "args": ["--password=hunter2", "--token", "hunter2", "--verbose", "--token-file", "/x/token", "--secret", "web-tls"],
    }]}}));
    let container = &pod["spec"]["containers"][0];
    let hidden = pseudonym("hunter2");
    assert_eq!(container["env"][0]["value"], hidden);
    assert_eq!(container["env"][1]["value"], "fast");
    assert_eq!(container["env"][2]["valueFrom"]["secretKeyRef"]["key"], "password");
    assert_eq!(container["env"][3]["value"], format!("redis://:{hidden}@cache:6379"));
    let args = json!([
        format!("--password={hidden}"),
        "--token",
        hidden,
        "--verbose",
        "--token-file",
        "/x/token",
        "--secret",
        "web-tls"
    ]);
    assert_eq!(container["args"], args);
}

#[test]
fn tables() {
    let table = redacted(json!({"kind": "Table", "columnDefinitions": [{"name": "Name"}, {"name": "Token"}], "rows": [
        {"cells": ["a", "hunter2"], "object": {"kind": "PartialObjectMetadata", "metadata": {"name": "a", "managedFields":
            [{"fieldsV1": {"f:data": {"f:password": {}}}}]}}}]}));
    assert_eq!(table["rows"][0]["cells"], json!(["a", pseudonym("hunter2")]));
    assert_eq!(
        table["rows"][0]["object"]["metadata"]["managedFields"][0]["fieldsV1"],
        json!({"f:data": {"f:password": {}}})
    );
}

#[test]
fn what_is_too_deep_does_not_pass() {
    let mut deep = json!({"password": "hunter2"});
    for _ in 0..400 {
        deep = json!({"a": [deep]});
    }
    let text = redacted(deep).to_string();
    assert!(!text.contains("hunter2") && text.contains("<redacted:"));
}

#[test]
fn schemas_are_documentation() {
    let text = "Example: password: hunter2, or redis://u:hunter3@h";
    let crd = redacted(json!({"kind": "CustomResourceDefinition", "spec": {"x": {"password": {"description": text}}}}));
    let expected = format!("Example: password: hunter2, or redis://u:{}@h", pseudonym("hunter3"));
    assert_eq!(crd["spec"]["x"]["password"]["description"], expected);
}
