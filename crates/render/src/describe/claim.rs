//! `PersistentVolumeClaim`, and templates of it.

use serde_json::Value;

use super::{
    Events,
    metadata::{annotations_at, labels_at},
    writer::{Writer, put},
};
use crate::{
    fields::Fields,
    quantity::Quantity,
    time::{age, parse, rfc1123},
};

/// The class that was named before there was a field for it.
const CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// Describes a `PersistentVolumeClaim` with the pods of its namespace.
#[must_use]
pub fn persistent_volume_claim(object: &Value, pods: &[Value], events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put_claim(&mut writer, object, 0, Some(events));
    used_by(&mut writer, object, pods);
    let conditions = object.list("status.conditions");
    if !conditions.is_empty() {
        put!(writer, 0, "Conditions:\n");
        put!(writer, 1, "Type\tStatus\tLastProbeTime\tLastTransitionTime\tReason\tMessage\n");
        put!(writer, 1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    }
    for condition in conditions {
        let [kind, status, reason, message] = ["type", "status", "reason", "message"].map(|name| condition.text(name));
        let [probed, changed] = ["lastProbeTime", "lastTransitionTime"].map(|name| time(condition.text(name)));
        put!(writer, 1, "{kind} \t{status} \t{probed} \t{changed} \t{reason} \t{message}\n");
    }
    events.put(&mut writer);
    writer.finish()
}

/// A time; what is missing prints as Go's first moment.
pub(crate) fn time(text: &str) -> String {
    parse(text).map_or_else(|| "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(), rfc1123)
}

/// Prints a template of a claim at a level.
pub(crate) fn template(writer: &mut Writer, template: &Value, level: usize) {
    put_claim(writer, template, level, None);
}

/// `full` is there for a claim, and not for a template.
fn put_claim(writer: &mut Writer, object: &Value, level: usize, full: Option<Events<'_>>) {
    if full.is_some() {
        put!(writer, level, "Name:\t{}\n", object.text("metadata.name"));
        put!(writer, level, "Namespace:\t{}\n", object.text("metadata.namespace"));
    }
    put!(writer, level, "StorageClass:\t{}\n", class_of(object));
    if let Some(events) = full {
        match parse(object.text("metadata.deletionTimestamp")) {
            Some(at) => put!(writer, level, "Status:\tTerminating (lasts {})\n", age(Some(at), events.now)),
            None => put!(writer, level, "Status:\t{}\n", object.text("status.phase")),
        }
    }
    put!(writer, level, "Volume:\t{}\n", object.text("spec.volumeName"));
    labels_at(writer, level, "Labels", object, "metadata.labels");
    annotations_at(writer, level, "Annotations", object, "metadata.annotations");
    if full.is_some() {
        put!(writer, level, "Finalizers:\t{}\n", texts(object, "metadata.finalizers"));
    }
    let is_bound = !object.text("spec.volumeName").is_empty();
    let capacity =
        if is_bound { Quantity::of(object.at("status.capacity.storage")).to_string() } else { String::new() };
    let modes = if is_bound { access_modes(object.list("status.accessModes")) } else { String::new() };
    put!(writer, level, "Capacity:\t{capacity}\n");
    put!(writer, level, "Access Modes:\t{modes}\n");
    if object.has("spec.volumeMode") {
        put!(writer, level, "VolumeMode:\t{}\n", object.text("spec.volumeMode"));
    }
    let source = object.at("spec.dataSource");
    if source.is_object() {
        put!(writer, level, "DataSource:\n");
        if source.has("apiGroup") {
            put!(writer, level + 1, "APIGroup:\t{}\n", source.text("apiGroup"));
        }
        put!(writer, level + 1, "Kind:\t{}\n", source.text("kind"));
        put!(writer, level + 1, "Name:\t{}\n", source.text("name"));
    }
}

/// The class of a claim or volume.
pub(crate) fn class_of(object: &Value) -> &str {
    let annotated = object["metadata"]["annotations"][CLASS].as_str();
    annotated.unwrap_or_else(|| object.text("spec.storageClassName"))
}

/// A list of texts as Go prints it.
pub(crate) fn texts(object: &Value, path: &str) -> String {
    let texts: Vec<_> = object.list(path).iter().filter_map(Value::as_str).collect();
    format!("[{}]", texts.join(" "))
}

/// `RWO,ROX`: each mode once, in kubectl's order.
pub(crate) fn access_modes(modes: &[Value]) -> String {
    const SHORT: [(&str, &str); 4] =
        [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let shown = SHORT.iter().filter(|(mode, _)| modes.iter().any(|one| one.as_str() == Some(mode)));
    shown.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn used_by(writer: &mut Writer, object: &Value, pods: &[Value]) {
    let name = object.text("metadata.name");
    let mounts = |pod: &Value| {
        let volumes = pod.list("spec.volumes").iter();
        volumes.filter(|volume| volume.text("persistentVolumeClaim.claimName") == name).count()
    };
    let mut users: Vec<_> = pods.iter().flat_map(|pod| std::iter::repeat_n(pod, mounts(pod))).collect();
    for owner in object.list("metadata.ownerReferences").iter().filter(|owner| owner.text("kind") == "Pod") {
        let uid = owner.text("uid");
        let is_known = users.iter().any(|pod| pod.text("metadata.uid") == uid);
        users.extend(pods.iter().find(|pod| pod.text("metadata.uid") == uid).filter(|_| !is_known));
    }
    put!(writer, 0, "Used By:\t");
    if users.is_empty() {
        put!(writer, 0, "<none>\n");
    }
    let mut names: Vec<_> = users.into_iter().map(|pod| pod.text("metadata.name")).collect();
    names.sort_unstable();
    for (at, name) in names.into_iter().enumerate() {
        put!(writer, 0, "{}{name}\n", if at == 0 { "" } else { "\t" });
    }
}
