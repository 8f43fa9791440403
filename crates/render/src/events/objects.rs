//! Events as JSON and YAML.

use serde_json::{Value, json};

use super::typed::{self, METADATA, Shape};
use crate::{object::drop_managed_fields, yaml};

static LIST: Shape =
    Shape { fields: &[("kind", None), ("apiVersion", None), ("metadata", None), ("items", Some(&EVENT))] };

static EVENT: Shape = Shape {
    fields: &[
        ("kind", None),
        ("apiVersion", None),
        ("metadata", Some(&METADATA)),
        ("involvedObject", Some(&REFERENCE)),
        ("reason", None),
        ("message", None),
        ("source", None),
        ("firstTimestamp", None),
        ("lastTimestamp", None),
        ("count", None),
        ("type", None),
        ("eventTime", None),
        ("series", None),
        ("action", None),
        ("related", Some(&REFERENCE)),
        ("reportingComponent", None),
        ("reportingInstance", None),
    ],
};

static REFERENCE: Shape = Shape {
    fields: &[
        ("kind", None),
        ("namespace", None),
        ("name", None),
        ("uid", None),
        ("apiVersion", None),
        ("resourceVersion", None),
        ("fieldPath", None),
    ],
};

/// How whole events are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `-o json`
    Json,
    /// `-o yaml`
    Yaml,
}

/// The events as one list, in their order.
#[must_use]
pub fn objects(events: &[&Value], format: Format, show_managed_fields: bool) -> String {
    let list = list(events, show_managed_fields);
    match format {
        Format::Json => typed::print(&list, &LIST),
        Format::Yaml => yaml::print(&list),
    }
}

/// The list that kubectl makes of events, as it knows their type.
#[must_use]
pub fn list(events: &[&Value], show_managed_fields: bool) -> Value {
    let items: Vec<_> = events.iter().map(|event| whole((*event).clone(), show_managed_fields)).collect();
    json!({"kind": "EventList", "apiVersion": "v1", "metadata": {}, "items": items})
}

/// Fields that are left out when there is nothing in them.
const NEVER_EMPTY: [&str; 5] = ["reason", "message", "count", "type", "action"];

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty) || value.as_i64() == Some(0)
}

/// With the fields that every event is printed with.
fn whole(mut event: Value, show_managed_fields: bool) -> Value {
    if !show_managed_fields {
        drop_managed_fields(&mut event);
    }
    let Value::Object(fields) = &mut event else { return event };
    for (name, empty) in [
        ("kind", json!("Event")),
        ("apiVersion", json!("v1")),
        ("involvedObject", json!({})),
        ("source", json!({})),
        ("firstTimestamp", Value::Null),
        ("lastTimestamp", Value::Null),
        ("eventTime", Value::Null),
        ("reportingComponent", json!("")),
        ("reportingInstance", json!("")),
    ] {
        fields.entry(name).or_insert(empty);
    }
    fields.retain(|name, value| !(NEVER_EMPTY.contains(&name.as_str()) && is_empty(value)));
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_one_list() {
        let event = json!({"metadata": {"name": "e", "managedFields": [], "creationTimestamp": null}, "message": "m", "reason": "", "count": 0,
            "involvedObject": {"name": "p", "kind": "Pod"}, "type": "Normal", "series": {"count": 2}});
        let expected = r#"{
    "kind": "EventList",
    "apiVersion": "v1",
    "metadata": {},
    "items": [
        {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {
                "name": "e",
                "creationTimestamp": null
            },
            "involvedObject": {
                "kind": "Pod",
                "name": "p"
            },
            "message": "m",
            "source": {},
            "firstTimestamp": null,
            "lastTimestamp": null,
            "type": "Normal",
            "eventTime": null,
            "series": {
                "count": 2
            },
            "reportingComponent": "",
            "reportingInstance": ""
        }
    ]
}
"#;
        assert_eq!(objects(&[&event], Format::Json, false), expected);
        let yaml = objects(&[&event], Format::Yaml, true);
        assert!(yaml.starts_with("apiVersion: v1\nitems:\n- apiVersion: v1\n") && yaml.contains("managedFields: []"));
    }
}
