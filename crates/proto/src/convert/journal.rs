//! What servers leave for each other in the journal. A record that does not read back is a defect
//! or the work of somebody else's hands, so every failure here is one error: [`Error::internal`].

use bytes::Bytes;
use kubently_core::{
    Error,
    command::{Command, CommandResult, CommandSpec, CommandState},
    ids::{ClusterId, CommandId, CorrelationId, SessionId},
};
use prost::Message;

use super::{
    command::{result_from_wire, result_to_wire},
    from_millis, text_or_none, to_millis,
};
use crate::bus::v1::{CommandRecord, ResultRecord};

/// Who asked, as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The principal's stable id.
    pub principal_id: String,
    /// The service of its API key, if it has one.
    pub service: Option<String>,
}

/// An accepted command as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The command; its state is [`CommandState::Accepted`].
    pub command: Command,
    /// Who asked.
    pub caller: Caller,
    /// Whether somebody watches the output.
    pub live: bool,
}

/// A finished command's result as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// The result; without its output when that went ahead in chunks.
    pub result: CommandResult,
    /// The number of the last chunk of the output; 0 when the output is in the result.
    pub chunks: u64,
    /// Chunks up to this number are not its output: an executor that is gone left them.
    pub skipped: u64,
}

impl Accepted {
    /// The journal's bytes.
    #[must_use]
    pub fn to_record(&self) -> CommandRecord {
        let spec = &self.command.spec;
        CommandRecord {
            id: self.command.id.to_string(),
            cluster_id: spec.cluster.to_string(),
            argv: spec.argv.clone(),
            principal_id: self.caller.principal_id.clone(),
            service_identity: self.caller.service.clone().unwrap_or_default(),
            session_id: spec.session.as_ref().map(ToString::to_string).unwrap_or_default(),
            correlation_id: spec.correlation.as_ref().map(ToString::to_string).unwrap_or_default(),
            accepted_at_ms: to_millis(self.command.accepted_at),
            deadline_ms: to_millis(self.command.deadline),
            max_output_bytes: spec.max_output_bytes,
            live: self.live,
        }
    }

    /// Reads a record back.
    pub fn from_record(record: CommandRecord) -> Result<Self, Error> {
        let accepted_at = from_millis(record.accepted_at_ms);
        let deadline = from_millis(record.deadline_ms);
        let spec = CommandSpec {
            cluster: ClusterId::new(&record.cluster_id).map_err(defect)?,
            argv: record.argv,
            timeout: deadline.duration_since(accepted_at).unwrap_or_default(),
            max_output_bytes: record.max_output_bytes,
            session: text_or_none(&record.session_id).map(SessionId::new).transpose().map_err(defect)?,
            correlation: text_or_none(&record.correlation_id).map(CorrelationId::new).transpose().map_err(defect)?,
        };
        let id = CommandId::new(&record.id).map_err(defect)?;
        let service = text_or_none(&record.service_identity).map(str::to_owned);
        Ok(Self {
            command: Command { id, spec, state: CommandState::Accepted, accepted_at, deadline, result: None },
            caller: Caller { principal_id: record.principal_id, service },
            live: record.live,
        })
    }

    /// Reads the journal's bytes back.
    pub fn decode(bytes: Bytes) -> Result<Self, Error> {
        CommandRecord::decode(bytes).map_err(defect).and_then(Self::from_record)
    }
}

impl Finished {
    /// As the journal keeps it, with the command that it ends.
    #[must_use]
    pub fn to_record(&self, accepted: &Accepted) -> ResultRecord {
        ResultRecord {
            result: Some(result_to_wire(&self.result)),
            chunks: self.chunks,
            skipped: self.skipped,
            command: Some(accepted.to_record()),
        }
    }

    /// Reads a record back: the command, and how it ended.
    pub fn from_record(record: ResultRecord) -> Result<(Accepted, Self), Error> {
        let accepted = Accepted::from_record(record.command.ok_or_else(Error::internal)?)?;
        let result = result_from_wire(record.result.ok_or_else(Error::internal)?).map_err(defect)?;
        Ok((accepted, Self { result, chunks: record.chunks, skipped: record.skipped }))
    }
}

fn defect(_cause: impl std::error::Error) -> Error {
    Error::internal()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use kubently_core::command::Outcome;

    use super::*;

    fn accepted() -> Accepted {
        let mut spec = CommandSpec::new(ClusterId::new("c").unwrap(), vec!["get".into(), "pods".into()]);
        spec.correlation = Some(CorrelationId::new("corr-1").unwrap());
        let accepted_at = UNIX_EPOCH + Duration::from_secs(1_000);
        let command = Command {
            id: CommandId::new("0199c1a0-7c3e-7b1a-8a2b-0123456789ab").unwrap(),
            deadline: accepted_at + spec.timeout,
            spec,
            state: CommandState::Accepted,
            accepted_at,
            result: None,
        };
        let caller = Caller { principal_id: "service:x".into(), service: Some("x".into()) };
        Accepted { command, caller, live: true }
    }

    #[test]
    fn an_accepted_command_reads_back_and_rubbish_does_not() {
        let bytes = accepted().to_record().encode_to_vec().into();
        assert_eq!(Accepted::decode(bytes), Ok(accepted()));
        assert_eq!(Accepted::decode(Bytes::from_static(b"\xff\xff")), Err(Error::internal()));
    }

    #[test]
    fn a_result_reads_back_with_its_command() {
        let result = CommandResult::unfinished(Outcome::Lost, "m", UNIX_EPOCH);
        let finished = Finished { result, chunks: 4, skipped: 2 };
        assert_eq!(Finished::from_record(finished.to_record(&accepted())), Ok((accepted(), finished)));
    }
}
