//! Times as JSON has them: RFC 3339, UTC, microseconds.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// `2026-11-22T20:34:55.299477Z`
pub(super) fn iso(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_out_of_range| String::new(), |timestamp| format!("{timestamp:.6}"))
}

/// Reads ISO 8601; a time without an offset is UTC.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let timestamp = text.parse::<Timestamp>();
    let timestamp = timestamp.or_else(|_| text.parse::<DateTime>()?.to_zoned(TimeZone::UTC).map(|z| z.timestamp()));
    timestamp.ok().map(SystemTime::from)
}

/// Reads seconds since 1970.
pub(super) fn from_seconds(seconds: f64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_six_digits_and_a_z() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_379_695_299);
        assert_eq!(iso(time), "2026-11-22T20:34:55.299000Z");
        assert_eq!(parse(&iso(time)), Some(time));
    }

    #[test]
    fn reads_what_python_writes() {
        let expected = parse("2026-11-22T20:34:55Z");
        assert!(expected.is_some());
        for text in ["2026-11-22T20:34:55", "2026-11-22T21:34:55+01:00", "2026-11-22 20:34:55+00:00"] {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert!(parse("2026-11-22").is_some());
        assert_eq!(parse("yesterday"), None);
        assert_eq!(from_seconds(1.5), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1_500)));
        assert_eq!(from_seconds(-1.0), None);
    }
}
