//! Durations and sizes as people write them.

use std::time::Duration;

use jiff::SignedDuration;

/// `30s`, `1m30s`, `500ms`, or seconds as a bare number.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let signed =
        text.parse::<SignedDuration>().map_err(|_cause| "use a form such as 30s, 1m30s or 500ms".to_owned())?;
    Duration::try_from(signed).map_err(|_cause| "must not be negative".to_owned())
}

/// `65536`, `64Ki`, `1Mi`, `1MiB`, `10M`.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim_end_matches('B') {
        "" => 1,
        "k" | "K" => 1_000,
        "M" => 1_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        _ => return Err("use bytes, or a number with Ki, Mi, k or M".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_cause| "begins with a number of bytes".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "is too large".to_owned())
}

/// A point in time, `2026-11-22T10:00:00Z`, or how long ago, `15m`.
pub(crate) fn parse_time(text: &str) -> Result<jiff::Timestamp, String> {
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(time);
    }
    let ago =
        parse_duration(text).map_err(|_cause| "use a time such as 2026-11-22T10:00:00Z, or 15m for 15 minutes ago")?;
    jiff::Timestamp::now().checked_sub(ago).map_err(|_cause| "is too long ago".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [("30s", 30_000), ("1m30s", 90_000), ("500ms", 500), ("5", 5_000), ("1h", 3_600_000)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "x", "-5s", "5 parsecs", "s"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes() {
        for (text, bytes) in [("0", 0), ("65536", 65_536), ("64Ki", 65_536), ("1MiB", 1 << 20), ("2M", 2_000_000)] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for bad in ["", "Mi", "-1", "1Gi", "1.5Mi", "99999999999999999999"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn times_are_absolute_or_ago() {
        assert_eq!(parse_time("1970-01-01T00:01:00Z").unwrap().as_second(), 60);
        let ago = jiff::Timestamp::now().duration_since(parse_time("15m").unwrap());
        assert!((899..=901).contains(&ago.as_secs()), "{ago}");
        assert!(parse_time("yesterday").is_err());
    }
}
