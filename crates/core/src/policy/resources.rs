//! Resource types against lists of them, and which types are in namespaces.
//!
//! A list that denies must catch whatever a type might mean; a list that allows may let through only what a type surely
//! means. What a type means in a cluster is known to its discovery documents alone, so the two differ.

use crate::kubectl::{ResourceType, aliases};

/// Kubernetes' own resources that are in namespaces, with their groups; the first is what the bare name means.
const NAMESPACED: &[(&str, &[&str])] = &[
    ("bindings", &[""]),
    ("configmaps", &[""]),
    ("controllerrevisions", &["apps"]),
    ("cronjobs", &["batch"]),
    ("csistoragecapacities", &["storage.k8s.io"]),
    ("daemonsets", &["apps"]),
    ("deployments", &["apps"]),
    ("endpoints", &[""]),
    ("endpointslices", &["discovery.k8s.io"]),
    ("events", &["", "events.k8s.io"]),
    ("horizontalpodautoscalers", &["autoscaling"]),
    ("ingresses", &["networking.k8s.io"]),
    ("jobs", &["batch"]),
    ("leases", &["coordination.k8s.io"]),
    ("limitranges", &[""]),
    ("networkpolicies", &["networking.k8s.io"]),
    ("persistentvolumeclaims", &[""]),
    ("poddisruptionbudgets", &["policy"]),
    ("pods", &["", "metrics.k8s.io"]),
    ("podtemplates", &[""]),
    ("replicasets", &["apps"]),
    ("replicationcontrollers", &[""]),
    ("resourcequotas", &[""]),
    ("rolebindings", &["rbac.authorization.k8s.io"]),
    ("roles", &["rbac.authorization.k8s.io"]),
    ("secrets", &[""]),
    ("serviceaccounts", &[""]),
    ("services", &[""]),
    ("statefulsets", &["apps"]),
];

/// Kubernetes' own resources that are in no namespace, with their groups; the first is what the bare name means.
const CLUSTER_SCOPED: &[(&str, &[&str])] = &[
    ("apiservices", &["apiregistration.k8s.io"]),
    ("certificatesigningrequests", &["certificates.k8s.io"]),
    ("clusterrolebindings", &["rbac.authorization.k8s.io"]),
    ("clusterroles", &["rbac.authorization.k8s.io"]),
    ("componentstatuses", &[""]),
    ("csidrivers", &["storage.k8s.io"]),
    ("csinodes", &["storage.k8s.io"]),
    ("customresourcedefinitions", &["apiextensions.k8s.io"]),
    ("flowschemas", &["flowcontrol.apiserver.k8s.io"]),
    ("ingressclasses", &["networking.k8s.io"]),
    ("ipaddresses", &["networking.k8s.io"]),
    ("mutatingwebhookconfigurations", &["admissionregistration.k8s.io"]),
    ("namespaces", &[""]),
    ("nodes", &["", "metrics.k8s.io"]),
    ("persistentvolumes", &[""]),
    ("priorityclasses", &["scheduling.k8s.io"]),
    ("prioritylevelconfigurations", &["flowcontrol.apiserver.k8s.io"]),
    ("runtimeclasses", &["node.k8s.io"]),
    ("servicecidrs", &["networking.k8s.io"]),
    ("storageclasses", &["storage.k8s.io"]),
    ("validatingadmissionpolicies", &["admissionregistration.k8s.io"]),
    ("validatingadmissionpolicybindings", &["admissionregistration.k8s.io"]),
    ("validatingwebhookconfigurations", &["admissionregistration.k8s.io"]),
    ("volumeattachments", &["storage.k8s.io"]),
];

/// The category that holds the usual workloads.
const ALL: &str = "all";

/// Whether `asked` is surely one of Kubernetes' own resources that are in namespaces.
pub(super) fn is_namespaced(asked: &ResourceType) -> bool {
    groups_in(NAMESPACED, asked).is_some()
}

/// Whether `asked` is surely one of Kubernetes' own resources that are in no namespace.
pub(super) fn is_cluster_scoped(asked: &ResourceType) -> bool {
    groups_in(CLUSTER_SCOPED, asked).is_some()
}

