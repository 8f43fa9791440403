//! What a command line names, by what the cluster serves.

use kubently_core::kubectl::{ObjectRef, ResourceType, Resources};

use super::{
    catalog::{Catalog, Resource},
    fault::Fault,
};

/// A type, and the name of one object of it or none for all.
pub(super) type Target = (Resource, Option<String>);

/// Types in the order they were typed, categories unfolded, each once; or objects.
pub(super) fn targets(catalog: &Catalog, resources: &Resources) -> Result<Vec<Target>, Fault> {
    match resources {
        Resources::Types(types) => of_types(catalog, types),
        Resources::Named { resource, names } => {
            let resource = find(catalog, resource)?;
            Ok(names.iter().map(|name| (resource.clone(), Some(name.clone()))).collect())
        }
        Resources::Objects(objects) => {
            let target = |object: &ObjectRef| Ok((find(catalog, &object.resource)?.clone(), Some(object.name.clone())));
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

/// The type that was asked for; where there is none, kubectl names it without its version and group.
pub(super) fn find<'a>(catalog: &'a Catalog, asked: &ResourceType) -> Result<&'a Resource, Fault> {
    let name = asked.as_str().split('.').next().unwrap_or_default();
    let unknown = || Fault::Plain(format!("the server doesn't have a resource type \"{name}\""));
    catalog.find(asked).ok_or_else(unknown)
}
