//! What `get` is about: resolved types, and names where there are some.

use kubently_core::kubectl::{GetCommand, Resources};

use super::super::{
    Native,
    api::{Api, Path, encode},
    catalog::Resource,
    fault::Fault,
    targets::{check_selectors, check_targets, targets},
};

/// Objects per piece of a list, as kubectl asks for unless told otherwise.
const CHUNK: i64 = 500;

/// One request, or one list's worth of them.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) resource: Resource,
    /// An object's name; none means all of the type.
    pub(super) name: Option<String>,
    namespace: Option<String>,
}

/// Everything a `get` is about.
#[derive(Debug)]
pub(super) struct Selection {
    pub(super) targets: Vec<Target>,
    /// Whether one single object was asked for, so that no list is put around it.
    pub(super) single: bool,
    /// The namespace that was looked at; none means all of them.
    pub(super) namespace: Option<String>,
}

impl Target {
    /// Where to get it, or the piece of the list that starts at `next`.
    pub(super) fn path(&self, get: &GetCommand, next: &str) -> String {
        let mut path = self.resource.path(self.namespace.as_deref());
        let sorts = get.sort_by.as_ref().is_some_and(|path| !path.is_empty());
        // Rows are sorted by fields of their objects, so the objects must come with them.
        let with_objects = sorts && get.server_print && super::is_table(get);
        if let Some(name) = &self.name {
            path.push('/');
            encode(&mut path, name);
            if let Some(subresource) = &get.subresource {
                path.push('/');
                encode(&mut path, subresource);
            }
            return Path::new(path).maybe("includeObject", with_objects.then_some("Object")).build();
        }
        // What is sorted comes in one piece.
        let limit = if sorts { 0 } else { get.chunk_size.unwrap_or(CHUNK) };
        Path::new(path)
            .maybe("labelSelector", trimmed(get.selector.as_ref()))
            .maybe("fieldSelector", trimmed(get.field_selector.as_ref()))
            .maybe("includeObject", with_objects.then_some("Object"))
            .maybe("limit", (limit > 0).then(|| limit.to_string()))
            .maybe("continue", (!next.is_empty()).then_some(next))
            .build()
    }

    /// The namespace it is in; none for what has none.
    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|_| self.resource.namespaced)
    }
}

fn trimmed(selector: Option<&String>) -> Option<&str> {
    selector.map(|selector| selector.trim()).filter(|selector| !selector.is_empty())
}

/// Resolves what was typed by what the cluster serves.
pub(super) async fn select(native: &Native, api: &Api<'_>, get: &GetCommand) -> Result<Selection, Fault> {
    check_flags(get)?;
    let asked: Vec<_> = get.resources.types().cloned().collect();
    let catalog = native.discovery.catalog_with(api, &asked).await?;
    let namespace = native.namespace(&get.common.namespace).map(str::to_owned);
    let pairs = targets(api, &catalog, &get.resources)?;
    let single = matches!(&pairs[..], [(_, Some(_))]);
    check_targets(&native.policy, &pairs, namespace.is_none())?;
    let target = |(resource, name)| Target { resource, name, namespace: namespace.clone() };
    let targets = pairs.into_iter().map(target).collect();
    Ok(Selection { targets, single, namespace })
}

/// Combinations that kubectl refuses before it asks what there is.
fn check_flags(get: &GetCommand) -> Result<(), Fault> {
    if get.subresource.is_some() && matches!(get.resources, Resources::Types(_)) {
        let message = "subresource cannot be used when bulk resources are specified";
        return Err(Fault::Plain(message.to_owned()));
    }
    check_selectors(&get.resources, get.selector.is_some() || get.field_selector.is_some())
}
