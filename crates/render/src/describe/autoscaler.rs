//! `HorizontalPodAutoscaler`, `autoscaling/v2` and `v1`.

use serde_json::Value;

use super::{
    Events,
    config::head,
    writer::{Writer, put},
};
use crate::{
    fields::Fields,
    quantity::Quantity,
    time::{parse, rfc1123},
};

const UNKNOWN: &str = "<unknown>";

/// Describes a `HorizontalPodAutoscaler`.
#[must_use]
pub fn horizontal_pod_autoscaler(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    head(&mut writer, object);
    let created = parse(object.text("metadata.creationTimestamp")).map(rfc1123).unwrap_or_default();
    put!(writer, 0, "CreationTimestamp:\t{created}\n");
    let target = object.at("spec.scaleTargetRef");
    put!(writer, 0, "Reference:\t{}/{}\n", target.text("kind"), target.text("name"));
    let is_first_version = object.text("apiVersion") == "autoscaling/v1";
    if is_first_version {
        utilization(&mut writer, object);
    } else {
        put!(writer, 0, "Metrics:\t( current / target )\n");
        for (at, metric) in object.list("spec.metrics").iter().enumerate() {
            let current = object.list("status.currentMetrics").get(at).unwrap_or(&Value::Null);
            put_metric(&mut writer, metric, current);
        }
    }
    let least = object.int("spec.minReplicas").map_or_else(|| "<unset>".to_owned(), |least| least.to_string());
    put!(writer, 0, "Min replicas:\t{least}\n");
    put!(writer, 0, "Max replicas:\t{}\n", object.int("spec.maxReplicas").unwrap_or_default());
    if !is_first_version && object.has("spec.behavior") {
        put!(writer, 0, "Behavior:\n");
        behavior(&mut writer, "Scale Up", object.at("spec.behavior.scaleUp"));
        behavior(&mut writer, "Scale Down", object.at("spec.behavior.scaleDown"));
    }
    let count = |name: &str| object["status"][name].as_i64().unwrap_or_default();
    let (now, wanted) = (count("currentReplicas"), count("desiredReplicas"));
    put!(writer, 0, "{} pods:\t{now} current / {wanted} desired\n", target.text("kind"));
    if !is_first_version {
        conditions(&mut writer, object);
    }
    events.put(&mut writer);
    writer.finish()
}

fn utilization(writer: &mut Writer, object: &Value) {
    let Some(target) = object.int("spec.targetCPUUtilizationPercentage") else { return };
    let current = object.int("status.currentCPUUtilizationPercentage");
    let current = current.map_or_else(|| UNKNOWN.to_owned(), |current| current.to_string());
    put!(writer, 0, "Target CPU utilization:\t{target}%\n");
    put!(writer, 0, "Current CPU utilization:\t{current}%\n");
}

fn put_metric(writer: &mut Writer, metric: &Value, current: &Value) {
    match metric.text("type") {
        "External" => external(writer, metric.at("external"), current.at("external")),
        "Pods" => {
            let (metric, current) = (metric.at("pods"), current.at("pods"));
            let name = metric.text("metric.name");
            let current = known(current, "current.averageValue", !current.is_null());
            put!(writer, 1, "{name:?} on pods:\t{current} / {}\n", amount(metric.at("target.averageValue")));
        }
        "Object" => of_object(writer, metric.at("object"), current.at("object")),
        "Resource" => {
            let metric = metric.at("resource");
            put!(writer, 1, "resource {} on pods", metric.text("name"));
            of_resource(writer, metric, current.at("resource"));
        }
        "ContainerResource" => {
            let metric = metric.at("containerResource");
            let (name, container) = (metric.text("name"), metric.text("container"));
            put!(writer, 1, "resource {name} of container \"{container}\" on pods");
            of_resource(writer, metric, current.at("containerResource"));
        }
        other => put!(writer, 1, "<unknown metric type {other:?}>\n"),
    }
}

fn external(writer: &mut Writer, metric: &Value, current: &Value) {
    let name = metric.text("metric.name");
    if metric.has("target.averageValue") {
        let current = known(current, "current.averageValue", current.has("current.averageValue"));
        let target = amount(metric.at("target.averageValue"));
        put!(writer, 1, "{name:?} (target average value):\t{current} / {target}\n");
    } else {
        let current = known(current, "current.value", !current.is_null());
        put!(writer, 1, "{name:?} (target value):\t{current} / {}\n", amount(metric.at("target.value")));
    }
}

fn of_object(writer: &mut Writer, metric: &Value, current: &Value) {
    let (name, object) = (metric.text("metric.name"), metric.at("describedObject"));
    put!(writer, 1, "\"{name}\" on {}/{} ", object.text("kind"), object.text("name"));
    let (what, field) = match metric.text("target.type") {
        "AverageValue" => ("average value", "averageValue"),
        _ => ("value", "value"),
    };
    let current = known(current.at("current"), field, !current.is_null());
    put!(writer, 0, "(target {what}):\t{current} / {}\n", amount(&metric["target"][field]));
}

