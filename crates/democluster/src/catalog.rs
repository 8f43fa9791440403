//! Which resources the demo cluster knows: what discovery tells and what paths mean.

/// One served resource.
#[derive(Debug)]
pub(crate) struct ResourceType {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) subresources: &'static [&'static str],
    pub(crate) verbs: &'static [&'static str],
}

const READ: &[&str] = &["get", "list", "watch"];
const READ_METRICS: &[&str] = &["get", "list"];
const REVIEW: &[&str] = &["create"];
const APPS: &str = "apps";
const BATCH: &str = "batch";
const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
/// The group of the custom resource, which a CustomResourceDefinition of the scene defines.
pub(crate) const CUSTOM_GROUP: &str = "warehouse.example.io";
/// The group the metrics are served in.
pub(crate) const METRICS_GROUP: &str = "metrics.k8s.io";

/// Everything served, in the order discovery tells it. A group with several versions would list the preferred one first.
pub(crate) const RESOURCES: &[ResourceType] = &[
    core("configmaps", "configmap", "ConfigMap").short(&["cm"]),
    core("endpoints", "endpoints", "Endpoints").short(&["ep"]),
    core("events", "event", "Event").short(&["ev"]),
    core("limitranges", "limitrange", "LimitRange").short(&["limits"]),
    core("namespaces", "namespace", "Namespace").short(&["ns"]).cluster().with(&["status"]),
    core("nodes", "node", "Node").short(&["no"]).cluster().with(&["status"]),
    core("persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim").short(&["pvc"]).with(&["status"]),
    core("persistentvolumes", "persistentvolume", "PersistentVolume").short(&["pv"]).cluster().with(&["status"]),
    core("pods", "pod", "Pod").short(&["po"]).all().with(&["log", "status"]),
    core("replicationcontrollers", "replicationcontroller", "ReplicationController").short(&["rc"]).all(),
    core("resourcequotas", "resourcequota", "ResourceQuota").short(&["quota"]).with(&["status"]),
    core("secrets", "secret", "Secret"),
    core("serviceaccounts", "serviceaccount", "ServiceAccount").short(&["sa"]),
    core("services", "service", "Service").short(&["svc"]).all().with(&["status"]),
    of(APPS, "controllerrevisions", "controllerrevision", "ControllerRevision"),
    of(APPS, "daemonsets", "daemonset", "DaemonSet").short(&["ds"]).all().with(&["status"]),
    of(APPS, "deployments", "deployment", "Deployment").short(&["deploy"]).all().with(&["status"]),
    of(APPS, "replicasets", "replicaset", "ReplicaSet").short(&["rs"]).all().with(&["status"]),
    of(APPS, "statefulsets", "statefulset", "StatefulSet").short(&["sts"]).all().with(&["status"]),
    of("events.k8s.io", "events", "event", "Event").short(&["ev"]),
    of("authentication.k8s.io", "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview").review(),
    of("authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview")
        .review(),
    of("authorization.k8s.io", "selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview").review(),
    of("autoscaling", "horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler")
        .version("v2")
        .short(&["hpa"])
        .all()
        .with(&["status"]),
    of(BATCH, "cronjobs", "cronjob", "CronJob").short(&["cj"]).all().with(&["status"]),
    of(BATCH, "jobs", "job", "Job").all().with(&["status"]),
    of(NETWORKING, "ingressclasses", "ingressclass", "IngressClass").cluster(),
    of(NETWORKING, "ingresses", "ingress", "Ingress").short(&["ing"]).with(&["status"]),
    of(NETWORKING, "networkpolicies", "networkpolicy", "NetworkPolicy").short(&["netpol"]),
    of("policy", "poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget")
        .short(&["pdb"])
        .with(&["status"]),
    of(RBAC, "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding").cluster(),
    of(RBAC, "clusterroles", "clusterrole", "ClusterRole").cluster(),
    of(RBAC, "rolebindings", "rolebinding", "RoleBinding"),
    of(RBAC, "roles", "role", "Role"),
    of("storage.k8s.io", "storageclasses", "storageclass", "StorageClass").short(&["sc"]).cluster(),
    of("apiextensions.k8s.io", "customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition")
        .short(&["crd", "crds"])
        .cluster()
        .categories(&["api-extensions"])
        .with(&["status"]),
    of("coordination.k8s.io", "leases", "lease", "Lease"),
    of("discovery.k8s.io", "endpointslices", "endpointslice", "EndpointSlice"),
    of(CUSTOM_GROUP, "conveyors", "conveyor", "Conveyor").short(&["belt"]).with(&["status"]),
    of(METRICS_GROUP, "nodes", "", "NodeMetrics").cluster().metrics(),
    of(METRICS_GROUP, "pods", "", "PodMetrics").metrics(),
];

