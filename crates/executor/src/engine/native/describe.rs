//! `describe`: objects with what belongs to them.
//!
//! Here it is found out which objects, and fetched what their descriptions need; `kubently_render::describe` has the text.

mod access;
mod config;
mod network;
mod select;
mod storage;
mod workloads;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use kubently_core::kubectl::DescribeCommand;
use kubently_render::{
    describe::{Events, generic, secret, sizes_of_secret},
    fields::Fields,
    object::items_of,
};
use serde_json::Value;

use super::{
    Ended, Native,
    api::{Api, JSON, Path},
    catalog::Resource,
    fault::Fault,
};
use crate::runner::{Output, Room};
use select::{Chosen, select};

/// Objects described at once; each costs one to a few requests.
const PARALLEL: usize = 8;
/// Objects per piece of a list unless told otherwise, as in kubectl.
const CHUNK: i64 = 500;

/// What descriptions are made with.
struct View<'a> {
    api: &'a Api<'a>,
    show_events: bool,
    chunk: i64,
    now: Timestamp,
}

/// A description, or why there is none; nothing for kinds that somebody else describes.
type Described = Option<Result<String, Fault>>;

pub(super) async fn run(native: &Native, api: &Api<'_>, command: &DescribeCommand, output: &Output) -> Ended {
    let chunk = command.chunk_size.unwrap_or(CHUNK);
    let view = View { api, show_events: command.show_events, chunk, now: native.clock.now() };
    let chosen = select(native, &view, command).await?;
    let mut faults = chosen.faults;
    let none = chosen.objects.is_empty() && faults.is_empty();
    let texts =
        stream::iter(chosen.objects.iter().map(|object| view.text(object)).collect::<Vec<_>>()).buffered(PARALLEL);
    let mut texts = std::pin::pin!(texts);
    let mut first = true;
    while let Some(text) = texts.next().await {
        match text {
            Ok(text) => {
                let (before, after) = if chosen.by_prefix { ("", "\n") } else { (between(first), "") };
                first = false;
                if output.out(&format!("{before}{text}{after}")) == Room::Full {
                    break;
                }
            }
            Err(fault) if faults.iter().any(|known| known.to_string() == fault.to_string()) => {}
            Err(fault) => faults.push(fault),
        }
    }
    if none {
        match native.namespace(&command.common.namespace) {
            Some(namespace) => output.err(&format!("No resources found in {namespace} namespace.\n")),
            None => output.err("No resources found\n"),
        };
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

const fn between(first: bool) -> &'static str {
    if first { "" } else { "\n\n" }
}

impl View<'_> {
    async fn text(&self, (resource, raw): &Chosen) -> Result<String, Fault> {
        let mut object = raw.clone();
        self.api.redactor().object(&mut object);
        let object = &object;
        if is(resource, "", "Secret") {
            // The sizes are those of the secrets, not of what stands in their place.
            return Ok(secret(object, &sizes_of_secret(raw)));
        }
        if let Some(text) = workloads::describe(self, resource, object).await {
            return text;
        }
        if let Some(text) = network::describe(self, resource, object).await {
            return text;
        }
        if let Some(text) = storage::describe(self, resource, object).await {
            return text;
        }
        if let Some(text) = config::describe(self, resource, object).await {
            return text;
        }
        if let Some(text) = access::describe(self, resource, object).await {
            return text;
        }
        let found = self.events(object).await;
        Ok(generic(object, self.events_of(found.as_deref())))
    }

    /// The events of an object by its name, namespace, kind and id; none when they were not asked for. Where they
    /// cannot be had there are no events, as in kubectl.
    async fn events(&self, object: &Value) -> Option<Vec<Value>> {
        self.events_about(object, Some(object.text("kind")), object.text("metadata.uid")).await
    }

    async fn events_about(&self, object: &Value, kind: Option<&str>, uid: &str) -> Option<Vec<Value>> {
        if !self.show_events {
            return None;
        }
        Some(self.search_events(object, kind, uid).await.unwrap_or_default())
    }

    async fn search_events(&self, object: &Value, kind: Option<&str>, uid: &str) -> Result<Vec<Value>, Fault> {
        let (name, namespace) = (object.text("metadata.name"), object.text("metadata.namespace"));
        let mut selector = format!("involvedObject.name={name},involvedObject.namespace={namespace}");
        if let Some(kind) = kind {
            selector += &format!(",involvedObject.kind={kind}");
        }
        if !uid.is_empty() {
            selector += &format!(",involvedObject.uid={uid}");
        }
        let path = match namespace {
            "" => "/api/v1/events".to_owned(),
            namespace => format!("/api/v1/namespaces/{namespace}/events"),
        };
        self.list(|| Path::new(path.clone()).query("fieldSelector", &selector)).await
    }

    const fn events_of<'a>(&self, found: Option<&'a [Value]>) -> Events<'a> {
        Events { found, now: self.now }
    }

    /// Every item of a list, for printing.
    async fn list(&self, path: impl Fn() -> Path) -> Result<Vec<Value>, Fault> {
        let mut items = self.raw_list(path).await?;
        items.iter_mut().for_each(|item| self.api.redactor().object(item));
        Ok(items)
    }

    /// Every item of a list as it came, piece by piece; `path` makes the path without limit and continuation.
    async fn raw_list(&self, path: impl Fn() -> Path) -> Result<Vec<Value>, Fault> {
        let mut items = Vec::new();
        let mut next = String::new();
        loop {
            let limit = (self.chunk > 0).then(|| self.chunk.to_string());
            let path = path().maybe("limit", limit).maybe("continue", (!next.is_empty()).then_some(&next)).build();
            let answer: Value = self.api.read(&path, JSON).await?;
            answer.text("metadata.continue").clone_into(&mut next);
            items.extend(items_of(answer));
            if next.is_empty() {
                return Ok(items);
            }
        }
    }
}

/// Whether `resource` is this kind of this group.
fn is(resource: &Resource, group: &str, kind: &str) -> bool {
    resource.group == group && resource.kind == kind
}
