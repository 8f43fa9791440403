//! What the cluster serves, and what a resource name means there; pure.

use kubently_core::kubectl::ResourceType;
use kubently_render::object::prefix;

/// One resource type at one version.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Resource {
    /// Empty for the core group.
    pub(super) group: String,
    pub(super) version: String,
    pub(super) plural: String,
    pub(super) singular: String,
    pub(super) kind: String,
    pub(super) namespaced: bool,
    pub(super) short_names: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) verbs: Vec<String>,
}

impl Resource {
    /// `v1`, `apps/v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pod`, `deployment.apps`: how kubectl names it in front of object names.
    pub(super) fn prefix(&self) -> String {
        prefix(&self.kind, &self.group)
    }

    /// Where its objects are; without a namespace, those of all namespaces.
    pub(super) fn path(&self, namespace: Option<&str>) -> String {
        let root = if self.group.is_empty() { "/api" } else { "/apis" };
        let scope = match namespace {
            Some(namespace) if self.namespaced => format!("/namespaces/{namespace}"),
            _ => String::new(),
        };
        format!("{root}/{}{scope}/{}", self.api_version(), self.plural)
    }

    /// Its name with its group, for policy: `pods.`, `deployments.apps`.
    pub(super) fn resource_type(&self) -> Option<ResourceType> {
        ResourceType::parse(&format!("{}.{}", self.plural, self.group)).ok()
    }

    /// `apps/v1, Resource=deployments`: how errors of lists name it.
    pub(super) fn subject(&self) -> String {
        format!("{}/{}, Resource={}", self.group, self.version, self.plural)
    }

    /// Whether both are the same type, maybe at other versions.
    pub(super) fn is_type_of(&self, other: &Self) -> bool {
        self.group == other.group && self.plural == other.plural
    }

    /// `pods`, `deployments.apps`
    pub(super) fn full_name(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }
}

/// Every served type, groups in the server's order, versions of a group in order of preference.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    /// Types without subresources.
    pub(super) resources: Vec<Resource>,
    /// Every served `group/version`, also those without types.
    pub(super) versions: Vec<String>,
}

impl Catalog {
    /// The types of a category such as `all`, each at its preferred version; empty when there is none.
    pub(super) fn category(&self, name: &str) -> Vec<&Resource> {
        self.preferred().filter(|resource| resource.categories.iter().any(|category| category == name)).collect()
    }

    /// Each type once, at its preferred version.
    pub(super) fn preferred(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter().enumerate().filter_map(|(at, resource)| {
            let same = |other: &Resource| other.is_type_of(resource);
            (!self.resources[..at].iter().any(same)).then_some(resource)
        })
    }
}

#[cfg(test)]
impl Resource {
    /// A namespaced type whose singular is its kind.
    pub(super) fn sample(group: &str, version: &str, plural: &str, kind: &str, short: &str) -> Self {
        Self {
            group: group.into(),
            version: version.into(),
            plural: plural.into(),
            singular: kind.to_lowercase(),
            kind: kind.into(),
            namespaced: true,
            short_names: vec![short.into()],
            ..Self::default()
        }
    }
}

#[cfg(test)]
impl Catalog {
    /// Names that mean several types, and types at several versions.
    pub(super) fn sample() -> Self {
        let resources = vec![
            Resource::sample("", "v1", "pods", "Pod", "po"),
            Resource::sample("", "v1", "events", "Event", "ev"),
            Resource::sample("apps", "v1", "deployments", "Deployment", "deploy"),
            Resource::sample("apps", "v1beta1", "deployments", "Deployment", "deploy"),
            Resource::sample("events.k8s.io", "v1", "events", "Event", "ev"),
            Resource::sample("events.k8s.io", "v1beta1", "events", "Event", "ev"),
            Resource::sample("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", "pm"),
        ];
        Self { resources, versions: vec!["v1".to_owned(), "apps/v1".to_owned()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_scope() {
        let deployments = Resource::sample("apps", "v1", "deployments", "Deployment", "deploy");
        assert_eq!(deployments.path(Some("shop")), "/apis/apps/v1/namespaces/shop/deployments");
        assert_eq!(deployments.path(None), "/apis/apps/v1/deployments");
        let node = Resource { namespaced: false, ..Resource::sample("", "v1", "nodes", "Node", "no") };
        assert_eq!(node.path(Some("shop")), "/api/v1/nodes");
    }

    #[test]
    fn the_preferred_version_comes_once() {
        let catalog = Catalog::sample();
        let deployments = catalog.preferred().filter(|resource| resource.plural == "deployments");
        let versions: Vec<_> = deployments.map(Resource::api_version).collect();
        assert_eq!(versions, ["apps/v1"]);
    }
}
