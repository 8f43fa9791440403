//! Which objects are described.

use futures::{StreamExt, stream};
use kubently_core::kubectl::{DescribeCommand, NamespaceScope, ResourceType, Resources};
use kubently_render::fields::Fields;
use serde_json::Value;

use super::{
    super::{
        Native,
        api::{JSON, Path, encode},
        catalog::{Catalog, Resource},
        fault::Fault,
    },
    PARALLEL, View,
};

/// An object as it came, and its type.
pub(super) type Chosen = (Resource, Value);

/// What was found.
pub(super) struct Selection {
    pub(super) objects: Vec<Chosen>,
    /// Why some were not.
    pub(super) faults: Vec<Fault>,
    /// Whether the name was not found, but the start of names.
    pub(super) by_prefix: bool,
}

/// A type, and the name of one object of it or none for all.
pub(in super::super) type Target = (Resource, Option<String>);

pub(super) async fn select(native: &Native, view: &View<'_>, command: &DescribeCommand) -> Result<Selection, Fault> {
    let asked: Vec<_> = command.resources.types().cloned().collect();
    let catalog = native.discovery.catalog_with(view.api, &asked).await?;
    let targets = targets(&catalog, &command.resources)?;
    check(native, command, &targets)?;
    let namespace = native.namespace(&command.common.namespace);
    let fetches: Vec<_> = targets.iter().map(|target| fetch(view, command, target, namespace)).collect();
    let fetched: Vec<_> = stream::iter(fetches).buffered(PARALLEL).collect().await;
    let mut selection = Selection { objects: Vec::new(), faults: Vec::new(), by_prefix: false };
    for (fetched, (resource, _)) in fetched.into_iter().zip(&targets) {
        match fetched {
            Ok(objects) => selection.objects.extend(objects.into_iter().map(|object| (resource.clone(), object))),
            Err(fault) => selection.faults.push(fault),
        }
    }
    let [fault] = &selection.faults[..] else { return Ok(selection) };
    // kubectl takes any two arguments for a type and the start of names, also `deploy/web pods/nope`.
    match (&command.resources, &targets[..]) {
        (Resources::Named { .. }, [(resource, Some(prefix))]) if fault.is_not_found() => {
            by_prefix(view, resource, prefix, namespace, fault.clone()).await
        }
        (Resources::Objects(_), [_, _]) if fault.is_not_found() => Ok(Selection { objects: Vec::new(), ..selection }),
        _ => Ok(selection),
    }
}

pub(in super::super) fn targets(catalog: &Catalog, resources: &Resources) -> Result<Vec<Target>, Fault> {
    match resources {
        Resources::Types(types) => of_types(catalog, types),
        Resources::Named { resource, names } => {
            let resource = find(catalog, resource)?;
            Ok(names.iter().map(|name| (resource.clone(), Some(name.clone()))).collect())
        }
        Resources::Objects(objects) => {
            let target = |object: &kubently_core::kubectl::ObjectRef| {
                Ok((find(catalog, &object.resource)?.clone(), Some(object.name.clone())))
            };
            objects.iter().map(target).collect()
        }
    }
}

fn of_types(catalog: &Catalog, types: &[ResourceType]) -> Result<Vec<Target>, Fault> {
    let mut found: Vec<Target> = Vec::new();
    for asked in types {
        let members = catalog.category(asked.as_str());
        let members = if members.is_empty() { vec![find(catalog, asked)?] } else { members };
        for member in members {
            if !found.iter().any(|(known, _)| known == member) {
                found.push((member.clone(), None));
            }
        }
    }
    Ok(found)
}

fn find<'a>(catalog: &'a Catalog, asked: &ResourceType) -> Result<&'a Resource, Fault> {
    let unknown = || Fault::Plain(format!("the server doesn't have a resource type \"{asked}\""));
    catalog.find(asked).ok_or_else(unknown)
}

/// Combinations that kubectl refuses, and types that policy does not show.
fn check(native: &Native, command: &DescribeCommand, targets: &[Target]) -> Result<(), Fault> {
    let plain = |message: &str| Err(Fault::Plain(message.to_owned()));
    let all = command.common.namespace == NamespaceScope::All;
    for (resource, name) in targets {
        if let Some(asked) = resource.resource_type() {
            native.policy.check_resource(&asked).map_err(|refusal| Fault::Plain(refusal.to_string()))?;
        }
        if name.is_none() {
            continue;
        }
        if command.selector.is_some() {
            return plain("name cannot be provided when a selector is specified");
        }
        if all && resource.namespaced {
            return plain("a resource cannot be retrieved by name across all namespaces");
        }
    }
    Ok(())
}

async fn fetch(
    view: &View<'_>,
    command: &DescribeCommand,
    (resource, name): &Target,
    namespace: Option<&str>,
) -> Result<Vec<Value>, Fault> {
    match name {
        Some(name) => Ok(vec![named(view, resource, name, namespace).await?]),
        None => {
            let path = resource.path(namespace);
            view.raw_list(|| Path::new(path.clone()).maybe("labelSelector", command.selector.as_ref())).await
        }
    }
}

/// One object. Where its namespace is not there, that is what is said.
async fn named(view: &View<'_>, resource: &Resource, name: &str, namespace: Option<&str>) -> Result<Value, Fault> {
    let mut path = resource.path(namespace) + "/";
    encode(&mut path, name);
    match (view.api.read(&path, JSON).await, namespace) {
        (Err(fault), Some(namespace)) if fault.is_not_found() && resource.namespaced && namespace != "default" => {
            match view.api.read::<Value>(&format!("/api/v1/namespaces/{namespace}"), JSON).await {
                Err(missing) if missing.is_not_found() => Err(missing),
                _ => Err(fault),
            }
        }
        (answer, _) => answer,
    }
}

/// The objects whose names start so; the fault stands when there is none.
async fn by_prefix(
    view: &View<'_>,
    resource: &Resource,
    prefix: &str,
    namespace: Option<&str>,
    fault: Fault,
) -> Result<Selection, Fault> {
    let path = resource.path(namespace);
    let mut objects = view.raw_list(|| Path::new(path.clone())).await?;
    objects.retain(|object| object.text("metadata.name").starts_with(prefix));
    if objects.is_empty() {
        return Err(fault);
    }
    let objects = objects.into_iter().map(|object| (resource.clone(), object)).collect();
    Ok(Selection { objects, faults: Vec::new(), by_prefix: true })
}
