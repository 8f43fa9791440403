//! Pods: from a template and its containers' fates to the object, its logs, its metrics and its events.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Container, Fate, LogKey, LogSource, Note, Scene, Subject,
    identity::{self, Owner},
    mins, secs,
};
use crate::clock;

/// The nodes the scheduler puts pods on, turn by turn.
const SCHEDULABLE: [&str; 2] = ["oak-1", "oak-2"];

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
    fn spec(&self, token: Option<&str>) -> Value {
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

/// One pod to be.
#[derive(Clone, Debug)]
pub(crate) struct PodPlan {
    pub(crate) namespace: &'static str,
    pub(crate) name: String,
    pub(crate) labels: Map<String, Value>,
    pub(crate) owner: Option<Owner>,
    pub(crate) template: Template,
    pub(crate) age: Duration,
    /// A fixed node, as daemons have.
    pub(crate) node: Option<&'static str>,
    /// Whether its node is gone: what the node controller has then marked.
    pub(crate) lost: bool,
}

/// Where a pod runs.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) node: &'static str,
    pub(super) host_ip: String,
    pub(super) pod_ip: String,
}

impl PodPlan {
    pub(crate) fn named(namespace: &'static str, name: &str, template: Template, age: Duration) -> Self {
        let labels = labels(&[("app", name)]);
        let name = name.to_owned();
        Self { namespace, name, labels, owner: None, template, age, node: None, lost: false }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.template.is_ready() && !self.lost
    }
}

