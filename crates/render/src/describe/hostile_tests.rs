//! Whatever stands in an object, describing it ends, and neither panics nor grows beyond what went in.

use proptest::{prelude::*, sample::select};
use serde_json::{Map, Value, json};

use super::{
    Events, cron_job, daemon_set, deployment, job, pod, pod_template, replica_set, replication_controller, stateful_set,
};

/// A workload with most of the fields that descriptions look at.
fn workload() -> Value {
    let resources = json!({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}});
    let probe = json!({"httpGet": {"scheme": "HTTP", "host": "h", "port": 80, "path": "/x"}, "periodSeconds": 10});
    let state = json!({"terminated": {"reason": "r", "exitCode": 1, "signal": 9, "startedAt": "2026-01-01T00:00:00Z"}});
    let env = json!([{"name": "A", "value": "1\n2"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "C", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
        {"name": "D", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}]);
    let spec = json!({"priority": 1, "nodeName": "n", "nodeSelector": {"a": "b"},
        "containers": [{"name": "c", "image": "i", "command": ["a"], "resources": resources, "livenessProbe": probe,
            "ports": [{"containerPort": 80, "hostPort": 1, "protocol": "TCP"}], "env": env, "envFrom": [{"secretRef": {"name": "s"}, "prefix": "p"}],
            "volumeMounts": [{"mountPath": "/a", "name": "v", "subPath": "s"}], "volumeDevices": [{"devicePath": "/d", "name": "v"}]}],
        "volumes": [{"name": "a", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "b", "csi": {"volumeAttributes": {"k": "v"}}},
            {"name": "c", "ephemeral": {"volumeClaimTemplate": {"spec": {"volumeName": "v"}}}}, {"name": "d", "flexVolume": {"options": {"o": "p"}}}],
        "tolerations": [{"key": "k", "operator": "Exists", "tolerationSeconds": 3}], "readinessGates": [{"conditionType": "g"}],
        "topologySpreadConstraints": [{"topologyKey": "z", "maxSkew": 1, "labelSelector": {"matchLabels": {"a": "b"}}}]});
    let mut object = json!({"metadata": {"name": "o", "uid": "u", "labels": {"l": "m"}, "annotations": {"n": "o"},
        "creationTimestamp": "2026-01-01T00:00:00Z", "deletionTimestamp": "2026-01-01T00:00:00Z",
        "ownerReferences": [{"kind": "K", "name": "n", "controller": true, "uid": "u"}]},
        "status": {"phase": "Running", "replicas": 1, "completedIndexes": "1,2", "conditions": [{"type": "t", "status": "s", "reason": "r"}],
        "active": [{"name": "j"}], "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:01Z",
        "containerStatuses": [{"name": "c", "state": state, "lastState": state, "restartCount": 2}]}});
    let template = json!({"metadata": {"labels": {"a": "b", "pod-template-hash": "x"}}, "spec": spec});
    object["spec"] = spec;
    for (name, value) in [
        ("replicas", json!(2)),
        ("template", template.clone()),
        (
            "selector",
            json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "k", "operator": "In", "values": ["v"]}]}),
        ),
        ("strategy", json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}})),
        ("updateStrategy", json!({"rollingUpdate": {"partition": 1, "maxUnavailable": 1}})),
        (
            "volumeClaimTemplates",
            json!([{"metadata": {"name": "n"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}]),
        ),
        ("completionMode", json!("Indexed")),
        ("jobTemplate", json!({"spec": {"template": template, "selector": {}}})),
    ] {
        object["spec"][name] = value;
    }
    object
}

/// What nobody expects there.
fn odd() -> impl Strategy<Value = Value> {
    let texts =
        ["", "\u{1b}[2J\r\t\n\u{b}\u{c}", "9999-12-31T23:59:59Z", "-1e999999999Ei", "é\u{10ffff}\0", "a.b/c=d,e"];
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        select(vec![i64::MIN, -1, 0, 1, i64::MAX]).prop_map(Value::from),
        select(vec![-0.5, 1e308]).prop_map(Value::from),
        Just(Value::from(u64::MAX)),
        select(texts.to_vec()).prop_map(Value::from),
        Just(Value::from("x".repeat(300))),
        Just(json!([])),
        Just(json!([null, 1, "a", {}, []])),
        Just(Value::Object(Map::new())),
        Just(json!({"": null, "a": {"b": []}, "name": 1})),
    ]
}

/// Puts `odd` in the place of the value that comes as the `at`th.
fn replace(value: &mut Value, at: &mut usize, odd: &Value) {
    if *at == 0 {
        *value = odd.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, at, odd)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace(field, at, odd)),
        _ => {}
    }
}

fn describe_all(object: &Value) -> usize {
    let others = [object.clone(), Value::Null, json!({})];
    let events = Events { found: Some(&others), now: jiff::Timestamp::UNIX_EPOCH };
    let texts = [
        pod(object, events),
        pod_template(object),
        deployment(object, Some(&others), events),
        replica_set(object, Ok(&others), events),
        replication_controller(object, &others, events),
        stateful_set(object, &others, events),
        daemon_set(object, &others, events),
        job(object, events),
        cron_job(object, events),
    ];
    texts.iter().map(String::len).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn odd_values_anywhere_do_no_harm(changes in proptest::collection::vec((0..400_usize, odd()), 1..6)) {
        let mut object = workload();
        for (mut at, odd) in changes {
            replace(&mut object, &mut at, &odd);
        }
        let size = object.to_string().len();
        prop_assert!(describe_all(&object) < 200 * (size + 1_000), "{object}");
    }
}

#[test]
fn no_object_at_all_does_no_harm() {
    for object in [json!(null), json!(1), json!("x"), json!([[]]), json!({"spec": [], "status": "x", "metadata": 3})] {
        assert!(describe_all(&object) > 0);
    }
}
