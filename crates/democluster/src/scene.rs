//! The objects, logs and metrics of the cluster, and the builders that make them consistent with each other.

mod batch;
mod container;
mod controllers;
mod deployment;
mod events;
mod identity;
mod logs;
mod network;
mod objects;
mod pod;
mod pod_events;
mod pod_status;
mod template;
mod time;
mod usage;

pub(crate) use batch::{CronJob, Job};
pub(crate) use container::{Container, Fate, Script};
pub(crate) use controllers::{Claim, Set};
pub(crate) use deployment::Deployment;
pub(crate) use events::{Note, Subject};
use logs::LONG_RUN;
pub(crate) use logs::{LogKey, LogSource};
pub(crate) use network::Service;
pub(crate) use objects::{Node, SILENCE};
pub(crate) use pod::PodPlan;
pub(crate) use template::Template;
pub(crate) use time::{days, hours, mins, secs};
pub(crate) use usage::Usage;

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    catalog::{self, ResourceType},
    clock,
};

/// The group and plural name objects are kept under. Versions of one group share their objects.
type Shelf = (&'static str, &'static str);

/// A whole cluster at one moment.
#[derive(Debug)]
pub(crate) struct Scene {
    now: Timestamp,
    revision: u64,
    /// Sorted by namespace and name, as etcd's keys are, once [`Scene::sealed`].
    shelves: BTreeMap<Shelf, Vec<Value>>,
    logs: BTreeMap<LogKey, LogSource>,
    usage: BTreeMap<LogKey, Usage>,
    /// Pods per node so far; gives pods their addresses.
    placed: BTreeMap<&'static str, u32>,
}

impl Scene {
    pub(crate) fn empty(now: Timestamp) -> Self {
        Self {
            now,
            revision: 48_200,
            shelves: BTreeMap::new(),
            logs: BTreeMap::new(),
            usage: BTreeMap::new(),
            placed: BTreeMap::new(),
        }
    }

    /// Adds an object, which gets its uid and resource version here. One of a kind that is not served is dropped: the
    /// scene's test counts on none.
    pub(crate) fn add(&mut self, mut object: Value) {
        let (api_version, kind) = (text(&object, "/apiVersion").to_owned(), text(&object, "/kind").to_owned());
        let Some(resource) = catalog::of_object(&api_version, &kind) else { return };
        self.revision += 7;
        let uid = identity::uid(&kind, text(&object, "/metadata/namespace"), text(&object, "/metadata/name"));
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("uid".to_owned(), json!(uid));
            metadata.insert("resourceVersion".to_owned(), json!(self.revision.to_string()));
        }
        self.shelves.entry((resource.group, resource.plural)).or_default().push(object);
    }

    /// Ends the building.
    pub(crate) fn sealed(mut self) -> Self {
        for objects in self.shelves.values_mut() {
            objects.sort_by(|a, b| key(a).cmp(&key(b)));
        }
        self
    }

    /// Every object of a resource, ordered by namespace and name.
    pub(crate) fn all(&self, resource: &ResourceType) -> &[Value] {
        // events.k8s.io is another view on the core group's events.
        let group = if resource.group == "events.k8s.io" { "" } else { resource.group };
        self.shelves.get(&(group, resource.plural)).map_or(&[], Vec::as_slice)
    }

    /// Those in one namespace; all of them where it is empty.
    pub(crate) fn within(&self, resource: &ResourceType, namespace: &str) -> &[Value] {
        let all = self.all(resource);
        if namespace.is_empty() {
            return all;
        }
        let start = all.partition_point(|object| key(object).0 < namespace);
        let rest = all.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|object| key(object).0 == namespace)).unwrap_or_default()
    }

    /// One object by name.
    pub(crate) fn get(&self, resource: &ResourceType, namespace: &str, name: &str) -> Option<&Value> {
        let all = self.all(resource);
        let at = all.binary_search_by(|object| key(object).cmp(&(namespace, name))).ok()?;
        all.get(at)
    }

    pub(crate) fn log(&self, key: &LogKey) -> Option<&LogSource> {
        self.logs.get(key)
    }

    pub(crate) fn usage(&self) -> impl Iterator<Item = (&LogKey, &Usage)> {
        self.usage.iter()
    }

    /// The version of the whole scene, which lists carry.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }

    /// The moment the scene is built for.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// `age` before the present, as objects carry it.
    pub(crate) fn ago(&self, age: Duration) -> String {
        clock::rfc3339(clock::earlier(self.now, age))
    }

    /// The start of every object's metadata; an empty namespace means cluster-wide.
    pub(crate) fn metadata(&self, namespace: &str, name: &str, age: Duration) -> Value {
        let mut metadata = json!({ "name": name, "creationTimestamp": self.ago(age) });
        if !namespace.is_empty() {
            metadata["namespace"] = json!(namespace);
        }
        metadata
    }
}

/// The text at a JSON pointer; empty when there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn key(object: &Value) -> (&str, &str) {
    let metadata = &object["metadata"];
    (metadata["namespace"].as_str().unwrap_or_default(), metadata["name"].as_str().unwrap_or_default())
}
