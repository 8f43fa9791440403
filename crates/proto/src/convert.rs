//! Domain types to wire types and back, one module a noun.
//!
//! `*_to_wire` never fails. `*_from_wire` checks what the contract promises about a field and
//! names the field that breaks it.

pub mod cluster;
pub mod command;
pub mod journal;
pub mod judgement;
pub mod spec;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kubently_core::Error;

/// A point in time as the wire says it.
#[must_use]
pub fn time_to_wire(time: SystemTime) -> pbjson_types::Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    pbjson_types::Timestamp {
        seconds: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(since.subsec_nanos()).unwrap_or_default(),
    }
}

/// A point in time from the wire; before 1970 counts as 1970.
#[must_use]
pub fn time_from_wire(wire: &pbjson_types::Timestamp) -> SystemTime {
    let seconds = u64::try_from(wire.seconds).unwrap_or_default();
    let nanos = u32::try_from(wire.nanos).unwrap_or_default().min(999_999_999);
    UNIX_EPOCH.checked_add(Duration::new(seconds, nanos)).unwrap_or(UNIX_EPOCH)
}

/// A length of time as the wire says it.
#[must_use]
pub fn duration_to_wire(duration: Duration) -> pbjson_types::Duration {
    pbjson_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or_default(),
    }
}

/// A length of time from the wire; negative is an error that names `field`.
pub fn duration_from_wire(field: &str, wire: &pbjson_types::Duration) -> Result<Duration, Error> {
    let seconds = u64::try_from(wire.seconds);
    let nanos = u32::try_from(wire.nanos);
    match (seconds, nanos) {
        (Ok(seconds), Ok(nanos)) if nanos < 1_000_000_000 => Ok(Duration::new(seconds, nanos)),
        _ => Err(Error::invalid(field, "", "must not be negative")),
    }
}

/// Milliseconds since 1970.
#[must_use]
pub fn to_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A point in time from milliseconds since 1970.
#[must_use]
pub fn from_millis(millis: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(UNIX_EPOCH)
}

fn text_or_none(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
