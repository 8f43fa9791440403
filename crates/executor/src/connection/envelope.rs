//! Commands as the REST transports bring them, and results as they take them.

use std::{
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use kubently_core::command::{CommandResult, DEFAULT_OUTPUT_BYTES, MAX_TIMEOUT, Outcome};
use serde::{Deserialize, Serialize};

use crate::{
    runner::{Job, Runner},
    spool::LinkId,
};

/// Time of a command whose envelope names none, as older executors take it.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A command. Older servers send the first five; the rest is ours.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    id: String,
    #[serde(default)]
    args: Vec<String>,
    /// Seconds.
    #[serde(default)]
    timeout: Option<f64>,
    #[serde(default)]
    tool: Option<String>,
    #[serde(default)]
    correlation_id: Option<String>,
    #[serde(default)]
    epoch: u64,
    #[serde(default)]
    max_output_bytes: Option<u64>,
}

impl Envelope {
    /// Runs the command, or refuses it when it is for a tool that is not here.
    pub(super) fn start(self, runner: &Arc<Runner>, link: LinkId) {
        tracing::debug!(command_id = self.id, correlation_id = self.correlation_id, "command received");
        match self.tool.as_deref() {
            None | Some("kubectl") => runner.start(self.job(), link),
            Some(tool) => {
                let message = format!("tool \"{tool}\" is not available in this executor; it runs kubectl commands");
                runner.refuse(&self.id.into(), self.epoch, link, &message);
            }
        }
    }

    fn job(self) -> Job {
        let timeout = self.timeout.filter(|seconds| *seconds > 0.0);
        let timeout = timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Job {
            id: self.id.into(),
            epoch: self.epoch,
            argv: self.args,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT).min(MAX_TIMEOUT),
            max_output: self.max_output_bytes.unwrap_or(DEFAULT_OUTPUT_BYTES),
            // These transports have no way for output but the result.
            live: false,
            inline_limit: usize::MAX,
        }
    }
}

/// A command to stop: the data of `cancel`, or an item of a polled answer. Only from our own servers.
#[derive(Debug, Deserialize)]
pub(super) struct Cancel {
    id: String,
    #[serde(default)]
    epoch: u64,
}

impl Cancel {
    pub(super) fn pass_on(self, runner: &Runner, link: LinkId) {
        runner.cancel(&self.id.into(), self.epoch, link);
    }
}

/// The body of `POST /executor/results`.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    command_id: &'a str,
    epoch: u64,
    #[serde(flatten)]
    result: Answer<'a>,
    executed_at: f64,
    status: &'static str,
    return_code: Option<i32>,
}

/// The body of `POST /agent/results`.
#[derive(Debug, Serialize)]
pub(super) struct PolledReport<'a> {
    command_id: &'a str,
    epoch: u64,
    result: Answer<'a>,
}

/// What both have: the documented fields, and ours.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    success: bool,
    output: Option<&'a str>,
    error: Option<&'a str>,
    exit_code: Option<i32>,
    execution_time_ms: u64,
    outcome: &'static str,
    truncated: bool,
    bytes_total: u64,
    engine: &'a str,
    message: &'a str,
    stdout: &'a str,
    stderr: &'a str,
}

/// A result's output as text; bytes that are none are replaced.
pub(super) struct Texts {
    stdout: String,
    stderr: String,
    both: String,
}

impl Texts {
    pub(super) fn of(result: &CommandResult) -> Self {
        let stdout = String::from_utf8_lossy(&result.stdout).into_owned();
        let stderr = String::from_utf8_lossy(&result.stderr).into_owned();
        let both = if stderr.is_empty() { stdout.clone() } else { format!("{stdout}\n{stderr}") };
        Self { stdout, stderr, both }
    }

