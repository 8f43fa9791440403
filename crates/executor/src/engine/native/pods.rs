//! Pods as `logs` needs them, and the pods an object owns.

use std::cmp::Ordering;

use kubently_render::{fields::Fields, labels, object::strings};
use serde::Deserialize;
use serde_json::Value;

use super::{
    api::{Api, JSON, Path},
    fault::Fault,
};

/// The part of a pod that says which logs there are and which pod is the most telling one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Pod {
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) annotations: std::collections::BTreeMap<String, String>,
    creation_timestamp: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec {
    node_name: String,
    pub(super) containers: Vec<Container>,
    pub(super) init_containers: Vec<Container>,
    pub(super) ephemeral_containers: Vec<Container>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Container {
    pub(super) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    phase: String,
    conditions: Vec<Condition>,
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Condition {
    #[serde(rename = "type")]
    kind: String,
    status: String,
    last_transition_time: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerStatus {
    restart_count: u32,
}

#[derive(Deserialize)]
struct PodList {
    #[serde(default)]
    items: Vec<Pod>,
}

impl Pod {
    fn ready_since(&self) -> Option<&str> {
        let ready = self.status.conditions.iter().find(|condition| condition.kind == "Ready");
        ready.filter(|ready| ready.status == "True").map(|ready| ready.last_transition_time.as_str())
    }

    fn phase_rank(&self) -> u8 {
        match self.status.phase.as_str() {
            "Running" => 0,
            "Unknown" => 1,
            "Pending" => 2,
            // Go's map gives 0 to what it does not hold.
            _ => 0,
        }
    }

    fn restarts(&self) -> u32 {
        self.status.container_statuses.iter().map(|status| status.restart_count).max().unwrap_or_default()
    }
}

/// kubectl's order for logs: assigned, running, ready, ready for longer, restarted more often, older first.
/// Times are RFC 3339 in UTC, so they compare as text.
pub(super) fn most_telling_first(one: &Pod, other: &Pod) -> Ordering {
    let unassigned = |pod: &Pod| pod.spec.node_name.is_empty();
    let empty_last = |one: &str, other: &str| one.is_empty().cmp(&other.is_empty()).then_with(|| one.cmp(other));
    unassigned(one)
        .cmp(&unassigned(other))
        .then_with(|| one.phase_rank().cmp(&other.phase_rank()))
        .then_with(|| one.ready_since().is_none().cmp(&other.ready_since().is_none()))
        .then_with(|| match (one.ready_since(), other.ready_since()) {
            (Some(one), Some(other)) => empty_last(one, other),
            _ => Ordering::Equal,
        })
        .then_with(|| other.restarts().cmp(&one.restarts()))
        .then_with(|| empty_last(&one.metadata.creation_timestamp, &other.metadata.creation_timestamp))
}

/// One pod by name.
pub(super) async fn by_name(api: &Api<'_>, namespace: &str, name: &str) -> Result<Pod, Fault> {
    api.read(&format!("/api/v1/namespaces/{namespace}/pods/{name}"), JSON).await
}

/// The pods with these labels, in the server's order.
pub(super) async fn by_selector(api: &Api<'_>, namespace: Option<&str>, selector: &str) -> Result<Vec<Pod>, Fault> {
    let path = match namespace {
        Some(namespace) => format!("/api/v1/namespaces/{namespace}/pods"),
        None => "/api/v1/pods".to_owned(),
    };
    let path = Path::new(path).query("labelSelector", selector).build();
    Ok(api.read::<PodList>(&path, JSON).await?.items)
}

/// The selector by which `owner` finds its pods.
pub(super) fn selector_of(owner: &Value) -> Result<String, String> {
    let kind = owner["kind"].as_str().unwrap_or_default();
    let selector = owner["spec"]["selector"].as_object();
    match kind {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" => {
            Ok(labels::selector(owner.at("spec.selector")))
        }
        "ReplicationController" | "Service" if selector.is_none_or(serde_json::Map::is_empty) => {
            let name = owner["metadata"]["name"].as_str().unwrap_or_default();
            let what = kind.to_lowercase();
            Err(format!("invalid {what} '{name}': {kind} is defined without a selector"))
        }
        "ReplicationController" | "Service" => {
            let terms = strings(selector).into_iter().map(|(name, value)| format!("{name}={value}"));
            Ok(terms.collect::<Vec<_>>().join(","))
        }
        _ => Err(format!("cannot get the logs from *{kind}: selector for *{kind} not implemented")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn owners_find_their_pods_by_labels_and_expressions() {
        let deployment = json!({"kind": "Deployment", "spec": {"selector": {
            "matchLabels": {"b": "2", "a": "1"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["x", "y"]},
                {"key": "old", "operator": "DoesNotExist"},
            ],
        }}});
        assert_eq!(selector_of(&deployment).as_deref(), Ok("a=1,b=2,!old,tier in (x,y)"));
        let service = json!({"kind": "Service", "metadata": {"name": "s"}, "spec": {"selector": {"app": "w"}}});
        assert_eq!(selector_of(&service).as_deref(), Ok("app=w"));
        let headless = json!({"kind": "Service", "metadata": {"name": "s"}, "spec": {}});
        assert!(selector_of(&headless).unwrap_err().contains("without a selector"));
        assert!(selector_of(&json!({"kind": "ConfigMap"})).is_err());
    }

    #[test]
    fn the_most_telling_pod_comes_first() {
        let pod = |name: &str, phase: &str, ready: bool, restarts: u32| -> Pod {
            serde_json::from_value(json!({
                "metadata": {"name": name},
                "spec": {"nodeName": "n"},
                "status": {
                    "phase": phase,
                    "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}],
                    "containerStatuses": [{"restartCount": restarts}],
                },
            }))
            .unwrap()
        };
        let mut pods = [
            pod("pending", "Pending", false, 0),
            pod("calm", "Running", true, 0),
            pod("broken", "Running", false, 9),
            pod("restless", "Running", true, 3),
        ];
        pods.sort_by(most_telling_first);
        let names: Vec<_> = pods.iter().map(|pod| pod.metadata.name.as_str()).collect();
        assert_eq!(names, ["restless", "calm", "broken", "pending"]);
    }
}
