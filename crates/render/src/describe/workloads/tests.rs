//! What no recording shows, against what kubectl's describers do.

use serde_json::json;

use super::*;

#[test]
fn the_oldest_set_with_the_deployments_template_is_the_new_one() {
    let set = |name: &str, made: &str, image: &str, uid: &str| {
        json!({"metadata": {"name": name, "creationTimestamp": made, "ownerReferences": [{"controller": true, "uid": uid}]},
            "spec": {"replicas": 2, "template": {"metadata": {"labels": {"a": "b", "pod-template-hash": name}}, "image": image}},
            "status": {"replicas": 1}})
    };
    let deployment =
        json!({"metadata": {"uid": "u"}, "spec": {"template": {"metadata": {"labels": {"a": "b"}}, "image": "2"}}});
    let sets = [
        set("late", "2026-01-03T00:00:00Z", "2", "u"),
        set("new", "2026-01-02T00:00:00Z", "2", "u"),
        set("old", "2026-01-01T00:00:00Z", "1", "u"),
        set("other", "2026-01-01T00:00:00Z", "2", "x"),
    ];
    let (old, new) = old_and_new(&deployment, &sets);
    assert_eq!(in_one_line(new.as_slice()), "new (1/2 replicas created)");
    assert_eq!(in_one_line(&old), "old (1/2 replicas created), late (1/2 replicas created)");
}

#[test]
fn long_lists_of_indexes_are_cut() {
    assert_eq!(indexes(""), "<none>");
    assert_eq!(indexes("1,2"), "1,2");
    let long = format!("{},1,2", "1".repeat(60));
    assert_eq!(indexes(&long), format!("{},...", "1".repeat(60)));
}

const NO_EVENTS: Events<'_> = Events { found: None, now: jiff::Timestamp::UNIX_EPOCH };

/// The lines before the pod template, and those from `Volumes` of the template on.
fn around_template(text: &str) -> (&str, &str) {
    let (head, rest) = text.split_once("Pod Template:\n").unwrap();
    (head, rest.split_once("  Tolerations:").unwrap().1.split_once('\n').unwrap().1)
}

#[test]
fn a_deployment_tells_its_strategy_conditions_and_replica_sets() {
    let object = json!({"metadata": {"name": "d", "namespace": "n", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": {"replicas": 3, "minReadySeconds": 5, "selector": {"matchLabels": {"a": "b"}},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": 1}}, "template": {}},
        "status": {"updatedReplicas": 1, "replicas": 4, "availableReplicas": 2, "unavailableReplicas": 2,
            "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]}});
    let old = json!({"metadata": {"name": "d-1", "ownerReferences": [{"controller": true, "uid": "u"}]},
        "spec": {"replicas": 3, "template": {"spec": {"nodeName": "x"}}}, "status": {"replicas": 3}});
    let text = deployment(&object, Some(&[old]), NO_EVENTS);
    let (head, tail) = around_template(&text);
    let expected = "\
Name:                   d
Namespace:              n
CreationTimestamp:      Thu, 01 Jan 2026 00:00:00 +0000
Labels:                 <none>
Annotations:            <none>
Selector:               a=b
Replicas:               3 desired | 1 updated | 4 total | 2 available | 2 unavailable
StrategyType:           RollingUpdate
MinReadySeconds:        5
RollingUpdateStrategy:  25% max unavailable, 1 max surge
";
    assert_eq!(head, expected);
    let expected = "\
Conditions:
  Type           Status  Reason
  ----           ------  ------
  Progressing    False   ProgressDeadlineExceeded
OldReplicaSets:  d-1 (3/3 replicas created)
NewReplicaSet:   <none>
";
    assert_eq!(tail, expected);
    let text = deployment(&object, None, NO_EVENTS);
    assert!(!text.contains("OldReplicaSets") && !text.contains("NewReplicaSet"), "{text}");
}

#[test]
fn only_pods_of_the_controller_itself_are_counted() {
    let pod = |phase: &str, owners: Value| json!({"metadata": {"ownerReferences": owners}, "status": {"phase": phase}});
    let mine = || json!([{"controller": true, "uid": "u"}]);
    let pods = [
        pod("Running", mine()),
        pod("Running", json!([{"controller": true, "uid": "x"}])),
        pod("Running", json!([{"uid": "u"}])),
        pod("Pending", mine()),
        pod("Succeeded", mine()),
        pod("Failed", mine()),
        pod("Unknown", mine()),
    ];
    let counted = pods_status(&json!({"metadata": {"uid": "u"}}), &pods);
    assert_eq!(counted, "1 Running / 1 Waiting / 1 Succeeded / 1 Failed");
}

#[test]
fn replica_sets_and_controllers_say_what_went_wrong() {
    let object = json!({"metadata": {"name": "r", "namespace": "n", "ownerReferences": [{"controller": true, "kind": "Deployment", "name": "d"}]},
        "spec": {"replicas": 2, "selector": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}, "template": {}},
        "status": {"replicas": 1, "conditions": [{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}]}});
    let text = replica_set(&object, Err("pods is forbidden".to_owned()), NO_EVENTS);
    let (head, tail) = around_template(&text);
    let expected = "\
Name:           r
Namespace:      n
Selector:       a
Labels:         <none>
Annotations:    <none>
Controlled By:  Deployment/d
Replicas:       1 current / 2 desired
Pods Status:    error in fetching pods: pods is forbidden
";
    assert_eq!(head, expected);
    let expected = "\
Conditions:
  Type             Status  Reason
  ----             ------  ------
  ReplicaFailure   True    FailedCreate
";
    assert_eq!(tail, expected);
    let controller = json!({"spec": {"selector": {"b": "2", "a": "1"}}});
    let text = replication_controller(&controller, &[], NO_EVENTS);
    assert!(text.contains("Selector:     a=1,b=2\n") && text.ends_with("Pod Template:\n  <unset>"), "{text}");
}