/// A label map.
pub(crate) fn labels(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect()
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

fn tolerations() -> Value {
    let toleration = |key: &str| {
        let key = format!("node.kubernetes.io/{key}");
        json!({ "key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 })
    };
    json!([toleration("not-ready"), toleration("unreachable")])
}

impl Scene {
    /// Adds a pod with all that comes with it. Its address, if it has one.
    pub(crate) fn pod(&mut self, plan: &PodPlan) -> Option<String> {
        let place = plan.template.unschedulable.is_none().then(|| self.place(plan));
        let token = format!("kube-api-access-{}", identity::suffix(&plan.name));
        let mut metadata = self.metadata(plan.namespace, &plan.name, plan.age);
        metadata["labels"] = json!(plan.labels);
        if let Some(owner) = &plan.owner {
            metadata["ownerReferences"] = owner.references(plan.namespace);
            metadata["generateName"] = json!(format!("{}-", owner.name));
        }
        let mut spec = plan.template.spec(Some(&token));
        spec["tolerations"] = tolerations();
        spec["preemptionPolicy"] = json!("PreemptLowerPriority");
        spec["priority"] = json!(0);
        spec["enableServiceLinks"] = json!(true);
        if let Some(place) = &place {
            spec["nodeName"] = json!(place.node);
        }
        let status = self.pod_status(plan, place.as_ref(), &token);
        self.add(json!({ "apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status }));
        self.keep_logs_and_usage(plan);
        self.pod_events(plan, place.as_ref());
        place.map(|place| place.pod_ip)
    }

    fn place(&mut self, plan: &PodPlan) -> Place {
        let turn = self.placed.values().map(|count| usize::from(*count)).sum::<usize>();
        let node = plan.node.unwrap_or(SCHEDULABLE[turn % SCHEDULABLE.len()]);
        let number = node.rsplit('-').next().unwrap_or("1");
        let count = self.placed.entry(node).or_default();
        *count = count.wrapping_add(1);
        Place { node, host_ip: format!("10.20.0.1{number}"), pod_ip: format!("10.42.{number}.{}", 2 + *count) }
    }

    fn keep_logs_and_usage(&mut self, plan: &PodPlan) {
        if plan.template.unschedulable.is_some() {
            return;
        }
        let start = clock::earlier(self.now, plan.age.saturating_sub(secs(4)));
        for container in plan.template.init.iter().chain(&plan.template.containers) {
            let key = |previous| LogKey {
                namespace: plan.namespace.to_owned(),
                pod: plan.name.clone(),
                container: container.name.to_owned(),
                previous,
            };
            let (current, previous) = LogSource::of(container, start, self.now);
            self.logs.extend(current.map(|log| (key(false), log)));
            self.logs.extend(previous.map(|log| (key(true), log)));
            if container.is_up() && !plan.lost {
                self.usage.insert(key(false), container.usage);
            }
        }
    }

    /// Gives a container another log than its script's.
    pub(crate) fn replace_log(&mut self, namespace: &str, pod: &str, container: &str, log: LogSource) {
        let (namespace, pod, container) = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.logs.insert(LogKey { namespace, pod, container, previous: false }, log);
    }

    fn pod_events(&mut self, plan: &PodPlan, place: Option<&Place>) {
        let subject = Subject::pod(plan.namespace, &plan.name);
        let Some(place) = place else {
            let complaint = plan.template.unschedulable.unwrap_or_default();
            let rounds = u32::try_from(plan.age.as_secs() / 300).unwrap_or_default() + 1;
            let note = Note::warning("default-scheduler", "FailedScheduling", complaint);
            self.note(&subject, &note.often(rounds, plan.age, secs(70)));
            return;
        };
        // Events live for an hour: of older pods only what goes on is still to be seen.
        if plan.age <= mins(60) {
            let message = format!("Successfully assigned {}/{} to {}", plan.namespace, plan.name, place.node);
            self.note(&subject, &Note::normal("default-scheduler", "Scheduled", message).at(plan.age));
        }
        if plan.lost {
            let note = Note::warning("node-controller", "NodeNotReady", "Node is not ready");
            self.note(&subject, &note.at(mins(38)));
            return;
        }
        for container in plan.template.init.iter().chain(&plan.template.containers) {
            self.container_events(plan, &subject.container(container.name), container, place.node);
        }
    }

    fn container_events(&mut self, plan: &PodPlan, subject: &Subject, container: &Container, node: &'static str) {
        let (name, image, age) = (container.name, container.image, plan.age);
        let kubelet = |reason, message: String| Note::normal("kubelet", reason, message).on(node);
        let trouble = |reason, message: String| Note::warning("kubelet", reason, message).on(node);
        let present = kubelet("Pulled", format!("Container image \"{image}\" already present on machine"));
        let starts = [
            present,
            kubelet("Created", format!("Created container: {name}")),
            kubelet("Started", format!("Started container {name}")),
        ];
        let (fresh, born) = (age <= mins(60), age.saturating_sub(secs(2)));
        let notes: Vec<Note> = match &container.fate {
            Fate::Running | Fate::Completed | Fate::Failed { .. } if fresh => starts.map(|n| n.at(born)).to_vec(),
            Fate::Running | Fate::Completed | Fate::Failed { .. } => Vec::new(),
            Fate::Restarted { restarts, ago, .. } => {
                starts.map(|n| n.often(restarts + 1, born, ago.saturating_sub(secs(1)))).to_vec()
            }
            Fate::Unready { probe } => {
                let failed = trouble("Unhealthy", format!("Readiness probe failed: {probe}"));
                vec![failed.often(times(age, 10), born, secs(5))]
            }
            Fate::Crashing { restarts, .. } => {
                let uid = identity::uid("Pod", plan.namespace, &plan.name);
                let pod = format!("{}_{}({uid})", plan.name, plan.namespace);
                let back_off = format!("Back-off restarting failed container {name} in pod {pod}");
                let mut notes = starts.map(|n| n.often(restarts + 1, born, mins(2))).to_vec();
                notes.push(trouble("BackOff", back_off).often(times(age, 14), born, secs(9)));
                notes
            }
            Fate::ImageMissing => pull_notes(image, age, node),
        };
        for note in notes {
            self.note(subject, &note);
        }
    }
}

/// How often something happens in `age` that happens every `period` seconds.
fn times(age: Duration, period: u64) -> u32 {
    u32::try_from(age.as_secs() / period).unwrap_or(u32::MAX).max(1)
}

/// What containerd says about an image that is not in its registry.
pub(super) fn pull_failure(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": \
         failed to resolve reference \"{image}\": {image}: not found"
    )
}

fn pull_notes(image: &str, age: Duration, node: &'static str) -> Vec<Note> {
    let born = age.saturating_sub(secs(2));
    let tries = times(age, 300);
    let note = |warning: bool, reason, message: String| {
        let make = if warning { Note::warning } else { Note::normal };
        make("kubelet", reason, message).on(node)
    };
    vec![
        note(false, "Pulling", format!("Pulling image \"{image}\"")).often(tries, born, mins(3)),
        note(true, "Failed", format!("Failed to pull image \"{image}\": {}", pull_failure(image)))
            .often(tries, born, mins(3)),
        note(true, "Failed", "Error: ErrImagePull".to_owned()).often(tries, born, mins(3)),
        note(false, "BackOff", format!("Back-off pulling image \"{image}\"")).often(times(age, 15), born, secs(12)),
        note(true, "Failed", "Error: ImagePullBackOff".to_owned()).often(times(age, 15), born, secs(12)),
    ]
}
