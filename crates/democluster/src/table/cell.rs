//! What many cells are made with.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{clock, scene::text};

/// `metadata.name`.
pub(super) fn name(object: &Value) -> Value {
    object["metadata"]["name"].clone()
}

/// How old an object is.
pub(super) fn age(object: &Value, now: Timestamp) -> Value {
    json!(since(text(object, "/metadata/creationTimestamp"), now))
}

/// How long ago a time was; `<unknown>` if there is none.
pub(super) fn since(time: &str, now: Timestamp) -> String {
    moment(time).map_or_else(|| "<unknown>".to_owned(), |then| human(clock::since(now, then)))
}

/// A time of an object.
pub(super) fn moment(time: &str) -> Option<Timestamp> {
    time.parse().ok()
}

/// A duration as Kubernetes prints it: two units at most, and only one where the other would not matter.
pub(super) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |major: u64, unit: &str, minor: u64, small: &str| {
        if minor == 0 { format!("{major}{unit}") } else { format!("{major}{unit}{minor}{small}") }
    };
    if seconds < 120 {
        format!("{seconds}s")
    } else if minutes < 10 {
        two(minutes, "m", seconds % 60, "s")
    } else if minutes < 180 {
        format!("{minutes}m")
    } else if hours < 8 {
        two(hours, "h", minutes % 60, "m")
    } else if hours < 48 {
        format!("{hours}h")
    } else if hours < 192 {
        two(days, "d", hours % 24, "h")
    } else if days < 730 {
        format!("{days}d")
    } else if days < 2920 {
        two(days / 365, "y", days % 365, "d")
    } else {
        format!("{}y", days / 365)
    }
}

/// The number at a JSON pointer; 0 if there is none.
pub(super) fn number(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

/// The list at a JSON pointer; empty if there is none.
pub(super) fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// How many entries the map at a pointer has.
pub(super) fn entries(object: &Value, pointer: &str) -> usize {
    object.pointer(pointer).and_then(Value::as_object).map_or(0, serde_json::Map::len)
}

/// The texts at `field` of each entry, joined by commas.
pub(super) fn joined(entries: &[Value], field: &str) -> String {
    entries.iter().map(|entry| text(entry, field)).collect::<Vec<_>>().join(",")
}

/// A text, or `<none>` for an empty one.
pub(super) fn or_none(value: impl Into<String>) -> Value {
    let value = value.into();
    json!(if value.is_empty() { "<none>".to_owned() } else { value })
}

/// `a=b,c=d`, as maps of labels are printed; `<none>` for an empty one.
pub(super) fn labels(object: &Value, pointer: &str) -> Value {
    let map = object.pointer(pointer).and_then(Value::as_object);
    let pairs = map.into_iter().flatten().map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    or_none(pairs.collect::<Vec<_>>().join(","))
}

/// Names and images of a template's containers, as wide columns show them.
pub(super) fn containers(object: &Value, template: &str) -> [Value; 2] {
    let containers = list(object, &format!("{template}/spec/containers"));
    [json!(joined(containers, "/name")), json!(joined(containers, "/image"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_printed_like_kubectl() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (599, "9m59s"),
            (600, "10m"),
            (10_799, "179m"),
            (10_800, "3h"),
            (11_100, "3h5m"),
            (28_800, "8h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (180_000, "2d2h"),
            (691_200, "8d"),
            (18_316_800, "212d"),
            (63_072_000, "2y"),
        ];
        for (seconds, printed) in cases {
            assert_eq!(human(Duration::from_secs(seconds)), printed, "{seconds}");
        }
    }

    #[test]
    fn a_missing_time_is_unknown() {
        assert_eq!(since("", Timestamp::UNIX_EPOCH), "<unknown>");
    }
}
