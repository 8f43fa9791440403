//! The table of `events`.

mod objects;
pub(crate) mod typed;

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    columns::{Tabs, escape},
    fields::Fields,
    pdq::sort,
    time::{age, parse},
};

pub use self::objects::{Format, list, objects};

/// When an event happened, and how often in how long a time: `3m (x5 over 10m)`.
#[must_use]
pub fn interval(event: &Value, now: Timestamp) -> String {
    let since = |path: &str| age(parse(event.text(path)), now);
    let first = if event.has("eventTime") { since("eventTime") } else { since("firstTimestamp") };
    let count = event.int("count").unwrap_or_default();
    if event.has("series") {
        let count = event.int("series.count").unwrap_or_default();
        format!("{} (x{count} over {first})", since("series.lastObservedTime"))
    } else if count > 1 {
        format!("{} (x{count} over {first})", since("lastTimestamp"))
    } else {
        first
    }
}

/// The time that events are sorted by.
#[must_use]
pub fn time_of(event: &Value) -> Option<Timestamp> {
    if event.has("series") {
        return parse(event.text("series.lastObservedTime"));
    }
    parse(event.text("lastTimestamp")).or_else(|| parse(event.text("eventTime")))
}

/// Events in the order of a time, as kubectl leaves them: its sort is not stable, so equals are in Go's order. Events
/// without that time come first.
#[must_use]
pub fn sorted(events: &[Value], time: fn(&Value) -> Option<Timestamp>) -> Vec<&Value> {
    let times: Vec<_> = events.iter().map(time).collect();
    let order = sort(events.len(), |one, other| times[one] < times[other]);
    order.into_iter().filter_map(|at| events.get(at)).collect()
}

/// How events are printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Style {
    /// With a first column of namespaces.
    pub with_namespace: bool,
    /// Without the line of headers.
    pub no_headers: bool,
}

/// The table, in the order of `events`.
#[must_use]
pub fn print(events: &[&Value], style: Style, now: Timestamp) -> String {
    Tabs::default().align(&rows(events, style, now))
}

/// Its lines with tabs between the cells.
#[must_use]
pub fn rows(events: &[&Value], style: Style, now: Timestamp) -> String {
    let mut out = String::new();
    if !style.no_headers {
        out += if style.with_namespace { "NAMESPACE\t" } else { "" };
        out += "LAST SEEN\tTYPE\tREASON\tOBJECT\tMESSAGE\n";
    }
    for event in events {
        if style.with_namespace {
            out += event.text("metadata.namespace");
            out.push('\t');
        }
        let (kind, name) = (event.text("involvedObject.kind"), event.text("involvedObject.name"));
        let cells = [event.text("type"), event.text("reason"), kind, name, event.text("message").trim()];
        let [level, reason, kind, name, message] = cells.map(escape);
        out += &format!("{}\t{level}\t{reason}\t{kind}/{name}\t{message}\n", interval(event, now));
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_series_counts_before_a_count() {
        let now = parse("2026-01-01T01:00:00Z").unwrap();
        let event = json!({"metadata": {"namespace": "n"}, "involvedObject": {"kind": "Pod", "name": "p"}, "type": "Normal",
            "reason": "R", "message": " m ", "count": 9, "eventTime": "2026-01-01T00:30:00.000000Z",
            "series": {"count": 4, "lastObservedTime": "2026-01-01T00:59:30.500000Z"}});
        let style = Style { with_namespace: true, no_headers: true };
        assert_eq!(print(&[&event], style, now), "n     29s (x4 over 30m)   Normal   R     Pod/p   m\n");
        assert_eq!(time_of(&event), parse("2026-01-01T00:59:30.5Z"));
    }

    #[test]
    fn messages_may_hold_anything() {
        let now = parse("2026-01-01T01:00:00Z").unwrap();
        let event = |message: &str| {
            json!({"involvedObject": {"kind": "Pod", "name": "p"}, "type": "Normal", "reason": "R",
            "message": message, "firstTimestamp": "2026-01-01T00:59:30Z"})
        };
        let style = Style { no_headers: true, ..Style::default() };
        let cases = [
            ("a\r\nb", "30s   Normal   R     Pod/p   a\\r\nb\n"),
            ("\u{1b}[31m", "30s   Normal   R     Pod/p   ^[[31m\n"),
            ("a\u{c}b\u{b}c", "30s   Normal   R     Pod/p   a\nb     c\n"),
        ];
        for (message, expected) in cases {
            assert_eq!(print(&[&event(message)], style, now), expected, "{message:?}");
        }
    }
}
