//! Custom resources: their definition says which columns they have.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::cell;
use crate::{
    catalog::{self, ResourceType},
    scene::{Scene, text},
};

/// A column of `additionalPrinterColumns`.
#[derive(Debug)]
pub(super) struct CustomColumn {
    name: String,
    kind: String,
    /// A JSON pointer. Definitions have JSON paths; those of the scene name fields only.
    pointer: String,
}

/// The name and what the definition in the scene says.
pub(super) fn columns(scene: &Scene, resource: &ResourceType) -> Vec<CustomColumn> {
    let name =
        CustomColumn { name: "Name".to_owned(), kind: "string".to_owned(), pointer: "/metadata/name".to_owned() };
    let definitions = catalog::find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    let definition = definitions.and_then(|kind| scene.get(kind, "", &resource.qualified()));
    let columns = definition.map_or(&[][..], |d| cell::list(d, "/spec/versions/0/additionalPrinterColumns"));
    std::iter::once(name).chain(columns.iter().map(CustomColumn::of)).collect()
}

impl CustomColumn {
    fn of(column: &Value) -> Self {
        Self {
            name: text(column, "/name").to_owned(),
            kind: text(column, "/type").to_owned(),
            pointer: text(column, "/jsonPath").replace('.', "/"),
        }
    }

    /// Its entry in `columnDefinitions`.
    pub(super) fn definition(&self) -> Value {
        let format = if self.name == "Name" { "name" } else { "" };
        let path = self.pointer.replace('/', ".");
        let description = format!("Custom resource definition column (in JSONPath format): {path}");
        json!({ "name": self.name, "type": self.kind, "format": format, "priority": 0, "description": description })
    }

    pub(super) fn cell(&self, object: &Value, now: Timestamp) -> Value {
        let value = object.pointer(&self.pointer).cloned().unwrap_or(Value::Null);
        match (self.kind.as_str(), value) {
            ("date", Value::String(time)) => json!(cell::since(&time, now)),
            (_, value) => value,
        }
    }
}
