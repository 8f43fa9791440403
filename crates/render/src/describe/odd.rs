//! Whatever an object looks like, there is a description.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::{Map, Value};

use super::*;
use crate::time::parse;

/// Names that descriptions look for.
const NAMES: &[&str] = &[
    "metadata",
    "spec",
    "status",
    "name",
    "labels",
    "annotations",
    "creationTimestamp",
    "deletionTimestamp",
    "ownerReferences",
    "controller",
    "kind",
    "uid",
    "finalizers",
    "conditions",
    "type",
    "taints",
    "key",
    "value",
    "effect",
    "addresses",
    "capacity",
    "allocatable",
    "cpu",
    "memory",
    "storage",
    "hugepages-2Mi",
    "nodeInfo",
    "podCIDRs",
    "containers",
    "initContainers",
    "containerStatuses",
    "state",
    "lastState",
    "terminated",
    "running",
    "waiting",
    "resources",
    "requests",
    "limits",
    "overhead",
    "ports",
    "port",
    "targetPort",
    "endpoints",
    "ready",
    "rules",
    "http",
    "paths",
    "backend",
    "defaultBackend",
    "service",
    "resource",
    "number",
    "ingress",
    "egress",
    "from",
    "to",
    "loadBalancer",
    "hostPath",
    "csi",
    "volumeAttributes",
    "secretRef",
    "nodeAffinity",
    "required",
    "nodeSelectorTerms",
    "matchExpressions",
    "matchLabels",
    "values",
    "subsets",
    "volumes",
    "volumeMounts",
    "env",
    "envFrom",
    "valueFrom",
    "resourceFieldRef",
    "fieldRef",
    "secretKeyRef",
    "livenessProbe",
    "httpGet",
    "exec",
    "command",
    "args",
    "template",
    "jobTemplate",
    "selector",
    "podSelector",
    "policyTypes",
    "strategy",
    "rollingUpdate",
    "replicas",
    "tolerations",
    "topologySpreadConstraints",
    "labelSelector",
    "projected",
    "sources",
    "ephemeral",
    "volumeClaimTemplate",
    "emptyDir",
    "sizeLimit",
    "metrics",
    "currentMetrics",
    "target",
    "averageUtilization",
    "behavior",
    "scaleUp",
    "policies",
    "hard",
    "used",
    "scopes",
    "data",
    "binaryData",
    "secrets",
    "apiGroups",
    "verbs",
    "resourceNames",
    "nonResourceURLs",
    "subjects",
    "roleRef",
    "limit",
    "max",
    "min",
    "completionMode",
    "completedIndexes",
    "startTime",
    "completionTime",
    "divisor",
    "eventTime",
    "series",
    "count",
    "message",
];
/// Texts that are read as something.
const TEXTS: &[&str] = &[
    "",
    "1",
    "-5",
    "9999999999999999999E",
    "1.5Gi",
    "250m",
    "2026-01-01T00:00:00Z",
    "0000-99-99T00:00:00Z",
    "Running",
    "Indexed",
    "Localhost",
    "Always",
    "é\u{202e}\t\n",
    "a/b/c",
];

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        select(TEXTS).prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(7, 160, 8, |inner| {
        let fields = vec((select(NAMES), inner.clone()), 0..9);
        let object = fields.prop_map(|fields| {
            Value::Object(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
        });
        prop_oneof![4 => object, 1 => vec(inner, 0..4).prop_map(Value::Array)]
    })
}

/// Describes an object with what belongs to it.
type WithOthers = fn(&Value, &[Value], Events<'_>) -> String;

/// Every description of `object`, with `others` as what belongs to it.
fn all(object: &Value, others: &[Value]) -> Vec<String> {
    let events = Events { found: Some(others), now: parse("2026-01-01T00:00:00Z").unwrap() };
    let alone: [fn(&Value, Events<'_>) -> String; 22] = [
        generic,
        pod,
        job,
        cron_job,
        config_map,
        pod_disruption_budget,
        priority_class,
        horizontal_pod_autoscaler,
        endpoints,
        endpoint_slice,
        ingress_class,
        ip_address,
        service_cidr,
        csi_node,
        persistent_volume,
        storage_class,
        volume_attributes_class,
        |one, events| persistent_volume_claim(one, &[], events),
        |one, events| service(one, &[], events),
        |one, events| node(one, Err("none".to_owned()), None, events),
        |one, events| deployment(one, None, events),
        |one, events| service_account(one, None, events),
    ];
    let with: [WithOthers; 10] = [
        replication_controller,
        stateful_set,
        daemon_set,
        persistent_volume_claim,
        service,
        |one, others, events| replica_set(one, Ok(others), events),
        |one, others, events| deployment(one, Some(others), events),
        |one, others, events| service_account(one, Some(others), events),
        |one, others, events| node(one, Ok(one), Some(others), events),
        |one, others, events| ingress(one, &|it| backend(it, &Ok((others.to_vec(), one.clone()))), events),
    ];
    let bare: [fn(&Value) -> String; 7] =
        [network_policy, resource_quota, limit_range, role, role_binding, pod_template, |one| {
            secret(one, &sizes_of_secret(one))
        }];
    let alone = alone.iter().map(|text| text(object, events));
    let with = with.iter().map(|text| text(object, others, events));
    let bare = bare.iter().map(|text| text(object));
    alone.chain(with).chain(bare).chain([namespace(object, Some(others), Some(others))]).collect()
}

proptest! {
    #[test]
    fn any_object_has_descriptions(object in object(), others in vec(object(), 0..3)) {
        for text in all(&object, &others) {
            prop_assert!(!text.is_empty());
        }
    }
}
