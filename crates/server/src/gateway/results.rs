//! `POST /executor/results`: how a command ended, as an executor says it.

use std::time::{Duration, SystemTime};

use axum::{Json, extract::State};
use bytes::Bytes;
use http::HeaderMap;
use kubently_core::{
    Error, ErrorKind,
    command::{CommandResult, Outcome},
    ids::{ClusterId, CommandId},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Gateway, Shared,
    caller::ExecutorOf,
    error::Problem,
    executor::executor_id,
    extract::Body,
    responses::{Errors, Refused},
    time,
};
use crate::dispatch::Poster;

/// The body of `POST /executor/results`. What an executor adds is ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct PostedResult {
    /// The command.
    command_id: String,
    /// The lease that it answers; executors that were not told one leave it out.
    #[serde(default)]
    epoch: u64,
    /// When it ended: seconds since 1970 or ISO 8601.
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    executed_at: Option<When>,
    #[serde(flatten)]
    report: Report,
}

/// How a command ended. The first five are the older executors'.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Report {
    /// Whether it ran and exited with 0.
    success: bool,
    /// How long it ran.
    #[schema(value_type = u64)]
    execution_time_ms: f64,
    /// Standard output, and standard error after it; for executors that do not tell them apart.
    #[serde(default)]
    output: Option<String>,
    /// What went wrong.
    #[serde(default)]
    error: Option<String>,
    /// Its exit code.
    #[serde(default)]
    exit_code: Option<i32>,
    /// The same.
    #[serde(default)]
    return_code: Option<i32>,
    /// Standard output.
    #[serde(default)]
    stdout: Option<String>,
    /// Standard error.
    #[serde(default)]
    stderr: Option<String>,
    /// How it ended: SUCCESS, FAILED, BLOCKED, TIMEOUT, ERROR or UNAVAILABLE.
    #[serde(default)]
    status: Option<String>,
    /// How it ended, in this system's words.
    #[serde(default)]
    outcome: Option<String>,
    /// Whether output was cut off.
    #[serde(default)]
    truncated: bool,
    /// Bytes the command produced.
    #[serde(default)]
    bytes_total: u64,
    /// The engine that ran it.
    #[serde(default)]
    engine: Option<String>,
    /// One sentence about how it ended.
    #[serde(default)]
    message: Option<String>,
}

/// A time as executors of either system write it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum When {
    Seconds(f64),
    Text(String),
}

impl When {
    fn read(&self) -> Result<SystemTime, Error> {
        let time = match self {
            Self::Seconds(seconds) => time::from_seconds(*seconds),
            Self::Text(text) => time::parse(text).or_else(|| time::from_seconds(text.parse().ok()?)),
        };
        time.ok_or_else(|| Error::invalid("executed_at", "", "must be seconds since 1970 or ISO 8601"))
    }
}

/// The answer to a result. Older executors want it with exactly 200.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ResultAccepted {
    /// Always `accepted`.
    status: &'static str,
    /// The command.
    command_id: String,
}

/// Takes a command's result. Repeating it is harmless: the first one stands.
#[utoipa::path(
    post, path = "/executor/results", tag = "executors", security(("executor" = [])),
    params(("X-Cluster-ID" = String, Header, description = "The cluster that the token is for")),
    request_body = PostedResult,
    responses((status = 200, body = ResultAccepted), Errors, Refused),
)]
pub(super) async fn post_result(
    State(gateway): State<Shared>,
    ExecutorOf(cluster): ExecutorOf,
    headers: HeaderMap,
    Body(body): Body<PostedResult>,
) -> Result<Json<ResultAccepted>, Problem> {
    let finished_at = body.executed_at.as_ref().map(When::read).transpose()?;
    let who = poster(cluster, body.epoch, &headers)?;
    deliver(&gateway, &who, body.command_id, body.report, finished_at).await
}

/// Who posts a result: its cluster, and what it answers if it knows.
pub(super) fn poster(cluster: ClusterId, epoch: u64, headers: &HeaderMap) -> Result<Poster, Problem> {
    let lease = executor_id(headers)?.filter(|_| epoch > 0).map(|executor| (executor, epoch));
    Ok(Poster { cluster, lease })
}

/// Hands a result to dispatch.
pub(super) async fn deliver(
    gateway: &Gateway,
    who: &Poster,
    command_id: String,
    report: Report,
    finished_at: Option<SystemTime>,
) -> Result<Json<ResultAccepted>, Problem> {
    // What cannot be a command's id was not issued to anybody.
    let id = CommandId::new(&command_id).map_err(|_| not_issued())?;
    let result = report.into_result(finished_at.unwrap_or_else(SystemTime::now));
    gateway.services.dispatch.posted(who, &id, result).await?;
    Ok(Json(ResultAccepted { status: "accepted", command_id }))
}

fn not_issued() -> Error {
    Error::new(ErrorKind::PermissionDenied, "Command was not issued to this cluster")
}

