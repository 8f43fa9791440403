//! Asking for objects and lists.

use kubently_core::kubectl::GetCommand;
use kubently_render::{
    object::items_of,
    table::{self, Shown},
};
use serde_json::Value;

use super::{
    super::{
        api::{Api, unreadable},
        catalog::Resource,
        fault::Fault,
    },
    select::{Selection, Target},
};

/// The one namespace that kubectl takes for granted.
const DEFAULT_NAMESPACE: &str = "default";

/// What was kept of an answer, and what it was asked for.
pub(super) struct Item<'a, T> {
    pub(super) resource: &'a Resource,
    /// Of an object, or of the server's table of several.
    pub(super) value: T,
    /// The version of the list that it came from.
    pub(super) list_version: Option<String>,
}

impl<'a, T> Item<'a, T> {
    /// The same with something else kept.
    pub(super) fn map<U>(self, keep: impl FnOnce(T) -> Result<U, Fault>) -> Result<Item<'a, U>, Fault> {
        let Self { resource, value, list_version } = self;
        keep(value).map(|value| Item { resource, value, list_version })
    }
}

/// How answers are asked for.
pub(super) struct Asking<'a> {
    pub(super) api: &'a Api<'a>,
    pub(super) get: &'a GetCommand,
    pub(super) accept: &'static str,
    /// Set where of a table nothing else matters.
    pub(super) shown: Option<Shown>,
}

/// Everything that was selected, as `keep` leaves it, and what could not be had, both in the order in which they were
/// asked for.
pub(super) async fn all<'a, T>(
    asking: &Asking<'_>,
    selection: &'a Selection,
    keep: impl Fn(Value) -> Result<T, Fault>,
) -> (Vec<Item<'a, T>>, Vec<Fault>) {
    let mut items = Vec::new();
    let mut faults = Vec::new();
    let get = asking.get;
    for target in &selection.targets {
        let mut take = |value, list_version| {
            let resource = &target.resource;
            keep(value).map(|value| items.push(Item { resource, value, list_version }))
        };
        let fetched = match target.name {
            Some(_) => asking.one(target).await.and_then(|value| take(value, None)),
            None => asking.list(target, take).await,
        };
        match fetched {
            Err(fault) if get.ignore_not_found && fault.is_not_found() => {}
            Err(fault) => faults.push(fault),
            Ok(()) => {}
        }
    }
    (items, faults)
}

/// Whether the server made a table of it.
pub(super) fn is_table(value: &Value) -> bool {
    let api_version = value["apiVersion"].as_str().unwrap_or_default();
    value["kind"] == "Table" && api_version.starts_with("meta.k8s.io/")
}

impl Asking<'_> {
    /// One object. When it is not there, it may be that its namespace is not there either, which says more.
    async fn one(&self, target: &Target) -> Result<Value, Fault> {
        let fault = match self.read(&target.path(self.get, "")).await {
            Err(fault) if fault.is_not_found() => fault,
            other => return other,
        };
        let namespace = target.namespace().filter(|namespace| *namespace != DEFAULT_NAMESPACE);
        let Some(namespace) = namespace else { return Err(fault) };
        Err(self.api.missing_namespace(namespace, self.accept).await.unwrap_or(fault))
    }

    /// A list, piece by piece. The pieces before one that cannot be had, because it is too old by now, are kept.
    async fn list(
        &self,
        target: &Target,
        mut take: impl FnMut(Value, Option<String>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut next = String::new();
        loop {
            let answer = self.read(&target.path(self.get, &next)).await;
            let answer = answer.map_err(|fault| explained(fault, self.get, &target.resource))?;
            answer["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut next);
            let version = answer["metadata"]["resourceVersion"].as_str().map(str::to_owned);
            if answer["items"].is_array() {
                items_of(answer).into_iter().try_for_each(|value| take(value, version.clone()))?;
            } else {
                take(answer, version)?;
            }
            if next.is_empty() {
                return Ok(());
            }
        }
    }

    /// An answer without its secrets.
    async fn read(&self, path: &str) -> Result<Value, Fault> {
        let answer = self.api.get(path, self.accept).await?;
        let value = match self.shown {
            Some(shown) => table::read(&answer, shown),
            None => serde_json::from_slice(&answer),
        };
        let mut value = value.map_err(|error| unreadable(path, &error))?;
        self.api.redactor().object(&mut value);
        Ok(value)
    }
}

fn explained(fault: Fault, get: &GetCommand, resource: &Resource) -> Fault {
    let [labels, fields] = [&get.selector, &get.field_selector].map(|text| text.as_deref().unwrap_or_default().trim());
    fault.of_list(&resource.subject(), labels, fields)
}