    pub(super) fn report<'a>(&'a self, id: &'a str, epoch: u64, result: &'a CommandResult) -> Report<'a> {
        let executed_at = result.finished_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        Report {
            command_id: id,
            epoch,
            result: self.answer(result),
            executed_at,
            status: status(result),
            return_code: result.exit_code,
        }
    }

    pub(super) fn polled<'a>(&'a self, id: &'a str, epoch: u64, result: &'a CommandResult) -> PolledReport<'a> {
        PolledReport { command_id: id, epoch, result: self.answer(result) }
    }

    fn answer<'a>(&'a self, result: &'a CommandResult) -> Answer<'a> {
        // An exit code speaks for itself; only what did not run to its end has an error.
        let error = result.exit_code.is_none().then_some(result.message.as_str());
        let ran = !matches!(result.outcome, Outcome::Denied | Outcome::Expired);
        Answer {
            success: result.outcome == Outcome::Succeeded,
            output: ran.then_some(&self.both),
            error: error.filter(|message| !message.is_empty()),
            exit_code: result.exit_code,
            execution_time_ms: u64::try_from(result.execution_time.as_millis()).unwrap_or(u64::MAX),
            outcome: result.outcome.as_str(),
            truncated: result.truncated,
            bytes_total: result.bytes_total,
            engine: &result.engine,
            message: &result.message,
            stdout: &self.stdout,
            stderr: &self.stderr,
        }
    }
}

const fn status(result: &CommandResult) -> &'static str {
    match (result.outcome, result.exit_code) {
        (Outcome::Succeeded, _) => "SUCCESS",
        (Outcome::Denied, _) => "BLOCKED",
        (Outcome::TimedOut | Outcome::Expired, _) => "TIMEOUT",
        (Outcome::Failed, Some(_)) => "FAILED",
        (Outcome::Failed | Outcome::Cancelled | Outcome::Lost, _) => "ERROR",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn report(outcome: Outcome, exit_code: Option<i32>) -> Value {
        let result = CommandResult {
            exit_code,
            stdout: "out".into(),
            stderr: "err".into(),
            execution_time: Duration::from_millis(12),
            ..CommandResult::unfinished(outcome, "why", UNIX_EPOCH + Duration::from_millis(1_500))
        };
        serde_json::to_value(Texts::of(&result).report("id", 0, &result)).unwrap()
    }

    #[test]
    fn an_older_servers_command_is_read() {
        let text = r#"{"id": "x", "args": ["get", "pods"], "timeout": 2, "correlation_id": null}"#;
        let job = serde_json::from_str::<Envelope>(text).unwrap().job();
        assert_eq!((&*job.id, job.epoch, job.timeout), ("x", 0, Duration::from_secs(2)));
        let job = serde_json::from_str::<Envelope>(r#"{"id": "x", "args": [], "timeout": -1}"#).unwrap().job();
        assert_eq!(job.timeout, DEFAULT_TIMEOUT);
        let job = serde_json::from_str::<Envelope>(r#"{"id": "x", "args": [], "timeout": 1e300}"#).unwrap().job();
        assert_eq!(job.timeout, DEFAULT_TIMEOUT);
    }

    #[test]
    fn a_failed_command_has_its_stderr_in_the_output_and_no_error() {
        let report = report(Outcome::Failed, Some(1));
        let expected = json!({
            "command_id": "id", "epoch": 0, "success": false, "output": "out\nerr", "error": null, "exit_code": 1,
            "execution_time_ms": 12, "outcome": "failed", "truncated": false, "bytes_total": 0, "engine": "",
            "message": "why", "executed_at": 1.5, "stdout": "out", "stderr": "err", "status": "FAILED", "return_code": 1,
        });
        assert_eq!(report, expected);
    }

    #[test]
    fn what_did_not_run_to_its_end_says_why() {
        for (outcome, status) in [
            (Outcome::Denied, "BLOCKED"),
            (Outcome::TimedOut, "TIMEOUT"),
            (Outcome::Cancelled, "ERROR"),
            (Outcome::Failed, "ERROR"),
        ] {
            let report = report(outcome, None);
            assert_eq!((&report["status"], &report["error"]), (&json!(status), &json!("why")));
        }
    }
}
