//! What there is: groups, versions, resources.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Failure, Form, json_answer};
use crate::catalog::{self, ResourceType, group_version};

const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// The server's version. `gitCommit` is no commit of Kubernetes: this is not Kubernetes.
pub(super) fn version() -> Value {
    json!({
        "major": "1", "minor": "33", "emulationMajor": "1", "emulationMinor": "33",
        "minCompatibilityMajor": "1", "minCompatibilityMinor": "32",
        "gitVersion": "v1.33.5", "gitCommit": "0000000000000000000000000000000000000000", "gitTreeState": "clean",
        "buildDate": "2025-09-09T00:00:00Z", "goVersion": "go1.24.6", "compiler": "gc", "platform": "linux/amd64",
    })
}

/// `/api`.
pub(super) fn core_versions(form: Form) -> Response {
    if form == Form::Aggregated {
        return aggregated(&[aggregated_group("", "v1")]);
    }
    json_answer(&json!({ "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [] }))
}

/// `/apis`.
pub(super) fn group_list(form: Form) -> Response {
    let groups = catalog::groups();
    if form == Form::Aggregated {
        let groups: Vec<Value> = groups.into_iter().map(|(group, version)| aggregated_group(group, version)).collect();
        return aggregated(&groups);
    }
    let groups: Vec<Value> = groups.into_iter().map(|(group, version)| api_group(group, version)).collect();
    json_answer(&json!({ "kind": "APIGroupList", "apiVersion": "v1", "groups": groups }))
}

/// `/apis/{group}`.
pub(super) fn group(group: &str) -> Result<Value, Failure> {
    let (group, version) =
        catalog::groups().into_iter().find(|(name, _)| *name == group).ok_or_else(Failure::no_path)?;
    let mut answer = api_group(group, version);
    answer["kind"] = json!("APIGroup");
    answer["apiVersion"] = json!("v1");
    Ok(answer)
}

/// `/api/v1` and `/apis/{group}/{version}`.
pub(super) fn resource_list(group: &str, version: &str) -> Result<Value, Failure> {
    let resources: Vec<Value> = catalog::in_group(group, version).flat_map(api_resources).collect();
    if resources.is_empty() {
        return Err(Failure::no_path());
    }
    let group_version = group_version(group, version);
    Ok(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
    }))
}

fn api_group(group: &str, version: &str) -> Value {
    let version = json!({ "groupVersion": group_version(group, version), "version": version });
    json!({ "name": group, "versions": [version], "preferredVersion": version })
}

/// A resource and its subresources as entries of an `APIResourceList`.
fn api_resources(resource: &'static ResourceType) -> Vec<Value> {
    let mut entry = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": resource.verbs,
    });
    name_extras(&mut entry, resource);
    let sub = |subresource: &&str| {
        json!({
            "name": format!("{}/{subresource}", resource.plural), "singularName": "",
            "namespaced": resource.namespaced, "kind": resource.kind, "verbs": ["get"],
        })
    };
    std::iter::once(entry).chain(resource.subresources.iter().map(sub)).collect()
}

fn name_extras(entry: &mut Value, resource: &ResourceType) {
    for (field, names) in [("shortNames", resource.short_names), ("categories", resource.categories)] {
        if !names.is_empty() {
            entry[field] = json!(names);
        }
    }
}

fn aggregated(groups: &[Value]) -> Response {
    let list = json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": groups,
    });
    ([(header::CONTENT_TYPE, AGGREGATED)], list.to_string()).into_response()
}

fn aggregated_group(group: &str, version: &str) -> Value {
    let resources: Vec<Value> = catalog::in_group(group, version).map(aggregated_resource).collect();
    let mut metadata = json!({ "creationTimestamp": null });
    if !group.is_empty() {
        metadata["name"] = json!(group);
    }
    let versions = json!([{ "version": version, "freshness": "Current", "resources": resources }]);
    json!({ "metadata": metadata, "versions": versions })
}

fn aggregated_resource(resource: &'static ResourceType) -> Value {
    let kind = json!({ "group": "", "version": "", "kind": resource.kind });
    let mut entry = json!({
        "resource": resource.plural, "responseKind": kind, "singularResource": resource.singular,
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" }, "verbs": resource.verbs,
    });
    name_extras(&mut entry, resource);
    if !resource.subresources.is_empty() {
        let sub = |name: &&str| json!({ "subresource": name, "responseKind": kind, "verbs": ["get"] });
        entry["subresources"] = json!(resource.subresources.iter().map(sub).collect::<Vec<_>>());
    }
    entry
}
