//! Events: what the cluster says happened to an object.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Scene, identity, secs};
use crate::clock;

/// What an event is about.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    api_version: &'static str,
    kind: &'static str,
    namespace: String,
    name: String,
    field: Option<String>,
}

impl Subject {
    pub(crate) fn new(api_version: &'static str, kind: &'static str, namespace: &str, name: &str) -> Self {
        Self { api_version, kind, namespace: namespace.to_owned(), name: name.to_owned(), field: None }
    }

    pub(crate) fn pod(namespace: &str, name: &str) -> Self {
        Self::new("v1", "Pod", namespace, name)
    }

    pub(crate) fn container(&self, name: &str) -> Self {
        Self { field: Some(format!("spec.containers{{{name}}}")), ..self.clone() }
    }

    fn reference(&self) -> Value {
        // The kubelet knows its node by name only and writes that as the uid.
        let uid =
            if self.kind == "Node" { self.name.clone() } else { identity::uid(self.kind, &self.namespace, &self.name) };
        let mut reference = json!({
            "apiVersion": self.api_version, "kind": self.kind, "name": self.name, "uid": uid,
        });
        if !self.namespace.is_empty() {
            reference["namespace"] = json!(self.namespace);
        }
        if let Some(field) = &self.field {
            reference["fieldPath"] = json!(field);
        }
        reference
    }
}

/// One thing that happened, once or often.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    warning: bool,
    reason: &'static str,
    message: String,
    source: &'static str,
    host: &'static str,
    first: Duration,
    last: Duration,
    count: u32,
}

impl Note {
    pub(crate) fn normal(source: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            warning: false,
            reason,
            message: message.into(),
            source,
            host: "",
            first: secs(60),
            last: secs(60),
            count: 1,
        }
    }

    pub(crate) fn warning(source: &'static str, reason: &'static str, message: impl Into<String>) -> Self {
        Self { warning: true, ..Self::normal(source, reason, message) }
    }

    /// On which node the source runs.
    pub(crate) fn on(mut self, node: &'static str) -> Self {
        self.host = node;
        self
    }

    /// Once, so long ago.
    pub(crate) fn at(mut self, ago: Duration) -> Self {
        (self.first, self.last) = (ago, ago);
        self
    }

    /// `count` times in all, the first time and the last time so long ago.
    pub(crate) fn often(mut self, count: u32, first: Duration, last: Duration) -> Self {
        (self.count, self.first, self.last) = (count, first, last);
        self
    }
}

impl Scene {
    /// Writes down what happened.
    pub(crate) fn note(&mut self, subject: &Subject, note: &Note) {
        let namespace = if subject.namespace.is_empty() { "default" } else { &subject.namespace };
        let seed = format!("{subject:?}/{}/{}/{:?}", note.reason, note.message, note.first);
        let name = format!("{}.{}", subject.name, identity::event_suffix(&seed));
        let mut event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": self.metadata(namespace, &name, note.first),
            "involvedObject": subject.reference(), "reason": note.reason, "message": note.message,
            "type": if note.warning { "Warning" } else { "Normal" },
            "reportingComponent": note.source, "reportingInstance": note.host,
        });
        // The scheduler writes the new kind of events, all others the old kind: readers have to know both.
        let times = if note.source == "default-scheduler" { self.new_times(note) } else { self.old_times(note) };
        if let (Some(event), Value::Object(times)) = (event.as_object_mut(), times) {
            event.extend(times);
        }
        self.add(event);
    }

    fn old_times(&self, note: &Note) -> Value {
        let mut source = json!({ "component": note.source });
        if !note.host.is_empty() {
            source["host"] = json!(note.host);
        }
        json!({
            "source": source, "count": note.count, "eventTime": null,
            "firstTimestamp": self.ago(note.first), "lastTimestamp": self.ago(note.last),
        })
    }

    fn new_times(&self, note: &Note) -> Value {
        let micro = |ago| clock::rfc3339_micro(clock::earlier(self.now, ago));
        let action = if note.warning { "Scheduling" } else { "Binding" };
        let mut times = json!({
            "source": {}, "action": action, "reportingInstance": "default-scheduler-demo",
            "eventTime": micro(note.first), "firstTimestamp": null, "lastTimestamp": null,
        });
        if note.count > 1 {
            times["series"] = json!({ "count": note.count, "lastObservedTime": micro(note.last) });
        }
        times
    }
}
