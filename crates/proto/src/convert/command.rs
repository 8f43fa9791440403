//! Commands, results and output.

use std::time::UNIX_EPOCH;

use kubently_core::{
    Error,
    command::{
        Command, CommandEvent, CommandResult, CommandState, MAX_CHUNK_BYTES, Outcome, OutputChunk, OutputStream,
    },
};

use super::{duration_from_wire, duration_to_wire, time_from_wire, time_to_wire};
use crate::v1;

/// A command as the wire says it.
#[must_use]
pub fn command_to_wire(command: &Command) -> v1::Command {
    let spec = &command.spec;
    v1::Command {
        id: command.id.to_string(),
        cluster_id: spec.cluster.to_string(),
        argv: spec.argv.clone(),
        state: state_to_wire(command.state).into(),
        session_id: spec.session.as_ref().map(ToString::to_string).unwrap_or_default(),
        correlation_id: spec.correlation.as_ref().map(ToString::to_string).unwrap_or_default(),
        accept_time: Some(time_to_wire(command.accepted_at)),
        deadline: Some(time_to_wire(command.deadline)),
        result: command.result.as_ref().map(result_to_wire),
    }
}

const fn state_to_wire(state: CommandState) -> v1::CommandState {
    match state {
        CommandState::Accepted => v1::CommandState::Accepted,
        CommandState::Leased => v1::CommandState::Leased,
        CommandState::Running => v1::CommandState::Running,
        CommandState::Done => v1::CommandState::Done,
    }
}

/// A result as the wire says it.
#[must_use]
pub fn result_to_wire(result: &CommandResult) -> v1::CommandResult {
    v1::CommandResult {
        outcome: outcome_to_wire(result.outcome).into(),
        exit_code: result.exit_code,
        stdout: result.stdout.clone(),
        stderr: result.stderr.clone(),
        truncated: result.truncated,
        bytes_total: result.bytes_total,
        message: result.message.clone(),
        execution_time: Some(duration_to_wire(result.execution_time)),
        finish_time: Some(time_to_wire(result.finished_at)),
        engine: result.engine.clone(),
    }
}

/// A result from the wire.
pub fn result_from_wire(wire: v1::CommandResult) -> Result<CommandResult, Error> {
    let execution_time = wire.execution_time.as_ref();
    Ok(CommandResult {
        outcome: outcome_from_wire(wire.outcome())?,
        exit_code: wire.exit_code,
        stdout: wire.stdout,
        stderr: wire.stderr,
        truncated: wire.truncated,
        bytes_total: wire.bytes_total,
        message: wire.message,
        execution_time: execution_time
            .map_or(Ok(Default::default()), |time| duration_from_wire("result.execution_time", time))?,
        finished_at: wire.finish_time.as_ref().map_or(UNIX_EPOCH, time_from_wire),
        engine: wire.engine,
    })
}

const fn outcome_to_wire(outcome: Outcome) -> v1::Outcome {
    match outcome {
        Outcome::Succeeded => v1::Outcome::Succeeded,
        Outcome::Failed => v1::Outcome::Failed,
        Outcome::Denied => v1::Outcome::Denied,
        Outcome::TimedOut => v1::Outcome::TimedOut,
        Outcome::Cancelled => v1::Outcome::Cancelled,
        Outcome::Expired => v1::Outcome::Expired,
        Outcome::Lost => v1::Outcome::Lost,
    }
}

fn outcome_from_wire(wire: v1::Outcome) -> Result<Outcome, Error> {
    Ok(match wire {
        v1::Outcome::Succeeded => Outcome::Succeeded,
        v1::Outcome::Failed => Outcome::Failed,
        v1::Outcome::Denied => Outcome::Denied,
        v1::Outcome::TimedOut => Outcome::TimedOut,
        v1::Outcome::Cancelled => Outcome::Cancelled,
        v1::Outcome::Expired => Outcome::Expired,
        v1::Outcome::Lost => Outcome::Lost,
        v1::Outcome::Unspecified => {
            return Err(Error::invalid("result.outcome", "OUTCOME_UNSPECIFIED", "must say how the command ended"));
        }
    })
}

/// A chunk as the wire says it.
#[must_use]
pub fn chunk_to_wire(chunk: &OutputChunk) -> v1::OutputChunk {
    let stream = match chunk.stream {
        OutputStream::Stdout => v1::OutputStream::Stdout,
        OutputStream::Stderr => v1::OutputStream::Stderr,
    };
    v1::OutputChunk { seq: chunk.seq, stream: stream.into(), data: chunk.data.clone(), restarted: chunk.restarted }
}

/// A chunk from the wire.
pub fn chunk_from_wire(wire: v1::OutputChunk) -> Result<OutputChunk, Error> {
    if wire.data.len() > MAX_CHUNK_BYTES {
        return Err(Error::invalid("chunk.data", "", "must be at most 262144 bytes (256 KiB)"));
    }
    if wire.seq == 0 {
        return Err(Error::invalid("chunk.seq", "0", "counts from 1"));
    }
    let stream = match wire.stream() {
        v1::OutputStream::Stdout => OutputStream::Stdout,
        v1::OutputStream::Stderr => OutputStream::Stderr,
        v1::OutputStream::Unspecified => {
            return Err(Error::invalid("chunk.stream", "OUTPUT_STREAM_UNSPECIFIED", "must be stdout or stderr"));
        }
    };
    Ok(OutputChunk { seq: wire.seq, stream, data: wire.data, restarted: wire.restarted })
}

/// A step of a command's life as the wire says it.
#[must_use]
pub fn event_to_wire(event: &CommandEvent) -> v1::StreamCommandResponse {
    use v1::stream_command_response::Event;
    let event = match event {
        CommandEvent::Accepted(command) => Event::Accepted(command_to_wire(command)),
        CommandEvent::Output(chunk) => Event::Output(chunk_to_wire(chunk)),
        CommandEvent::Done(result) => Event::Result(result_to_wire(result)),
    };
    v1::StreamCommandResponse { event: Some(event) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_outcome_survives_the_wire() {
        for outcome in Outcome::ALL {
            let result = CommandResult {
                execution_time: Duration::from_millis(12),
                ..CommandResult::unfinished(outcome, "m", UNIX_EPOCH)
            };
            assert_eq!(result_from_wire(result_to_wire(&result)), Ok(result));
        }
        assert!(result_from_wire(v1::CommandResult::default()).is_err());
    }

    #[test]
    fn chunks_are_checked() {
        let chunk = OutputChunk::new(3, OutputStream::Stderr, "x".into());
        assert_eq!(chunk_from_wire(chunk_to_wire(&chunk)), Ok(chunk.clone()));
        let no_seq = v1::OutputChunk { seq: 0, ..chunk_to_wire(&chunk) };
        assert_eq!(chunk_from_wire(no_seq).unwrap_err().fields[0].field, "chunk.seq");
        let big = v1::OutputChunk { data: vec![0; MAX_CHUNK_BYTES + 1].into(), ..chunk_to_wire(&chunk) };
        assert_eq!(chunk_from_wire(big).unwrap_err().fields[0].field, "chunk.data");
    }
}
