//! What makes pods: `ReplicationController`, `ReplicaSet`, `Deployment`, `StatefulSet`, `DaemonSet`, `Job`, `CronJob`.

use serde_json::Value;

use super::{
    Events,
    claim::{class_of, time},
    config::{names, number_or_percent},
    metadata::{annotations, labels, labels_indented},
    pod::{controlled_by, put_template},
    writer::{Writer, put},
};
use crate::{
    fields::Fields,
    labels::{format_labels, format_selector, selector},
    quantity::Quantity,
    time::{human_duration, parse, seconds_between},
};

const UNSET: &str = "<unset>";
/// Indexes of a job that are printed at least, in bytes.
const MAX_INDEXES: usize = 50;

fn count(object: &Value, path: &str) -> i64 {
    object.int(path).unwrap_or_default()
}

fn meta(writer: &mut Writer, object: &Value) {
    labels(writer, "Labels", object, "metadata.labels");
    annotations(writer, "Annotations", object, "metadata.annotations");
}

/// How many of the controller's own pods are in which phase.
fn pods_status(owner: &Value, pods: &[Value]) -> String {
    let owned = |pod: &&Value| is_controlled_by(pod, owner);
    let phase = |phase: &str| pods.iter().filter(owned).filter(|pod| pod.text("status.phase") == phase).count();
    let [running, waiting, succeeded, failed] = ["Running", "Pending", "Succeeded", "Failed"].map(phase);
    format!("{running} Running / {waiting} Waiting / {succeeded} Succeeded / {failed} Failed")
}

fn conditions(writer: &mut Writer, object: &Value) {
    let conditions = object.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    put!(writer, 0, "Conditions:\n  Type\tStatus\tReason\n");
    put!(writer, 1, "----\t------\t------\n");
    for condition in conditions {
        let [kind, status, reason] = ["type", "status", "reason"].map(|field| condition.text(field));
        put!(writer, 1, "{kind} \t{status}\t{reason}\n");
    }
}

/// Describes a `ReplicationController` with the pods that its selector finds.
#[must_use]
pub fn replication_controller(object: &Value, pods: &[Value], events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    put!(writer, 0, "Selector:\t{}\n", format_labels(object, "spec.selector"));
    meta(&mut writer, object);
    replicas(&mut writer, object);
    put!(writer, 0, "Pods Status:\t{}\n", pods_status(object, pods));
    match object.at("spec.template") {
        // Only here it may be missing.
        Value::Null => put!(writer, 0, "Pod Template:\n  <unset>"),
        template => put_template(&mut writer, template),
    }
    conditions(&mut writer, object);
    events.put(&mut writer);
    writer.finish()
}

fn replicas(writer: &mut Writer, object: &Value) {
    let (current, desired) = (count(object, "status.replicas"), count(object, "spec.replicas"));
    put!(writer, 0, "Replicas:\t{current} current / {desired} desired\n");
}

/// Describes a `ReplicaSet` with the pods that its selector finds, or why they could not be had.
#[must_use]
pub fn replica_set(object: &Value, pods: Result<&[Value], String>, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    put!(writer, 0, "Selector:\t{}\n", format_selector(object.at("spec.selector")));
    meta(&mut writer, object);
    controlled_by(&mut writer, object);
    replicas(&mut writer, object);
    match pods {
        Ok(pods) => put!(writer, 0, "Pods Status:\t{}\n", pods_status(object, pods)),
        Err(error) => put!(writer, 0, "Pods Status:\terror in fetching pods: {error}\n"),
    }
    put_template(&mut writer, object.at("spec.template"));
    conditions(&mut writer, object);
    events.put(&mut writer);
    writer.finish()
}

