//! Reports of presence on the REST transports: what this executor can do, and that it lives.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use kubently_core::cluster::Capabilities;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use super::{super::broken, Rest, text};

/// What the newest attachment means for reports.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// There is a new attachment.
    news: Notify,
    /// Its server drops executors that it does not hear of for a while.
    watched: AtomicBool,
}

impl Presence {
    pub(super) fn attached(&self, watched: bool) {
        self.watched.store(watched, Ordering::Relaxed);
        self.news.notify_one();
    }
}

impl Rest<'_> {
    /// Reports capabilities and renews presence until dropped.
    pub(super) async fn report_presence(&self) {
        loop {
            self.presence.news.notified().await;
            self.report_regularly().await;
        }
    }

    /// Reports until the server does not know these paths; only another attachment may be to one that does.
    async fn report_regularly(&self) {
        let mut changes = self.context.runner.changes();
        let mut started = Instant::now();
        let mut known = self.report_capabilities().await;
        while known {
            let due = started + self.heartbeat_interval();
            // A new attachment may be to a server that does not know us, and a new policy is not known anywhere.
            let news = async {
                tokio::select! {
                    () = self.presence.news.notified() => {}
                    _ = changes.changed() => {}
                }
            };
            let news = timeout_at(due, news).await.is_ok();
            started = Instant::now();
            known = if news { self.report_capabilities().await } else { self.heartbeat().await };
        }
    }

    fn heartbeat_interval(&self) -> Duration {
        let timing = &self.context.config.timing;
        if self.presence.watched.load(Ordering::Relaxed) { timing.watched_heartbeat } else { timing.heartbeat }
    }

    /// False when the server has no such path.
    async fn report_capabilities(&self) -> bool {
        let capabilities = self.context.capabilities();
        let report = CapabilityReport::of(&capabilities);
        match self.post("/executor/capabilities").json(&report).send().await {
            Ok(response) if response.status() == StatusCode::NOT_FOUND => false,
            Ok(response) => {
                if !response.status().is_success() {
                    tracing::warn!(status = %response.status(), "the server did not take the capability report");
                }
                true
            }
            Err(error) => {
                tracing::warn!(cause = text(&broken(&error)), "capability report not delivered");
                true
            }
        }
    }

    /// False when the server has no such path.
    async fn heartbeat(&self) -> bool {
        // One that hangs must not hold up the next.
        let limit = self.heartbeat_interval().min(self.context.config.timing.post_timeout);
        let Ok(response) = self.post("/executor/heartbeat").timeout(limit).send().await else { return true };
        if response.status() == StatusCode::NOT_FOUND {
            return false;
        }
        let forgotten = response.json::<HeartbeatAnswer>().await.is_ok_and(|answer| answer.status == "not_found");
        !forgotten || self.report_capabilities().await
    }
}

/// The answer to a heartbeat.
#[derive(Deserialize)]
struct HeartbeatAnswer {
    #[serde(default)]
    status: String,
}

/// The body of `POST /executor/capabilities`.
#[derive(Serialize)]
struct CapabilityReport<'a> {
    mode: &'static str,
    allowed_verbs: &'a [String],
    restricted_resources: &'a [String],
    allowed_flags: &'a [String],
    executor_version: Option<&'a str>,
    executor_pod: Option<&'a str>,
}

impl<'a> CapabilityReport<'a> {
    fn of(capabilities: &'a Capabilities) -> Self {
        Self {
            mode: capabilities.mode.as_str(),
            allowed_verbs: &capabilities.allowed_verbs,
            restricted_resources: &capabilities.restricted_resources,
            allowed_flags: &capabilities.allowed_flags,
            executor_version: capabilities.executor_version.as_deref(),
            executor_pod: capabilities.executor_pod.as_deref(),
        }
    }
}
