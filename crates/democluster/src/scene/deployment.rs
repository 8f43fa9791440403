//! Deployments with their replica sets and pods.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Note, PodPlan, Scene, Subject, Template,
    identity::{self, Owner},
    mins,
    pod::labels,
};

/// A deployment to be. Its pods carry the label `app` with its name.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    namespace: &'static str,
    name: &'static str,
    replicas: u32,
    age: Duration,
    template: Template,
    /// A rollout under way or done: the template before, how many of its pods are left, and when the change came.
    before: Option<(Template, u32, Duration)>,
}

/// One replica set of a deployment.
struct Revision<'a> {
    number: u32,
    template: &'a Template,
    replicas: u32,
    age: Duration,
    hash: String,
}

impl Deployment {
    pub(crate) fn new(namespace: &'static str, name: &'static str, age: Duration, template: Template) -> Self {
        Self { namespace, name, replicas: 1, age, template, before: None }
    }

    pub(crate) fn replicas(mut self, replicas: u32) -> Self {
        self.replicas = replicas;
        self
    }

    /// What ran before the change `changed` ago; `left` of its pods still do.
    pub(crate) fn before(mut self, template: Template, left: u32, changed: Duration) -> Self {
        self.before = Some((template, left, changed));
        self
    }

    fn labels(&self) -> Map<String, Value> {
        labels(&[("app", self.name)])
    }

    fn revisions(&self) -> Vec<Revision<'_>> {
        let hash = |number: u32| identity::template_hash(&format!("{}/{}/{number}", self.namespace, self.name));
        let revision =
            |number, template, replicas, age| Revision { number, template, replicas, age, hash: hash(number) };
        match &self.before {
            None => vec![revision(1, &self.template, self.replicas, self.age)],
            // While old pods are left, the rollout's surge is one new pod.
            Some((old, left, changed)) => {
                let new = if *left > 0 { 1 } else { self.replicas };
                vec![revision(1, old, *left, self.age), revision(2, &self.template, new, *changed)]
            }
        }
    }
}

