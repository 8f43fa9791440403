//! `ResourceQuota`, `LimitRange`, and `Namespace`, which shows both.

use serde_json::Value;

use super::{
    config::names,
    metadata::{annotations, labels},
    writer::{Writer, put},
};
use crate::{
    fields::Fields,
    quantity::Quantity,
    time::{parse, rfc1123},
};

/// Describes a `ResourceQuota`.
#[must_use]
pub fn resource_quota(object: &Value) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    scopes(&mut writer, object, 0, " * ");
    put!(writer, 0, "Resource\tUsed\tHard\n");
    put!(writer, 0, "--------\t----\t----\n");
    for (name, hard) in object.map("status.hard") {
        let (hard, used) = (Quantity::of(hard), Quantity::of(&object["status"]["used"][name]));
        let used = if used.format() == hard.format() { used } else { Quantity::new(used.value(), hard.format()) };
        put!(writer, 0, "{name}\t{used}\t{hard}\n");
    }
    writer.finish()
}

/// Describes a `LimitRange`.
#[must_use]
pub fn limit_range(object: &Value) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    put!(writer, 0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n");
    put!(writer, 0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n");
    limits(&mut writer, object, "");
    writer.finish()
}

/// Describes a `Namespace` with its quotas and limit ranges; none where the server has no such thing.
#[must_use]
pub fn namespace(object: &Value, quotas: Option<&[Value]>, ranges: Option<&[Value]>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    labels(&mut writer, "Labels", object, "metadata.labels");
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    put!(writer, 0, "Status:\t{}\n", object.text("status.phase"));
    conditions(&mut writer, object);
    if let Some(quotas) = quotas {
        put!(writer, 0, "\n");
        all_quotas(&mut writer, quotas);
    }
    if let Some(ranges) = ranges {
        put!(writer, 0, "\n");
        all_ranges(&mut writer, ranges);
    }
    writer.finish()
}

fn conditions(writer: &mut Writer, object: &Value) {
    let conditions = object.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    put!(writer, 0, "Conditions:\n");
    put!(writer, 1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
    put!(writer, 1, "----\t------\t------------------\t------\t-------\n");
    for condition in conditions {
        let [kind, status, reason, message] = ["type", "status", "reason", "message"].map(|name| condition.text(name));
        let at = parse(condition.text("lastTransitionTime")).map(rfc1123).unwrap_or_default();
        put!(writer, 1, "{kind}\t{status}\t{at}\t{reason}\t{message}\n");
    }
}

fn all_quotas(writer: &mut Writer, quotas: &[Value]) {
    if quotas.is_empty() {
        return put!(writer, 0, "No resource quota.\n");
    }
    let mut quotas: Vec<_> = quotas.iter().collect();
    quotas.sort_by_key(|quota| quota.text("metadata.name"));
    put!(writer, 0, "Resource Quotas\n");
    for quota in quotas {
        put!(writer, 1, "Name:\t{}\n", quota.text("metadata.name"));
        scopes(writer, quota, 1, "* ");
        put!(writer, 1, "Resource\tUsed\tHard\n");
        put!(writer, 1, "--------\t---\t---\n");
        for (name, hard) in quota.map("status.hard") {
            let used = Quantity::of(&quota["status"]["used"][name]);
            put!(writer, 1, "{name}\t{used}\t{}\n", Quantity::of(hard));
        }
    }
}

fn all_ranges(writer: &mut Writer, ranges: &[Value]) {
    if ranges.is_empty() {
        return put!(writer, 0, "No LimitRange resource.\n");
    }
    put!(
        writer,
        0,
        "Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio\n"
    );
    put!(writer, 0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------\n");
    for range in ranges {
        limits(writer, range, " ");
    }
}

fn limits(writer: &mut Writer, object: &Value, prefix: &str) {
    const COLUMNS: [&str; 5] = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
    for item in object.list("spec.limits") {
        // kubectl's own order is that of a Go map, which changes from run to run.
        let mut resources: Vec<_> = COLUMNS.iter().flat_map(|column| item.map(column)).map(|(name, _)| name).collect();
        resources.sort_unstable();
        resources.dedup();
        for resource in resources {
            let cells = COLUMNS.map(|column| match &item[column][resource] {
                Value::Null => "-".to_owned(),
                value => Quantity::of(value).to_string(),
            });
            put!(writer, 0, "{prefix}{}\t{resource}\t{}\n", item.text("type"), cells.join("\t"));
        }
    }
}

fn scopes(writer: &mut Writer, object: &Value, level: usize, bullet: &str) {
    let mut scopes: Vec<_> = object.list("spec.scopes").iter().filter_map(Value::as_str).collect();
    if scopes.is_empty() {
        return;
    }
    scopes.sort_unstable();
    put!(writer, level, "Scopes:\t{}\n", scopes.join(", "));
    for help in scopes.into_iter().filter_map(help) {
        put!(writer, level, "{bullet}{help}\n");
    }
}

/// What kubectl says about a scope.
fn help(scope: &str) -> Option<&'static str> {
    match scope {
        "Terminating" => Some(
            "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.",
        ),
        "NotTerminating" => Some(
            "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.",
        ),
        "BestEffort" => Some(
            "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.",
        ),
        "NotBestEffort" => Some(
            "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.",
        ),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_used_takes_the_format_of_the_limit() {
        let object = json!({"metadata": {"name": "q", "namespace": "n"}, "spec": {"scopes": ["BestEffort"]},
            "status": {"hard": {"memory": "1Gi", "pods": "10"}, "used": {"memory": "0", "pods": "3"}}});
        let text = resource_quota(&object);
        assert!(
            text.starts_with("Name:       q\nNamespace:  n\nScopes:     BestEffort\n * Matches all pods"),
            "{text}"
        );
        assert!(
            text.ends_with("Resource  Used  Hard\n--------  ----  ----\nmemory    0     1Gi\npods      3     10\n"),
            "{text}"
        );
    }

    #[test]
    fn limits_without_a_value_are_dashes() {
        let object =
            json!({"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "default": {"memory": "1Gi"}}]}});
        let text = limit_range(&object);
        let rows: Vec<Vec<&str>> = text.lines().skip(4).map(|line| line.split_whitespace().collect()).collect();
        assert_eq!(rows[0], ["Container", "cpu", "-", "2", "-", "-", "-"]);
        assert_eq!(rows[1], ["Container", "memory", "-", "-", "-", "1Gi", "-"]);
    }

    #[test]
    fn a_namespace_without_limits_says_so() {
        let object = json!({"metadata": {"name": "n"}, "status": {"phase": "Active"}});
        let text = namespace(&object, Some(&[]), Some(&[]));
        assert!(text.ends_with("Status:       Active\n\nNo resource quota.\n\nNo LimitRange resource.\n"), "{text}");
        assert!(!namespace(&object, None, None).contains("quota"));
    }
}
