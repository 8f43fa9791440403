//! Objects as the API gives them, without knowing their types.

use serde_json::{Map, Value, json};

/// A list's items. The API leaves out what all of them have in common; here each is whole again.
pub fn items_of(mut list: Value) -> Vec<Value> {
    let api_version = list["apiVersion"].take();
    let kind = list["kind"].as_str().map(|kind| kind.trim_end_matches("List").to_owned()).unwrap_or_default();
    let Value::Array(items) = list["items"].take() else { return Vec::new() };
    items.into_iter().map(|item| complete(item, &api_version, &kind)).collect()
}

fn complete(mut item: Value, api_version: &Value, kind: &str) -> Value {
    if let Value::Object(fields) = &mut item
        && !fields.contains_key("kind")
        && !fields.contains_key("apiVersion")
    {
        fields.insert("apiVersion".to_owned(), api_version.clone());
        fields.insert("kind".to_owned(), kind.into());
    }
    item
}

/// The list kubectl puts around several objects.
pub fn list_of(items: Vec<Value>) -> Value {
    let mut list = json!({"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}});
    list["items"] = Value::Array(items);
    list
}

/// Who changed which field: long, and of no use to readers.
pub fn drop_managed_fields(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
}

/// `pod`, `deployment.apps`: how kubectl names a type in front of object names.
#[must_use]
pub fn prefix(kind: &str, group: &str) -> String {
    let kind = kind.to_lowercase();
    if group.is_empty() { kind } else { format!("{kind}.{group}") }
}

/// `pod/web`, `deployment.apps/web`.
pub fn name_of(object: &Value) -> String {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let kind = object["kind"].as_str().unwrap_or_default();
    format!("{}/{}", prefix(kind, group), object["metadata"]["name"].as_str().unwrap_or_default())
}

/// The string values of a map, in order of their names.
pub fn strings(map: Option<&Map<String, Value>>) -> Vec<(&str, &str)> {
    let mut pairs: Vec<_> =
        map.into_iter().flatten().filter_map(|(name, value)| Some((name.as_str(), value.as_str()?))).collect();
    pairs.sort_unstable();
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_get_what_their_list_says() {
        let list = json!({"apiVersion": "apps/v1", "kind": "DeploymentList", "items": [
            {"metadata": {"name": "a"}}, {"apiVersion": "x/v1", "kind": "Y", "metadata": {"name": "b"}}]});
        let names: Vec<_> = items_of(list).iter().map(name_of).collect();
        assert_eq!(names, ["deployment.apps/a", "y.x/b"]);
    }
}