#[test]
fn stateful_sets_tell_their_updates_and_claims() {
    let object = json!({"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"replicas": 2,
        "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1, "maxUnavailable": "50%"}}, "template": {},
        "volumeClaimTemplates": [{"metadata": {"name": "data", "labels": {"a": "1", "b": "2"}, "annotations": {"volume.beta.kubernetes.io/storage-class": "fast"}},
            "spec": {"storageClassName": "slow", "accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "resources": {"requests": {"storage": "1Gi"}}}},
            {"metadata": {"name": "more"}, "spec": {}}]}});
    let text = stateful_set(&object, &[], NO_EVENTS);
    let (head, tail) = around_template(&text);
    assert!(
        head.contains("Update Strategy:    RollingUpdate\n  Partition:        1\n  MaxUnavailable:   50%\n"),
        "{head}"
    );
    let expected = "\
Volume Claims:
  Name:          data
  StorageClass:  fast
  Labels:        a=1
                 b=2
  Annotations:   volume.beta.kubernetes.io/storage-class=fast
  Capacity:      1Gi
  Access Modes:  [ReadWriteOnce ReadOnlyMany]
  Name:          more
  StorageClass:  
  Labels:        <none>
  Annotations:   <none>
  Capacity:      <default>
  Access Modes:  []
";
    assert_eq!(tail, expected);
}

#[test]
fn jobs_tell_their_limits_and_indexes() {
    let object = json!({"metadata": {"name": "j", "namespace": "n"}, "spec": {"parallelism": 2, "completionMode": "Indexed", "suspend": false,
        "backoffLimit": 4, "ttlSecondsAfterFinished": 60, "activeDeadlineSeconds": 90, "template": {}},
        "status": {"startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:02:05Z", "active": 1, "ready": 0,
            "failed": 2, "completedIndexes": "1,3-5"}});
    let text = job(&object, NO_EVENTS);
    let expected = "\
Name:                        j
Namespace:                   n
Selector:                    
Labels:                      <none>
Annotations:                 <none>
Parallelism:                 2
Completions:                 <unset>
Completion Mode:             Indexed
Suspend:                     false
Backoff Limit:               4
TTL Seconds After Finished:  60
Start Time:                  Thu, 01 Jan 2026 00:00:00 +0000
Completed At:                Thu, 01 Jan 2026 00:02:05 +0000
Duration:                    2m5s
Active Deadline Seconds:     90s
Pods Statuses:               1 Active (0 Ready) / 0 Succeeded / 2 Failed
Completed Indexes:           1,3-5
";
    assert_eq!(around_template(&text).0, expected);
}

#[test]
fn cron_jobs_tell_what_is_not_set() {
    let object = json!({"metadata": {"name": "c", "namespace": "n"}, "spec": {"schedule": "* * * * *", "concurrencyPolicy": "Forbid",
        "jobTemplate": {"spec": {"template": {}}}}, "status": {"active": [{"name": "a"}, {"name": "b"}]}});
    let text = cron_job(&object, NO_EVENTS);
    let (head, tail) = around_template(&text);
    let expected = "\
Name:                          c
Namespace:                     n
Labels:                        <none>
Annotations:                   <none>
Schedule:                      * * * * *
Concurrency Policy:            Forbid
Suspend:                       <unset>
Successful Job History Limit:  <unset>
Failed Job History Limit:      <unset>
Starting Deadline Seconds:     <unset>
Selector:                      <unset>
Parallelism:                   <unset>
Completions:                   <unset>
";
    assert_eq!(head, expected);
    assert_eq!(tail, "Last Schedule Time:  <unset>\nActive Jobs:         a, b\n");
}

#[test]
fn daemon_sets_count_nodes() {
    let object = json!({"metadata": {"name": "d", "namespace": "n"}, "spec": {"selector": {"matchLabels": {"a": "b"}},
        "template": {"spec": {"nodeSelector": {"x": "y"}}}}, "status": {"desiredNumberScheduled": 3, "numberMisscheduled": 1}});
    let text = daemon_set(&object, &[], NO_EVENTS);
    let expected = "\
Name:           d
Namespace:      n
Selector:       a=b
Node-Selector:  x=y
Labels:         <none>
Annotations:    <none>
Desired Number of Nodes Scheduled: 3
Current Number of Nodes Scheduled: 0
Number of Nodes Scheduled with Up-to-date Pods: 0
Number of Nodes Scheduled with Available Pods: 0
Number of Nodes Misscheduled: 1
Pods Status:  0 Running / 0 Waiting / 0 Succeeded / 0 Failed
";
    assert_eq!(around_template(&text).0, expected);
}
