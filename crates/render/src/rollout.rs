//! `rollout status` and `rollout history`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    describe::pod_template,
    fields::Fields,
    tab::{Layout, align},
};

/// Where a deployment keeps its revision.
const REVISION: &str = "deployment.kubernetes.io/revision";
/// Why a revision was made.
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// How far a rollout is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The line to print.
    pub text: String,
    /// Whether there is nothing more to wait for.
    pub done: bool,
}

/// How far the rollout of `object` is, which is a `Deployment`, `DaemonSet` or `StatefulSet`.
///
/// # Errors
/// Kubectl's sentence where the rollout cannot end, or its state cannot be told.
pub fn status(object: &Value, revision: i64) -> Result<Status, String> {
    match object.text("kind") {
        "Deployment" => deployment(object, revision),
        "DaemonSet" => rolling(object).map(|()| daemon_set(object)),
        "StatefulSet" => rolling(object).map(|()| stateful_set(object)),
        _ => Err(format!("no status viewer has been implemented for {}", group_kind(object))),
    }
}

fn group_kind(object: &Value) -> String {
    match object.text("apiVersion").split_once('/') {
        Some((group, _)) => format!("{}.{group}", object.text("kind")),
        None => object.text("kind").to_owned(),
    }
}

const fn waiting(text: String) -> Status {
    Status { text, done: false }
}

const fn done(text: String) -> Status {
    Status { text, done: true }
}

fn observed(object: &Value) -> bool {
    object.int("metadata.generation").unwrap_or_default() <= object.int("status.observedGeneration").unwrap_or_default()
}

fn count(object: &Value, name: &str) -> i64 {
    object["status"][name].as_i64().unwrap_or_default()
}

fn rolling(object: &Value) -> Result<(), String> {
    match object.text("spec.updateStrategy.type") {
        "RollingUpdate" => Ok(()),
        _ => Err("rollout status is only available for RollingUpdate strategy type".to_owned()),
    }
}

fn deployment(object: &Value, revision: i64) -> Result<Status, String> {
    let name = object.text("metadata.name");
    if revision > 0 {
        let running = revision_of(object).map_err(|text| {
            let why = format!("strconv.ParseInt: parsing {text:?}: invalid syntax");
            format!("cannot get the revision of deployment {name:?}: {why}")
        })?;
        if running != revision {
            return Err(format!("desired revision ({revision}) is different from the running revision ({running})"));
        }
    }
    if !observed(object) {
        return Ok(waiting("Waiting for deployment spec update to be observed...\n".to_owned()));
    }
    let conditions = object.list("status.conditions").iter();
    let progress = conditions.into_iter().find(|condition| condition.text("type") == "Progressing");
    if progress.is_some_and(|condition| condition.text("reason") == "ProgressDeadlineExceeded") {
        return Err(format!("deployment {name:?} exceeded its progress deadline"));
    }
    let [replicas, updated, available] =
        ["replicas", "updatedReplicas", "availableReplicas"].map(|field| count(object, field));
    let what = format!("Waiting for deployment {name:?} rollout to finish:");
    if let Some(wanted) = object.int("spec.replicas").filter(|wanted| updated < *wanted) {
        return Ok(waiting(format!("{what} {updated} out of {wanted} new replicas have been updated...\n")));
    }
    if replicas > updated {
        let old = replicas - updated;
        return Ok(waiting(format!("{what} {old} old replicas are pending termination...\n")));
    }
    if available < updated {
        return Ok(waiting(format!("{what} {available} of {updated} updated replicas are available...\n")));
    }
    Ok(done(format!("deployment {name:?} successfully rolled out\n")))
}

fn daemon_set(object: &Value) -> Status {
    let name = object.text("metadata.name");
    if !observed(object) {
        return waiting("Waiting for daemon set spec update to be observed...\n".to_owned());
    }
    let [wanted, updated, available] =
        ["desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable"].map(|field| count(object, field));
    let what = format!("Waiting for daemon set {name:?} rollout to finish:");
    if updated < wanted {
        return waiting(format!("{what} {updated} out of {wanted} new pods have been updated...\n"));
    }
    if available < wanted {
        return waiting(format!("{what} {available} of {wanted} updated pods are available...\n"));
    }
    done(format!("daemon set {name:?} successfully rolled out\n"))
}

