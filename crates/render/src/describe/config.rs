//! Configuration: `ConfigMap`, `Secret`, `PriorityClass`, `PodDisruptionBudget`.

use serde_json::Value;

use super::{
    Events,
    metadata::{annotations, labels},
    writer::{Writer, put},
};
use crate::{
    fields::Fields,
    labels::{format_labels, format_selector},
};

/// The head that most descriptions have.
pub(crate) fn head(writer: &mut Writer, object: &Value) {
    names(writer, object);
    labels(writer, "Labels", object, "metadata.labels");
    annotations(writer, "Annotations", object, "metadata.annotations");
}

/// Name and namespace.
pub(crate) fn names(writer: &mut Writer, object: &Value) {
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    put!(writer, 0, "Namespace:\t{}\n", object.text("metadata.namespace"));
}

/// Describes a `ConfigMap`.
#[must_use]
pub fn config_map(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    head(&mut writer, object);
    put!(writer, 0, "\nData\n====\n");
    for (name, value) in object.map("data") {
        put!(writer, 0, "{name}:\n----\n{}\n\n", value.as_str().unwrap_or_default());
    }
    put!(writer, 0, "\nBinaryData\n====\n");
    for (name, value) in object.map("binaryData") {
        put!(writer, 0, "{name}: {} bytes\n", decoded_length(value.as_str().unwrap_or_default()));
    }
    put!(writer, 0, "\n");
    events.put(&mut writer);
    writer.finish()
}

/// Describes a `Secret`: the names and sizes of its values. `sizes` are those of the values before they were made
/// unreadable, in the order of their names; a service account's token is shown as it stands in `object`.
#[must_use]
pub fn secret(object: &Value, sizes: &[usize]) -> String {
    let mut writer = Writer::default();
    head(&mut writer, object);
    put!(writer, 0, "\nType:\t{}\n", object.text("type"));
    put!(writer, 0, "\nData\n====\n");
    let is_token = object.text("type") == "kubernetes.io/service-account-token";
    for (at, (name, value)) in object.map("data").into_iter().enumerate() {
        let value = value.as_str().unwrap_or_default();
        match decoded(value) {
            Some(token) if is_token && name == "token" => put!(writer, 0, "{name}:\t{token}\n"),
            _ => {
                let size = sizes.get(at).copied().unwrap_or_else(|| decoded_length(value));
                put!(writer, 0, "{name}:\t{size} bytes\n");
            }
        }
    }
    writer.finish()
}

/// The sizes of a secret's values in bytes, in the order of their names.
#[must_use]
pub fn sizes_of_secret(object: &Value) -> Vec<usize> {
    object.map("data").into_iter().map(|(_, value)| decoded_length(value.as_str().unwrap_or_default())).collect()
}

/// Describes a `PriorityClass`.
#[must_use]
pub fn priority_class(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    put!(writer, 0, "Value:\t{}\n", object.int("value").unwrap_or_default());
    put!(writer, 0, "GlobalDefault:\t{}\n", object.is("globalDefault"));
    put!(writer, 0, "PreemptionPolicy:\t{}\n", object.text("preemptionPolicy"));
    put!(writer, 0, "Description:\t{}\n", object.text("description"));
    put!(writer, 0, "Annotations:\t{}\n", format_labels(object, "metadata.annotations"));
    events.put(&mut writer);
    writer.finish()
}

/// Describes a `PodDisruptionBudget`.
#[must_use]
pub fn pod_disruption_budget(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    if object.has("spec.minAvailable") {
        put!(writer, 0, "Min available:\t{}\n", number_or_percent(object.at("spec.minAvailable")));
    } else if object.has("spec.maxUnavailable") {
        put!(writer, 0, "Max unavailable:\t{}\n", number_or_percent(object.at("spec.maxUnavailable")));
    }
    match object.at("spec.selector") {
        Value::Null => put!(writer, 0, "Selector:\t<unset>\n"),
        selector => put!(writer, 0, "Selector:\t{}\n", format_selector(selector)),
    }
    put!(writer, 0, "Status:\n");
    let count = |name: &str| object["status"][name].as_i64().unwrap_or_default();
    put!(writer, 2, "Allowed disruptions:\t{}\n", count("disruptionsAllowed"));
    put!(writer, 2, "Current:\t{}\n", count("currentHealthy"));
    put!(writer, 2, "Desired:\t{}\n", count("desiredHealthy"));
    put!(writer, 2, "Total:\t{}\n", count("expectedPods"));
    events.put(&mut writer);
    writer.finish()
}

/// `3` or `25%` (Go's `IntOrString`).
pub(crate) fn number_or_percent(value: &Value) -> String {
    value.as_str().map_or_else(|| value.as_i64().unwrap_or_default().to_string(), str::to_owned)
}

/// How many bytes base64 stands for.
fn decoded_length(base64: &str) -> usize {
    let digits = base64.bytes().filter(|byte| !matches!(byte, b'=' | b'\n' | b'\r')).count();
    digits * 3 / 4
}

/// The text that base64 stands for, if it is one.
fn decoded(base64: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(base64.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for digit in base64.bytes().filter(|byte| *byte != b'=') {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_secrets_are_counted_and_not_shown() {
        let object =
            json!({"metadata": {"name": "s", "namespace": "n"}, "type": "Opaque", "data": {"b": "aGk=", "a": ""}});
        let text = secret(&object, &[]);
        assert!(text.ends_with("\nType:  Opaque\n\nData\n====\na:  0 bytes\nb:  2 bytes\n"), "{text}");
        assert!(secret(&object, &[7, 9]).ends_with("a:  7 bytes\nb:  9 bytes\n"));
    }

    #[test]
    fn a_token_of_a_service_account_is_shown_as_it_stands_there() {
        let object =
            json!({"type": "kubernetes.io/service-account-token", "data": {"token": "aGk=", "ca.crt": "aGk="}});
        assert!(secret(&object, &[]).ends_with("ca.crt:  2 bytes\ntoken:   hi\n"));
    }

    #[test]
    fn odd_objects_are_described_too() {
        let now = crate::time::parse("2026-01-01T00:00:00Z").unwrap();
        for object in [json!(null), json!([]), json!({"data": 3, "spec": [], "status": "x"})] {
            let events = Events { found: None, now };
            assert!(config_map(&object, events).contains("Data"));
            assert!(pod_disruption_budget(&object, events).contains("Status:"));
            assert!(priority_class(&object, events).contains("Value:"));
        }
    }
}
