//! Configuration: `ConfigMap`, `Secret`, `HorizontalPodAutoscaler`, `PodDisruptionBudget`, `ResourceQuota`, `LimitRange`, `Namespace`
//! and others.

use kubently_render::{describe, fields::Fields};
use serde_json::Value;

use super::{Described, View, is};
use crate::engine::native::{api::Path, catalog::Resource, fault::Fault};

/// Describes kinds of this family.
pub(super) async fn describe(view: &View<'_>, resource: &Resource, object: &Value) -> Described {
    if let Some(text) = without_events(resource, object) {
        return Some(Ok(text));
    }
    if is(resource, "", "Namespace") {
        return Some(namespace(view, object).await);
    }
    if is(resource, "", "ConfigMap") {
        return Some(config_map(view, object).await);
    }
    let text = match (resource.group.as_str(), resource.kind.as_str()) {
        ("policy", "PodDisruptionBudget") => describe::pod_disruption_budget,
        ("autoscaling", "HorizontalPodAutoscaler") => describe::horizontal_pod_autoscaler,
        ("scheduling.k8s.io" | "", "PriorityClass") => describe::priority_class,
        _ => return None,
    };
    let found = view.events(object).await;
    Some(Ok(text(object, view.events_of(found.as_deref()))))
}

fn without_events(resource: &Resource, object: &Value) -> Option<String> {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "ResourceQuota") => Some(describe::resource_quota(object)),
        ("", "LimitRange") => Some(describe::limit_range(object)),
        _ => None,
    }
}

/// The one kind that kubectl does not describe without its events, where these cannot be had.
async fn config_map(view: &View<'_>, object: &Value) -> Result<String, Fault> {
    let search = view.search_events(object, Some(object.text("kind")), object.text("metadata.uid"));
    let found = if view.show_events { Some(search.await?) } else { None };
    Ok(describe::config_map(object, view.events_of(found.as_deref())))
}

async fn namespace(view: &View<'_>, object: &Value) -> Result<String, Fault> {
    let path = format!("/api/v1/namespaces/{}/", object.text("metadata.name"));
    let list = async |plural: &str| match view.list(|| Path::new(format!("{path}{plural}"))).await {
        Ok(items) => Ok(Some(items)),
        // The server has no such thing.
        Err(fault) if fault.is_not_found() => Ok(None),
        Err(fault) => Err(fault),
    };
    let (quotas, ranges) = tokio::try_join!(list("resourcequotas"), list("limitranges"))?;
    Ok(describe::namespace(object, quotas.as_deref(), ranges.as_deref()))
}