fn stateful_set(object: &Value) -> Status {
    if count(object, "observedGeneration") == 0 || !observed(object) {
        return waiting("Waiting for statefulset spec update to be observed...\n".to_owned());
    }
    let (ready, updated) = (count(object, "readyReplicas"), count(object, "updatedReplicas"));
    let replicas = object.int("spec.replicas");
    if let Some(wanted) = replicas.filter(|wanted| ready < *wanted) {
        return waiting(format!("Waiting for {} pods to be ready...\n", wanted.saturating_sub(ready)));
    }
    if object.has("spec.updateStrategy.rollingUpdate") {
        let partition = object.int("spec.updateStrategy.rollingUpdate.partition");
        if let (Some(wanted), Some(partition)) = (replicas, partition)
            && updated < wanted.saturating_sub(partition)
        {
            let new = wanted.saturating_sub(partition);
            let what = "Waiting for partitioned roll out to finish:";
            return waiting(format!("{what} {updated} out of {new} new pods have been updated...\n"));
        }
        return done(format!("partitioned roll out complete: {updated} new pods have been updated...\n"));
    }
    let (current, update) = (object.text("status.currentRevision"), object.text("status.updateRevision"));
    if current != update {
        let what = "waiting for statefulset rolling update to complete";
        return waiting(format!("{what} {updated} pods at revision {update}...\n"));
    }
    let pods = count(object, "currentReplicas");
    done(format!("statefulset rolling update complete {pods} pods at revision {current}...\n"))
}

/// A deployment's or replica set's revision, zero when it has none; the text that should be a number when it is not.
fn revision_of(object: &Value) -> Result<i64, &str> {
    let text = object["metadata"]["annotations"][REVISION].as_str();
    text.map_or(Ok(0), |text| text.parse().map_err(|_| text))
}

/// The revisions of a workload: why each was made, and its pod template.
pub type History = BTreeMap<i64, (Option<String>, Value)>;

fn cause(object: &Value) -> Option<String> {
    let cause = object["metadata"]["annotations"][CHANGE_CAUSE].as_str().filter(|cause| !cause.is_empty());
    cause.map(str::to_owned)
}

fn is_owned(object: &Value, owner: &Value) -> bool {
    let owners = object.list("metadata.ownerReferences").iter();
    owners.into_iter().any(|one| one.is("controller") && one.text("uid") == owner.text("metadata.uid"))
}

/// The revisions of a deployment, from the replica sets that its selector finds.
#[must_use]
pub fn history_of_deployment(deployment: &Value, replica_sets: &[Value]) -> History {
    let owned = replica_sets.iter().filter(|set| is_owned(set, deployment));
    let revisions = owned.filter_map(|set| {
        let (cause, mut template) = (cause(set), set.at("spec.template").clone());
        if let (Some(cause), Value::Object(fields)) = (&cause, &mut template["metadata"]) {
            let annotations = fields.entry("annotations").or_insert_with(|| Value::Object(serde_json::Map::new()));
            annotations[CHANGE_CAUSE] = cause.clone().into();
        }
        let cause = template["metadata"]["annotations"][CHANGE_CAUSE].as_str().map(str::to_owned);
        Some((revision_of(set).ok()?, (cause, template)))
    });
    revisions.collect()
}

/// The revisions of a daemon set or stateful set, from the controller revisions that its selector finds.
#[must_use]
pub fn history_of_revisions(owner: &Value, revisions: &[Value]) -> History {
    let owned = revisions.iter().filter(|revision| is_owned(revision, owner));
    owned
        .filter_map(|revision| {
            let mut template = revision.at("data.spec.template").clone();
            if let Value::Object(fields) = &mut template {
                fields.remove("$patch");
            }
            Some((revision.int("revision")?, (cause(revision), template)))
        })
        .collect()
}

/// The kinds that kubectl knows and that have no history.
const WITHOUT_HISTORY: [&str; 6] =
    ["CronJob.batch", "Job.batch", "Pod", "ReplicaSet.apps", "ReplicaSet.extensions", "ReplicationController"];

/// Why there is no history of such an object.
#[must_use]
pub fn no_history(object: &Value) -> String {
    let name = group_kind(object);
    if WITHOUT_HISTORY.contains(&name.as_str()) {
        return format!("no history viewer has been implemented for {name:?}");
    }
    let (kind, group) = name.split_once('.').unwrap_or((&name, ""));
    format!("error retrieving history for {name:?}, no visitor method exists for {{{group} {kind}}}")
}

/// The table of revisions.
#[must_use]
pub fn history(history: &History) -> String {
    if history.is_empty() {
        return "No rollout history found.".to_owned();
    }
    let rows = history.iter().map(|(revision, (cause, _))| {
        let cause = cause.as_deref().filter(|cause| !cause.is_empty()).unwrap_or("<none>");
        format!("{revision}\t{cause}\n")
    });
    align(&format!("REVISION\tCHANGE-CAUSE\n{}", rows.collect::<String>()), Layout::DESCRIBE)
}

