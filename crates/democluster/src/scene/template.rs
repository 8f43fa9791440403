//! Pod templates.

use serde_json::{Map, Value, json};

use super::{Container, Fate};

/// What pods are made from.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    pub(crate) containers: Vec<Container>,
    pub(crate) init: Vec<Container>,
    /// The scheduler's complaint, if it finds no node.
    pub(crate) unschedulable: Option<&'static str>,
    pub(crate) restart_policy: &'static str,
    pub(crate) service_account: &'static str,
    node_selector: Map<String, Value>,
    volumes: Vec<Value>,
}

impl Template {
    pub(crate) fn of(container: Container) -> Self {
        Self {
            containers: vec![container],
            init: Vec::new(),
            unschedulable: None,
            restart_policy: "Always",
            service_account: "default",
            node_selector: Map::new(),
            volumes: Vec::new(),
        }
    }

    pub(crate) fn sidecar(mut self, container: Container) -> Self {
        self.containers.push(container);
        self
    }

    pub(crate) fn init(mut self, container: Container) -> Self {
        self.init.push(container.fate(Fate::Completed));
        self
    }

    pub(crate) fn node_selector(mut self, key: &str, value: &str) -> Self {
        self.node_selector.insert(key.to_owned(), json!(value));
        self
    }

    pub(crate) fn service_account(mut self, name: &'static str) -> Self {
        self.service_account = name;
        self
    }

    pub(crate) fn unschedulable(mut self, complaint: &'static str) -> Self {
        self.unschedulable = Some(complaint);
        self
    }

    pub(crate) fn restart_policy(mut self, policy: &'static str) -> Self {
        self.restart_policy = policy;
        self
    }

    pub(crate) fn volume(mut self, name: &str, source: &str, details: &Value) -> Self {
        self.volumes.push(json!({ "name": name, source: details }));
        self
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.unschedulable.is_none() && self.containers.iter().all(Container::is_ready)
    }

    /// `spec.template` of a controller.
    pub(crate) fn object(&self, labels: &Map<String, Value>) -> Value {
        json!({ "metadata": { "creationTimestamp": null, "labels": labels }, "spec": self.spec(None) })
    }

    /// The pod spec; a pod's own also has the volume with its service account's token.
    pub(super) fn spec(&self, token: Option<&str>) -> Value {
        let specs = |containers: &[Container]| containers.iter().map(|c| c.spec(token)).collect::<Vec<_>>();
        let mut spec = json!({
            "containers": specs(&self.containers), "restartPolicy": self.restart_policy,
            "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst", "securityContext": {},
            "schedulerName": "default-scheduler",
        });
        if !self.init.is_empty() {
            spec["initContainers"] = json!(specs(&self.init));
        }
        if self.service_account != "default" || token.is_some() {
            spec["serviceAccountName"] = json!(self.service_account);
            spec["serviceAccount"] = json!(self.service_account);
        }
        if !self.node_selector.is_empty() {
            spec["nodeSelector"] = json!(self.node_selector);
        }
        let mut volumes = self.volumes.clone();
        volumes.extend(token.map(token_volume));
        if !volumes.is_empty() {
            spec["volumes"] = json!(volumes);
        }
        spec
    }
}

fn token_volume(name: &str) -> Value {
    json!({ "name": name, "projected": { "defaultMode": 420, "sources": [
        { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
        { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
        { "downwardAPI": { "items": [
            { "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } },
        ] } },
    ] } })
}
