//! Asking for objects and lists.

use kubently_core::kubectl::GetCommand;
use kubently_render::{jsonpath::go::quote, object::items_of};
use serde_json::Value;

use super::{
    super::{api::Api, catalog::Resource, fault::Fault},
    select::{Selection, Target},
};

/// The one namespace that kubectl takes for granted.
const DEFAULT_NAMESPACE: &str = "default";

/// An answer, and what it was asked for.
pub(super) struct Item<'a> {
    pub(super) resource: &'a Resource,
    /// An object, or the server's table of several.
    pub(super) value: Value,
    /// The version of the list that it came from.
    pub(super) list_version: Option<String>,
}

/// Everything that was selected, and what could not be had, both in the order in which they were asked for.
pub(super) async fn all<'a>(
    api: &Api<'_>,
    get: &GetCommand,
    selection: &'a Selection,
    accept: &str,
) -> (Vec<Item<'a>>, Vec<Fault>) {
    let mut items = Vec::new();
    let mut faults = Vec::new();
    for target in &selection.targets {
        let fetched = match target.name {
            Some(_) => one(api, get, target, accept).await.map(|value| items.push(item(target, value, None))),
            None => list(api, get, target, accept, &mut items).await,
        };
        match fetched {
            Err(fault) if get.ignore_not_found && fault.is_not_found() => {}
            Err(fault) => faults.push(fault),
            Ok(()) => {}
        }
    }
    (items, faults)
}

fn item(target: &Target, value: Value, list_version: Option<String>) -> Item<'_> {
    Item { resource: &target.resource, value, list_version }
}

/// Whether the server made a table of it.
pub(super) fn is_table(value: &Value) -> bool {
    let api_version = value["apiVersion"].as_str().unwrap_or_default();
    value["kind"] == "Table" && api_version.starts_with("meta.k8s.io/")
}

/// One object. When it is not there, it may be that its namespace is not there either, which says more.
async fn one(api: &Api<'_>, get: &GetCommand, target: &Target, accept: &str) -> Result<Value, Fault> {
    let fault = match read(api, &target.path(get, ""), accept).await {
        Err(fault) if fault.is_not_found() => fault,
        Ok(mut object) => {
            api.redactor().object(&mut object);
            return Ok(object);
        }
        failed => return failed,
    };
    let namespace = target.namespace().filter(|namespace| *namespace != DEFAULT_NAMESPACE);
    let Some(namespace) = namespace else { return Err(fault) };
    match api.get(&format!("/api/v1/namespaces/{namespace}"), accept).await {
        Err(missing) if missing.is_not_found() => Err(missing),
        _ => Err(fault),
    }
}

/// The answer as it came; it is redacted once what nobody sees is gone.
async fn read(api: &Api<'_>, path: &str, accept: &str) -> Result<Value, Fault> {
    api.read(path, accept).await
}

/// A list, piece by piece. The pieces before one that cannot be had, because it is too old by now, are kept.
async fn list<'a>(
    api: &Api<'_>,
    get: &GetCommand,
    target: &'a Target,
    accept: &str,
    items: &mut Vec<Item<'a>>,
) -> Result<(), Fault> {
    let mut next = String::new();
    loop {
        let answer = read(api, &target.path(get, &next), accept).await;
        let mut answer = answer.map_err(|fault| explained(fault, get, &target.resource))?;
        answer["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut next);
        let version = answer["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        if answer["items"].is_array() {
            api.redactor().object(&mut answer);
            items.extend(items_of(answer).into_iter().map(|value| item(target, value, version.clone())));
        } else {
            if get.sort_by.is_none() {
                keep_what_is_shown(&mut answer);
            }
            api.redactor().object(&mut answer);
            items.push(item(target, answer, version));
        }
        if next.is_empty() {
            return Ok(());
        }
    }
}

/// Drops what no table shows of its objects: most of it is who changed which field, and there may be many pieces.
fn keep_what_is_shown(table: &mut Value) {
    for row in table["rows"].as_array_mut().into_iter().flatten() {
        if let Some(metadata) = row["object"]["metadata"].as_object_mut() {
            metadata.retain(|name, _| matches!(name.as_str(), "name" | "namespace" | "labels"));
        }
    }
}

/// Says what was asked for, where the server says only what was wrong with it.
fn explained(fault: Fault, get: &GetCommand, resource: &Resource) -> Fault {
    let Fault::Api(mut status) = fault else { return fault };
    if !matches!(status.reason.as_str(), "BadRequest" | "NotFound") {
        return Fault::Api(status);
    }
    let Resource { group, version, plural, .. } = resource;
    let subject = quote(&format!("{group}/{version}, Resource={plural}"));
    let message = &status.message;
    let [labels, fields] = [&get.selector, &get.field_selector].map(|text| text.as_deref().unwrap_or_default().trim());
    status.message = if labels.is_empty() && fields.is_empty() {
        format!("Unable to list {subject}: {message}")
    } else {
        let (labels, fields) = (quote(labels), quote(fields));
        format!("Unable to find {subject} that match label selector {labels}, field selector {fields}: {message}")
    };
    Fault::Api(status)
}