/// Describes a `Deployment` with the replica sets that its selector finds; none when they could not be had.
#[must_use]
pub fn deployment(object: &Value, replica_sets: Option<&[Value]>, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    put!(writer, 0, "CreationTimestamp:\t{}\n", time(object.text("metadata.creationTimestamp")));
    meta(&mut writer, object);
    put!(writer, 0, "Selector:\t{}\n", selector(object.at("spec.selector")));
    let [desired, updated, total, available, unavailable] = [
        "spec.replicas",
        "status.updatedReplicas",
        "status.replicas",
        "status.availableReplicas",
        "status.unavailableReplicas",
    ]
    .map(|path| count(object, path));
    put!(
        writer,
        0,
        "Replicas:\t{desired} desired | {updated} updated | {total} total | {available} available | {unavailable} unavailable\n"
    );
    put!(writer, 0, "StrategyType:\t{}\n", object.text("spec.strategy.type"));
    put!(writer, 0, "MinReadySeconds:\t{}\n", count(object, "spec.minReadySeconds"));
    let rolling = object.at("spec.strategy.rollingUpdate");
    if rolling.is_object() {
        let [away, more] = ["maxUnavailable", "maxSurge"].map(|field| number_or_percent(&rolling[field]));
        put!(writer, 0, "RollingUpdateStrategy:\t{away} max unavailable, {more} max surge\n");
    }
    put_template(&mut writer, object.at("spec.template"));
    conditions(&mut writer, object);
    let (old, new) = old_and_new(object, replica_sets.unwrap_or_default());
    if !old.is_empty() || new.is_some() {
        put!(writer, 0, "OldReplicaSets:\t{}\n", in_one_line(&old));
        put!(writer, 0, "NewReplicaSet:\t{}\n", in_one_line(new.as_slice()));
    }
    events.put(&mut writer);
    writer.finish()
}

fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    let controller = object.list("metadata.ownerReferences").iter().find(|one| one.is("controller"));
    controller.is_some_and(|one| one.text("uid") == owner.text("metadata.uid"))
}

/// The replica sets of a deployment, oldest first: the first of those with its template is the new one.
fn old_and_new<'a>(deployment: &Value, replica_sets: &'a [Value]) -> (Vec<&'a Value>, Option<&'a Value>) {
    let mut owned: Vec<_> = replica_sets.iter().filter(|set| is_controlled_by(set, deployment)).collect();
    owned.sort_by_key(|set| (parse(set.text("metadata.creationTimestamp")), set.text("metadata.name")));
    let wanted = without_hash(deployment);
    let new = owned.iter().copied().find(|set| without_hash(set) == wanted);
    let old = owned.into_iter().filter(|set| !new.is_some_and(|new| std::ptr::eq(*set, new)));
    (old.collect(), new)
}

fn without_hash(object: &Value) -> Value {
    let mut template = object.at("spec.template").clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove("pod-template-hash");
    }
    template
}

fn in_one_line(sets: &[&Value]) -> String {
    let one = |set: &&Value| {
        let (created, wanted) = (count(set, "status.replicas"), count(set, "spec.replicas"));
        format!("{} ({created}/{wanted} replicas created)", set.text("metadata.name"))
    };
    if sets.is_empty() { "<none>".to_owned() } else { sets.iter().map(one).collect::<Vec<_>>().join(", ") }
}

/// Describes a `StatefulSet` with the pods that its selector finds.
#[must_use]
pub fn stateful_set(object: &Value, pods: &[Value], events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    put!(writer, 0, "CreationTimestamp:\t{}\n", time(object.text("metadata.creationTimestamp")));
    put!(writer, 0, "Selector:\t{}\n", selector(object.at("spec.selector")));
    meta(&mut writer, object);
    let (desired, total) = (count(object, "spec.replicas"), count(object, "status.replicas"));
    put!(writer, 0, "Replicas:\t{desired} desired | {total} total\n");
    let strategy = object.at("spec.updateStrategy");
    put!(writer, 0, "Update Strategy:\t{}\n", strategy.text("type"));
    if let Some(partition) = strategy.int("rollingUpdate.partition") {
        put!(writer, 1, "Partition:\t{partition}\n");
        if strategy.has("rollingUpdate.maxUnavailable") {
            put!(writer, 1, "MaxUnavailable:\t{}\n", number_or_percent(strategy.at("rollingUpdate.maxUnavailable")));
        }
    }
    put!(writer, 0, "Pods Status:\t{}\n", pods_status(object, pods));
    put_template(&mut writer, object.at("spec.template"));
    claims(&mut writer, object.list("spec.volumeClaimTemplates"));
    events.put(&mut writer);
    writer.finish()
}

