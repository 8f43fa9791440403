//! Which columns a built-in resource has, and who fills them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{batch, cell, cluster, events, network, pods, storage, workloads};
use crate::catalog::ResourceType;

/// One column. Those with a priority above 0 are for `-o wide`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    name: &'static str,
    kind: &'static str,
    priority: u8,
}

/// How a resource is printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    pub(super) columns: &'static [Column],
    pub(super) cells: fn(&Value, Timestamp) -> Vec<Value>,
}

pub(super) const fn text(name: &'static str) -> Column {
    Column { name, kind: "string", priority: 0 }
}

pub(super) const fn integer(name: &'static str) -> Column {
    Column { name, kind: "integer", priority: 0 }
}

pub(super) const fn boolean(name: &'static str) -> Column {
    Column { name, kind: "boolean", priority: 0 }
}

pub(super) const fn date(name: &'static str) -> Column {
    Column { name, kind: "date", priority: 0 }
}

pub(super) const fn wide(name: &'static str) -> Column {
    Column { name, kind: "string", priority: 1 }
}

impl Column {
    /// Its entry in `columnDefinitions`.
    pub(super) fn definition(&self) -> Value {
        // kubectl finds the column with the name by its format.
        let format = if self.name == "Name" { "name" } else { "" };
        json!({ "name": self.name, "type": self.kind, "format": format, "priority": self.priority, "description": "" })
    }
}

const NAME_AND_AGE: Printer = Printer { columns: &[text("Name"), text("Age")], cells: name_and_age };
const CREATED: Printer = Printer { columns: &[text("Name"), date("Created At")], cells: created };

/// The printer of a built-in resource.
pub(super) fn printer(resource: &ResourceType) -> Printer {
    match resource.plural {
        "pods" => pods::PODS,
        "deployments" => workloads::DEPLOYMENTS,
        "replicasets" => workloads::REPLICA_SETS,
        "replicationcontrollers" => workloads::REPLICATION_CONTROLLERS,
        "statefulsets" => workloads::STATEFUL_SETS,
        "daemonsets" => workloads::DAEMON_SETS,
        "controllerrevisions" => workloads::REVISIONS,
        "horizontalpodautoscalers" => workloads::AUTOSCALERS,
        "poddisruptionbudgets" => workloads::DISRUPTION_BUDGETS,
        "jobs" => batch::JOBS,
        "cronjobs" => batch::CRON_JOBS,
        "services" => network::SERVICES,
        "endpoints" => network::ENDPOINTS,
        "endpointslices" => network::ENDPOINT_SLICES,
        "ingresses" => network::INGRESSES,
        "ingressclasses" => network::INGRESS_CLASSES,
        "networkpolicies" => network::NETWORK_POLICIES,
        "persistentvolumeclaims" => storage::CLAIMS,
        "persistentvolumes" => storage::VOLUMES,
        "storageclasses" => storage::CLASSES,
        "nodes" => cluster::NODES,
        "namespaces" => cluster::NAMESPACES,
        "configmaps" => cluster::CONFIG_MAPS,
        "secrets" => cluster::SECRETS,
        "serviceaccounts" => cluster::SERVICE_ACCOUNTS,
        "leases" => cluster::LEASES,
        "resourcequotas" => cluster::QUOTAS,
        "limitranges" | "customresourcedefinitions" | "roles" | "clusterroles" => CREATED,
        "rolebindings" => cluster::ROLE_BINDINGS,
        "clusterrolebindings" => cluster::CLUSTER_ROLE_BINDINGS,
        "events" => events::EVENTS,
        _ => NAME_AND_AGE,
    }
}

fn name_and_age(object: &Value, now: Timestamp) -> Vec<Value> {
    vec![cell::name(object), cell::age(object, now)]
}

fn created(object: &Value, _now: Timestamp) -> Vec<Value> {
    vec![cell::name(object), object["metadata"]["creationTimestamp"].clone()]
}
