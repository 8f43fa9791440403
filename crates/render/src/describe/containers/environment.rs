//! The environment of a container.

use serde_json::Value;

use super::super::writer::{Writer, put};
use crate::{fields::Fields, quantity::Quantity};

/// Writes where variables come from, and the variables.
pub(super) fn put(writer: &mut Writer, container: &Value, pod: &Value) {
    let sources = container.list("envFrom");
    if !sources.is_empty() {
        put!(writer, 2, "Environment Variables from:\n");
    }
    for source in sources {
        from(writer, source);
    }
    let variables = container.list("env");
    let none = if variables.is_empty() { "\t<none>" } else { "" };
    put!(writer, 2, "Environment:{none}\n");
    for variable in variables {
        put_variable(writer, variable, container, pod);
    }
}

fn from(writer: &mut Writer, source: &Value) {
    let (kind, reference) = match (&source["configMapRef"], &source["secretRef"]) {
        (map, _) if map.is_object() => ("ConfigMap", map),
        (_, secret) if secret.is_object() => ("Secret", secret),
        (none, _) => ("", none),
    };
    let (name, optional) = (reference.text("name"), reference.is("optional"));
    match source.text("prefix") {
        "" => put!(writer, 3, "{name}\t{kind}\tOptional: {optional}\n"),
        prefix => put!(writer, 3, "{name}\t{kind} with prefix '{prefix}'\tOptional: {optional}\n"),
    }
}

fn put_variable(writer: &mut Writer, variable: &Value, container: &Value, pod: &Value) {
    let name = variable.text("name");
    let from = &variable["valueFrom"];
    if !from.is_object() {
        for (at, line) in variable.text("value").split('\n').enumerate() {
            let title = if at == 0 { format!("{name}:") } else { String::new() };
            put!(writer, 3, "{title}\t{line}\n");
        }
    } else if from["fieldRef"].is_object() {
        let field = &from["fieldRef"];
        let (version, path) = (field.text("apiVersion"), field.text("fieldPath"));
        put!(writer, 3, "{name}:\t{} ({version}:{path})\n", of_pod(pod, path));
    } else if from["resourceFieldRef"].is_object() {
        let resource = from.text("resourceFieldRef.resource");
        let value = of_resources(&from["resourceFieldRef"], container).unwrap_or_default();
        let value = match (value.as_str(), resource) {
            ("0", "limits.cpu" | "limits.memory") => "node allocatable",
            (value, _) => value,
        };
        put!(writer, 3, "{name}:\t{value} ({resource})\n");
    } else if from["secretKeyRef"].is_object() {
        let (key, secret, optional) = reference(&from["secretKeyRef"]);
        put!(writer, 3, "{name}:\t<set to the key '{key}' in secret '{secret}'>\tOptional: {optional}\n");
    } else if from["configMapKeyRef"].is_object() {
        let (key, map, optional) = reference(&from["configMapKeyRef"]);
        put!(writer, 3, "{name}:\t<set to the key '{key}' of config map '{map}'>\tOptional: {optional}\n");
    }
}

fn reference(value: &Value) -> (&str, &str, bool) {
    (value.text("key"), value.text("name"), value.is("optional"))
}

/// The fields that kubectl resolves itself; it leaves the others empty.
fn of_pod<'a>(pod: &'a Value, path: &str) -> &'a str {
    match path {
        "metadata.name" | "metadata.namespace" => pod.text(path),
        _ => "",
    }
}

/// A limit or request in units of its divisor, rounded up.
fn of_resources(field: &Value, container: &Value) -> Option<String> {
    let (kind, name) = field.text("resource").split_once('.')?;
    let is_known = matches!(name, "cpu" | "memory" | "ephemeral-storage") || name.starts_with("hugepages-");
    if !is_known || !matches!(kind, "limits" | "requests") {
        return None;
    }
    let amount = Quantity::of(&container["resources"][kind][name]);
    let divisor = Quantity::of(&field["divisor"]);
    let divisor = if divisor.is_zero() { Quantity::new(1, amount.format()) } else { divisor };
    let (amount, divisor) = match name {
        "cpu" => (amount.millis(), divisor.millis()),
        _ => (amount.value(), divisor.value()),
    };
    let whole = amount.checked_div(divisor)?;
    Some(whole.saturating_add(i64::from(amount % divisor > 0)).to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_and_references_are_told_apart() {
        let container = json!({"resources": {"limits": {"cpu": "1500m"}}, "envFrom": [
            {"secretRef": {"name": "s"}, "prefix": "P_"}, {"configMapRef": {"name": "c", "optional": true}}],
            "env": [{"name": "A", "value": "1\n2"}, {"name": "B", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}},
            {"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            {"name": "D", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
            {"name": "E", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            {"name": "F", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k", "optional": true}}}]});
        let mut writer = Writer::default();
        put(&mut writer, &container, &json!({"metadata": {"name": "p"}}));
        let expected = "    \
    Environment Variables from:
      s  Secret with prefix 'P_'  Optional: false
      c  ConfigMap                Optional: true
    Environment:
      A:  1
          2
      B:  p (v1:metadata.name)
      C:  2 (limits.cpu)
      D:  node allocatable (limits.memory)
      E:  <set to the key 'k' in secret 's'>      Optional: false
      F:  <set to the key 'k' of config map 'c'>  Optional: true
";
        assert_eq!(writer.finish(), expected);
    }
}
