//! What no recording shows, against what kubectl's describer does.

use serde_json::json;

use super::*;

#[test]
fn everything_that_a_pod_can_hold_is_printed() {
    let object = json!({
        "metadata": {"name": "p", "namespace": "n", "labels": {"a": "1"}, "annotations": {"x": "y"},
            "ownerReferences": [{"kind": "Other", "name": "o"}, {"kind": "ReplicaSet", "name": "r", "controller": true}]},
        "spec": {
            "priority": -7, "priorityClassName": "low", "runtimeClassName": "gvisor", "serviceAccountName": "sa",
            "nodeName": "node", "nodeSelector": {"disk": "ssd", "arch": "arm"},
            "securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "p.json"}},
            "resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "1"}},
            "initContainers": [{"name": "i", "image": "init"}],
            "containers": [{
                "name": "c", "image": "img", "command": ["sh", "-c"], "args": ["a\nb"],
                "ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 53, "hostPort": 53, "protocol": "UDP"}],
                "securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": "c.json"}},
                "resources": {"limits": {"nvidia.com/gpu": "1", "cpu": "2"}, "requests": {"cpu": "1"}},
                "volumeMounts": [{"mountPath": "/z", "name": "v"}, {"mountPath": "/a", "name": "v", "readOnly": true, "subPath": "s\"b"}],
                "volumeDevices": [{"devicePath": "/dev/b", "name": "v"}, {"devicePath": "/dev/a", "name": "v"}]
            }],
            "ephemeralContainers": [{"name": "e", "image": "debug", "volumeDevices": [{"devicePath": "/d", "name": "v"}]}],
            "readinessGates": [{"conditionType": "gate"}, {"conditionType": "Ready"}]
        },
        "status": {
            "phase": "Failed", "reason": "Evicted", "message": "low on memory", "hostIP": "10.0.0.1", "podIP": "10.1.0.1",
            "podIPs": [{"ip": "10.1.0.1"}, {"ip": "fd00::1"}], "nominatedNodeName": "other", "qosClass": "Burstable",
            "startTime": "2026-01-01T00:00:00Z",
            "conditions": [{"type": "Ready", "status": "False"}],
            "containerStatuses": [{
                "name": "c", "containerID": "containerd://1", "imageID": "sha256:1", "ready": true, "restartCount": 3,
                "state": {"running": {"startedAt": "2026-01-01T00:00:01Z"}},
                "lastState": {"terminated": {"reason": "OOMKilled", "message": "gone", "exitCode": 137, "signal": 9,
                    "startedAt": "2026-01-01T00:00:00Z", "finishedAt": null}}
            }]
        }
    });
    let text = pod(&object, Events { found: Some(&[]), now: parse("2026-01-02T00:00:00Z").unwrap() });
    assert_eq!(text, include_str!("tests/everything.txt"));
}

#[test]
fn a_template_has_its_own_indentation() {
    let template = json!({"metadata": {"labels": {"a": "1", "b": "2"}, "annotations": {"x": "y"}}, "spec": {
        "serviceAccountName": "sa", "priorityClassName": "high",
        "initContainers": [{"name": "i", "image": "init"}],
        "containers": [{"name": "c", "image": "img", "env": [
            {"name": "N", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}]}],
        "topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 2},
            {"topologyKey": "host", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1, "labelSelector": {}}],
        "tolerations": [{"key": "a", "operator": "Exists"}, {"key": "b", "operator": "Exists"}],
        "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]}});
    let expected = "\
Pod Template:
  Labels:\ta=1
\tb=2
  Annotations:\tx: y
  Service Account:\tsa
  Init Containers:
   i:
    Image:\tinit
    Port:\t<none>
    Host Port:\t<none>
    Environment:\t<none>
    Mounts:\t<none>
  Containers:
   c:
    Image:\timg
    Port:\t<none>
    Host Port:\t<none>
    Environment:
      N:\t (v1:metadata.name)
    Mounts:\t<none>
  Volumes:
   v:
    Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)
    ClaimName:\tdata
    ReadOnly:\tfalse
  Topology Spread Constraints:\thost:DoNotSchedule when max skew 1 is exceeded for selector <none>
  \tzone:ScheduleAnyway when max skew 2 is exceeded
  Priority Class Name:\thigh
  Node-Selectors:\t<none>
  Tolerations:\ta op=Exists
\tb op=Exists
";
    assert_eq!(pod_template(&template), expected);
}

#[test]
fn tolerations_are_sorted_and_in_one_line_each() {
    let spec = json!({"tolerations": [{"key": "z", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
        {"operator": "Exists"}, {"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}]});
    let mut writer = Writer::default();
    tolerations(&mut writer, "T", &spec);
    assert_eq!(writer.finish(), "T:  op=Exists\n    a=b:NoSchedule\n    z:NoExecute op=Exists for 300s\n");
}

#[test]
fn a_pod_that_goes_says_for_how_long_it_has_been() {
    let now = parse("2026-01-01T00:01:00Z").unwrap();
    let object = json!({"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30},
        "spec": {"topologySpreadConstraints": [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1,
        "labelSelector": {"matchLabels": {"a": "b"}}}], "readinessGates": [{"conditionType": "x"}]}, "status": {"phase": "Running"}});
    let text = pod(&object, Events { found: None, now });
    assert!(text.contains("Terminating (lasts 60s)") && text.contains("Termination Grace Period:  30s"), "{text}");
    assert!(text.contains("zone:DoNotSchedule when max skew 1 is exceeded for selector a=b"), "{text}");
    assert!(text.lines().any(|line| line.split_whitespace().eq(["x", "<none>"])), "{text}");
}
