//! What the scheduler, the kubelet and the node controller say about pods.

use std::time::Duration;

use super::{
    Container, Fate, Note, SILENCE, Scene, Subject, identity, mins,
    pod::{Place, PodPlan},
    secs,
};

impl Scene {
    /// Writes down what happened to a pod.
    pub(super) fn pod_events(&mut self, plan: &PodPlan, place: Option<&Place>) {
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
            self.note(&subject, &note.at(SILENCE));
            return;
        }
        for container in plan.template.init.iter().chain(&plan.template.containers) {
            self.container_events(plan, &subject.container(container.name), container, place.node);
        }
    }

    fn container_events(&mut self, plan: &PodPlan, subject: &Subject, container: &Container, node: &'static str) {
        let (name, age) = (container.name, plan.age);
        let born = age.saturating_sub(secs(4));
        let trouble = |reason, message: String| Note::warning("kubelet", reason, message).on(node);
        let started = |times, last| start_notes(container, node, times, (born, last));
        let notes: Vec<Note> = match &container.fate {
            Fate::Running | Fate::Completed | Fate::Failed { .. } if age <= mins(60) => started(1, born),
            Fate::Running | Fate::Completed | Fate::Failed { .. } => Vec::new(),
            Fate::Restarted { restarts, ago, .. } => started(restarts + 1, *ago),
            Fate::Unready { probe } => {
                let failed = trouble("Unhealthy", format!("Readiness probe failed: {probe}"));
                vec![failed.often(times(age, 10), born, secs(5))]
            }
            Fate::Crashing { restarts, .. } => {
                let uid = identity::uid("Pod", plan.namespace, &plan.name);
                let pod = format!("{}_{}({uid})", plan.name, plan.namespace);
                let back_off = format!("Back-off restarting failed container {name} in pod {pod}");
                let mut notes = started(restarts + 1, mins(2));
                notes.push(trouble("BackOff", back_off).often(times(age, 14), born, secs(9)));
                notes
            }
            Fate::ImageMissing => pull_notes(container.image, age, node),
        };
        for note in notes {
            self.note(subject, &note);
        }
    }
}

/// What the kubelet says each time it starts a container: how often it did, and how long ago first and last.
fn start_notes(
    container: &Container,
    node: &'static str,
    times: u32,
    (first, last): (Duration, Duration),
) -> Vec<Note> {
    let (name, image) = (container.name, container.image);
    let steps = [
        ("Pulled", format!("Container image \"{image}\" already present on machine"), secs(2)),
        ("Created", format!("Created container: {name}"), secs(1)),
        ("Started", format!("Started container {name}"), secs(0)),
    ];
    let note = |(reason, message, before)| {
        Note::normal("kubelet", reason, message).on(node).often(times, first + before, last + before)
    };
    steps.map(note).into()
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
    let (tries, waits) = (times(age, 300), times(age, 15));
    let normal = |reason, message: String| Note::normal("kubelet", reason, message).on(node);
    let failed = |message: String| Note::warning("kubelet", "Failed", message).on(node);
    let pull_failed = format!("Failed to pull image \"{image}\": {}", pull_failure(image));
    vec![
        normal("Pulling", format!("Pulling image \"{image}\"")).often(tries, born, mins(3)),
        failed(pull_failed).often(tries, born, mins(3)),
        failed("Error: ErrImagePull".to_owned()).often(tries, born, mins(3)),
        normal("BackOff", format!("Back-off pulling image \"{image}\"")).often(waits, born, secs(12)),
        failed("Error: ImagePullBackOff".to_owned()).often(waits, born, secs(12)),
    ]
}
