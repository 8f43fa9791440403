//! What a caller asks for.

use std::time::Duration;

use kubently_core::{
    Error,
    command::{CommandSpec, DEFAULT_OUTPUT_BYTES, DEFAULT_TIMEOUT, MAX_OUTPUT_BYTES, MAX_TIMEOUT},
    ids::{ClusterId, CorrelationId, IdempotencyKey, SessionId},
};

use super::{duration_from_wire, duration_to_wire, text_or_none};
use crate::v1;

/// Checks a command as the contract describes it.
pub fn spec_from_wire(wire: Option<v1::CommandSpec>) -> Result<CommandSpec, Error> {
    let wire = wire.ok_or_else(|| Error::missing("spec"))?;
    if wire.argv.is_empty() {
        return Err(Error::invalid("spec.argv", "", "needs at least a verb, for example [\"get\", \"pods\"]"));
    }
    Ok(CommandSpec {
        cluster: ClusterId::new(&wire.cluster_id)?,
        argv: wire.argv,
        timeout: timeout("spec.timeout", wire.timeout.as_ref(), DEFAULT_TIMEOUT)?,
        max_output_bytes: output_limit(wire.max_output_bytes)?,
        session: text_or_none(&wire.session_id).map(SessionId::new).transpose()?,
        correlation: text_or_none(&wire.correlation_id).map(CorrelationId::new).transpose()?,
    })
}

/// A time limit of a request: `default` when unset, more than zero, at most [`MAX_TIMEOUT`].
pub fn timeout(field: &str, wire: Option<&pbjson_types::Duration>, default: Duration) -> Result<Duration, Error> {
    let Some(wire) = wire else { return Ok(default) };
    let timeout = duration_from_wire(field, wire)?;
    if timeout.is_zero() || timeout > MAX_TIMEOUT {
        return Err(Error::invalid(field, &format!("{timeout:?}"), "must be more than 0 and at most 600 s"));
    }
    Ok(timeout)
}

fn output_limit(bytes: u64) -> Result<u64, Error> {
    match bytes {
        0 => Ok(DEFAULT_OUTPUT_BYTES),
        1..=MAX_OUTPUT_BYTES => Ok(bytes),
        _ => Err(Error::invalid("spec.max_output_bytes", &bytes.to_string(), "must be at most 16777216 (16 MiB)")),
    }
}

/// An idempotency key, if one was sent.
pub fn idempotency_key(text: &str) -> Result<Option<IdempotencyKey>, Error> {
    text_or_none(text).map(IdempotencyKey::new).transpose()
}

/// A command as the wire says it.
#[must_use]
pub fn spec_to_wire(spec: &CommandSpec) -> v1::CommandSpec {
    v1::CommandSpec {
        cluster_id: spec.cluster.to_string(),
        argv: spec.argv.clone(),
        timeout: Some(duration_to_wire(spec.timeout)),
        max_output_bytes: spec.max_output_bytes,
        session_id: spec.session.as_ref().map(ToString::to_string).unwrap_or_default(),
        correlation_id: spec.correlation.as_ref().map(ToString::to_string).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> v1::CommandSpec {
        v1::CommandSpec { cluster_id: "c".into(), argv: vec!["get".into()], ..Default::default() }
    }

    #[test]
    fn unset_limits_get_their_documented_defaults() {
        let spec = spec_from_wire(Some(wire())).unwrap();
        assert_eq!(spec.timeout, DEFAULT_TIMEOUT);
        assert_eq!(spec.max_output_bytes, DEFAULT_OUTPUT_BYTES);
    }

    #[test]
    fn each_bad_field_is_named() {
        let long = Some(pbjson_types::Duration { seconds: 601, nanos: 0 });
        let cases = [
            ("spec", None),
            ("spec.argv", Some(v1::CommandSpec { argv: vec![], ..wire() })),
            ("cluster_id", Some(v1::CommandSpec { cluster_id: "A b".into(), ..wire() })),
            ("spec.timeout", Some(v1::CommandSpec { timeout: long, ..wire() })),
            ("spec.max_output_bytes", Some(v1::CommandSpec { max_output_bytes: 17 << 20, ..wire() })),
            ("session_id", Some(v1::CommandSpec { session_id: "x".into(), ..wire() })),
            ("correlation_id", Some(v1::CommandSpec { correlation_id: "a b".into(), ..wire() })),
        ];
        for (field, wire) in cases {
            assert_eq!(spec_from_wire(wire).unwrap_err().fields[0].field, field);
        }
    }

    #[test]
    fn a_spec_survives_the_wire() {
        let spec = spec_from_wire(Some(wire())).unwrap();
        assert_eq!(spec_from_wire(Some(spec_to_wire(&spec))).unwrap(), spec);
    }
}
