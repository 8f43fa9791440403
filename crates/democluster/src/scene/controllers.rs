//! Stateful sets and daemon sets, with their revisions, claims and pods.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Note, PodPlan, Scene, Subject, Template,
    identity::{self, Owner},
    mins,
    pod::labels,
};

/// A stateful or daemon set to be. Its pods carry the label `app` with its name.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) age: Duration,
    pub(crate) template: Template,
}

/// What each pod of a stateful set claims.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) name: &'static str,
    pub(crate) class: &'static str,
    pub(crate) size: &'static str,
}

impl Set {
    fn labels(&self) -> Map<String, Value> {
        labels(&[("app", self.name)])
    }

    fn hash(&self) -> String {
        identity::template_hash(&format!("{}/{}", self.namespace, self.name))
    }

    fn plan(&self, kind: &'static str, name: String, template: Template) -> PodPlan {
        let mut pod_labels = self.labels();
        pod_labels.insert("controller-revision-hash".to_owned(), json!(format!("{}-{}", self.name, self.hash())));
        let owner = Some(Owner::new("apps/v1", kind, self.name));
        PodPlan { name, labels: pod_labels, owner, ..PodPlan::named(self.namespace, "", template, self.age) }
    }
}

impl Scene {
    /// Adds a stateful set of two pods: the first as the template says, the second, which came when the set was scaled
    /// so long ago, as `second` says. Each has a claim, which is bound unless its pod cannot be scheduled.
    pub(crate) fn stateful_set(&mut self, set: &Set, claim: Claim, second: &Template, scaled: Duration) {
        let templates = [&set.template, second];
        for (ordinal, (template, age)) in templates.into_iter().zip([set.age, scaled]).enumerate() {
            self.stateful_pod(set, claim, ordinal, template, age);
        }
        let ready = templates.into_iter().filter(|t| t.is_ready()).count();
        let revision = format!("{}-{}", set.name, set.hash());
        let spec = json!({
            "replicas": templates.len(), "selector": { "matchLabels": set.labels() }, "serviceName": set.name,
            "template": set.template.object(&set.labels()), "podManagementPolicy": "OrderedReady",
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } },
            "revisionHistoryLimit": 10,
            "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain", "whenScaled": "Retain" },
            "volumeClaimTemplates": [{
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "status": { "phase": "Pending" },
                "metadata": { "name": claim.name, "creationTimestamp": null }, "spec": claim_spec(claim, None),
            }],
        });
        let status = json!({
            "observedGeneration": 1, "replicas": templates.len(), "readyReplicas": ready, "availableReplicas": ready,
            "currentReplicas": templates.len(), "updatedReplicas": templates.len(),
            "currentRevision": revision, "updateRevision": revision, "collisionCount": 0,
        });
        self.set_object(set, "StatefulSet", &spec, &status);
    }

    fn stateful_pod(&mut self, set: &Set, claim: Claim, ordinal: usize, template: &Template, age: Duration) {
        let name = format!("{}-{ordinal}", set.name);
        let claimed = format!("{}-{name}", claim.name);
        let details = json!({ "claimName": claimed });
        let template = template.clone().volume(claim.name, "persistentVolumeClaim", &details);
        let mut plan = PodPlan { age, ..set.plan("StatefulSet", name.clone(), template) };
        plan.labels.insert("apps.kubernetes.io/pod-index".to_owned(), json!(ordinal.to_string()));
        plan.labels.insert("statefulset.kubernetes.io/pod-name".to_owned(), json!(name));
        let bound = plan.template.unschedulable.is_none();
        self.claim(set.namespace, &claimed, claim, age, bound);
        self.pod(&plan);
        if age <= mins(60) {
            let subject = Subject::new("apps/v1", "StatefulSet", set.namespace, set.name);
            for what in [
                format!("create Claim {claimed} Pod {name} in StatefulSet {} success", set.name),
                format!("create Pod {name} in StatefulSet {} successful", set.name),
            ] {
                self.note(&subject, &Note::normal("statefulset-controller", "SuccessfulCreate", what).at(age));
            }
        }
    }

    /// Adds a claim and, if it is bound, its volume; else the reason why not.
    fn claim(&mut self, namespace: &'static str, name: &str, claim: Claim, age: Duration, bound: bool) {
        let volume = format!("pvc-{}", identity::uid("PersistentVolumeClaim", namespace, name));
        let mut metadata = self.metadata(namespace, name, age);
        metadata["finalizers"] = json!(["kubernetes.io/pvc-protection"]);
        let status = if bound {
            metadata["annotations"] = json!({ "pv.kubernetes.io/bind-completed": "yes" });
            json!({ "phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": { "storage": claim.size } })
        } else {
            json!({ "phase": "Pending" })
        };
        let spec = claim_spec(claim, bound.then_some(volume.as_str()));
        self.add(json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec, "status": status,
        }));
        if bound {
            self.volume(&volume, namespace, name, claim, age);
        } else {
            let subject = Subject::new("v1", "PersistentVolumeClaim", namespace, name);
            let message = format!("storageclass.storage.k8s.io \"{}\" not found", claim.class);
            let rounds = u32::try_from(age.as_secs() / 15).unwrap_or(u32::MAX);
            let note = Note::warning("persistentvolume-controller", "ProvisioningFailed", message);
            self.note(&subject, &note.often(rounds, age, mins(0)));
        }
    }

    fn volume(&mut self, name: &str, namespace: &str, claimed: &str, claim: Claim, age: Duration) {
        let mut metadata = self.metadata("", name, age);
        metadata["finalizers"] = json!(["kubernetes.io/pv-protection"]);
        metadata["annotations"] = json!({ "pv.kubernetes.io/provisioned-by": "csi.oakstore.example" });
        let spec = json!({
            "capacity": { "storage": claim.size }, "accessModes": ["ReadWriteOnce"], "volumeMode": "Filesystem",
            "persistentVolumeReclaimPolicy": "Delete", "storageClassName": claim.class,
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": claimed,
                "uid": identity::uid("PersistentVolumeClaim", namespace, claimed),
            },
            "csi": { "driver": "csi.oakstore.example", "fsType": "ext4", "volumeHandle": identity::suffix(name) },
        });
        let status = json!({ "phase": "Bound", "lastPhaseTransitionTime": self.ago(age) });
        self.add(json!({
            "apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": spec, "status": status,
        }));
    }

    /// Adds a daemon set with a pod on each of `nodes`; those on `lost` ones are no longer heard of.
    pub(crate) fn daemon_set(&mut self, set: &Set, nodes: &[&'static str], lost: &[&'static str]) {
        for node in nodes {
            let name = format!("{}-{}", set.name, identity::suffix(&format!("{}/{node}", set.name)));
            let plan = set.plan("DaemonSet", name, set.template.clone());
            self.pod(&PodPlan { node: Some(node), lost: lost.contains(node), ..plan });
        }
        let (wanted, ready) = (nodes.len(), nodes.len() - lost.len());
        let spec = json!({
            "selector": { "matchLabels": set.labels() }, "template": set.template.object(&set.labels()),
            "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "maxUnavailable": 1, "maxSurge": 0 } },
            "revisionHistoryLimit": 10,
        });
        let status = json!({
            "observedGeneration": 1, "desiredNumberScheduled": wanted, "currentNumberScheduled": wanted,
            "updatedNumberScheduled": wanted, "numberReady": ready, "numberAvailable": ready,
            "numberUnavailable": wanted - ready, "numberMisscheduled": 0,
        });
        self.set_object(set, "DaemonSet", &spec, &status);
    }

    fn set_object(&mut self, set: &Set, kind: &'static str, spec: &Value, status: &Value) {
        let mut metadata = self.metadata(set.namespace, set.name, set.age);
        metadata["generation"] = json!(1);
        metadata["labels"] = json!(set.labels());
        self.add(json!({
            "apiVersion": "apps/v1", "kind": kind, "metadata": metadata, "spec": spec, "status": status,
        }));
        let name = format!("{}-{}", set.name, set.hash());
        let mut metadata = self.metadata(set.namespace, &name, set.age);
        metadata["labels"] = json!(set.labels());
        metadata["ownerReferences"] = Owner::new("apps/v1", kind, set.name).references(set.namespace);
        let mut template = set.template.object(&set.labels());
        template["$patch"] = json!("replace");
        self.add(json!({
            "apiVersion": "apps/v1", "kind": "ControllerRevision", "metadata": metadata, "revision": 1,
            "data": { "spec": { "template": template } },
        }));
    }
}

fn claim_spec(claim: Claim, volume: Option<&str>) -> Value {
    let mut spec = json!({
        "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": claim.size } },
        "storageClassName": claim.class, "volumeMode": "Filesystem",
    });
    if let Some(volume) = volume {
        spec["volumeName"] = json!(volume);
    }
    spec
}