impl Report {
    fn outcome(&self) -> Outcome {
        let ours = self.outcome.as_deref();
        if let Some(outcome) = Outcome::ALL.into_iter().find(|outcome| Some(outcome.as_str()) == ours) {
            return outcome;
        }
        let status = self.status.as_deref().unwrap_or_default().to_ascii_uppercase();
        match (status.as_str(), self.success) {
            (_, true) => Outcome::Succeeded,
            ("BLOCKED", _) => Outcome::Denied,
            ("TIMEOUT", _) => Outcome::TimedOut,
            ("CANCELLED", _) => Outcome::Cancelled,
            _ => Outcome::Failed,
        }
    }

    /// The result in the domain's terms. Output is not limited here.
    fn into_result(self, finished_at: SystemTime) -> CommandResult {
        let outcome = self.outcome();
        let exit_code = self.exit_code.or(self.return_code).or((outcome == Outcome::Succeeded).then_some(0));
        let error = self.error.unwrap_or_default();
        let (stdout, stderr) = match (self.stdout, self.stderr, self.output) {
            (None, None, Some(output)) => (output, String::new()),
            // An executor that has no other place for it puts standard error there.
            (None, None, None) if outcome == Outcome::Failed && exit_code.is_some() => (String::new(), error.clone()),
            (stdout, stderr, _) => (stdout.unwrap_or_default(), stderr.unwrap_or_default()),
        };
        let message = self.message.filter(|message| !message.is_empty()).unwrap_or(error);
        CommandResult {
            exit_code,
            stdout: Bytes::from(stdout),
            stderr: Bytes::from(stderr),
            truncated: self.truncated,
            bytes_total: self.bytes_total,
            execution_time: Duration::try_from_secs_f64(self.execution_time_ms / 1_000.0).unwrap_or_default(),
            engine: self.engine.unwrap_or_default(),
            ..CommandResult::unfinished(outcome, message, finished_at)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn result(mut body: Value) -> CommandResult {
        body["execution_time_ms"] = json!(12);
        body["success"] = json!(body["success"] == true);
        let report: Report = serde_json::from_value(body).unwrap();
        report.into_result(SystemTime::UNIX_EPOCH)
    }

    fn texts(result: &CommandResult) -> (&str, &str) {
        (std::str::from_utf8(&result.stdout).unwrap(), std::str::from_utf8(&result.stderr).unwrap())
    }

    #[test]
    fn an_older_result_keeps_its_two_outputs_and_exit_code() {
        let body = json!({"output": "o\ne", "stdout": "o", "stderr": "e", "return_code": 3, "status": "FAILED"});
        let result = result(body);
        assert_eq!(texts(&result), ("o", "e"));
        assert_eq!((result.outcome, result.exit_code), (Outcome::Failed, Some(3)));
        assert_eq!(result.execution_time, Duration::from_millis(12));
    }

    #[test]
    fn a_result_with_one_output_only() {
        let seen = result(json!({"success": true, "output": "o"}));
        assert_eq!((texts(&seen), seen.outcome, seen.exit_code), (("o", ""), Outcome::Succeeded, Some(0)));
        let seen = result(json!({"error": "not found", "exit_code": 1}));
        assert_eq!((texts(&seen), seen.message.as_str()), (("", "not found"), "not found"));
    }

    #[test]
    fn status_and_outcome_say_how_it_ended() {
        for (body, outcome) in [
            (json!({"success": true, "status": "SUCCESS"}), Outcome::Succeeded),
            (json!({"status": "BLOCKED"}), Outcome::Denied),
            (json!({"status": "TIMEOUT"}), Outcome::TimedOut),
            (json!({"status": "ERROR"}), Outcome::Failed),
            (json!({}), Outcome::Failed),
            (json!({"status": "ERROR", "outcome": "cancelled"}), Outcome::Cancelled),
            (json!({"outcome": "of a later version", "status": "BLOCKED"}), Outcome::Denied),
        ] {
            assert_eq!(result(body.clone()).outcome, outcome, "{body}");
        }
    }

    #[test]
    fn an_unfinished_result_has_its_error_as_message() {
        let seen = result(json!({"status": "BLOCKED", "error": "Blocked by whitelist: no", "output": null}));
        assert_eq!((seen.message.as_str(), seen.exit_code), ("Blocked by whitelist: no", None));
        assert!(seen.stdout.is_empty() && seen.stderr.is_empty());
    }

    #[test]
    fn times_come_as_seconds_or_text() {
        let read = |value: Value| serde_json::from_value::<When>(value).unwrap().read();
        let expected = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!(read(json!(1.5)).unwrap(), expected);
        assert_eq!(read(json!("1.5")).unwrap(), expected);
        assert_eq!(read(json!("1970-01-01T00:00:01.500Z")).unwrap(), expected);
        assert!(read(json!("soon")).is_err());
        assert!(read(json!(-1e300)).is_err());
    }

    #[test]
    fn a_whole_body_is_read_with_fields_of_later_versions() {
        let body = json!({
            "command_id": "x", "success": true, "execution_time_ms": 1, "executed_at": 1.5, "epoch": 1, "new": {},
        });
        let posted: PostedResult = serde_json::from_value(body).unwrap();
        assert!(posted.report.success && posted.executed_at.is_some());
    }
}
