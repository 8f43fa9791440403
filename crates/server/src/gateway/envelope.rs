//! Orders as executors of the REST face read them.

use std::time::SystemTime;

use kubently_core::ids::CommandId;
use kubently_proto::convert::journal::Accepted;
use serde::Serialize;

/// A command for an executor that speaks the older form.
#[derive(Debug, Serialize)]
pub(super) struct Envelope {
    id: String,
    args: Vec<String>,
    /// Seconds that are left, at least 1.
    timeout: u64,
    correlation_id: Option<String>,
    #[serde(flatten)]
    ours: Option<Ours>,
}

/// What executors of the older system do not know, and must not be sent.
#[derive(Debug, Serialize)]
struct Ours {
    epoch: u64,
    max_output_bytes: u64,
}

impl Envelope {
    /// The command; with what only our executors understand if it `is_ours`.
    pub(super) fn of(accepted: Accepted, epoch: u64, deadline: SystemTime, is_ours: bool) -> Self {
        let command = accepted.command;
        let left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
        let whole = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Self {
            id: command.id.to_string(),
            args: command.spec.argv,
            timeout: whole.max(1),
            correlation_id: command.spec.correlation.map(|mark| mark.to_string()),
            ours: is_ours.then_some(Ours { epoch, max_output_bytes: command.spec.max_output_bytes }),
        }
    }
}

/// A command that the executor should stop.
#[derive(Debug, Serialize)]
pub(super) struct Stop {
    id: String,
    epoch: u64,
}

impl Stop {
    /// Stop `id`, as it runs under this lease.
    pub(super) fn of(id: &CommandId, epoch: u64) -> Self {
        Self { id: id.to_string(), epoch }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kubently_core::{
        command::{Command, CommandSpec, CommandState},
        ids::{ClusterId, CorrelationId},
    };
    use kubently_proto::convert::journal::Caller;
    use serde_json::json;

    use super::*;

    fn envelope(left: Duration, epoch: u64, is_ours: bool) -> Envelope {
        let now = SystemTime::now();
        let mut spec = CommandSpec::new(ClusterId::new("c").unwrap(), vec!["get".into(), "pods".into()]);
        spec.correlation = Some(CorrelationId::new("corr-1").unwrap());
        let id = CommandId::new("0199c1a0-7c3e-7b1a-8a2b-0123456789ab").unwrap();
        let command =
            Command { id, spec, state: CommandState::Accepted, accepted_at: now, deadline: now, result: None };
        let caller = Caller { principal_id: "p".into(), service: None };
        Envelope::of(Accepted { command, caller, live: false }, epoch, now + left, is_ours)
    }

    #[test]
    fn an_older_executor_gets_exactly_the_older_envelope() {
        let older = envelope(Duration::from_millis(1_500), 1, false);
        let expected = json!({
            "id": "0199c1a0-7c3e-7b1a-8a2b-0123456789ab", "args": ["get", "pods"], "timeout": 2,
            "correlation_id": "corr-1",
        });
        assert_eq!(serde_json::to_value(older).unwrap(), expected);
        assert_eq!(envelope(Duration::ZERO, 1, false).timeout, 1);
    }

    #[test]
    fn ours_also_gets_the_lease_and_the_limit() {
        let ours = serde_json::to_value(envelope(Duration::ZERO, 3, true)).unwrap();
        assert_eq!((&ours["epoch"], &ours["max_output_bytes"]), (&json!(3), &json!(1 << 20)));
    }
}
