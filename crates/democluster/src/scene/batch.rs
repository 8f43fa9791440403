//! Jobs, alone and of cron jobs, with their pods.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Note, PodPlan, Scene, Subject, Template,
    identity::{self, Owner},
    mins,
    pod::labels,
    secs,
};

impl Scene {
    /// Adds a job that ended: well, if the template's container did; else after `tries` pods that failed.
    pub(crate) fn job(&mut self, namespace: &'static str, name: &str, template: &Template, age: Duration, tries: u32) {
        self.job_of(namespace, name, template, age, tries, None);
    }

    /// Adds a cron job whose last runs started so long ago and all ended as the template's container did.
    pub(crate) fn cron_job(
        &mut self,
        (namespace, name): (&'static str, &'static str),
        schedule: &str,
        template: &Template,
        runs: &[Duration],
    ) {
        let owner = Owner::new("batch/v1", "CronJob", name);
        for run in runs {
            let minutes = (self.now.as_second() - i64::try_from(run.as_secs()).unwrap_or_default()) / 60;
            let job = format!("{name}-{minutes}");
            self.job_of(namespace, &job, template, *run, 1, Some(&owner));
        }
        let last = runs.iter().min().copied().unwrap_or_default();
        let mut metadata = self.metadata(namespace, name, super::days(90));
        metadata["generation"] = json!(1);
        let pod = template.object(&Map::new());
        let job_template = json!({ "metadata": { "creationTimestamp": null }, "spec": { "template": pod } });
        let spec = json!({
            "schedule": schedule, "concurrencyPolicy": "Forbid", "suspend": false, "jobTemplate": job_template,
            "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1,
        });
        let status = json!({
            "lastScheduleTime": self.ago(last), "lastSuccessfulTime": self.ago(last.saturating_sub(secs(14))),
        });
        self.add(json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec, "status": status,
        }));
    }

    fn job_of(
        &mut self,
        namespace: &'static str,
        name: &str,
        template: &Template,
        age: Duration,
        tries: u32,
        owner: Option<&Owner>,
    ) {
        let uid = identity::uid("Job", namespace, name);
        let pod_labels = labels(&[
            ("batch.kubernetes.io/controller-uid", uid.as_str()),
            ("batch.kubernetes.io/job-name", name),
            ("controller-uid", uid.as_str()),
            ("job-name", name),
        ]);
        let mut metadata = self.metadata(namespace, name, age);
        metadata["generation"] = json!(1);
        metadata["labels"] = json!(pod_labels);
        if let Some(owner) = owner {
            metadata["ownerReferences"] = owner.references(namespace);
        }
        let spec = json!({
            "parallelism": 1, "completions": 1, "backoffLimit": tries.saturating_sub(1), "completionMode": "NonIndexed",
            "manualSelector": false, "suspend": false, "podReplacementPolicy": "TerminatingOrFailed",
            "selector": { "matchLabels": { "batch.kubernetes.io/controller-uid": uid } },
            "template": template.object(&pod_labels),
        });
        let status = self.job_status(template, age, tries);
        self.add(json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec, "status": status,
        }));
        self.job_pods(namespace, name, template, age, tries, &pod_labels);
    }

    fn job_status(&self, template: &Template, age: Duration, tries: u32) -> Value {
        let base = json!({ "startTime": self.ago(age), "ready": 0, "terminating": 0, "uncountedTerminatedPods": {} });
        let mut status = base;
        let (kinds, reason, message, ended) = if succeeds(template) {
            let ended = age.saturating_sub(secs(14));
            status["succeeded"] = json!(1);
            status["completionTime"] = json!(self.ago(ended));
            let message = "Reached expected number of succeeded pods";
            (["SuccessCriteriaMet", "Complete"], "CompletionsReached", message, ended)
        } else {
            status["failed"] = json!(tries);
            let message = "Job has reached the specified backoff limit";
            (["FailureTarget", "Failed"], "BackoffLimitExceeded", message, try_age(age, tries - 1))
        };
        let condition = |kind: &str| {
            let at = self.ago(ended);
            json!({ "type": kind, "status": "True", "reason": reason, "message": message,
                    "lastProbeTime": at, "lastTransitionTime": at })
        };
        status["conditions"] = json!(kinds.map(condition));
        status
    }

    fn job_pods(
        &mut self,
        namespace: &'static str,
        name: &str,
        template: &Template,
        age: Duration,
        tries: u32,
        pod_labels: &Map<String, Value>,
    ) {
        let subject = Subject::new("batch/v1", "Job", namespace, name);
        let fresh = age <= mins(60);
        for attempt in 0..tries {
            let pod = format!("{name}-{}", identity::suffix(&format!("{namespace}/{name}/{attempt}")));
            let born = try_age(age, attempt);
            if fresh {
                let created = format!("Created pod: {pod}");
                self.note(&subject, &Note::normal("job-controller", "SuccessfulCreate", created).at(born));
            }
            self.pod(&PodPlan {
                name: pod,
                labels: pod_labels.clone(),
                owner: Some(Owner::new("batch/v1", "Job", name)),
                ..PodPlan::named(namespace, "", template.clone(), born)
            });
        }
        if fresh && succeeds(template) {
            self.note(&subject, &Note::normal("job-controller", "Completed", "Job completed").at(age - secs(14)));
        } else if fresh {
            let message = "Job has reached the specified backoff limit";
            let ended = try_age(age, tries.saturating_sub(1)).saturating_sub(secs(15));
            self.note(&subject, &Note::warning("job-controller", "BackoffLimitExceeded", message).at(ended));
        }
    }
}

fn succeeds(template: &Template) -> bool {
    template.containers.iter().all(|c| matches!(c.fate, super::Fate::Completed))
}

/// Each try comes after twice the wait of the one before: 10 s, 20 s, 40 s, …
fn try_age(age: Duration, attempt: u32) -> Duration {
    let waited = (0..attempt).map(|n| secs(12 + 10 * 2_u64.pow(n.min(8)))).sum();
    age.saturating_sub(waited)
}
