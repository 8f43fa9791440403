//! Which objects are described.

use futures::{StreamExt, stream};
use kubently_core::kubectl::{DescribeCommand, Resources};
use kubently_render::fields::Fields;
use serde_json::Value;

use super::{
    super::{
        Native,
        api::{JSON, Path, encode},
        catalog::Resource,
        fault::Fault,
        targets::{self, Target, check_selectors, check_targets, targets},
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

pub(super) async fn select(native: &Native, view: &View<'_>, command: &DescribeCommand) -> Result<Selection, Fault> {
    check_selectors(&command.resources, command.selector.is_some())?;
    let asked: Vec<_> = command.resources.types().cloned().collect();
    let catalog = native.discovery.catalog_with(view.api, &asked).await?;
    let targets = targets(view.api, &catalog, &command.resources)?;
    let namespace = native.namespace(&command.common.namespace);
    check_targets(&native.policy, &targets, namespace.is_none())?;
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
        (Resources::Named { resource: asked, .. }, [(resource, Some(prefix))]) if fault.is_not_found() => {
            // It looks the type up again, which is seen by what it warns of.
            targets::find(view.api, &catalog, asked)?;
            by_prefix(view, resource, prefix, namespace, fault.clone()).await
        }
        (Resources::Objects(_), [_, _]) if fault.is_not_found() => Ok(Selection { objects: Vec::new(), ..selection }),
        _ => Ok(selection),
    }
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
            let (path, labels) = (resource.path(namespace), command.selector.as_deref());
            let objects = view.raw_list(|| Path::new(path.clone()).maybe("labelSelector", labels)).await;
            objects.map_err(|fault| fault.of_list(&resource.subject(), labels.unwrap_or_default(), ""))
        }
    }
}

/// One object. Where its namespace is not there, that is what is said.
async fn named(view: &View<'_>, resource: &Resource, name: &str, namespace: Option<&str>) -> Result<Value, Fault> {
    let mut path = resource.path(namespace) + "/";
    encode(&mut path, name);
    match (view.api.read(&path, JSON).await, namespace) {
        (Err(fault), Some(namespace)) if fault.is_not_found() && resource.namespaced && namespace != "default" => {
            Err(view.api.missing_namespace(namespace, JSON).await.unwrap_or(fault))
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
    let objects = view.raw_list(|| Path::new(path.clone())).await;
    let mut objects = objects.map_err(|fault| fault.of_list(&resource.subject(), "", ""))?;
    objects.retain(|object| object.text("metadata.name").starts_with(prefix));
    if objects.is_empty() {
        return Err(fault);
    }
    let objects = objects.into_iter().map(|object| (resource.clone(), object)).collect();
    Ok(Selection { objects, faults: Vec::new(), by_prefix: true })
}
