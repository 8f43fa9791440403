//! `metrics.k8s.io`: what pods and nodes use.

use axum::response::Response;
use serde_json::{Value, json};

use super::{Api, Failure, Query, json_answer, route::ResourcePath};
use crate::{
    catalog::{self, ResourceType},
    clock::{earlier, rfc3339},
    scene::{Usage, secs, text},
    select::LabelSelector,
};

/// What the system itself uses on a node, besides its pods.
const SYSTEM: Usage = Usage { cpu_millis: 143, memory_mi: 1180 };

/// Answers for pods and nodes, lists and single ones.
pub(super) fn answer(api: &Api, path: ResourcePath<'_>, query: &Query) -> Result<Response, Failure> {
    let selector =
        LabelSelector::parse(query.text("labelSelector").unwrap_or_default()).map_err(Failure::bad_request)?;
    let base = catalog::find("", "v1", path.kind.plural).ok_or_else(Failure::no_path)?;
    let chosen = |object: &&Value| {
        let named = path.name.is_empty() || object["metadata"]["name"] == path.name;
        named && selector.matches(object)
    };
    let objects = api.scene.within(base, path.namespace).iter().filter(chosen);
    let items: Vec<Value> = objects.filter_map(|object| measured(api, path.kind, object)).collect();
    if path.name.is_empty() {
        let (kind, version) = (format!("{}List", path.kind.kind), path.kind.group_version());
        return Ok(json_answer(&json!({ "kind": kind, "apiVersion": version, "metadata": {}, "items": items })));
    }
    let mut item = items.into_iter().next().ok_or_else(|| Failure::no_object(path.kind, path.name))?;
    item["kind"] = json!(path.kind.kind);
    item["apiVersion"] = json!(path.kind.group_version());
    Ok(json_answer(&item))
}

/// The metrics of an object; none for what does not run.
fn measured(api: &Api, kind: &ResourceType, object: &Value) -> Option<Value> {
    let now = api.clock.now();
    let source = object["metadata"].clone();
    let mut metadata = json!({ "name": source["name"], "creationTimestamp": rfc3339(now), "labels": source["labels"] });
    let base = json!({ "timestamp": rfc3339(earlier(now, secs(9))), "window": "15s" });
    let mut item = base;
    if kind.namespaced {
        metadata["namespace"] = source["namespace"].clone();
        item["containers"] = json!(containers(api, object)?);
    } else {
        item["usage"] = node_usage(api, object)?;
    }
    item["metadata"] = metadata;
    Some(item)
}

fn containers(api: &Api, pod: &Value) -> Option<Vec<Value>> {
    let (namespace, name) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
    let of_pod = api.scene.usage().filter(|(key, _)| key.namespace == namespace && key.pod == name);
    let containers: Vec<Value> =
        of_pod.map(|(key, usage)| json!({ "name": key.container, "usage": quantities(api, *usage) })).collect();
    (!containers.is_empty()).then_some(containers)
}

fn node_usage(api: &Api, node: &Value) -> Option<Value> {
    let name = text(node, "/metadata/name");
    let pods = catalog::find("", "v1", "pods")?;
    let on_node = |key: &str, namespace: &str| {
        api.scene.get(pods, namespace, key).is_some_and(|pod| text(pod, "/spec/nodeName") == name)
    };
    let used: Vec<&Usage> =
        api.scene.usage().filter(|(key, _)| on_node(&key.pod, &key.namespace)).map(|(_, usage)| usage).collect();
    let total = used.iter().fold(SYSTEM, |sum, usage| Usage {
        cpu_millis: sum.cpu_millis + usage.cpu_millis,
        memory_mi: sum.memory_mi + usage.memory_mi,
    });
    (!used.is_empty()).then(|| quantities(api, total))
}

/// Processor use goes up and down by a tenth over a minute, so that two looks differ.
fn quantities(api: &Api, usage: Usage) -> Value {
    let second = api.clock.now().as_second().rem_euclid(60).unsigned_abs();
    let wave = second.min(60 - second);
    let nanos = usage.cpu_millis * 1_000_000 * (95 + wave / 3) / 100;
    json!({ "cpu": format!("{nanos}n"), "memory": format!("{}Ki", usage.memory_mi * 1024) })
}
