//! Pods: the one row that takes thinking, since the status column sums up all containers.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    cell,
    columns::{Printer, text as column, wide},
};
use crate::scene::text;

pub(super) const PODS: Printer = Printer {
    columns: &[
        column("Name"),
        column("Ready"),
        column("Status"),
        column("Restarts"),
        column("Age"),
        wide("IP"),
        wide("Node"),
        wide("Nominated Node"),
        wide("Readiness Gates"),
    ],
    cells,
};

fn cells(pod: &Value, now: Timestamp) -> Vec<Value> {
    let statuses = cell::list(pod, "/status/containerStatuses");
    let ready =
        statuses.iter().filter(|status| status["ready"] == true && status["state"]["running"].is_object()).count();
    let total = cell::list(pod, "/spec/containers").len();
    vec![
        cell::name(pod),
        json!(format!("{ready}/{total}")),
        json!(status(pod, statuses)),
        json!(restarts(statuses, now)),
        cell::age(pod, now),
        cell::or_none(text(pod, "/status/podIP")),
        cell::or_none(text(pod, "/spec/nodeName")),
        cell::or_none(text(pod, "/status/nominatedNodeName")),
        json!("<none>"),
    ]
}

/// The phase, unless a container has a better reason; the first container's counts most.
fn status(pod: &Value, statuses: &[Value]) -> String {
    let phase = [text(pod, "/status/reason"), text(pod, "/status/phase")].into_iter().find(|reason| !reason.is_empty());
    let mut reason = phase.unwrap_or_default().to_owned();
    let mut has_running = false;
    for status in statuses.iter().rev() {
        let state = &status["state"];
        if let Some(better) =
            [text(state, "/waiting/reason"), text(state, "/terminated/reason")].into_iter().find(|r| !r.is_empty())
        {
            better.clone_into(&mut reason);
        } else if state["terminated"].is_object() {
            reason = format!("ExitCode:{}", cell::number(state, "/terminated/exitCode"));
        } else if status["ready"] == true && state["running"].is_object() {
            has_running = true;
        }
    }
    if reason == "Completed" && has_running {
        let ready = cell::list(pod, "/status/conditions").iter().any(|c| c["type"] == "Ready" && c["status"] == "True");
        reason = if ready { "Running".to_owned() } else { "NotReady".to_owned() };
    }
    reason
}

/// How often containers restarted, and when last.
fn restarts(statuses: &[Value], now: Timestamp) -> String {
    let count: i64 = statuses.iter().map(|status| cell::number(status, "/restartCount")).sum();
    let ended = statuses.iter().filter_map(|status| cell::moment(text(status, "/lastState/terminated/finishedAt")));
    match ended.max() {
        Some(last) if count > 0 => format!("{count} ({} ago)", cell::human(crate::clock::since(now, last))),
        _ => count.to_string(),
    }
}
