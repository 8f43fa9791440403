//! What a command line names, by what the cluster serves.

use kubently_core::{
    kubectl::{ObjectRef, ResourceType, Resources},
    policy::Policy,
};

use super::{
    api::Api,
    catalog::{Catalog, Resource},
    fault::Fault,
};

/// A type, and the name of one object of it or none for all.
pub(super) type Target = (Resource, Option<String>);

/// Fails where objects are named and selected, too. kubectl finds that out before it asks what there is.
pub(super) fn check_selectors(resources: &Resources, selected: bool) -> Result<(), Fault> {
    let message = match resources {
        Resources::Named { .. } if selected => "name cannot be provided when a selector is specified",
        Resources::Objects(_) if selected => {
            "selectors and the all flag cannot be used when passing resource/name arguments"
        }
        _ => return Ok(()),
    };
    Err(Fault::Plain(message.to_owned()))
}

/// Types in the order they were typed, categories unfolded, each once; or objects.
pub(super) fn targets(api: &Api<'_>, catalog: &Catalog, resources: &Resources) -> Result<Vec<Target>, Fault> {
    match resources {
        Resources::Types(types) => of_types(api, catalog, types),
        Resources::Named { resource, names } => {
            let resource = find(api, catalog, resource)?;
            Ok(names.iter().map(|name| (resource.clone(), Some(name.clone()))).collect())
        }
        Resources::Objects(objects) => of_objects(api, catalog, objects),
    }
}

/// Each type is looked up once: its warnings are not said twice.
fn of_objects(api: &Api<'_>, catalog: &Catalog, objects: &[ObjectRef]) -> Result<Vec<Target>, Fault> {
    let mut known: Vec<(&ResourceType, &Resource)> = Vec::new();
    let mut targets = Vec::new();
    for ObjectRef { resource: asked, name } in objects {
        let resource = match known.iter().find(|(known, _)| *known == asked) {
            Some((_, resource)) => *resource,
            None => find(api, catalog, asked)?,
        };
        known.push((asked, resource));
        targets.push((resource.clone(), Some(name.clone())));
    }
    Ok(targets)
}

fn of_types(api: &Api<'_>, catalog: &Catalog, types: &[ResourceType]) -> Result<Vec<Target>, Fault> {
    let mut found: Vec<Target> = Vec::new();
    for asked in types {
        let members = catalog.category(asked.as_str());
        let members = if members.is_empty() { vec![find(api, catalog, asked)?] } else { members };
        for member in members {
            if !found.iter().any(|(known, _)| known == member) {
                found.push((member.clone(), None));
            }
        }
    }
    Ok(found)
}

/// Fails for types that policy does not show, because a short name or category means something only when the cluster was
/// asked; and for names in all namespaces (`all`), which kubectl refuses.
pub(super) fn check_targets(policy: &Policy, targets: &[Target], all: bool) -> Result<(), Fault> {
    for (resource, name) in targets {
        if let Some(asked) = resource.resource_type() {
            policy.check_resource(&asked).map_err(|refusal| Fault::Plain(refusal.to_string()))?;
        }
        if all && name.is_some() && resource.namespaced {
            let message = "a resource cannot be retrieved by name across all namespaces";
            return Err(Fault::Plain(message.to_owned()));
        }
    }
    Ok(())
}

/// The type that was asked for; where there is none, kubectl names it without its version and group.
pub(super) fn find<'a>(api: &Api<'_>, catalog: &'a Catalog, asked: &ResourceType) -> Result<&'a Resource, Fault> {
    let name = asked.as_str().split('.').next().unwrap_or_default();
    let unknown = || Fault::Plain(format!("the server doesn't have a resource type \"{name}\""));
    catalog.find(asked.as_str(), |warning| api.warn(&warning)).ok_or_else(unknown)
}
