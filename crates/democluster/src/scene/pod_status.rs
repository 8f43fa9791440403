//! What the kubelet would report about a pod.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Container, Fate, LONG_RUN, SILENCE, Scene, identity, mins,
    pod::{Place, PodPlan},
    pod_events::pull_failure,
    secs,
};

impl Scene {
    /// A pod's `status`.
    pub(super) fn pod_status(&self, plan: &PodPlan, place: Option<&Place>, token: &str) -> Value {
        let mut status = json!({
            "phase": phase(plan), "conditions": self.pod_conditions(plan), "qosClass": qos_class(&plan.template.containers),
        });
        let Some(place) = place else { return status };
        let started = plan.age.saturating_sub(secs(1));
        status["startTime"] = json!(self.ago(started));
        status["hostIP"] = json!(place.host_ip);
        status["hostIPs"] = json!([{ "ip": place.host_ip }]);
        status["podIP"] = json!(place.pod_ip);
        status["podIPs"] = json!([{ "ip": place.pod_ip }]);
        let of = |containers: &[Container]| {
            containers.iter().map(|c| self.container_status(plan, c, token)).collect::<Vec<_>>()
        };
        status["containerStatuses"] = json!(of(&plan.template.containers));
        if !plan.template.init.is_empty() {
            status["initContainerStatuses"] = json!(of(&plan.template.init));
        }
        status
    }

    fn pod_conditions(&self, plan: &PodPlan) -> Value {
        let born = self.ago(plan.age);
        if let Some(complaint) = plan.template.unschedulable {
            return json!([{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": complaint,
                "lastProbeTime": null, "lastTransitionTime": born,
            }]);
        }
        let since = self.ago(plan.age.saturating_sub(secs(5)));
        let condition = |kind: &str, status: bool, at: &str| {
            let status = if status { "True" } else { "False" };
            json!({ "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": at })
        };
        let (ended, changed) = (is_over(plan), self.ago(ready_since(plan)));
        let readiness = |kind: &str| {
            let mut readiness = condition(kind, plan.is_ready(), &changed);
            if let Some((reason, message)) = why_unready(plan) {
                readiness["reason"] = json!(reason);
                readiness["message"] = json!(message);
            }
            readiness
        };
        json!([
            condition("PodReadyToStartContainers", !ended, &since),
            condition("Initialized", true, &since),
            readiness("Ready"),
            readiness("ContainersReady"),
            condition("PodScheduled", true, &born),
        ])
    }

    fn container_status(&self, plan: &PodPlan, container: &Container, token: &str) -> Value {
        let id = format!("containerd://{}", identity::digest(&format!("{}/{}", plan.name, container.name)));
        let (state, last) = self.states(plan, container, &id);
        let started_once = !matches!(container.fate, Fate::ImageMissing);
        let mut mounts = container.mounts(Some(token));
        for mount in mounts.iter_mut().filter(|m| m["readOnly"] == json!(true)) {
            mount["recursiveReadOnly"] = json!("Disabled");
        }
        let restarts = match container.fate {
            Fate::Restarted { restarts, .. } | Fate::Crashing { restarts, .. } => restarts,
            _ => 0,
        };
        let mut status = json!({
            "name": container.name, "image": container.image, "state": state, "lastState": last,
            "ready": is_ready_status(plan, container), "started": container.is_up(), "restartCount": restarts,
            "volumeMounts": mounts, "imageID": "",
        });
        if started_once {
            let repository = container.image.split(':').next().unwrap_or_default();
            status["imageID"] = json!(format!("{repository}@sha256:{}", identity::digest(container.image)));
            status["containerID"] = json!(id);
            status["resources"] = container.resources();
        }
        status
    }

