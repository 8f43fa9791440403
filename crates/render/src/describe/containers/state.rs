//! What a container is doing.

use serde_json::Value;

use super::super::{
    claim::time,
    writer::{Writer, put},
};
use crate::fields::Fields;

/// Writes the states of a container and how often it was restarted.
pub(super) fn put(writer: &mut Writer, status: &Value) {
    one(writer, "State", &status["state"]);
    if status["lastState"]["terminated"].is_object() {
        one(writer, "Last State", &status["lastState"]);
    }
    put!(writer, 2, "Ready:\t{}\n", if status.is("ready") { "True" } else { "False" });
    put!(writer, 2, "Restart Count:\t{}\n", status.int("restartCount").unwrap_or_default());
}

fn one(writer: &mut Writer, title: &str, state: &Value) {
    if state["running"].is_object() {
        put!(writer, 2, "{title}:\tRunning\n");
        put!(writer, 3, "Started:\t{}\n", time(state.text("running.startedAt")));
    } else if state["terminated"].is_object() && !state["waiting"].is_object() {
        put!(writer, 2, "{title}:\tTerminated\n");
        terminated(writer, &state["terminated"]);
    } else {
        put!(writer, 2, "{title}:\tWaiting\n");
        if !state.text("waiting.reason").is_empty() {
            put!(writer, 3, "Reason:\t{}\n", state.text("waiting.reason"));
        }
    }
}

fn terminated(writer: &mut Writer, state: &Value) {
    for (title, field) in [("Reason", "reason"), ("Message", "message")] {
        if !state.text(field).is_empty() {
            put!(writer, 3, "{title}:\t{}\n", state.text(field));
        }
    }
    put!(writer, 3, "Exit Code:\t{}\n", state.int("exitCode").unwrap_or_default());
    if let Some(signal) = state.int("signal").filter(|signal| *signal > 0) {
        put!(writer, 3, "Signal:\t{signal}\n");
    }
    put!(writer, 3, "Started:\t{}\n", time(state.text("startedAt")));
    put!(writer, 3, "Finished:\t{}\n", time(state.text("finishedAt")));
}
