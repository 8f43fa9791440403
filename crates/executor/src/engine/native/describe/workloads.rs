//! Workloads: `Pod` and what makes pods.

use kubently_render::{
    describe,
    fields::Fields,
    labels::{format_labels, selector},
};
use serde_json::Value;

use super::{Described, View};
use crate::engine::native::{api::Path, catalog::Resource, fault::Fault};

/// Says that a pod is the API's image of one that a kubelet runs by itself; its events have this id.
const MIRROR: &str = "kubernetes.io/config.mirror";

/// Describes kinds of this family.
pub(super) async fn describe(view: &View<'_>, resource: &Resource, object: &Value) -> Described {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Pod") => Some(Ok(pod(view, object).await)),
        ("apps", "Deployment") => Some(Ok(deployment(view, object).await)),
        ("apps", "ReplicaSet") => Some(Ok(replica_set(view, object).await)),
        ("", "ReplicationController") => Some(with_pods(view, object, describe::replication_controller).await),
        ("apps", "StatefulSet") => Some(with_pods(view, object, describe::stateful_set).await),
        ("apps", "DaemonSet") => Some(with_pods(view, object, describe::daemon_set).await),
        ("batch", "Job") => Some(Ok(alone(view, object, describe::job).await)),
        ("batch", "CronJob") => Some(Ok(alone(view, object, describe::cron_job).await)),
        _ => None,
    }
}

async fn alone(view: &View<'_>, object: &Value, text: fn(&Value, describe::Events<'_>) -> String) -> String {
    let found = view.events(object).await;
    text(object, view.events_of(found.as_deref()))
}

async fn pod(view: &View<'_>, object: &Value) -> String {
    let mirror = object["metadata"]["annotations"][MIRROR].as_str();
    let found = view.events_about(object, None, mirror.unwrap_or_else(|| object.text("metadata.uid"))).await;
    describe::pod(object, view.events_of(found.as_deref()))
}

async fn deployment(view: &View<'_>, object: &Value) -> String {
    let path = format!("/apis/apps/v1/namespaces/{}/replicasets", object.text("metadata.namespace"));
    let labels = selector(object.at("spec.selector"));
    let labels = Some(labels).filter(|labels| !labels.is_empty());
    let sets = view.list(|| Path::new(path.clone()).maybe("labelSelector", labels.as_ref()));
    let (sets, found) = tokio::join!(sets, view.events(object));
    // Without the replica sets the rest is described all the same.
    describe::deployment(object, sets.ok().as_deref(), view.events_of(found.as_deref()))
}

async fn replica_set(view: &View<'_>, object: &Value) -> String {
    let (pods, found) = tokio::join!(pods(view, object), view.events(object));
    let pods = pods.as_deref().map_err(Fault::words);
    describe::replica_set(object, pods, view.events_of(found.as_deref()))
}

async fn with_pods(
    view: &View<'_>,
    object: &Value,
    text: fn(&Value, &[Value], describe::Events<'_>) -> String,
) -> Result<String, Fault> {
    let (pods, found) = tokio::join!(pods(view, object), view.events(object));
    Ok(text(object, &pods?, view.events_of(found.as_deref())))
}

async fn pods(view: &View<'_>, object: &Value) -> Result<Vec<Value>, Fault> {
    let path = format!("/api/v1/namespaces/{}/pods", object.text("metadata.namespace"));
    let labels = match object.text("kind") {
        "ReplicationController" if object.map("spec.selector").is_empty() => String::new(),
        "ReplicationController" => format_labels(object, "spec.selector"),
        _ => selector(object.at("spec.selector")),
    };
    let labels = Some(labels).filter(|labels| !labels.is_empty());
    view.list(|| Path::new(path.clone()).maybe("labelSelector", labels.as_ref())).await
}
