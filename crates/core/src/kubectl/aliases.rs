//! Well-known short names and singulars of built-in resources, so that policy sees one name for each.
//!
//! Policy only: what a type means in a cluster is decided by its discovery documents. Kinds (`Secret`) need no entry,
//! because types are compared in lower case and every kind in lower case is the singular.

/// Plural, singular and short names of Kubernetes 1.33's own resources (`kubectl api-resources`).
const BUILT_IN: &[(&str, &[&str])] = &[
    ("apiservices", &["apiservice"]),
    ("bindings", &["binding"]),
    ("certificatesigningrequests", &["certificatesigningrequest", "csr"]),
    ("clusterrolebindings", &["clusterrolebinding"]),
    ("clusterroles", &["clusterrole"]),
    ("componentstatuses", &["componentstatus", "cs"]),
    ("configmaps", &["configmap", "cm"]),
    ("controllerrevisions", &["controllerrevision"]),
    ("cronjobs", &["cronjob", "cj"]),
    ("csidrivers", &["csidriver"]),
    ("csinodes", &["csinode"]),
    ("csistoragecapacities", &["csistoragecapacity"]),
    ("customresourcedefinitions", &["customresourcedefinition", "crd", "crds"]),
    ("daemonsets", &["daemonset", "ds"]),
    ("deployments", &["deployment", "deploy"]),
    ("endpoints", &["endpoint", "ep"]),
    ("endpointslices", &["endpointslice"]),
    ("events", &["event", "ev"]),
    ("flowschemas", &["flowschema"]),
    ("horizontalpodautoscalers", &["horizontalpodautoscaler", "hpa"]),
    ("ingressclasses", &["ingressclass"]),
    ("ingresses", &["ingress", "ing"]),
    ("ipaddresses", &["ipaddress", "ip"]),
    ("jobs", &["job"]),
    ("leases", &["lease"]),
    ("limitranges", &["limitrange", "limits"]),
    ("mutatingwebhookconfigurations", &["mutatingwebhookconfiguration"]),
    ("namespaces", &["namespace", "ns"]),
    ("networkpolicies", &["networkpolicy", "netpol"]),
    ("nodes", &["node", "no"]),
    ("persistentvolumeclaims", &["persistentvolumeclaim", "pvc"]),
    ("persistentvolumes", &["persistentvolume", "pv"]),
    ("poddisruptionbudgets", &["poddisruptionbudget", "pdb"]),
    ("pods", &["pod", "po"]),
    ("podtemplates", &["podtemplate"]),
    ("priorityclasses", &["priorityclass", "pc"]),
    ("prioritylevelconfigurations", &["prioritylevelconfiguration"]),
    ("replicasets", &["replicaset", "rs"]),
    ("replicationcontrollers", &["replicationcontroller", "rc"]),
    ("resourcequotas", &["resourcequota", "quota"]),
    ("rolebindings", &["rolebinding"]),
    ("roles", &["role"]),
    ("runtimeclasses", &["runtimeclass"]),
    ("secrets", &["secret"]),
    ("serviceaccounts", &["serviceaccount", "sa"]),
    ("servicecidrs", &["servicecidr"]),
    ("services", &["service", "svc"]),
    ("statefulsets", &["statefulset", "sts"]),
    ("storageclasses", &["storageclass", "sc"]),
    ("validatingadmissionpolicies", &["validatingadmissionpolicy"]),
    ("validatingadmissionpolicybindings", &["validatingadmissionpolicybinding"]),
    ("validatingwebhookconfigurations", &["validatingwebhookconfiguration"]),
    ("volumeattachments", &["volumeattachment"]),
];

/// The built-in resources that `all` stands for (category `all`).
const IN_ALL: &[&str] = &[
    "cronjobs",
    "daemonsets",
    "deployments",
    "horizontalpodautoscalers",
    "jobs",
    "pods",
    "replicasets",
    "replicationcontrollers",
    "services",
    "statefulsets",
];

/// The plural of `resource`, which is lower case and has no group; itself when it is not well known.
#[must_use]
pub fn canonical(resource: &str) -> String {
    let known = BUILT_IN.iter().find(|(plural, others)| *plural == resource || others.contains(&resource));
    known.map_or(resource, |(plural, _)| plural).to_owned()
}

/// Whether the category `all` may hold the resource with this canonical name: a custom resource may always join it.
#[must_use]
pub fn may_be_in_all(canonical: &str) -> bool {
    IN_ALL.contains(&canonical) || !BUILT_IN.iter().any(|(plural, _)| *plural == canonical)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn spellings_of_one_resource_meet() {
        for (alias, plural) in [("po", "pods"), ("secret", "secrets"), ("svc", "services"), ("widgets", "widgets")] {
            assert_eq!(canonical(alias), plural);
        }
    }

    #[test]
    fn no_alias_has_two_meanings() {
        let mut seen = HashSet::new();
        for (plural, others) in BUILT_IN {
            assert!(std::iter::once(plural).chain(*others).all(|name| seen.insert(*name)), "{plural}");
        }
    }

    #[test]
    fn all_holds_no_secrets() {
        assert!(!may_be_in_all("secrets"));
        assert!(may_be_in_all("pods"));
        assert!(may_be_in_all("widgets"));
        assert!(IN_ALL.iter().all(|plural| canonical(plural) == *plural && BUILT_IN.iter().any(|(p, _)| p == plural)));
    }
}
