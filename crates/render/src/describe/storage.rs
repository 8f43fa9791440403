//! `PersistentVolume`, `StorageClass`, `VolumeAttributesClass`.

use serde_json::Value;

use super::{
    Events,
    claim::{access_modes, class_of, texts},
    metadata::{annotations, labels},
    volumes::of_persistent_volume,
    writer::{Writer, put},
};
use crate::{
    fields::Fields,
    labels::format_labels,
    quantity::Quantity,
    time::{age, parse},
};

/// What marks the class that is taken when none is named.
const IS_DEFAULT: [&str; 2] =
    ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// Describes a `PersistentVolume`.
#[must_use]
pub fn persistent_volume(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    labels(&mut writer, "Labels", object, "metadata.labels");
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    put!(writer, 0, "Finalizers:\t{}\n", texts(object, "metadata.finalizers"));
    put!(writer, 0, "StorageClass:\t{}\n", class_of(object));
    match parse(object.text("metadata.deletionTimestamp")) {
        Some(at) => put!(writer, 0, "Status:\tTerminating (lasts {})\n", age(Some(at), events.now)),
        None => put!(writer, 0, "Status:\t{}\n", object.text("status.phase")),
    }
    let spec = &object["spec"];
    let claim = &spec["claimRef"];
    let claim =
        if claim.is_object() { format!("{}/{}", claim.text("namespace"), claim.text("name")) } else { String::new() };
    put!(writer, 0, "Claim:\t{claim}\n");
    put!(writer, 0, "Reclaim Policy:\t{}\n", spec.text("persistentVolumeReclaimPolicy"));
    put!(writer, 0, "Access Modes:\t{}\n", access_modes(spec.list("accessModes")));
    if spec.has("volumeMode") {
        put!(writer, 0, "VolumeMode:\t{}\n", spec.text("volumeMode"));
    }
    put!(writer, 0, "Capacity:\t{}\n", Quantity::of(spec.at("capacity.storage")));
    affinity(&mut writer, spec);
    put!(writer, 0, "Message:\t{}\n", object.text("status.message"));
    put!(writer, 0, "Source:\n");
    of_persistent_volume(&mut writer, spec);
    events.put(&mut writer);
    writer.finish()
}

fn affinity(writer: &mut Writer, spec: &Value) {
    let required = spec.at("nodeAffinity.required");
    if !required.is_object() {
        return put!(writer, 0, "Node Affinity:\t<none>\n");
    }
    put!(writer, 0, "Node Affinity:\t\n");
    let all = required.list("nodeSelectorTerms");
    put!(writer, 1, "Required Terms:\t{}\n", if all.is_empty() { "<none>" } else { "" });
    for (at, term) in all.iter().enumerate() {
        let expressions = term.list("matchExpressions").iter();
        let expressions = expressions.map(|one| (one.text("operator").to_lowercase(), one)).collect::<Vec<_>>();
        terms(writer, 2, at, &expressions);
    }
}

/// A term with its expressions, a line each.
fn terms(writer: &mut Writer, level: usize, at: usize, expressions: &[(String, &Value)]) {
    put!(writer, level, "Term {at}:\t");
    if expressions.is_empty() {
        put!(writer, 0, "<none>\n");
    }
    for (at, (operator, expression)) in expressions.iter().enumerate() {
        if at > 0 {
            put!(writer, level, "\t");
        }
        let values: Vec<_> = expression.list("values").iter().filter_map(Value::as_str).collect();
        let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
        put!(writer, 0, "{} {operator}{values}\n", expression.text("key"));
    }
}

/// Describes a `StorageClass`.
#[must_use]
pub fn storage_class(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    let is_default = IS_DEFAULT.iter().any(|name| object["metadata"]["annotations"][*name].as_str() == Some("true"));
    put!(writer, 0, "IsDefaultClass:\t{}\n", if is_default { "Yes" } else { "No" });
    put!(writer, 0, "Annotations:\t{}\n", format_labels(object, "metadata.annotations"));
    put!(writer, 0, "Provisioner:\t{}\n", object.text("provisioner"));
    put!(writer, 0, "Parameters:\t{}\n", format_labels(object, "parameters"));
    let expands = match object["allowVolumeExpansion"].as_bool() {
        None => "<unset>",
        Some(true) => "True",
        Some(false) => "False",
    };
    put!(writer, 0, "AllowVolumeExpansion:\t{expands}\n");
    let options = object.list("mountOptions");
    put!(writer, 0, "MountOptions:{}\n", if options.is_empty() { "\t<none>" } else { "" });
    for option in options.iter().filter_map(Value::as_str) {
        put!(writer, 1, "{option}\n");
    }
    for (title, field) in [("ReclaimPolicy", "reclaimPolicy"), ("VolumeBindingMode", "volumeBindingMode")] {
        if object.has(field) {
            put!(writer, 0, "{title}:\t{}\n", object.text(field));
        }
    }
    topologies(&mut writer, object);
    events.put(&mut writer);
    writer.finish()
}

fn topologies(writer: &mut Writer, object: &Value) {
    let all = object.list("allowedTopologies");
    if !object.has("allowedTopologies") {
        return;
    }
    put!(writer, 0, "AllowedTopologies:\t{}\n", if all.is_empty() { "<none>" } else { "" });
    for (at, term) in all.iter().enumerate() {
        let expressions = term.list("matchLabelExpressions").iter().map(|one| ("in".to_owned(), one));
        terms(writer, 1, at, &expressions.collect::<Vec<_>>());
    }
}

/// Describes a `VolumeAttributesClass`.
#[must_use]
pub fn volume_attributes_class(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    put!(writer, 0, "Annotations:\t{}\n", format_labels(object, "metadata.annotations"));
    put!(writer, 0, "DriverName:\t{}\n", object.text("driverName"));
    put!(writer, 0, "Parameters:\t{}\n", format_labels(object, "parameters"));
    events.put(&mut writer);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn where_a_volume_may_be_used_is_said_in_terms() {
        let object = json!({"spec": {"local": {"path": "/d"}, "accessModes": ["ReadWriteOncePod", "ReadWriteOnce"], "nodeAffinity": {"required": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a", "b"]}, {"key": "x", "operator": "Exists"}]}]}}}});
        let text = persistent_volume(&object, Events { found: None, now: parse("2026-01-01T00:00:00Z").unwrap() });
        let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for line in ["Access Modes: RWO,RWOP", "Term 0: zone in [a, b]", "x exists", "Path: /d"] {
            assert!(lines.iter().any(|one| one == line), "{line}\n{text}");
        }
    }
}
