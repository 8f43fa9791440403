//! Pods: from a template and its containers' fates to the object, its logs, its metrics and its events.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    LogKey, LogSource, Scene, Template,
    identity::{self, Owner},
    secs,
};
use crate::clock;

/// The nodes the scheduler puts pods on, turn by turn.
const SCHEDULABLE: [&str; 2] = ["oak-1", "oak-2"];

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

/// Every pod stands a lost node for five minutes; a daemon, which has its fixed node, stands everything.
fn tolerations(is_daemon: bool) -> Value {
    let toleration = |key: &str, effect: &str| {
        let key = format!("node.kubernetes.io/{key}");
        json!({ "key": key, "operator": "Exists", "effect": effect })
    };
    let mut lost = ["not-ready", "unreachable"].map(|key| toleration(key, "NoExecute"));
    if is_daemon {
        let strained = ["disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"];
        return json!([&lost[..], &strained.map(|key| toleration(key, "NoSchedule"))].concat());
    }
    for toleration in &mut lost {
        toleration["tolerationSeconds"] = json!(300);
    }
    json!(lost)
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
        spec["tolerations"] = tolerations(plan.node.is_some());
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
        let turn = usize::try_from(self.placed.values().sum::<u32>()).unwrap_or_default();
        let node = plan.node.unwrap_or(SCHEDULABLE[turn % SCHEDULABLE.len()]);
        let number = node.rsplit('-').next().unwrap_or("1");
        let count = self.placed.entry(node).or_default();
        *count += 1;
        // A node's range has room for its first 250 pods; those of a crowd go on in further ones.
        let (range, host) = (42 + (*count - 1) / 250, 3 + (*count - 1) % 250);
        Place { node, host_ip: format!("10.20.0.1{number}"), pod_ip: format!("10.{range}.{number}.{host}") }
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
            let (current, previous) = LogSource::of(container, &plan.name, start, self.now);
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
}
