//! What a path such as `deployments.apps.spec` is about; pure.

use super::super::catalog::{Catalog, Resource};

const INVALID_FIRST: &str = "invalid jsonpath syntax, first node must be field node";
const INVALID_ANY: &str = "invalid jsonpath syntax, all nodes must be field nodes";

/// A type, and a field of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// Empty for the core group.
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
    pub(super) fields: Vec<String>,
}

/// Why a path is about nothing; kubectl's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotFound {
    /// There is no such type.
    Resource(String),
    /// The fields cannot be read.
    Field(String),
}

impl Target {
    /// Looks at another group version: `v1`, `apps/v1`. An error is kubectl's message.
    pub(super) fn set_version(&mut self, api_version: &str) -> Result<(), String> {
        let (group, version) = match api_version.split_once('/') {
            None => ("", api_version),
            Some((_, rest)) if rest.contains('/') => {
                return Err(format!("unexpected GroupVersion string: {api_version}"));
            }
            Some(both) => both,
        };
        (self.group, self.version) = (group.to_owned(), version.to_owned());
        Ok(())
    }
}

/// Reads `path`. Its type may have its group behind it, unless the version is given otherwise (`versioned`).
pub(super) fn find(
    catalog: &Catalog,
    path: &str,
    versioned: bool,
    warn: impl FnMut(String),
) -> Result<Target, NotFound> {
    let path = path.strip_suffix('.').unwrap_or(path);
    let name = path.split(['.', '$']).next().unwrap_or_default();
    let found = candidates(catalog, name, warn);
    let Some(first) = found.first() else {
        return Err(NotFound::Resource(format!("the server doesn't have a resource type \"{name}\"")));
    };
    let grouped = found.iter().find_map(|target| Some((target, path.strip_prefix(&full_name(target))?)));
    let (target, fields) = match grouped.filter(|_| !versioned) {
        Some((target, behind)) => {
            check_number(behind)?;
            (target, behind)
        }
        None => (first, path),
    };
    if path.contains('$') {
        let message = if versioned { INVALID_ANY } else { INVALID_FIRST };
        return Err(NotFound::Field(message.to_owned()));
    }
    Ok(Target { fields: fields.split('.').skip(1).map(str::to_owned).collect(), ..target.clone() })
}

/// Behind a type with its group kubectl takes a field that starts with a minus for a number.
fn check_number(behind: &str) -> Result<(), NotFound> {
    let Some(rest) = behind.strip_prefix(".-") else { return Ok(()) };
    let digits = rest.len() - rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit()).len();
    let number = format!("-{}", rest.get(..digits).unwrap_or_default());
    let is_number = number.parse::<f64>().is_ok();
    let message = if is_number { INVALID_FIRST.to_owned() } else { format!("cannot parse number {number}") };
    Err(NotFound::Field(message))
}

/// `pods`, `deployments.apps`
fn full_name(Target { plural, group, .. }: &Target) -> String {
    if group.is_empty() { plural.clone() } else { format!("{plural}.{group}") }
}

/// Every type that `name` can mean, in the server's order, at all of its versions.
fn candidates(catalog: &Catalog, name: &str, warn: impl FnMut(String)) -> Vec<Target> {
    let (name, group) = catalog.expand_name(name, warn);
    let name = name.to_lowercase();
    let in_group = |resource: &&Resource| group.is_empty() || resource.group == group;
    let named = |resource: &Resource| {
        let list = format!("{}list", resource.kind.to_lowercase());
        if resource.plural == name || resource.singular == name {
            Some(resource.plural.clone())
        } else if list == name || format!("{list}s") == name {
            // kubectl's mapper believes in these, too; they have no paths, which is found out later.
            Some(format!("{list}s"))
        } else {
            None
        }
    };
    let target = |resource: &Resource| {
        let (group, version) = (resource.group.clone(), resource.version.clone());
        Some(Target { group, version, plural: named(resource)?, fields: Vec::new() })
    };
    let mut found: Vec<_> = catalog.resources.iter().filter(in_group).filter_map(target).collect();
    if found.is_empty() && matches!(name.as_str(), "list" | "lists") {
        found.extend(catalog.versions.first().map(|version| list_in(version)));
    }
    found
}

/// The type `List`, which kubectl's mapper has in every group version.
fn list_in(api_version: &str) -> Target {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Target { group: group.to_owned(), version: version.to_owned(), plural: "lists".to_owned(), fields: Vec::new() }
}

#[cfg(test)]
mod tests;
