//! `describe`: one object with what belongs to it, for people.
//!
//! Each kind has a function that takes the object and what was fetched beside it, and gives the whole text. Kinds that
//! nobody wrote one for are printed field by field.

mod access;
mod autoscaler;
mod config;
mod events;
mod generic;
mod metadata;
mod quota;
mod writer;

pub use self::{
    access::{role, role_binding, service_account},
    autoscaler::horizontal_pod_autoscaler,
    config::{config_map, pod_disruption_budget, priority_class, secret, sizes_of_secret},
    events::Events,
    generic::generic,
    quota::{limit_range, namespace, resource_quota},
};
#[allow(unused_imports, reason = "for the kinds")]
pub(crate) use self::{
    metadata::{annotations, labels},
    writer::Writer,
};
