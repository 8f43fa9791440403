//! `Pod`, and the templates of pods.

mod qos;

use serde_json::Value;

use super::{
    Events,
    claim::time,
    config::names,
    containers::{Owner, containers, resources},
    metadata::{annotations, labels},
    volumes::volumes,
    writer::{Writer, put},
};
use crate::{
    fields::Fields,
    labels::format_selector,
    pdq,
    time::{age, parse},
};

/// Describes a `Pod`.
#[must_use]
pub fn pod(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    head(&mut writer, object);
    status(&mut writer, object, events);
    let owner = Owner { pod: object, space: "" };
    let spec = &object["spec"];
    if spec["resources"].is_object() {
        put!(writer, 0, "Resources:\n");
        resources(&mut writer, 1, &spec["resources"]);
    }
    let lists = [
        ("Init Containers", "initContainers", "status.initContainerStatuses"),
        ("Containers", "containers", "status.containerStatuses"),
        ("Ephemeral Containers", "ephemeralContainers", "status.ephemeralContainerStatuses"),
    ];
    for (title, field, statuses) in lists {
        let all = spec.list(field);
        if !all.is_empty() || field == "containers" {
            containers(&mut writer, title, all, statuses, owner);
        }
    }
    conditions(&mut writer, object);
    volumes(&mut writer, spec, "");
    put!(writer, 0, "QoS Class:\t{}\n", qos::class(object));
    labels(&mut writer, "Node-Selectors", object, "spec.nodeSelector");
    tolerations(&mut writer, "Tolerations", spec);
    spread(&mut writer, spec, "");
    events.put(&mut writer);
    writer.finish()
}

fn head(writer: &mut Writer, object: &Value) {
    let spec = &object["spec"];
    if let Some(priority) = spec.int("priority") {
        put!(writer, 0, "Priority:\t{priority}\n");
    }
    let texts = [
        ("Priority Class Name", "priorityClassName"),
        ("Runtime Class Name", "runtimeClassName"),
        ("Service Account", "serviceAccountName"),
    ];
    for (title, field) in texts {
        if !spec.text(field).is_empty() {
            put!(writer, 0, "{title}:\t{}\n", spec.text(field));
        }
    }
    match spec.text("nodeName") {
        "" => put!(writer, 0, "Node:\t<none>\n"),
        node => put!(writer, 0, "Node:\t{node}/{}\n", object.text("status.hostIP")),
    }
    if object.has("status.startTime") {
        put!(writer, 0, "Start Time:\t{}\n", time(object.text("status.startTime")));
    }
    labels(writer, "Labels", object, "metadata.labels");
    annotations(writer, "Annotations", object, "metadata.annotations");
}

fn status(writer: &mut Writer, object: &Value, events: Events<'_>) {
    let phase = object.text("status.phase");
    match parse(object.text("metadata.deletionTimestamp")) {
        Some(at) if !matches!(phase, "Failed" | "Succeeded") => {
            let grace = object.int("metadata.deletionGracePeriodSeconds").unwrap_or_default();
            put!(writer, 0, "Status:\tTerminating (lasts {})\n", age(Some(at), events.now));
            put!(writer, 0, "Termination Grace Period:\t{grace}s\n");
        }
        _ => put!(writer, 0, "Status:\t{phase}\n"),
    }
    for (title, field) in [("Reason", "status.reason"), ("Message", "status.message")] {
        if !object.text(field).is_empty() {
            put!(writer, 0, "{title}:\t{}\n", object.text(field));
        }
    }
    let profile = object.at("spec.securityContext.seccompProfile");
    if profile.is_object() {
        put!(writer, 0, "SeccompProfile:\t{}\n", profile.text("type"));
        if profile.text("type") == "Localhost" {
            put!(writer, 0, "LocalhostProfile:\t{}\n", profile.text("localhostProfile"));
        }
    }
    put!(writer, 0, "IP:\t{}\n", object.text("status.podIP"));
    match object.list("status.podIPs") {
        [] => put!(writer, 0, "IPs:\t<none>\n"),
        all => {
            put!(writer, 0, "IPs:\n");
            all.iter().for_each(|ip| put!(writer, 1, "IP:\t{}\n", ip.text("ip")));
        }
    }
    controlled_by(writer, object);
    if !object.text("status.nominatedNodeName").is_empty() {
        put!(writer, 0, "NominatedNodeName:\t{}\n", object.text("status.nominatedNodeName"));
    }
}

/// What made the object, if anything did.
pub(crate) fn controlled_by(writer: &mut Writer, object: &Value) {
    if let Some(owner) = object.list("metadata.ownerReferences").iter().find(|owner| owner.is("controller")) {
        put!(writer, 0, "Controlled By:\t{}/{}\n", owner.text("kind"), owner.text("name"));
    }
}