fn claims(writer: &mut Writer, templates: &[Value]) {
    if templates.is_empty() {
        return put!(writer, 0, "Volume Claims:\t<none>\n");
    }
    put!(writer, 0, "Volume Claims:\n");
    for template in templates {
        put!(writer, 1, "Name:\t{}\n", template.text("metadata.name"));
        put!(writer, 1, "StorageClass:\t{}\n", class_of(template));
        labels_indented(writer, "  ", "Labels", template, "metadata.labels");
        labels_indented(writer, "  ", "Annotations", template, "metadata.annotations");
        let capacity = match template.at("spec.resources.requests.storage") {
            Value::Null => "<default>".to_owned(),
            amount => Quantity::of(amount).to_string(),
        };
        put!(writer, 1, "Capacity:\t{capacity}\n");
        put!(writer, 1, "Access Modes:\t{}\n", super::claim::texts(template, "spec.accessModes"));
    }
}

/// Describes a `DaemonSet` with the pods that its selector finds.
#[must_use]
pub fn daemon_set(object: &Value, pods: &[Value], events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    put!(writer, 0, "Selector:\t{}\n", selector(object.at("spec.selector")));
    put!(writer, 0, "Node-Selector:\t{}\n", format_labels(object, "spec.template.spec.nodeSelector"));
    meta(&mut writer, object);
    let counts = [
        ("Desired Number of Nodes Scheduled", "status.desiredNumberScheduled"),
        ("Current Number of Nodes Scheduled", "status.currentNumberScheduled"),
        ("Number of Nodes Scheduled with Up-to-date Pods", "status.updatedNumberScheduled"),
        ("Number of Nodes Scheduled with Available Pods", "status.numberAvailable"),
        ("Number of Nodes Misscheduled", "status.numberMisscheduled"),
    ];
    for (title, path) in counts {
        put!(writer, 0, "{title}: {}\n", count(object, path));
    }
    put!(writer, 0, "Pods Status:\t{}\n", pods_status(object, pods));
    put_template(&mut writer, object.at("spec.template"));
    events.put(&mut writer);
    writer.finish()
}