impl Scene {
    /// Adds a deployment, its replica sets, their pods, and what the controllers said.
    pub(crate) fn deployment(&mut self, deployment: &Deployment) {
        let revisions = deployment.revisions();
        for revision in &revisions {
            self.replica_set(deployment, revision);
        }
        let newest = revisions.last().map_or(1, |revision| revision.number);
        let mut metadata = self.metadata(deployment.namespace, deployment.name, deployment.age);
        metadata["generation"] = json!(newest);
        metadata["labels"] = json!(deployment.labels());
        metadata["annotations"] = json!({ "deployment.kubernetes.io/revision": newest.to_string() });
        let spec = json!({
            "replicas": deployment.replicas, "selector": { "matchLabels": deployment.labels() },
            "template": deployment.template.object(&deployment.labels()),
            "strategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": "25%", "maxSurge": "25%" } },
            "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        });
        let status = self.deployment_status(deployment, &revisions);
        self.add(json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec, "status": status,
        }));
    }

    fn deployment_status(&self, deployment: &Deployment, revisions: &[Revision<'_>]) -> Value {
        let total: u32 = revisions.iter().map(|r| r.replicas).sum();
        let ready: u32 = revisions.iter().filter(|r| r.template.is_ready()).map(|r| r.replicas).sum();
        let mut status = json!({
            "observedGeneration": revisions.len(), "replicas": total,
            "updatedReplicas": revisions.last().map_or(0, |r| r.replicas),
            "conditions": self.deployment_conditions(deployment, revisions, ready),
        });
        // Zero counts are left out, as the Go types do.
        for (field, count) in [
            ("readyReplicas", ready),
            ("availableReplicas", ready),
            ("unavailableReplicas", total.max(deployment.replicas) - ready),
        ] {
            if count > 0 {
                status[field] = json!(count);
            }
        }
        status
    }

    fn deployment_conditions(&self, deployment: &Deployment, revisions: &[Revision<'_>], ready: u32) -> Value {
        let newest = revisions.last();
        let age = newest.map_or(deployment.age, |r| r.age);
        let set = format!("{}-{}", deployment.name, newest.map_or("", |r| r.hash.as_str()));
        let rolled_out = newest.is_some_and(|r| r.template.is_ready() && r.replicas == deployment.replicas);
        let (status, reason, message) = if rolled_out {
            ("True", "NewReplicaSetAvailable", format!("ReplicaSet \"{set}\" has successfully progressed."))
        } else if age > mins(10) {
            ("False", "ProgressDeadlineExceeded", format!("ReplicaSet \"{set}\" has timed out progressing."))
        } else {
            ("True", "ReplicaSetUpdated", format!("ReplicaSet \"{set}\" is progressing."))
        };
        let enough = ready >= deployment.replicas - deployment.replicas / 4;
        let available = if enough {
            json!({ "status": "True", "reason": "MinimumReplicasAvailable", "message": "Deployment has minimum availability." })
        } else {
            json!({ "status": "False", "reason": "MinimumReplicasUnavailable",
                    "message": "Deployment does not have minimum availability." })
        };
        let at = self.ago(age.saturating_sub(mins(if rolled_out { 0 } else { 10 })));
        let mut conditions = [available, json!({ "status": status, "reason": reason, "message": message })];
        for (condition, kind) in conditions.iter_mut().zip(["Available", "Progressing"]) {
            condition["type"] = json!(kind);
            condition["lastUpdateTime"] = json!(at);
            condition["lastTransitionTime"] = json!(at);
        }
        json!(conditions)
    }

    fn replica_set(&mut self, deployment: &Deployment, revision: &Revision<'_>) {
        let (namespace, name) = (deployment.namespace, format!("{}-{}", deployment.name, revision.hash));
        let mut pod_labels = deployment.labels();
        pod_labels.insert("pod-template-hash".to_owned(), json!(revision.hash));
        let mut metadata = self.metadata(namespace, &name, revision.age);
        metadata["generation"] = json!(1);
        metadata["labels"] = json!(pod_labels);
        metadata["annotations"] = json!({
            "deployment.kubernetes.io/desired-replicas": deployment.replicas.to_string(),
            "deployment.kubernetes.io/max-replicas": (deployment.replicas + deployment.replicas.div_ceil(4)).to_string(),
            "deployment.kubernetes.io/revision": revision.number.to_string(),
        });
        metadata["ownerReferences"] = Owner::new("apps/v1", "Deployment", deployment.name).references(namespace);
        let mut status = json!({ "replicas": revision.replicas, "observedGeneration": 1 });
        if revision.replicas > 0 {
            status["fullyLabeledReplicas"] = json!(revision.replicas);
            if revision.template.is_ready() {
                status["readyReplicas"] = json!(revision.replicas);
                status["availableReplicas"] = json!(revision.replicas);
            }
        }
        let spec = json!({
            "replicas": revision.replicas, "selector": { "matchLabels": pod_labels },
            "template": revision.template.object(&pod_labels),
        });
        self.add(json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec, "status": status,
        }));
        self.replicas(deployment, revision, &name, &pod_labels);
    }

    fn replicas(&mut self, of: &Deployment, revision: &Revision<'_>, set: &str, pod_labels: &Map<String, Value>) {
        let fresh = revision.age <= mins(60);
        if fresh && revision.replicas > 0 {
            let message = format!("Scaled up replica set {set} from 0 to {}", revision.replicas);
            let subject = Subject::new("apps/v1", "Deployment", of.namespace, of.name);
            self.note(&subject, &Note::normal("deployment-controller", "ScalingReplicaSet", message).at(revision.age));
        }
        for index in 0..revision.replicas {
            let name = format!("{set}-{}", identity::suffix(&format!("{}/{set}/{index}", of.namespace)));
            if fresh {
                let subject = Subject::new("apps/v1", "ReplicaSet", of.namespace, set);
                let created = format!("Created pod: {name}");
                self.note(
                    &subject,
                    &Note::normal("replicaset-controller", "SuccessfulCreate", created).at(revision.age),
                );
            }
            self.pod(&PodPlan {
                name,
                labels: pod_labels.clone(),
                owner: Some(Owner::new("apps/v1", "ReplicaSet", set)),
                ..PodPlan::named(of.namespace, "", revision.template.clone(), revision.age)
            });
        }
    }
}
