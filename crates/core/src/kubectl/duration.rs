//! Go durations, as kubectl's flags take them.

use std::time::Duration;

/// Longest duration Go can hold: `i64` nanoseconds.
pub(crate) const MAX: Duration = Duration::from_nanos(i64::MAX.unsigned_abs());

/// Longest unit first where one is the start of another.
const UNITS: &[(&str, u128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("\u{b5}s", 1_000),
    ("\u{3bc}s", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Digits behind the point that count; more is below a nanosecond for every unit we need.
const MAX_FRACTION_DIGITS: usize = 12;

/// Go's `time.ParseDuration` of what is not negative: `90s`, `1h30m`, `1.5h`, `+5s`, `0`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanos: u128 = 0;
    while !rest.is_empty() {
        let (term, tail) = parse_term(rest)?;
        nanos = nanos.checked_add(term)?;
        rest = tail;
    }
    let nanos = u64::try_from(nanos).ok()?;
    let parsed = Duration::from_nanos(nanos);
    (!text.is_empty() && parsed <= MAX).then_some(parsed)
}

/// One number with its unit, in nanoseconds, and what follows.
fn parse_term(text: &str) -> Option<(u128, &str)> {
    let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, rest) = text.split_at(number_end);
    let (unit, nanos) = UNITS.iter().filter(|(unit, _)| rest.starts_with(unit)).max_by_key(|(unit, _)| unit.len())?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') || fraction.len() > MAX_FRACTION_DIGITS {
        return None;
    }
    let scale = 10u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let whole = digits(whole)?.checked_mul(*nanos)?;
    let term = whole.checked_add(digits(fraction)?.checked_mul(*nanos)? / scale)?;
    Some((term, &rest[unit.len()..]))
}

fn digits(text: &str) -> Option<u128> {
    if text.is_empty() { Some(0) } else { text.parse().ok() }
}

/// The one spelling that is passed on: whole seconds, else nanoseconds.
pub(crate) fn print(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        _ => format!("{}ns", duration.as_nanos()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_go_durations() {
        let seconds = |text| parse(text).map(|d| d.as_secs_f64());
        assert_eq!(seconds("90s"), Some(90.0));
        assert_eq!(seconds("1h30m"), Some(5_400.0));
        assert_eq!(seconds("1.5h"), Some(5_400.0));
        assert_eq!(seconds(".5s"), Some(0.5));
        assert_eq!(seconds("250ms"), Some(0.25));
        assert_eq!(seconds("0"), Some(0.0));
        assert_eq!(seconds("+5s"), Some(5.0));
        assert_eq!(parse("3\u{b5}s"), Some(Duration::from_micros(3)));
        assert_eq!(parse("3\u{3bc}s"), Some(Duration::from_micros(3)));
        for bad in [
            "",
            "+",
            "++1s",
            "1",
            "s",
            ".s",
            "1.2.3s",
            "-1s",
            "1d",
            "1h ",
            "é",
            "9999999h",
            "99999999999999999999999999999999s",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn print_and_parse_agree(nanos in 0..=i64::MAX.unsigned_abs()) {
            let duration = Duration::from_nanos(nanos);
            prop_assert_eq!(parse(&print(duration)), Some(duration));
        }

        #[test]
        fn never_panics(text in "[0-9.hmsnu]{0,40}") {
            let _ = parse(&text);
        }
    }
}
