//! `describe`: one object with what belongs to it, for people.
//!
//! Each kind has a function that takes the object and what was fetched beside it, and gives the whole text. Kinds that
//! nobody wrote one for are printed field by field.

mod access;
mod autoscaler;
mod claim;
mod config;
mod containers;
mod events;
mod generic;
#[cfg(test)]
mod hostile_tests;
mod metadata;
mod network;
mod network_policy;
mod node;
#[cfg(test)]
mod odd;
mod pod;
mod quota;
mod storage;
mod volumes;
mod workloads;
mod writer;

pub use self::{
    access::{role, role_binding, service_account},
    autoscaler::horizontal_pod_autoscaler,
    claim::persistent_volume_claim,
    config::{config_map, pod_disruption_budget, priority_class, secret, sizes_of_secret},
    events::Events,
    generic::generic,
    network::{
        backend, csi_node, endpoint_slice, endpoints, endpoints_of, ingress, ingress_class, ip_address, service,
        service_cidr,
    },
    network_policy::network_policy,
    node::node,
    pod::{pod, pod_template},
    quota::{limit_range, namespace, resource_quota},
    storage::{persistent_volume, storage_class, volume_attributes_class},
    workloads::{cron_job, daemon_set, deployment, job, replica_set, replication_controller, stateful_set},
};
