//! Label selectors: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.

use serde_json::Value;

/// Requirements that all have to hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<Requirement>);

#[derive(Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, PartialEq, Eq)]
enum Test {
    Exists,
    Absent,
    In(Vec<String>),
    /// Holds for objects without the label, too.
    NotIn(Vec<String>),
}

impl LabelSelector {
    /// Reads a selector; an empty one selects everything. The error is the API server's message.
    pub(crate) fn parse(selector: &str) -> Result<Self, String> {
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(selector) {
            let part = part.trim();
            if part.is_empty() {
                if selector.trim().is_empty() {
                    break;
                }
                return Err("unable to parse requirement: found ',', expected: identifier".to_owned());
            }
            requirements.push(Requirement::parse(part)?);
        }
        Ok(Self(requirements))
    }

    /// Whether an object's labels meet all requirements.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.0.iter().all(|requirement| requirement.holds(labels.get(&requirement.key).and_then(Value::as_str)))
    }
}

impl Requirement {
    fn parse(part: &str) -> Result<Self, String> {
        if let Some(key) = part.strip_prefix('!') {
            return Self::new(key, Test::Absent);
        }
        if part.ends_with(')') {
            return Self::set(part);
        }
        if let Some((key, value)) = part.split_once("!=") {
            return Self::new(key, Test::NotIn(vec![valid_value(value)?]));
        }
        if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            return Self::new(key, Test::In(vec![valid_value(value)?]));
        }
        Self::new(part, Test::Exists)
    }

    /// `key in (a,b)` and `key notin (a,b)`.
    fn set(part: &str) -> Result<Self, String> {
        let unreadable = || format!("unable to parse requirement: found '{part}', expected: in, notin, =, ==, !=");
        let (head, values) = part.trim_end_matches(')').split_once('(').ok_or_else(unreadable)?;
        let (key, operator) = head.trim().split_once(char::is_whitespace).ok_or_else(unreadable)?;
        let values = values.split(',').map(valid_value).collect::<Result<Vec<_>, _>>()?;
        match operator.trim() {
            "in" => Self::new(key, Test::In(values)),
            "notin" => Self::new(key, Test::NotIn(values)),
            _ => Err(unreadable()),
        }
    }

    fn new(key: &str, test: Test) -> Result<Self, String> {
        let key = key.trim();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
        if key.is_empty() || !key.chars().all(allowed) {
            return Err(format!(
                "unable to parse requirement: <nil>: Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
            ));
        }
        Ok(Self { key: key.to_owned(), test })
    }

    fn holds(&self, label: Option<&str>) -> bool {
        let among = |values: &[String]| label.is_some_and(|label| values.iter().any(|value| value == label));
        match &self.test {
            Test::Exists => label.is_some(),
            Test::Absent => label.is_none(),
            Test::In(values) => among(values),
            Test::NotIn(values) => !among(values),
        }
    }
}

fn valid_value(value: &str) -> Result<String, String> {
    let value = value.trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if value.chars().all(allowed) {
        return Ok(value.to_owned());
    }
    Err(format!(
        "unable to parse requirement: values[0][]: Invalid value: \"{value}\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'"
    ))
}

/// Splits at commas, except inside the parentheses of a set.
fn split_outside_parentheses(selector: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let at_comma = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    selector.split(at_comma).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn selects(selector: &str) -> bool {
        let object = json!({ "metadata": { "labels": { "app": "orders", "tier": "back" } } });
        LabelSelector::parse(selector).unwrap().matches(&object)
    }

    #[test]
    fn equality() {
        assert!(selects(""));
        assert!(selects("app=orders"));
        assert!(selects("app==orders,tier!=front"));
        assert!(!selects("app=orders,tier=front"));
        assert!(selects("missing!=x"));
    }

    #[test]
    fn sets() {
        assert!(selects("app in (basket, orders)"));
        assert!(selects("app in (basket,orders),tier notin (front)"));
        assert!(!selects("app notin (basket, orders)"));
        assert!(selects("missing notin (x)"));
        assert!(!selects("missing in (x)"));
    }

    #[test]
    fn existence() {
        assert!(selects("app,tier"));
        assert!(selects("!missing"));
        assert!(!selects("!app"));
        assert!(!selects("missing"));
    }

    #[test]
    fn nonsense_is_refused() {
        for selector in ["app in orders)", "a b c (x)", "app=a=b", "=x", "app=orders,,tier", "app=a b"] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }
}