fn of_resource(writer: &mut Writer, metric: &Value, current: &Value) {
    if metric.has("target.averageValue") {
        let current = known(current, "current.averageValue", !current.is_null());
        return put!(writer, 0, ":\t{current} / {}\n", amount(metric.at("target.averageValue")));
    }
    let average = || amount(current.at("current.averageValue"));
    let used = current.int("current.averageUtilization").map(|percent| format!("{percent}% ({})", average()));
    let used = used.unwrap_or_else(|| UNKNOWN.to_owned());
    let target = metric.int("target.averageUtilization").map(|percent| format!("{percent}%"));
    let target = target.unwrap_or_else(|| "<auto>".to_owned());
    put!(writer, 1, "(as a percentage of request):\t{used} / {target}\n");
}

fn known(value: &Value, path: &str, is_known: bool) -> String {
    if is_known { amount(value.at(path)) } else { UNKNOWN.to_owned() }
}

/// A quantity; what is missing prints as Go prints a pointer to none.
fn amount(value: &Value) -> String {
    if value.is_null() { "<nil>".to_owned() } else { Quantity::of(value).to_string() }
}

fn behavior(writer: &mut Writer, direction: &str, rules: &Value) {
    if rules.is_null() {
        return;
    }
    put!(writer, 1, "{direction}:\n");
    if let Some(seconds) = rules.int("stabilizationWindowSeconds") {
        put!(writer, 2, "Stabilization Window: {seconds} seconds\n");
    }
    let policies = rules.list("policies");
    if policies.is_empty() {
        return;
    }
    let select = rules["selectPolicy"].as_str().unwrap_or("Max");
    put!(writer, 2, "Select Policy: {select}\n");
    put!(writer, 2, "Policies:\n");
    for policy in policies {
        let number = |name: &str| policy.int(name).unwrap_or_default();
        let (kind, value, period) = (policy.text("type"), number("value"), number("periodSeconds"));
        put!(writer, 3, "- Type: {kind}\tValue: {value}\tPeriod: {period} seconds\n");
    }
}

fn conditions(writer: &mut Writer, object: &Value) {
    let conditions = object.list("status.conditions");
    if conditions.is_empty() {
        return;
    }
    put!(writer, 0, "Conditions:\n");
    put!(writer, 1, "Type\tStatus\tReason\tMessage\n");
    put!(writer, 1, "----\t------\t------\t-------\n");
    for condition in conditions {
        let [kind, status, reason, message] = ["type", "status", "reason", "message"].map(|name| condition.text(name));
        put!(writer, 1, "{kind}\t{status}\t{reason}\t{message}\n");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_metric_is_printed() {
        let object = json!({
            "apiVersion": "autoscaling/v2",
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "maxReplicas": 5, "metrics": [
                {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}},
                {"type": "Resource", "resource": {"name": "memory", "target": {"averageValue": "1Gi"}}},
                {"type": "Pods", "pods": {"metric": {"name": "rps"}, "target": {"averageValue": "10"}}},
                {"type": "Object", "object": {"metric": {"name": "hits"}, "describedObject": {"kind": "Ingress", "name": "i"},
                    "target": {"type": "Value", "value": "2k"}}},
                {"type": "External", "external": {"metric": {"name": "q"}, "target": {"averageValue": "30"}}},
                {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "c", "target": {"averageUtilization": 1}}},
                {"type": "New"}]},
            "status": {"currentMetrics": [{"resource": {"current": {"averageUtilization": 5, "averageValue": "50m"}}}]},
        });
        let text =
            horizontal_pod_autoscaler(&object, Events { found: None, now: parse("2026-01-01T00:00:00Z").unwrap() });
        let expected = "\
Metrics:                                                             ( current / target )
  resource cpu on pods  (as a percentage of request):                5% (50m) / 80%
  resource memory on pods:                                           <unknown> / 1Gi
  \"rps\" on pods:                                                     <unknown> / 10
  \"hits\" on Ingress/i (target value):                                <unknown> / 2k
  \"q\" (target average value):                                        <unknown> / 30
  resource cpu of container \"c\" on pods  (as a percentage of request):  <unknown> / 1%
";
        let lines = |text: &str| {
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect::<Vec<_>>()
        };
        let printed = lines(&text);
        for line in lines(expected) {
            assert!(printed.contains(&line), "{line}\nin\n{text}");
        }
        assert!(
            text.contains("<unknown metric type \"New\">") && text.contains("Min replicas:  <unset>")
                || text.contains("<unset>")
        );
    }
}
