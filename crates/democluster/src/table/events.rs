//! Events of both kinds: the old ones count and carry two times, the new ones carry a series.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    cell,
    columns::{Printer, text as column, wide},
};
use crate::scene::text;

pub(super) const EVENTS: Printer = Printer {
    columns: &[
        column("Last Seen"),
        column("Type"),
        column("Reason"),
        column("Object"),
        wide("Subobject"),
        wide("Source"),
        column("Message"),
        wide("First Seen"),
        wide("Count"),
        wide("Name"),
    ],
    cells,
};

fn cells(event: &Value, now: Timestamp) -> Vec<Value> {
    let about = first(event, &["involvedObject", "regarding"]);
    let message = first(event, &["message", "note"]).as_str().unwrap_or_default().trim();
    let object = format!("{}/{}", text(about, "/kind").to_lowercase(), text(about, "/name"));
    let (first_seen, last_seen) = seen(event);
    vec![
        json!(cell::since(last_seen, now)),
        json!(text(event, "/type")),
        json!(text(event, "/reason")),
        json!(object),
        json!(text(about, "/fieldPath")),
        json!(source(event)),
        json!(message),
        json!(cell::since(first_seen, now)),
        json!(count(event)),
        cell::name(event),
    ]
}

/// The first field of these names that the event has.
fn first<'a>(event: &'a Value, names: &[&str]) -> &'a Value {
    names.iter().filter_map(|name| event.get(name)).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// When it was first and last seen.
fn seen(event: &Value) -> (&str, &str) {
    let time = |names: &[&str]| first(event, names).as_str().unwrap_or_default();
    let born = time(&["firstTimestamp", "deprecatedFirstTimestamp", "eventTime"]);
    let series = text(event, "/series/lastObservedTime");
    let last = time(&["lastTimestamp", "deprecatedLastTimestamp"]);
    let last = [series, last].into_iter().find(|time| !time.is_empty()).unwrap_or(born);
    (born, last)
}

fn count(event: &Value) -> i64 {
    let series = cell::number(event, "/series/count");
    let count = first(event, &["count", "deprecatedCount"]).as_i64().unwrap_or_default();
    if series > 0 { series } else { count.max(1) }
}

/// The component and, if it is known, its host.
fn source(event: &Value) -> String {
    let old = first(event, &["source", "deprecatedSource"]);
    let component = [text(old, "/component"), text(event, "/reportingComponent"), text(event, "/reportingController")];
    let host = [text(old, "/host"), text(event, "/reportingInstance")];
    let found = |names: [&str; 3]| names.into_iter().find(|name| !name.is_empty()).unwrap_or_default().to_owned();
    match (found(component), found([host[0], host[1], ""])) {
        (component, host) if host.is_empty() => component,
        (component, host) => format!("{component}, {host}"),
    }
}
