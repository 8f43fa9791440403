//! How a command ended, in the older system's words and ours.

use kubently_core::{
    Error, ErrorKind,
    command::{Command, CommandResult, CommandState, Outcome},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::time::{iso, millis};

/// Put before the reason of a denied command.
pub(super) const DENIED: &str = "Blocked by whitelist: ";
/// The error of a command whose time was over.
const TIMEOUT: &str = "Command execution timeout";

/// Where a command is, or how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// Accepted, not yet taken by an executor.
    Pending,
    /// An executor has it.
    Running,
    /// It ran and exited with 0.
    Success,
    /// It ran and failed, or was refused.
    Failure,
    /// Its time was over.
    Timeout,
    /// Somebody cancelled it.
    Cancelled,
}

impl Status {
    const fn of(command: &Command) -> Self {
        match (&command.result, command.state) {
            (Some(result), _) => Self::of_outcome(result.outcome),
            (None, CommandState::Accepted) => Self::Pending,
            (None, CommandState::Leased | CommandState::Running | CommandState::Done) => Self::Running,
        }
    }

    const fn of_outcome(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Succeeded => Self::Success,
            Outcome::Failed | Outcome::Denied => Self::Failure,
            Outcome::TimedOut | Outcome::Expired | Outcome::Lost => Self::Timeout,
            Outcome::Cancelled => Self::Cancelled,
        }
    }
}

/// A command with its result. Every key is always there.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CommandResponse {
    /// The command's id.
    command_id: String,
    /// The session it belongs to.
    session_id: Option<String>,
    /// Where it ran.
    cluster_id: String,
    /// Where it is, or how it ended.
    status: Status,
    /// The caller's own mark.
    correlation_id: Option<String>,
    /// Standard output and, where there is some, a line break and standard error. What is not UTF-8
    /// is replaced.
    output: Option<String>,
    /// Why there is no output. A command that ran and failed has none: it has an exit code.
    error: Option<String>,
    /// How long it ran in the executor.
    execution_time_ms: Option<u64>,
    /// When it ended.
    executed_at: Option<String>,
    /// The exit code, when something ran to its end.
    exit_code: Option<i32>,
    /// Standard output.
    stdout: Option<String>,
    /// Standard error.
    stderr: Option<String>,
    /// Whether output was cut off at the limit.
    truncated: Option<bool>,
    /// Bytes the command produced, as far as they were seen.
    bytes_total: Option<u64>,
    /// The engine that ran it.
    engine: Option<String>,
    /// How it ended, exactly: succeeded, failed, denied, timed_out, cancelled, expired (no executor
    /// took it in time; nothing ran) or lost (an executor took it and did not answer).
    outcome: Option<&'static str>,
    /// One sentence for people about how it ended.
    message: Option<String>,
}

impl CommandResponse {
    /// A command as it stands.
    pub(super) fn of(command: &Command) -> Self {
        let spec = &command.spec;
        let unfinished = Self {
            command_id: command.id.to_string(),
            session_id: spec.session.as_ref().map(ToString::to_string),
            cluster_id: spec.cluster.to_string(),
            status: Status::of(command),
            correlation_id: spec.correlation.as_ref().map(ToString::to_string),
            output: None,
            error: None,
            execution_time_ms: None,
            executed_at: None,
            exit_code: None,
            stdout: None,
            stderr: None,
            truncated: None,
            bytes_total: None,
            engine: None,
            outcome: None,
            message: None,
        };
        match &command.result {
            Some(result) => unfinished.with(result),
            None => unfinished,
        }
    }

    fn with(self, result: &CommandResult) -> Self {
        let text = has_output(result).then(|| {
            let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
            (text(&result.stdout), text(&result.stderr))
        });
        let output = text.as_ref().map(|(stdout, stderr)| joined(stdout, stderr));
        let (stdout, stderr) = text.unzip();
        Self {
            output,
            error: error(result),
            execution_time_ms: Some(millis(result.execution_time)),
            executed_at: Some(iso(result.finished_at)),
            exit_code: result.exit_code,
            stdout,
            stderr,
            truncated: Some(result.truncated),
            bytes_total: Some(result.bytes_total),
            engine: given(&result.engine),
            outcome: Some(result.outcome.as_str()),
            message: given(&result.message),
            ..self
        }
    }
}

/// Whether there is output to show, if only an empty one of something that ran to its end.
fn has_output(result: &CommandResult) -> bool {
    let ran = result.exit_code.is_some() || result.outcome == Outcome::Succeeded;
    ran || !result.stdout.is_empty() || !result.stderr.is_empty()
}

fn joined(stdout: &str, stderr: &str) -> String {
    if stderr.is_empty() { stdout.to_owned() } else { format!("{stdout}\n{stderr}") }
}

fn error(result: &CommandResult) -> Option<String> {
    match result.outcome {
        Outcome::Succeeded => None,
        Outcome::TimedOut | Outcome::Expired | Outcome::Lost => Some(TIMEOUT.to_owned()),
        Outcome::Denied => Some(format!("{DENIED}{}", result.message.strip_prefix(DENIED).unwrap_or(&result.message))),
        Outcome::Failed => given(&result.message).filter(|_| result.exit_code.is_none()),
        Outcome::Cancelled => given(&result.message),
    }
}

