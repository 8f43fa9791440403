//! Labels and label selectors in one line.

use serde_json::Value;

use crate::fields::Fields;

/// `a=1,b=2` of the map at `path`; `<none>` for none (apimachinery `labels.FormatLabels`).
#[must_use]
pub fn format_labels(object: &Value, path: &str) -> String {
    let pairs = object.map(path);
    if pairs.is_empty() {
        return "<none>".to_owned();
    }
    let pairs = pairs.into_iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    pairs.collect::<Vec<_>>().join(",")
}

/// A `LabelSelector` as it is typed, its terms sorted by their keys; empty when it selects everything or nothing.
#[must_use]
pub fn selector(selector: &Value) -> String {
    let equal = selector.map("matchLabels").into_iter();
    let equal = equal.map(|(key, value)| (key.to_owned(), format!("{key}={}", value.as_str().unwrap_or_default())));
    let others = selector.list("matchExpressions").iter().map(|term| (term.text("key").to_owned(), expression(term)));
    let mut terms: Vec<_> = equal.chain(others).collect();
    terms.sort_by(|(one, _), (other, _)| one.cmp(other));
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}

/// The same with `<none>` where it is empty (apimachinery `metav1.FormatLabelSelector`).
#[must_use]
pub fn format_selector(value: &Value) -> String {
    let text = selector(value);
    if text.is_empty() { "<none>".to_owned() } else { text }
}

fn expression(term: &Value) -> String {
    let key = term.text("key");
    let mut values: Vec<_> = term.list("values").iter().filter_map(Value::as_str).collect();
    values.sort_unstable();
    let values = values.join(",");
    match term.text("operator") {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "DoesNotExist" => format!("!{key}"),
        _ => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn terms_are_sorted_by_key() {
        let value = json!({"matchLabels": {"b": "1"}, "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["y", "x"]}, {"key": "c", "operator": "DoesNotExist"},
            {"key": "d", "operator": "Exists"}, {"key": "e", "operator": "NotIn", "values": ["z"]}]});
        assert_eq!(format_selector(&value), "a in (x,y),b=1,!c,d,e notin (z)");
        assert_eq!(format_selector(&json!({})), "<none>");
        assert_eq!(format_labels(&json!({"l": {"b": "2", "a": "1"}}), "l"), "a=1,b=2");
        assert_eq!(format_labels(&json!({}), "l"), "<none>");
    }
}
