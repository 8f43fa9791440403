//! Lists and single objects, in any form.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::{Api, Failure, Form, Query, route::ResourcePath};
use crate::{
    catalog::ResourceType,
    select::{FieldSelector, LabelSelector},
    table::{Include, Table},
};

/// The objects a request chose, before they are cut into chunks.
pub(super) fn chosen<'a>(api: &'a Api, path: ResourcePath<'_>, query: &Query) -> Result<Vec<Cow<'a, Value>>, Failure> {
    let labels = LabelSelector::parse(query.text("labelSelector").unwrap_or_default()).map_err(Failure::bad_request)?;
    let fields = FieldSelector::parse(path.kind, query.text("fieldSelector").unwrap_or_default())
        .map_err(Failure::bad_request)?;
    let matching = |object: &&Value| labels.matches(object) && fields.matches(object);
    let here = api.scene.within(path.kind, path.namespace).iter();
    Ok(here.filter(matching).map(|object| present(path.kind, object)).collect())
}

/// A list.
pub(super) fn answer(api: &Api, path: ResourcePath<'_>, query: &Query, form: Form) -> Result<Value, Failure> {
    let objects = chosen(api, path, query)?;
    let revision = api.scene.revision().to_string();
    let start = continued_at(query)?;
    let limit = query.number::<usize>("limit")?.filter(|limit| *limit > 0).unwrap_or(usize::MAX);
    let end = start.saturating_add(limit).min(objects.len());
    let mut metadata = json!({ "resourceVersion": revision });
    if end < objects.len() {
        metadata["continue"] = json!(format!("{revision}-{end}"));
        // Behind a selector the rest is not counted.
        if query.text("labelSelector").is_none() && query.text("fieldSelector").is_none() {
            metadata["remainingItemCount"] = json!(objects.len() - end);
        }
    }
    let page = objects.get(start..end).unwrap_or_default();
    Ok(match form {
        Form::Table => {
            let table = Table::of(&api.scene, path.kind, api.clock.now());
            table.render(page.iter().map(AsRef::as_ref), Include::asked_for(query.text("includeObject")), &metadata)
        }
        Form::Partial => {
            let items: Vec<Value> = page.iter().map(|object| partial(object)).collect();
            json!({
                "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "items": items,
            })
        }
        Form::Plain | Form::Aggregated => {
            let items: Vec<Value> = page.iter().map(|object| item(path.kind, object)).collect();
            let (kind, version) = (format!("{}List", path.kind.kind), path.kind.group_version());
            json!({ "kind": kind, "apiVersion": version, "metadata": metadata, "items": items })
        }
    })
}

/// One object.
pub(super) fn one(api: &Api, path: ResourcePath<'_>, query: &Query, form: Form) -> Result<Value, Failure> {
    let object = api.scene.get(path.kind, path.namespace, path.name);
    let object = present(path.kind, object.ok_or_else(|| Failure::no_object(path.kind, path.name))?);
    Ok(match form {
        Form::Table => {
            let metadata = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
            let table = Table::of(&api.scene, path.kind, api.clock.now());
            table.render([&*object], Include::asked_for(query.text("includeObject")), &metadata)
        }
        Form::Partial => partial(&object),
        Form::Plain | Form::Aggregated => object.into_owned(),
    })
}

/// An object with its metadata only.
pub(crate) fn partial(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}

/// The items of a list do not repeat their kind, except where a definition made it.
fn item(resource: &ResourceType, object: &Value) -> Value {
    let mut item = object.clone();
    if let (false, Some(fields)) = (resource.is_custom(), item.as_object_mut()) {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    item
}

/// Where the token says that the chunk before ended.
fn continued_at(query: &Query) -> Result<usize, Failure> {
    let Some(token) = query.text("continue") else { return Ok(0) };
    let at = token.split_once('-').and_then(|(_, at)| at.parse().ok());
    at.ok_or_else(|| Failure::bad_request("continue key is not valid: it was not made by this server"))
}

/// An object as the asked resource shows it.
pub(super) fn present<'a>(resource: &ResourceType, object: &'a Value) -> Cow<'a, Value> {
    if resource.group == "events.k8s.io" { Cow::Owned(new_event(object)) } else { Cow::Borrowed(object) }
}

/// The core group's event under the names of `events.k8s.io`.
fn new_event(event: &Value) -> Value {
    const NAMES: [(&str, &str); 14] = [
        ("metadata", "metadata"),
        ("involvedObject", "regarding"),
        ("reason", "reason"),
        ("message", "note"),
        ("type", "type"),
        ("action", "action"),
        ("eventTime", "eventTime"),
        ("series", "series"),
        ("reportingComponent", "reportingController"),
        ("reportingInstance", "reportingInstance"),
        ("source", "deprecatedSource"),
        ("count", "deprecatedCount"),
        ("firstTimestamp", "deprecatedFirstTimestamp"),
        ("lastTimestamp", "deprecatedLastTimestamp"),
    ];
    let renamed = |(old, new): &(&str, &str)| event.get(old).map(|value| ((*new).to_owned(), value.clone()));
    let mut fields: Map<String, Value> = NAMES.iter().filter_map(renamed).collect();
    fields.insert("kind".to_owned(), json!("Event"));
    fields.insert("apiVersion".to_owned(), json!("events.k8s.io/v1"));
    Value::Object(fields)
}