fn given(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

/// What a caller that wants HTTP's own words gets for a command that did not run to its end.
pub(super) fn strictly(command: &Command) -> Result<(), Error> {
    let Some(result) = &command.result else { return Ok(()) };
    let kind = match result.outcome {
        Outcome::Succeeded | Outcome::Failed => return Ok(()),
        Outcome::Denied => ErrorKind::CommandDenied,
        Outcome::TimedOut | Outcome::Lost => ErrorKind::DeadlineExceeded,
        // Every executor was busy until the command's time was over.
        Outcome::Expired => ErrorKind::ResourceExhausted,
        Outcome::Cancelled => ErrorKind::Cancelled,
    };
    Err(Error::new(kind, result.message.clone()))
}

/// The command that a watcher has seen the output of: its end without that output.
pub(super) fn ended(command: &Command, result: CommandResult) -> CommandResponse {
    let ended = Command { state: CommandState::Done, result: Some(result), ..command.clone() };
    CommandResponse { output: None, stdout: None, stderr: None, ..CommandResponse::of(&ended) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use kubently_core::{
        command::CommandSpec,
        ids::{ClusterId, CommandId},
    };
    use serde_json::{Value, json};

    use super::*;

    fn command(result: Option<CommandResult>) -> Command {
        Command {
            id: CommandId::new("0199c1a0-7c3e-7b1a-8a2b-0123456789ab").unwrap(),
            spec: CommandSpec::new(ClusterId::new("c").unwrap(), vec!["get".into(), "pods".into()]),
            state: if result.is_some() { CommandState::Done } else { CommandState::Accepted },
            accepted_at: SystemTime::UNIX_EPOCH,
            deadline: SystemTime::UNIX_EPOCH,
            result,
        }
    }

    fn result(outcome: Outcome, exit_code: Option<i32>, stdout: &'static str, stderr: &'static str) -> CommandResult {
        CommandResult {
            exit_code,
            stdout: stdout.into(),
            stderr: stderr.into(),
            execution_time: Duration::from_millis(12),
            ..CommandResult::unfinished(outcome, "why", SystemTime::UNIX_EPOCH)
        }
    }

    fn seen(result: CommandResult) -> Value {
        serde_json::to_value(CommandResponse::of(&command(Some(result)))).unwrap()
    }

    #[test]
    fn a_failed_command_has_its_stderr_in_the_output_and_no_error() {
        let seen = seen(result(Outcome::Failed, Some(1), "out", "err"));
        let expected = json!({
            "command_id": "0199c1a0-7c3e-7b1a-8a2b-0123456789ab", "session_id": null, "cluster_id": "c",
            "status": "failure", "correlation_id": null, "output": "out\nerr", "error": null,
            "execution_time_ms": 12, "executed_at": "1970-01-01T00:00:00.000000Z", "exit_code": 1, "stdout": "out",
            "stderr": "err", "truncated": false, "bytes_total": 0, "engine": null, "outcome": "failed", "message": "why",
        });
        assert_eq!(seen, expected);
    }

    #[test]
    fn every_end_has_the_older_word_and_error() {
        for (outcome, status, error) in [
            (Outcome::Succeeded, "success", None),
            (Outcome::Failed, "failure", Some("why")),
            (Outcome::Denied, "failure", Some("Blocked by whitelist: why")),
            (Outcome::TimedOut, "timeout", Some(TIMEOUT)),
            (Outcome::Expired, "timeout", Some(TIMEOUT)),
            (Outcome::Lost, "timeout", Some(TIMEOUT)),
            (Outcome::Cancelled, "cancelled", Some("why")),
        ] {
            let seen = seen(result(outcome, None, "", ""));
            assert_eq!((seen["status"].as_str(), seen["error"].as_str()), (Some(status), error), "{outcome:?}");
            assert_eq!(seen["output"].is_null(), outcome != Outcome::Succeeded, "{outcome:?}");
        }
    }

    #[test]
    fn a_denial_is_not_prefixed_twice() {
        let denied = CommandResult::unfinished(Outcome::Denied, format!("{DENIED}no"), SystemTime::UNIX_EPOCH);
        assert_eq!(seen(denied)["error"], "Blocked by whitelist: no");
    }

    #[test]
    fn bytes_that_are_no_text_are_replaced() {
        let mut binary = result(Outcome::Succeeded, Some(0), "", "");
        binary.stdout = bytes::Bytes::from_static(b"a\xffb");
        assert_eq!(seen(binary)["output"], "a\u{fffd}b");
    }

    #[test]
    fn a_command_that_is_not_done_has_every_key() {
        let seen = serde_json::to_value(CommandResponse::of(&command(None))).unwrap();
        assert_eq!((&seen["status"], &seen["output"]), (&json!("pending"), &Value::Null));
        assert_eq!(seen.as_object().unwrap().len(), 17);
    }

    #[test]
    fn only_what_did_not_run_to_its_end_is_an_error_to_the_strict() {
        let kind = |outcome| strictly(&command(Some(result(outcome, None, "", "")))).err().map(|error| error.kind);
        assert_eq!(kind(Outcome::Failed), None);
        assert_eq!(kind(Outcome::TimedOut), Some(ErrorKind::DeadlineExceeded));
        assert_eq!(kind(Outcome::Expired), Some(ErrorKind::ResourceExhausted));
    }
}