    /// The container's present state and the one before.
    fn states(&self, plan: &PodPlan, container: &Container, id: &str) -> (Value, Value) {
        let started = plan.age.saturating_sub(secs(4));
        let running = |ago| json!({ "running": { "startedAt": self.ago(ago) } });
        match &container.fate {
            Fate::Running | Fate::Unready { .. } => (running(started), json!({})),
            Fate::Restarted { exit_code, reason, ago, .. } => {
                let before = self.terminated(id, *exit_code, reason, *ago + LONG_RUN, *ago + secs(2));
                (running(*ago), before)
            }
            Fate::Crashing { exit_code, reason, .. } => {
                let last = self.terminated(id, *exit_code, reason, mins(2), mins(2).saturating_sub(secs(6)));
                (back_off(plan, container), last)
            }
            Fate::ImageMissing => {
                let image = container.image;
                let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {}", pull_failure(image));
                (json!({ "waiting": { "reason": "ImagePullBackOff", "message": message } }), json!({}))
            }
            Fate::Completed => (self.terminated(id, 0, "Completed", started, ended(started)), json!({})),
            Fate::Failed { exit_code } => {
                (self.terminated(id, *exit_code, "Error", started, ended(started)), json!({}))
            }
        }
    }

    fn terminated(&self, id: &str, exit_code: u8, reason: &str, started: Duration, finished: Duration) -> Value {
        json!({ "terminated": {
            "containerID": id, "exitCode": exit_code, "reason": reason,
            "startedAt": self.ago(started), "finishedAt": self.ago(finished),
        } })
    }
}

/// A container that ends for good does so this long after its start.
fn ended(started: Duration) -> Duration {
    started.saturating_sub(secs(9))
}

fn back_off(plan: &PodPlan, container: &Container) -> Value {
    let uid = identity::uid("Pod", plan.namespace, &plan.name);
    let message = format!(
        "back-off 5m0s restarting failed container={} pod={}_{}({uid})",
        container.name, plan.name, plan.namespace
    );
    json!({ "waiting": { "reason": "CrashLoopBackOff", "message": message } })
}

fn is_ready_status(plan: &PodPlan, container: &Container) -> bool {
    let is_init = plan.template.init.iter().any(|init| init.name == container.name);
    container.is_ready() || (is_init && matches!(container.fate, Fate::Completed))
}

fn phase(plan: &PodPlan) -> &'static str {
    let fates = || plan.template.containers.iter().map(|c| &c.fate);
    if plan.template.unschedulable.is_some() || fates().any(|f| matches!(f, Fate::ImageMissing)) {
        "Pending"
    } else if fates().all(|f| matches!(f, Fate::Completed)) {
        "Succeeded"
    } else if fates().all(|f| matches!(f, Fate::Completed | Fate::Failed { .. })) {
        "Failed"
    } else {
        "Running"
    }
}

fn is_over(plan: &PodPlan) -> bool {
    matches!(phase(plan), "Succeeded" | "Failed")
}

/// How long ago the pod's readiness last changed.
fn ready_since(plan: &PodPlan) -> Duration {
    if plan.lost {
        return SILENCE;
    }
    let of = |container: &Container| match container.fate {
        Fate::Restarted { ago, .. } => ago.saturating_sub(secs(1)),
        Fate::Crashing { .. } => mins(2).saturating_sub(secs(6)),
        _ => plan.age.saturating_sub(secs(5)),
    };
    plan.template.containers.iter().map(of).min().unwrap_or_default()
}

fn why_unready(plan: &PodPlan) -> Option<(&'static str, String)> {
    match phase(plan) {
        "Succeeded" => return Some(("PodCompleted", String::new())),
        "Failed" => return Some(("PodFailed", String::new())),
        _ => {}
    }
    let unready: Vec<&str> = plan.template.containers.iter().filter(|c| !c.is_ready()).map(|c| c.name).collect();
    let message = || format!("containers with unready status: [{}]", unready.join(" "));
    (!unready.is_empty()).then(|| ("ContainersNotReady", message()))
}

fn qos_class(containers: &[Container]) -> &'static str {
    if containers.iter().all(Container::is_guaranteed) {
        "Guaranteed"
    } else if containers.iter().any(Container::has_resources) {
        "Burstable"
    } else {
        "BestEffort"
    }
}
