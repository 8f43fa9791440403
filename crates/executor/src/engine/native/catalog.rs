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

    fn is_named(&self, name: &str) -> bool {
        self.plural == name || self.singular == name || self.kind.eq_ignore_ascii_case(name)
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
    /// What `asked` means. Full names win over short names, exact groups over the beginning of a group, and
    /// earlier groups over later ones, as in kubectl's REST mapper.
    pub(super) fn find(&self, asked: &ResourceType) -> Option<&Resource> {
        let text = asked.as_str().to_ascii_lowercase();
        let (name, group) = text.split_once('.').map_or((text.as_str(), None), |(name, group)| (name, Some(group)));
        if let (Some(version), Some(group)) = (asked.version(), asked.group())
            && let Some(found) = self
                .resources
                .iter()
                .find(|resource| resource.is_named(name) && resource.version == version && resource.group == group)
        {
            return Some(found);
        }
        let named = |resource: &&Resource| resource.is_named(name);
        let short = |resource: &&Resource| resource.short_names.iter().any(|short| short == name);
        let Some(group) = group.map(|group| group.trim_end_matches('.')) else {
            return self.resources.iter().find(named).or_else(|| self.resources.iter().find(short));
        };
        let exact = || self.resources.iter().filter(|resource| resource.group == group);
        let begun = || self.resources.iter().filter(|resource| !group.is_empty() && resource.group.starts_with(group));
        exact()
            .find(named)
            .or_else(|| begun().find(named))
            .or_else(|| exact().find(short))
            .or_else(|| begun().find(short))
    }

    /// The types of a category such as `all`, each at its preferred version; empty when there is none.
    pub(super) fn category(&self, name: &str) -> Vec<&Resource> {
        self.preferred().filter(|resource| resource.categories.iter().any(|category| category == name)).collect()
    }

    /// Each type once, at its preferred version.
    pub(super) fn preferred(&self) -> impl Iterator<Item = &Resource> {
        self.resources.iter().enumerate().filter_map(|(at, resource)| {
            let same = |other: &Resource| other.group == resource.group && other.plural == resource.plural;
            (!self.resources[..at].iter().any(same)).then_some(resource)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(group: &str, version: &str, plural: &str, kind: &str, short: &str) -> Resource {
        Resource {
            group: group.into(),
            version: version.into(),
            plural: plural.into(),
            singular: kind.to_lowercase(),
            kind: kind.into(),
            namespaced: true,
            short_names: vec![short.into()],
            ..Resource::default()
        }
    }

    fn catalog() -> Catalog {
        let resources = vec![
            resource("", "v1", "pods", "Pod", "po"),
            resource("", "v1", "events", "Event", "ev"),
            resource("apps", "v1", "deployments", "Deployment", "deploy"),
            resource("apps", "v1beta1", "deployments", "Deployment", "deploy"),
            resource("events.k8s.io", "v1", "events", "Event", "ev"),
            resource("x.io", "v1", "po", "Po", "p"),
        ];
        Catalog { resources, versions: Vec::new() }
    }

    #[test]
    fn names_mean_what_they_mean_in_kubectl() {
        let cases = [
            ("pods", "v1/pods"),
            ("Pod", "v1/pods"),
            ("deploy", "apps/v1/deployments"),
            ("deployments.apps", "apps/v1/deployments"),
            ("deploy.ap", "apps/v1/deployments"),
            ("deployments.v1beta1.apps", "apps/v1beta1/deployments"),
            ("events", "v1/events"),
            ("ev.events.k8s.io", "events.k8s.io/v1/events"),
            ("events.v1.", "v1/events"),
            // A full name wins over an earlier group's short name.
            ("po", "x.io/v1/po"),
        ];
        let catalog = catalog();
        for (asked, expected) in cases {
            let found = catalog.find(&ResourceType::parse(asked).unwrap()).unwrap_or_else(|| panic!("{asked}"));
            assert_eq!(format!("{}/{}", found.api_version(), found.plural), expected, "{asked}");
        }
        assert!(catalog.find(&ResourceType::parse("foos").unwrap()).is_none());
        assert!(catalog.find(&ResourceType::parse("pods.apps").unwrap()).is_none());
    }

    #[test]
    fn paths_follow_scope() {
        let catalog = catalog();
        let deployments = catalog.find(&ResourceType::parse("deploy").unwrap()).unwrap();
        assert_eq!(deployments.path(Some("shop")), "/apis/apps/v1/namespaces/shop/deployments");
        assert_eq!(deployments.path(None), "/apis/apps/v1/deployments");
        let node = Resource { namespaced: false, ..resource("", "v1", "nodes", "Node", "no") };
        assert_eq!(node.path(Some("shop")), "/api/v1/nodes");
    }

    #[test]
    fn the_preferred_version_comes_once() {
        let catalog = catalog();
        let versions: Vec<_> = catalog
            .preferred()
            .filter(|resource| resource.plural == "deployments")
            .map(Resource::api_version)
            .collect();
        assert_eq!(versions, ["apps/v1"]);
    }
}
