//! The parts of an OpenAPI v3 document that are needed, read leniently: what is of another form reads as missing.

mod lenient;

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::Value;

use lenient::{Lenient, List, Text};

/// Where a reference to a schema of the same document starts.
const SCHEMAS: &str = "#/components/schemas/";

/// One group version's document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Document {
    paths: BTreeMap<String, PathItem>,
    components: Components,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Components {
    schemas: BTreeMap<String, Schema>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PathItem {
    get: Option<Operation>,
    post: Option<Operation>,
    put: Option<Operation>,
    patch: Option<Operation>,
    delete: Option<Operation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Operation {
    #[serde(rename = "x-kubernetes-group-version-kind")]
    kind: Option<Gvk>,
}

/// A kind with its group and version.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(super) struct Gvk {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
}

impl Document {
    /// Reads a server's answer.
    ///
    /// # Errors
    /// When it is no JSON, or nothing that could be an OpenAPI document.
    pub fn read(answer: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(answer)
    }

    /// The kind that a resource's paths are about. Of several paths the last one decides, even if it says nothing.
    pub(super) fn kind_of(&self, group: &str, version: &str, plural: &str) -> Option<&Gvk> {
        let root = if group.is_empty() { "/api".to_owned() } else { format!("/apis/{group}") };
        let mut found = None;
        for scope in ["", "namespaces/{namespace}/"] {
            for end in ["", "/{name}"] {
                if let Some(item) = self.paths.get(&format!("{root}/{version}/{scope}{plural}{end}")) {
                    item.kind(&mut found);
                }
            }
        }
        found
    }

    /// The first schema that says it is of this kind.
    pub(super) fn of_kind(&self, gvk: &Gvk) -> Option<&Schema> {
        self.components.schemas.values().find(|schema| schema.kinds.contains(gvk))
    }

    /// The schema that is meant by a reference of this document.
    pub(super) fn resolve(&self, reference: &str) -> Option<&Schema> {
        let schema = self.components.schemas.get(reference.strip_prefix(SCHEMAS)?)?;
        (!schema.is_empty()).then_some(schema)
    }

    /// What `schema` refers to, else itself.
    pub(super) fn resolved<'a>(&'a self, schema: &'a Schema) -> &'a Schema {
        self.resolve(schema.reference()).unwrap_or(schema)
    }
}

impl PathItem {
    fn kind<'a>(&'a self, found: &mut Option<&'a Gvk>) {
        let operations = [&self.get, &self.post, &self.put, &self.patch, &self.delete];
        for operation in operations.into_iter().flatten() {
            *found = operation.kind.as_ref();
            if found.is_some() {
                return;
            }
        }
    }
}

/// One schema, or a reference to one.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) properties: BTreeMap<Box<str>, Schema>,
    pub(super) all_of: Vec<Schema>,
    /// `enum`
    pub(super) allowed: Vec<Value>,
    /// Everything that few schemas have, or that is only text.
    texts: Texts,
    items: Option<Box<Schema>>,
    values: Option<Box<Schema>>,
    required: Vec<Box<str>>,
    kinds: Vec<Gvk>,
    /// Whether anything at all is said, known here or not.
    says_something: bool,
}

#[derive(Debug, Default)]
struct Texts {
    reference: Box<str>,
    description: Box<str>,
    kind: Box<str>,
}

impl Schema {
    /// Whether the schema is `{}`.
    pub(super) const fn is_empty(&self) -> bool {
        !self.says_something
    }

    /// The `$ref`; empty when it is none.
    pub(super) fn reference(&self) -> &str {
        &self.texts.reference
    }

    pub(super) fn description(&self) -> Option<&str> {
        Some(&*self.texts.description).filter(|text| !text.is_empty())
    }

    /// The `type`; empty when none is said.
    pub(super) fn kind(&self) -> &str {
        &self.texts.kind
    }

    /// What a list holds.
    pub(super) fn items(&self) -> Option<&Self> {
        self.items.as_deref().filter(|schema| !schema.is_empty())
    }

    /// What a map holds: `additionalProperties`, when it is a schema.
    pub(super) fn values(&self) -> Option<&Self> {
        self.values.as_deref().filter(|schema| !schema.is_empty())
    }

    /// A field of this name about which something is said.
    pub(super) fn property(&self, name: &str) -> Option<&Self> {
        self.properties.get(name).filter(|schema| !schema.is_empty())
    }

    pub(super) fn requires(&self, name: &str) -> bool {
        self.required.iter().any(|required| **required == *name)
    }

    fn read<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "properties" => self.properties = map.next_value::<Lenient<_>>()?.0.unwrap_or_default(),
            "allOf" => self.all_of = map.next_value::<List<_>>()?.0,
            "enum" => self.allowed = map.next_value::<List<_>>()?.0,
            "$ref" => self.texts.reference = map.next_value::<Text>()?.0,
            "description" => self.texts.description = map.next_value::<Text>()?.0,
            "type" => self.texts.kind = map.next_value::<Text>()?.0,
            "items" => self.items = Some(Box::new(map.next_value()?)),
            "additionalProperties" => self.values = Some(Box::new(map.next_value()?)),
            "required" => self.required = map.next_value::<List<Text>>()?.0.into_iter().map(|text| text.0).collect(),
            "x-kubernetes-group-version-kind" => {
                let kinds = map.next_value::<List<Lenient<Gvk>>>()?.0;
                self.kinds = kinds.into_iter().filter_map(|kind| kind.0).collect();
            }
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Lenient::<Strict>::deserialize(deserializer)?.0.map(|strict| strict.0).unwrap_or_default())
    }
}

/// A schema that is a map, as it must be.
struct Strict(Schema);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SchemaVisitor).map(Self)
    }
}

struct SchemaVisitor;

impl<'de> Visitor<'de> for SchemaVisitor {
    type Value = Schema;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a schema")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Schema, A::Error> {
        let mut schema = Schema::default();
        while let Some(key) = map.next_key::<String>()? {
            schema.says_something = true;
            schema.read(&key, &mut map)?;
        }
        Ok(schema)
    }
}