fn conditions(writer: &mut Writer, object: &Value) {
    let conditions = object.list("status.conditions");
    let gates = object.list("spec.readinessGates");
    if !gates.is_empty() {
        put!(writer, 0, "Readiness Gates:\n  Type\tStatus\n");
    }
    for gate in gates {
        let kind = gate.text("conditionType");
        let found = conditions.iter().find(|condition| condition.text("type") == kind);
        put!(writer, 1, "{kind} \t{} \n", found.map_or("<none>", |condition| condition.text("status")));
    }
    if !conditions.is_empty() {
        put!(writer, 0, "Conditions:\n  Type\tStatus\n");
    }
    for condition in conditions {
        put!(writer, 1, "{} \t{} \n", condition.text("type"), condition.text("status"));
    }
}

/// Writes the tolerations of a pod, sorted by key.
pub(crate) fn tolerations(writer: &mut Writer, title: &str, spec: &Value) {
    put!(writer, 0, "{title}:\t");
    let all = spec.list("tolerations");
    if all.is_empty() {
        put!(writer, 0, "<none>\n");
    }
    let keys: Vec<_> = all.iter().map(|toleration| toleration.text("key")).collect();
    // Many with the same key come in the order that Go's sorting leaves them in.
    let order = pdq::sort(all.len(), |one, other| keys.get(one) < keys.get(other));
    for (at, toleration) in order.into_iter().filter_map(|at| all.get(at)).enumerate() {
        put!(writer, 0, "{}{}\n", if at == 0 { "" } else { "\t" }, one_toleration(toleration));
    }
}

fn one_toleration(toleration: &Value) -> String {
    let [key, value, effect] = ["key", "value", "effect"].map(|field| toleration.text(field));
    let mut text = key.to_owned();
    if !value.is_empty() {
        text += &format!("={value}");
    }
    if !effect.is_empty() {
        text += &format!(":{effect}");
    }
    if toleration.text("operator") == "Exists" && value.is_empty() {
        text += if text.is_empty() { "op=Exists" } else { " op=Exists" };
    }
    if let Some(seconds) = toleration.int("tolerationSeconds") {
        text += &format!(" for {seconds}s");
    }
    text
}

fn spread(writer: &mut Writer, spec: &Value, space: &str) {
    let mut all: Vec<_> = spec.list("topologySpreadConstraints").iter().collect();
    if all.is_empty() {
        return;
    }
    all.sort_by_key(|constraint| constraint.text("topologyKey"));
    put!(writer, 0, "{space}Topology Spread Constraints:\t");
    for (at, one) in all.into_iter().enumerate() {
        if at > 0 {
            put!(writer, 0, "{space}\t");
        }
        let (key, otherwise) = (one.text("topologyKey"), one.text("whenUnsatisfiable"));
        put!(writer, 0, "{key}:{otherwise} when max skew {} is exceeded", one.int("maxSkew").unwrap_or_default());
        if one["labelSelector"].is_object() {
            put!(writer, 0, " for selector {}", format_selector(&one["labelSelector"]));
        }
        put!(writer, 0, "\n");
    }
}

/// Writes a pod template.
pub(crate) fn put_template(writer: &mut Writer, template: &Value) {
    put!(writer, 0, "Pod Template:\n");
    labels(writer, "  Labels", template, "metadata.labels");
    if !template.map("metadata.annotations").is_empty() {
        annotations(writer, "  Annotations", template, "metadata.annotations");
    }
    let spec = &template["spec"];
    if !spec.text("serviceAccountName").is_empty() {
        put!(writer, 1, "Service Account:\t{}\n", spec.text("serviceAccountName"));
    }
    let owner = Owner { pod: &Value::Null, space: "  " };
    if !spec.list("initContainers").is_empty() {
        containers(writer, "Init Containers", spec.list("initContainers"), "", owner);
    }
    containers(writer, "Containers", spec.list("containers"), "", owner);
    volumes(writer, spec, "  ");
    spread(writer, spec, "  ");
    if !spec.text("priorityClassName").is_empty() {
        put!(writer, 1, "Priority Class Name:\t{}\n", spec.text("priorityClassName"));
    }
    labels(writer, "  Node-Selectors", template, "spec.nodeSelector");
    tolerations(writer, "  Tolerations", spec);
}

/// A pod template as `rollout history` prints it, its tabs as they are.
#[must_use]
pub fn pod_template(template: &Value) -> String {
    let mut writer = Writer::default();
    put_template(&mut writer, template);
    writer.unaligned()
}

#[cfg(test)]
mod tests;