const fn core(plural: &'static str, singular: &'static str, kind: &'static str) -> ResourceType {
    of("", plural, singular, kind)
}

const fn of(group: &'static str, plural: &'static str, singular: &'static str, kind: &'static str) -> ResourceType {
    ResourceType {
        group,
        version: "v1",
        plural,
        singular,
        kind,
        namespaced: true,
        short_names: &[],
        categories: &[],
        subresources: &[],
        verbs: READ,
    }
}

impl ResourceType {
    const fn short(mut self, names: &'static [&'static str]) -> Self {
        self.short_names = names;
        self
    }

    const fn all(self) -> Self {
        self.categories(&["all"])
    }

    const fn categories(mut self, categories: &'static [&'static str]) -> Self {
        self.categories = categories;
        self
    }

    const fn cluster(mut self) -> Self {
        self.namespaced = false;
        self
    }

    const fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    const fn with(mut self, subresources: &'static [&'static str]) -> Self {
        self.subresources = subresources;
        self
    }

    const fn review(mut self) -> Self {
        self.verbs = REVIEW;
        self.cluster()
    }

    const fn metrics(mut self) -> Self {
        self.verbs = READ_METRICS;
        self.version("v1beta1")
    }

    /// `v1`, `apps/v1`.
    pub(crate) fn group_version(&self) -> String {
        group_version(self.group, self.version)
    }

    /// `pods`, `deployments.apps`: how error messages name it.
    pub(crate) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether a CustomResourceDefinition makes it. Only then do the items of a list carry their kind.
    pub(crate) fn is_custom(&self) -> bool {
        self.group == CUSTOM_GROUP
    }

    /// Whether it answers to `verb`.
    pub(crate) fn allows(&self, verb: &str) -> bool {
        self.verbs.contains(&verb)
    }
}

/// `v1`, `apps/v1`.
pub(crate) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// The resource behind a path.
pub(crate) fn find(group: &str, version: &str, plural: &str) -> Option<&'static ResourceType> {
    RESOURCES.iter().find(|r| r.group == group && r.version == version && r.plural == plural)
}

/// The resource an object of the scene belongs to.
pub(crate) fn of_object(api_version: &str, kind: &str) -> Option<&'static ResourceType> {
    RESOURCES.iter().find(|r| r.kind == kind && r.group_version() == api_version)
}

/// The groups but the core one, each with its versions, in discovery's order.
pub(crate) fn groups() -> Vec<(&'static str, &'static str)> {
    let mut groups: Vec<(&str, &str)> = Vec::new();
    for resource in RESOURCES.iter().filter(|r| !r.group.is_empty()) {
        if !groups.contains(&(resource.group, resource.version)) {
            groups.push((resource.group, resource.version));
        }
    }
    groups
}

/// What a group and version serves.
pub(crate) fn in_group(group: &str, version: &str) -> impl Iterator<Item = &'static ResourceType> {
    RESOURCES.iter().filter(move |r| r.group == group && r.version == version)
}
