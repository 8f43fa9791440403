//! `Node`, with the pods that run on it.

mod usage;

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Events,
    claim::time,
    metadata::{annotations, labels},
    writer::{Writer, put},
};
use crate::{fields::Fields, quantity::Quantity};

const ROLE_PREFIX: &str = "node-role.kubernetes.io/";

/// Describes a `Node` with its lease, or why there is none, and its pods that have not ended; none where they may not
/// be seen.
#[must_use]
pub fn node(object: &Value, lease: Result<&Value, String>, pods: Option<&[Value]>, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    put!(writer, 0, "Roles:\t{}\n", roles(object));
    labels(&mut writer, "Labels", object, "metadata.labels");
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    put!(writer, 0, "CreationTimestamp:\t{}\n", time(object.text("metadata.creationTimestamp")));
    taints(&mut writer, object);
    put!(writer, 0, "Unschedulable:\t{}\n", object.is("spec.unschedulable"));
    match lease {
        Ok(lease) => put_lease(&mut writer, lease),
        Err(error) => put!(writer, 0, "Lease:\tFailed to get lease: {error}\n"),
    }
    conditions(&mut writer, object);
    put!(writer, 0, "Addresses:\n");
    for address in object.list("status.addresses") {
        put!(writer, 1, "{}:\t{}\n", address.text("type"), address.text("address"));
    }
    for (title, path) in [("Capacity", "status.capacity"), ("Allocatable", "status.allocatable")] {
        let amounts = object.map(path);
        if !amounts.is_empty() {
            put!(writer, 0, "{title}:\n");
        }
        for (name, amount) in amounts {
            put!(writer, 0, "  {name}:\t{}\n", Quantity::of(amount));
        }
    }
    system(&mut writer, object);
    match pods {
        Some(pods) => usage::put(&mut writer, object, pods, events.now),
        None => put!(writer, 0, "Pods:\tnot authorized\n"),
    }
    events.put(&mut writer);
    writer.finish()
}

fn roles(object: &Value) -> String {
    let labels = object.map("metadata.labels");
    let of_label = |(name, value): (&str, &Value)| match name.strip_prefix(ROLE_PREFIX) {
        Some(role) => Some(role.to_owned()),
        None if name == "kubernetes.io/role" => value.as_str().map(str::to_owned),
        None => None,
    };
    let roles: BTreeSet<_> = labels.into_iter().filter_map(of_label).filter(|role| !role.is_empty()).collect();
    if roles.is_empty() { "<none>".to_owned() } else { roles.into_iter().collect::<Vec<_>>().join(",") }
}

fn taints(writer: &mut Writer, object: &Value) {
    let mut taints: Vec<_> = object.list("spec.taints").iter().collect();
    taints.sort_by_key(|taint| format!("{},{}", taint.text("effect"), taint.text("key")));
    put!(writer, 0, "Taints:\t");
    if taints.is_empty() {
        put!(writer, 0, "<none>\n");
    }
    for (at, taint) in taints.into_iter().enumerate() {
        let [key, value, effect] = ["key", "value", "effect"].map(|field| taint.text(field));
        let text = match (value, effect) {
            ("", "") => key.to_owned(),
            ("", effect) => format!("{key}:{effect}"),
            (value, effect) => format!("{key}={value}:{effect}"),
        };
        put!(writer, 0, "{}{text}\n", if at == 0 { "" } else { "\t" });
    }
}

fn put_lease(writer: &mut Writer, lease: &Value) {
    let at = |path: &str| if lease.has(path) { time(lease.text(path)) } else { "<unset>".to_owned() };
    put!(writer, 0, "Lease:\n");
    put!(writer, 1, "HolderIdentity:\t{}\n", lease.at("spec.holderIdentity").as_str().unwrap_or("<unset>"));
    put!(writer, 1, "AcquireTime:\t{}\n", at("spec.acquireTime"));
    put!(writer, 1, "RenewTime:\t{}\n", at("spec.renewTime"));
}

fn conditions(writer: &mut Writer, object: &Value) {
    let conditions = object.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    put!(writer, 0, "Conditions:\n  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage\n");
    put!(writer, 1, "----\t------\t-----------------\t------------------\t------\t-------\n");
    for condition in conditions {
        let [kind, status, reason, message] = ["type", "status", "reason", "message"].map(|name| condition.text(name));
        let [seen, changed] = ["lastHeartbeatTime", "lastTransitionTime"].map(|name| time(condition.text(name)));
        put!(writer, 1, "{kind} \t{status} \t{seen} \t{changed} \t{reason} \t{message}\n");
    }
}

fn system(writer: &mut Writer, object: &Value) {
    let fields = [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ];
    put!(writer, 0, "System Info:\n");
    for (title, field) in fields {
        put!(writer, 0, "  {title}:\t{}\n", object.at("status.nodeInfo").text(field));
    }
    let ranges: Vec<_> = object.list("spec.podCIDRs").iter().filter_map(Value::as_str).collect();
    let texts = [
        ("PodCIDR", object.text("spec.podCIDR").to_owned()),
        ("PodCIDRs", ranges.join(",")),
        ("ProviderID", object.text("spec.providerID").to_owned()),
    ];
    for (title, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        put!(writer, 0, "{title}:\t{text}\n");
    }
}