/// The pod template of one revision.
///
/// # Errors
/// Kubectl's sentence when there is no such revision.
pub fn revision(history: &History, revision: i64) -> Result<String, String> {
    if history.is_empty() {
        return Ok("No rollout history found.".to_owned());
    }
    let (_, template) = history.get(&revision).ok_or("unable to find the specified revision")?;
    Ok(pod_template(template))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(object: &Value) -> String {
        status(object, 0).map_or_else(|error| error, |status| status.text)
    }

    #[test]
    fn deployments_tell_how_far_they_are() {
        let deployment = |status: Value| json!({"kind": "Deployment", "metadata": {"name": "web", "generation": 2}, "spec": {"replicas": 3}, "status": status});
        let observed = |mut status: Value| {
            status["observedGeneration"] = 2.into();
            text(&deployment(status))
        };
        assert_eq!(text(&deployment(json!({}))), "Waiting for deployment spec update to be observed...\n");
        let what = "Waiting for deployment \"web\" rollout to finish:";
        let cases = [
            (json!({"updatedReplicas": 1}), format!("{what} 1 out of 3 new replicas have been updated...\n")),
            (
                json!({"updatedReplicas": 3, "replicas": 5}),
                format!("{what} 2 old replicas are pending termination...\n"),
            ),
            (
                json!({"updatedReplicas": 3, "replicas": 3, "availableReplicas": 1}),
                format!("{what} 1 of 3 updated replicas are available...\n"),
            ),
            (
                json!({"updatedReplicas": 3, "replicas": 3, "availableReplicas": 3}),
                "deployment \"web\" successfully rolled out\n".to_owned(),
            ),
            (
                json!({"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}),
                "deployment \"web\" exceeded its progress deadline".to_owned(),
            ),
        ];
        for (status, expected) in cases {
            assert_eq!(observed(status), expected);
        }
        assert!(status(&deployment(json!({})), 4).unwrap_err().contains("desired revision (4)"));
        let odd = json!({"kind": "Deployment", "metadata": {"name": "web", "annotations": {REVISION: "x"}}});
        let why = "cannot get the revision of deployment \"web\": strconv.ParseInt: parsing \"x\": invalid syntax";
        assert_eq!(status(&odd, 1).unwrap_err(), why);
    }

    #[test]
    fn other_kinds_have_their_own_words() {
        let set = |kind: &str, spec: Value, status: Value| json!({"kind": kind, "apiVersion": "apps/v1", "metadata": {"name": "db", "generation": 1}, "spec": spec, "status": status});
        let rolling = json!({"replicas": 2, "updateStrategy": {"type": "RollingUpdate"}});
        let cases = [
            (
                set(
                    "DaemonSet",
                    rolling.clone(),
                    json!({"observedGeneration": 1, "desiredNumberScheduled": 2, "updatedNumberScheduled": 1}),
                ),
                "Waiting for daemon set \"db\" rollout to finish: 1 out of 2 new pods have been updated...\n",
            ),
            (
                set("StatefulSet", rolling.clone(), json!({"observedGeneration": 1, "readyReplicas": 1})),
                "Waiting for 1 pods to be ready...\n",
            ),
            (
                set(
                    "StatefulSet",
                    rolling,
                    json!({"observedGeneration": 1, "readyReplicas": 2, "currentReplicas": 2, "currentRevision": "r", "updateRevision": "r"}),
                ),
                "statefulset rolling update complete 2 pods at revision r...\n",
            ),
            (
                set("StatefulSet", json!({"updateStrategy": {"type": "OnDelete"}}), json!({})),
                "rollout status is only available for RollingUpdate strategy type",
            ),
            (set("ReplicaSet", json!({}), json!({})), "no status viewer has been implemented for ReplicaSet.apps"),
        ];
        for (object, expected) in cases {
            assert_eq!(text(&object), expected);
        }
    }

    #[test]
    fn other_kinds_have_no_history() {
        let cases = [
            ("batch/v1", "Job", "no history viewer has been implemented for \"Job.batch\""),
            ("v1", "Pod", "no history viewer has been implemented for \"Pod\""),
            ("v1", "Service", "error retrieving history for \"Service\", no visitor method exists for { Service}"),
            ("x.io/v1", "Y", "error retrieving history for \"Y.x.io\", no visitor method exists for {x.io Y}"),
        ];
        for (version, kind, expected) in cases {
            assert_eq!(no_history(&json!({"apiVersion": version, "kind": kind})), expected);
        }
    }

    #[test]
    fn revisions_come_in_order_with_their_causes() {
        let owner = json!({"metadata": {"uid": "u"}});
        let set = |revision: &str, cause: &str, uid: &str| {
            json!({"metadata": {"annotations": {REVISION: revision, CHANGE_CAUSE: cause},
                "ownerReferences": [{"controller": true, "uid": uid}]}, "spec": {"template": {"metadata": {}}}})
        };
        let found = history_of_deployment(&owner, &[set("10", "b", "u"), set("9", "", "u"), set("3", "x", "other")]);
        assert_eq!(history(&found), "REVISION  CHANGE-CAUSE\n9         <none>\n10        b\n");
        assert_eq!(history(&History::new()), "No rollout history found.");
    }
}
