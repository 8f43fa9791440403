//! Storage and nodes: `PersistentVolume`, `PersistentVolumeClaim`, `StorageClass`, `Node` and others.

use kubently_render::{describe, fields::Fields};
use serde_json::Value;

use super::{Described, View};
use crate::engine::native::{
    api::{Path, encode},
    catalog::Resource,
    fault::Fault,
};

/// Describes kinds of this family.
pub(super) async fn describe(view: &View<'_>, resource: &Resource, object: &Value) -> Described {
    let text = match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Node") => return Some(node(view, object).await),
        ("", "PersistentVolumeClaim") => return Some(claim(view, object).await),
        ("", "PersistentVolume") => describe::persistent_volume,
        ("storage.k8s.io", "StorageClass") => describe::storage_class,
        ("storage.k8s.io", "VolumeAttributesClass") => describe::volume_attributes_class,
        ("storage.k8s.io", "CSINode") => describe::csi_node,
        _ => return None,
    };
    let found = view.events(object).await;
    Some(Ok(text(object, view.events_of(found.as_deref()))))
}

async fn claim(view: &View<'_>, object: &Value) -> Result<String, Fault> {
    let path = format!("/api/v1/namespaces/{}/pods", object.text("metadata.namespace"));
    let (pods, found) = tokio::join!(view.list(|| Path::new(path.clone())), view.events(object));
    Ok(describe::persistent_volume_claim(object, &pods?, view.events_of(found.as_deref())))
}

async fn node(view: &View<'_>, object: &Value) -> Result<String, Fault> {
    let name = object.text("metadata.name");
    let selector = format!("spec.nodeName={name},status.phase!=Succeeded,status.phase!=Failed");
    let mut lease = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/".to_owned();
    encode(&mut lease, name);
    let pods = view.list(|| Path::new("/api/v1/pods").query("fieldSelector", &selector));
    // Controllers name a node by its id, kubelets by its name.
    let (by_id, by_name) = (view.events(object), view.events_about(object, Some("Node"), name));
    let (pods, lease, by_id, by_name) = tokio::join!(pods, view.api.object(&lease), by_id, by_name);
    let pods = match pods {
        Ok(pods) => Some(pods),
        Err(Fault::Api(status)) if status.reason == "Forbidden" => None,
        Err(fault) => return Err(fault),
    };
    let events = by_id.map(|found| found.into_iter().chain(by_name.unwrap_or_default()).collect::<Vec<_>>());
    let lease = lease.as_ref().map_err(Fault::words);
    Ok(describe::node(object, lease, pods.as_deref(), view.events_of(events.as_deref())))
}
