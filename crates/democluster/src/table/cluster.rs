//! Nodes, namespaces, configuration and rights.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    cell,
    columns::{Printer, text as column, wide},
};
use crate::scene::text;

pub(super) const NODES: Printer = Printer {
    columns: &[
        column("Name"),
        column("Status"),
        column("Roles"),
        column("Age"),
        column("Version"),
        wide("Internal-IP"),
        wide("External-IP"),
        wide("OS-Image"),
        wide("Kernel-Version"),
        wide("Container-Runtime"),
    ],
    cells: |node, now| {
        let info = |field: &str| json!(text(node, &format!("/status/nodeInfo/{field}")));
        vec![
            cell::name(node),
            json!(node_status(node)),
            cell::or_none(roles(node)),
            cell::age(node, now),
            info("kubeletVersion"),
            cell::or_none(address(node, "InternalIP")),
            cell::or_none(address(node, "ExternalIP")),
            info("osImage"),
            info("kernelVersion"),
            info("containerRuntimeVersion"),
        ]
    },
};

pub(super) const NAMESPACES: Printer = Printer {
    columns: &[column("Name"), column("Status"), column("Age")],
    cells: |namespace, now| {
        vec![cell::name(namespace), json!(text(namespace, "/status/phase")), cell::age(namespace, now)]
    },
};

pub(super) const CONFIG_MAPS: Printer = Printer {
    columns: &[column("Name"), column("Data"), column("Age")],
    cells: |map, now| {
        let count = cell::entries(map, "/data") + cell::entries(map, "/binaryData");
        vec![cell::name(map), json!(count), cell::age(map, now)]
    },
};

pub(super) const SECRETS: Printer = Printer {
    columns: &[column("Name"), column("Type"), column("Data"), column("Age")],
    cells: |secret, now| {
        let kind = json!(text(secret, "/type"));
        vec![cell::name(secret), kind, json!(cell::entries(secret, "/data")), cell::age(secret, now)]
    },
};

pub(super) const SERVICE_ACCOUNTS: Printer = Printer {
    columns: &[column("Name"), column("Secrets"), column("Age")],
    cells: |account, now| {
        vec![cell::name(account), json!(cell::list(account, "/secrets").len()), cell::age(account, now)]
    },
};

pub(super) const LEASES: Printer = Printer {
    columns: &[column("Name"), column("Holder"), column("Age")],
    cells: |lease, now| vec![cell::name(lease), json!(text(lease, "/spec/holderIdentity")), cell::age(lease, now)],
};

pub(super) const QUOTAS: Printer = Printer {
    columns: &[column("Name"), column("Request"), column("Limit"), column("Age")],
    cells: |quota, now| vec![cell::name(quota), json!(""), json!(""), cell::age(quota, now)],
};

pub(super) const ROLE_BINDINGS: Printer = Printer {
    columns: &[column("Name"), column("Role"), column("Age"), wide("Users"), wide("Groups"), wide("ServiceAccounts")],
    cells: binding_cells,
};

pub(super) const CLUSTER_ROLE_BINDINGS: Printer = ROLE_BINDINGS;

fn binding_cells(binding: &Value, now: Timestamp) -> Vec<Value> {
    let role = &binding["roleRef"];
    let subjects = |kind: &str| {
        let of_kind = cell::list(binding, "/subjects").iter().filter(|subject| subject["kind"] == kind);
        let name = |subject: &Value| match text(subject, "/namespace") {
            "" => text(subject, "/name").to_owned(),
            namespace => format!("{namespace}/{}", text(subject, "/name")),
        };
        json!(of_kind.map(name).collect::<Vec<_>>().join(", "))
    };
    vec![
        cell::name(binding),
        json!(format!("{}/{}", text(role, "/kind"), text(role, "/name"))),
        cell::age(binding, now),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ]
}

fn node_status(node: &Value) -> String {
    let ready = cell::list(node, "/status/conditions").iter().find(|c| c["type"] == "Ready");
    let status = match ready {
        Some(condition) if condition["status"] == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if node["spec"]["unschedulable"] == true { format!("{status},SchedulingDisabled") } else { status.to_owned() }
}

fn roles(node: &Value) -> String {
    let labels = node["metadata"]["labels"].as_object();
    let role = |label: &String| label.strip_prefix("node-role.kubernetes.io/").map(str::to_owned);
    labels.into_iter().flat_map(|labels| labels.keys()).filter_map(role).collect::<Vec<_>>().join(",")
}

fn address<'a>(node: &'a Value, kind: &str) -> &'a str {
    let addresses = cell::list(node, "/status/addresses");
    addresses.iter().find(|address| address["type"] == kind).map_or("", |address| text(address, "/address"))
}