/// Describes a `Job`.
#[must_use]
pub fn job(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    put!(writer, 0, "Selector:\t{}\n", selector(object.at("spec.selector")));
    meta(&mut writer, object);
    controlled_by(&mut writer, object);
    let spec = &object["spec"];
    if let Some(parallel) = spec.int("parallelism") {
        put!(writer, 0, "Parallelism:\t{parallel}\n");
    }
    put!(writer, 0, "Completions:\t{}\n", or_unset(spec.int("completions")));
    let fields = [
        ("Completion Mode", "completionMode"),
        ("Suspend", "suspend"),
        ("Backoff Limit", "backoffLimit"),
        ("TTL Seconds After Finished", "ttlSecondsAfterFinished"),
    ];
    for (title, field) in fields {
        if spec.has(field) {
            put!(writer, 0, "{title}:\t{}\n", plain(&spec[field]));
        }
    }
    let (started, ended) = (object.text("status.startTime"), object.text("status.completionTime"));
    for (title, at) in [("Start Time", started), ("Completed At", ended)] {
        if !at.is_empty() {
            put!(writer, 0, "{title}:\t{}\n", time(at));
        }
    }
    if let (Some(started), Some(ended)) = (parse(started), parse(ended)) {
        put!(writer, 0, "Duration:\t{}\n", human_duration(seconds_between(started, ended)));
    }
    if let Some(seconds) = spec.int("activeDeadlineSeconds") {
        put!(writer, 0, "Active Deadline Seconds:\t{seconds}s\n");
    }
    statuses(&mut writer, object);
    put_template(&mut writer, &spec["template"]);
    events.put(&mut writer);
    writer.finish()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn or_unset(number: Option<i64>) -> String {
    number.map_or_else(|| UNSET.to_owned(), |number| number.to_string())
}

fn statuses(writer: &mut Writer, object: &Value) {
    let [active, succeeded, failed] =
        ["active", "succeeded", "failed"].map(|name| object["status"][name].as_i64().unwrap_or_default());
    let ready = object.int("status.ready").map(|ready| format!(" ({ready} Ready)")).unwrap_or_default();
    put!(writer, 0, "Pods Statuses:\t{active} Active{ready} / {succeeded} Succeeded / {failed} Failed\n");
    if object.text("spec.completionMode") == "Indexed" {
        put!(writer, 0, "Completed Indexes:\t{}\n", indexes(object.text("status.completedIndexes")));
    }
}

/// Cut at the first comma after the limit.
fn indexes(text: &str) -> String {
    match text.bytes().enumerate().skip(MAX_INDEXES).find(|(_, byte)| *byte == b',') {
        _ if text.is_empty() => "<none>".to_owned(),
        Some((at, _)) => format!("{}...", text.get(..=at).unwrap_or(text)),
        None => text.to_owned(),
    }
}

/// Describes a `CronJob`.
#[must_use]
pub fn cron_job(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    meta(&mut writer, object);
    let spec = &object["spec"];
    put!(writer, 0, "Schedule:\t{}\n", spec.text("schedule"));
    put!(writer, 0, "Concurrency Policy:\t{}\n", spec.text("concurrencyPolicy"));
    let suspended = match spec["suspend"].as_bool() {
        None => UNSET,
        Some(true) => "True",
        Some(false) => "False",
    };
    put!(writer, 0, "Suspend:\t{suspended}\n");
    put!(writer, 0, "Successful Job History Limit:\t{}\n", or_unset(spec.int("successfulJobsHistoryLimit")));
    put!(writer, 0, "Failed Job History Limit:\t{}\n", or_unset(spec.int("failedJobsHistoryLimit")));
    let deadline = spec.int("startingDeadlineSeconds").map(|seconds| format!("{seconds}s"));
    put!(writer, 0, "Starting Deadline Seconds:\t{}\n", deadline.as_deref().unwrap_or(UNSET));
    job_template(&mut writer, spec.at("jobTemplate.spec"));
    let last = object.text("status.lastScheduleTime");
    put!(writer, 0, "Last Schedule Time:\t{}\n", if last.is_empty() { UNSET.to_owned() } else { time(last) });
    let active: Vec<_> = object.list("status.active").iter().map(|job| job.text("name")).collect();
    put!(writer, 0, "Active Jobs:\t{}\n", if active.is_empty() { "<none>".to_owned() } else { active.join(", ") });
    events.put(&mut writer);
    writer.finish()
}

fn job_template(writer: &mut Writer, spec: &Value) {
    let chosen = if spec["selector"].is_object() { selector(&spec["selector"]) } else { UNSET.to_owned() };
    put!(writer, 0, "Selector:\t{chosen}\n");
    put!(writer, 0, "Parallelism:\t{}\n", or_unset(spec.int("parallelism")));
    put!(writer, 0, "Completions:\t{}\n", or_unset(spec.int("completions")));
    if let Some(seconds) = spec.int("activeDeadlineSeconds") {
        put!(writer, 0, "Active Deadline Seconds:\t{seconds}s\n");
    }
    put_template(writer, &spec["template"]);
}

#[cfg(test)]
mod tests;