/// The groups of `asked` in a table, unless it names another group.
fn groups_in(table: &'static [(&str, &[&str])], asked: &ResourceType) -> Option<&'static [&'static str]> {
    let name = asked.canonical();
    let (_, groups) = table.iter().find(|(plural, _)| *plural == name)?;
    let known = asked.group().is_none_or(|group| groups.contains(&group.as_str()));
    known.then_some(*groups)
}

/// The group that a type surely has: the one it names, or that of Kubernetes' own resource of its name.
fn sure_group(asked: &ResourceType) -> Option<String> {
    let own = || groups_in(NAMESPACED, asked).or_else(|| groups_in(CLUSTER_SCOPED, asked));
    asked.group().or_else(|| own()?.first().map(|group| (*group).to_owned()))
}

/// Whether `asked` may show objects of the denied type. A group that is missing on one side may be any, and kubectl takes
/// the start of a group's name for the group, so groups differ only where neither is the start of the other.
pub(super) fn may_show(denied: &ResourceType, asked: &ResourceType) -> bool {
    let (denied_name, asked_name) = (denied.canonical(), asked.canonical());
    if asked_name == ALL && denied_name != ALL {
        return aliases::may_be_in_all(&denied_name);
    }
    let same_group = match (denied.group(), asked.group()) {
        (Some(one), Some(other)) => one.starts_with(&other) || other.starts_with(&one),
        _ => true,
    };
    same_group && denied_name == asked_name
}

/// Whether `asked` surely shows nothing but objects of the allowed type. One without a group allows every group; `all`
/// allows the category and Kubernetes' own resources in it.
pub(super) fn contains(allowed: &ResourceType, asked: &ResourceType) -> bool {
    let (allowed_name, asked_name) = (allowed.canonical(), asked.canonical());
    if allowed_name == ALL && asked_name != ALL {
        return is_namespaced(asked) && aliases::may_be_in_all(&asked_name);
    }
    allowed_name == asked_name && allowed.group().is_none_or(|group| sure_group(asked) == Some(group))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn of(text: &str) -> ResourceType {
        ResourceType::parse(text).unwrap()
    }

    #[test]
    fn the_tables_hold_canonical_names_once() {
        let mut seen = HashSet::new();
        for (plural, groups) in NAMESPACED.iter().chain(CLUSTER_SCOPED) {
            assert!(seen.insert(plural) && !groups.is_empty(), "{plural}");
            assert_eq!(aliases::canonical(plural), *plural);
        }
    }

    #[test]
    fn scopes_are_known_in_every_spelling() {
        for text in
            ["po", "Pods", "pods.v1.", "deploy", "deployments.apps", "deployments.v1.apps", "ev", "pods.metrics.k8s.io"]
        {
            assert!(is_namespaced(&of(text)) && !is_cluster_scoped(&of(text)), "{text}");
        }
        for text in ["no", "nodes", "ns", "crds", "pv", "clusterroles.rbac.authorization.k8s.io", "sc"] {
            assert!(is_cluster_scoped(&of(text)) && !is_namespaced(&of(text)), "{text}");
        }
        for text in ["widgets", "services.serving.knative.dev", "nodes.example.com", "all", "deployments.app"] {
            assert!(!is_cluster_scoped(&of(text)) && !is_namespaced(&of(text)), "{text}");
        }
    }

    #[test]
    fn an_allowed_type_lets_through_only_what_is_surely_meant() {
        for (allowed, asked, contained) in [
            ("pods", "po", true),
            ("pods", "pods.v1.", true),
            ("pods.v1.", "pods", true),
            ("pods.v1.", "pods.metrics.k8s.io", false),
            ("deployments.apps", "deploy", true),
            ("deployments.apps", "deployments.example.com", false),
            ("applications.argoproj.io", "applications.argoproj.io", true),
            ("applications.argoproj.io", "applications.v1alpha1.argoproj.io", true),
            // It may be another group's.
            ("applications.argoproj.io", "applications", false),
            ("applications.argoproj.io", "applications.argo", false),
            ("applications", "applications.argoproj.io", true),
            ("pods", "all", false),
            ("all", "all", true),
            ("all", "pods.", true),
            ("all", "secrets", false),
            ("all", "widgets", false),
        ] {
            assert_eq!(contains(&of(allowed), &of(asked)), contained, "{allowed} {asked}");
        }
    }
}
