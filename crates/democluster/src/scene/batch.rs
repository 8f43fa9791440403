//! Jobs, alone and of cron jobs, with their pods.

use std::time::Duration;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde_json::{Map, Value, json};

use super::{
    Fate, Note, PodPlan, Scene, Subject, Template, days,
    identity::{self, Owner},
    mins,
    pod::labels,
    secs,
};
use crate::clock;

/// How long after its start a job that ends well does so.
const SUCCESS_AFTER: Duration = secs(14);

/// A job to be, which has ended: well, if the template's container did; else after `tries` pods that failed.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) namespace: &'static str,
    pub(crate) name: String,
    pub(crate) template: Template,
    pub(crate) age: Duration,
    pub(crate) tries: u32,
}

/// A cron job to be, which has run every day at this time of day (UTC).
#[derive(Clone, Debug)]
pub(crate) struct CronJob {
    pub(crate) namespace: &'static str,
    pub(crate) name: &'static str,
    pub(crate) hour: i8,
    pub(crate) minute: i8,
    pub(crate) template: Template,
}

impl Job {
    fn succeeds(&self) -> bool {
        self.template.containers.iter().all(|c| matches!(c.fate, Fate::Completed))
    }

    fn is_fresh(&self) -> bool {
        self.age <= mins(60)
    }

    /// How long ago an attempt began: each comes after a longer wait than the one before.
    fn attempt_age(&self, attempt: u32) -> Duration {
        let waited = (0..attempt).map(|n| secs(12 + 10 * 2_u64.pow(n.min(8)))).sum();
        self.age.saturating_sub(waited)
    }

    fn ended(&self) -> Duration {
        if self.succeeds() {
            self.age.saturating_sub(SUCCESS_AFTER)
        } else {
            self.attempt_age(self.tries.saturating_sub(1)).saturating_sub(secs(15))
        }
    }

    fn labels(&self) -> Map<String, Value> {
        let uid = identity::uid("Job", self.namespace, &self.name);
        labels(&[
            ("batch.kubernetes.io/controller-uid", uid.as_str()),
            ("batch.kubernetes.io/job-name", &self.name),
            ("controller-uid", uid.as_str()),
            ("job-name", &self.name),
        ])
    }
}

impl Scene {
    /// Adds a job, its pods, and what the controller said.
    pub(crate) fn job(&mut self, job: &Job) {
        self.job_of(job, None);
    }

    /// Adds a cron job with its last three runs.
    pub(crate) fn cron_job(&mut self, cron: &CronJob) {
        let CronJob { namespace, name, template, .. } = cron;
        let owner = Owner::new("batch/v1", "CronJob", name);
        let last = last_daily(self.now, cron.hour, cron.minute);
        for back in (0..3).map(days) {
            let at = clock::earlier(last, back);
            let (name, age) = (format!("{name}-{}", at.as_second() / 60), clock::since(self.now, at));
            self.job_of(&Job { namespace, name, template: template.clone(), age, tries: 1 }, Some(&owner));
        }
        let mut metadata = self.metadata(namespace, name, days(90));
        metadata["generation"] = json!(1);
        let pod = template.object(&Map::new());
        let job_template = json!({ "metadata": { "creationTimestamp": null }, "spec": { "template": pod } });
        let spec = json!({
            "schedule": format!("{} {} * * *", cron.minute, cron.hour), "timeZone": "Etc/UTC", "suspend": false,
            "concurrencyPolicy": "Forbid", "jobTemplate": job_template,
            "successfulJobsHistoryLimit": 3, "failedJobsHistoryLimit": 1,
        });
        let succeeded = clock::rfc3339(clock::later(last, SUCCESS_AFTER));
        let status = json!({ "lastScheduleTime": clock::rfc3339(last), "lastSuccessfulTime": succeeded });
        self.add(json!({
            "apiVersion": "batch/v1", "kind": "CronJob", "metadata": metadata, "spec": spec, "status": status,
        }));
    }

    fn job_of(&mut self, job: &Job, owner: Option<&Owner>) {
        let (pod_labels, uid) = (job.labels(), identity::uid("Job", job.namespace, &job.name));
        let mut metadata = self.metadata(job.namespace, &job.name, job.age);
        metadata["generation"] = json!(1);
        metadata["labels"] = json!(pod_labels);
        if let Some(owner) = owner {
            metadata["ownerReferences"] = owner.references(job.namespace);
        }
        let spec = json!({
            "parallelism": 1, "completions": 1, "backoffLimit": job.tries.saturating_sub(1),
            "completionMode": "NonIndexed", "manualSelector": false, "suspend": false,
            "podReplacementPolicy": "TerminatingOrFailed",
            "selector": { "matchLabels": { "batch.kubernetes.io/controller-uid": uid } },
            "template": job.template.object(&pod_labels),
        });
        let status = self.job_status(job);
        self.add(json!({
            "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec, "status": status,
        }));
        self.job_pods(job, &pod_labels);
        self.job_end(job);
    }

    fn job_status(&self, job: &Job) -> Value {
        let started = self.ago(job.age);
        let mut status = json!({ "startTime": started, "ready": 0, "terminating": 0, "uncountedTerminatedPods": {} });
        let ended = self.ago(job.ended());
        let (kinds, reason, message) = if job.succeeds() {
            status["succeeded"] = json!(1);
            status["completionTime"] = json!(ended);
            let message = "Reached expected number of succeeded pods";
            (["SuccessCriteriaMet", "Complete"], "CompletionsReached", message)
        } else {
            status["failed"] = json!(job.tries);
            (["FailureTarget", "Failed"], "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        };
        let condition = |kind: &str| {
            json!({ "type": kind, "status": "True", "reason": reason, "message": message,
                    "lastProbeTime": ended, "lastTransitionTime": ended })
        };
        status["conditions"] = json!(kinds.map(condition));
        status
    }

    fn job_pods(&mut self, job: &Job, pod_labels: &Map<String, Value>) {
        let subject = Subject::new("batch/v1", "Job", job.namespace, &job.name);
        for attempt in 0..job.tries {
            let seed = format!("{}/{}/{attempt}", job.namespace, job.name);
            let (name, born) = (format!("{}-{}", job.name, identity::suffix(&seed)), job.attempt_age(attempt));
            if job.is_fresh() {
                let created = format!("Created pod: {name}");
                self.note(&subject, &Note::normal("job-controller", "SuccessfulCreate", created).at(born));
            }
            self.pod(&PodPlan {
                name,
                labels: pod_labels.clone(),
                owner: Some(Owner::new("batch/v1", "Job", &job.name)),
                ..PodPlan::named(job.namespace, "", job.template.clone(), born)
            });
        }
    }

    fn job_end(&mut self, job: &Job) {
        if !job.is_fresh() {
            return;
        }
        let note = if job.succeeds() {
            Note::normal("job-controller", "Completed", "Job completed")
        } else {
            let message = "Job has reached the specified backoff limit";
            Note::warning("job-controller", "BackoffLimitExceeded", message)
        };
        self.note(&Subject::new("batch/v1", "Job", job.namespace, &job.name), &note.at(job.ended()));
    }
}

/// The last time before `now` that it was this time of day in UTC.
fn last_daily(now: Timestamp, hour: i8, minute: i8) -> Timestamp {
    let today = now.to_zoned(TimeZone::UTC).date();
    let at = today.to_datetime(civil::time(hour, minute, 0, 0)).to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    let at = at.unwrap_or(now);
    if at > now { clock::earlier(at, days(1)) } else { at }
}
