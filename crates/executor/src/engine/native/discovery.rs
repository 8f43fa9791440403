//! Asks the cluster what it serves, and remembers it for a while.

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, TryStreamExt, stream};
use kubently_core::kubectl::ResourceType;
use serde::Deserialize;
use tokio::{sync::Mutex, time::Instant};

use super::{
    api::{Api, JSON},
    catalog::{Catalog, Resource},
    fault::Fault,
};

/// The catalog is asked for again after this time; new CRDs are found earlier, see [`MIN_AGE`].
const MAX_AGE: Duration = Duration::from_secs(600);
/// A name that is not found makes us ask again, but not more often than this.
const MIN_AGE: Duration = Duration::from_secs(5);
/// Requests at once where the server has no aggregated discovery.
const PARALLEL: usize = 8;
/// Aggregated discovery: everything in two answers.
const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
    application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/// The catalog with its age. Locked while it is fetched, so that many commands make one fetch.
#[derive(Default)]
pub(super) struct Discovery {
    known: Mutex<Option<(Arc<Catalog>, Instant)>>,
}

impl Discovery {
    /// The catalog, at most [`MAX_AGE`] old.
    pub(super) async fn catalog(&self, api: &Api<'_>) -> Result<Arc<Catalog>, Fault> {
        self.catalog_since(api, MAX_AGE).await
    }

    /// A catalog in which `asked` means something, if there is one.
    pub(super) async fn catalog_with(&self, api: &Api<'_>, asked: &[ResourceType]) -> Result<Arc<Catalog>, Fault> {
        let catalog = self.catalog(api).await?;
        let knows = |asked: &ResourceType| {
            !catalog.category(asked.as_str()).is_empty() || catalog.find(asked.as_str(), |_| {}).is_some()
        };
        if asked.iter().all(knows) { Ok(catalog) } else { self.catalog_since(api, MIN_AGE).await }
    }

    async fn catalog_since(&self, api: &Api<'_>, max_age: Duration) -> Result<Arc<Catalog>, Fault> {
        let mut known = self.known.lock().await;
        if let Some((catalog, at)) = known.as_ref()
            && at.elapsed() < max_age
        {
            return Ok(Arc::clone(catalog));
        }
        let catalog = Arc::new(fetch(api).await?);
        *known = Some((Arc::clone(&catalog), Instant::now()));
        Ok(catalog)
    }
}

async fn fetch(api: &Api<'_>) -> Result<Catalog, Fault> {
    let (core, groups) = tokio::try_join!(api.read::<Root>("/api", AGGREGATED), api.read::<Root>("/apis", AGGREGATED))?;
    let mut catalog = Catalog::default();
    for root in [core, groups] {
        if root.kind == "APIGroupDiscoveryList" {
            root.items.into_iter().for_each(|group| add_group(&mut catalog, group));
        } else {
            add_piecemeal(api, &mut catalog, root).await?;
        }
    }
    Ok(catalog)
}

/// The answer to `/api` or `/apis`, aggregated or not.
#[derive(Deserialize)]
struct Root {
    #[serde(default)]
    kind: String,
    /// Aggregated.
    #[serde(default)]
    items: Vec<Group>,
    /// `APIVersions`
    #[serde(default)]
    versions: Vec<String>,
    /// `APIGroupList`
    #[serde(default)]
    groups: Vec<PlainGroup>,
}

#[derive(Deserialize)]
struct Group {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    versions: Vec<Version>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Version {
    version: String,
    #[serde(default)]
    resources: Vec<Served>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Served {
    resource: String,
    #[serde(default)]
    response_kind: ResponseKind,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
}

#[derive(Deserialize, Default)]
struct ResponseKind {
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainGroup {
    name: String,
    versions: Vec<PlainVersion>,
    #[serde(default)]
    preferred_version: Option<PlainVersion>,
}

#[derive(Deserialize, Clone, PartialEq)]
struct PlainVersion {
    version: String,
}

fn add_group(catalog: &mut Catalog, group: Group) {
    for version in group.versions {
        catalog.versions.push(group_version(&group.metadata.name, &version.version));
        for served in version.resources {
            catalog.resources.push(Resource {
                group: group.metadata.name.clone(),
                version: version.version.clone(),
                singular: singular(served.singular_resource, &served.response_kind.kind),
                plural: served.resource,
                kind: served.response_kind.kind,
                namespaced: served.scope == "Namespaced",
                short_names: served.short_names,
                categories: served.categories,
                verbs: served.verbs,
            });
        }
    }
}

fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

fn singular(named: String, kind: &str) -> String {
    if named.is_empty() { kind.to_lowercase() } else { named }
}

/// The answer to `/api/v1` or `/apis/GROUP/VERSION`.
#[derive(Deserialize)]
struct ResourceList {
    #[serde(default)]
    resources: Vec<PlainResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PlainResource {
    name: String,
    #[serde(default)]
    singular_name: String,
    #[serde(default)]
    namespaced: bool,
    kind: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
}

async fn add_piecemeal(api: &Api<'_>, catalog: &mut Catalog, root: Root) -> Result<(), Fault> {
    let mut wanted: Vec<_> = root.versions.into_iter().map(|version| (String::new(), version)).collect();
    for group in root.groups {
        let preferred = group.preferred_version;
        let mut versions = group.versions;
        // Preferred first, the rest in the server's order.
        versions.sort_by_key(|version| Some(version) != preferred.as_ref());
        wanted.extend(versions.into_iter().map(|version| (group.name.clone(), version.version)));
    }
    let fetches = wanted.into_iter().map(|(group, version)| fetch_version(api, group, version));
    let lists: Vec<_> = stream::iter(fetches).buffered(PARALLEL).try_collect().await?;
    for (version, resources) in lists {
        catalog.versions.push(version);
        catalog.resources.extend(resources);
    }
    Ok(())
}

async fn fetch_version(api: &Api<'_>, group: String, version: String) -> Result<(String, Vec<Resource>), Fault> {
    let name = group_version(&group, &version);
    let root = if group.is_empty() { "/api" } else { "/apis" };
    let list = match api.read::<ResourceList>(&format!("{root}/{name}"), JSON).await {
        Ok(list) => list,
        // One aggregated API that is down must not hide all others.
        Err(Fault::Api(status)) => {
            tracing::warn!(version = name, reason = status.reason, "a group of the cluster's API does not answer");
            ResourceList { resources: Vec::new() }
        }
        Err(fault) => return Err(fault),
    };
    let top_level = list.resources.into_iter().filter(|resource| !resource.name.contains('/'));
    let resources = top_level.map(|resource| Resource {
        group: group.clone(),
        version: version.clone(),
        singular: singular(resource.singular_name, &resource.kind),
        plural: resource.name,
        kind: resource.kind,
        namespaced: resource.namespaced,
        short_names: resource.short_names,
        categories: resource.categories,
        verbs: resource.verbs,
    });
    Ok((name, resources.collect()))
}
