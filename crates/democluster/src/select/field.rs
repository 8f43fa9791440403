//! Field selectors: `status.phase!=Running,spec.nodeName=oak-1`. Each kind knows its own few fields.

use serde_json::Value;

use crate::catalog::ResourceType;

/// Comparisons that all have to hold.
#[derive(Debug)]
pub(crate) struct FieldSelector(Vec<Comparison>);

#[derive(Debug)]
struct Comparison {
    /// JSON pointers to the field; the first that is there counts.
    pointers: &'static [&'static str],
    value: String,
    equal: bool,
}

/// A field's name and where it is.
type Field = (&'static str, &'static [&'static str]);

const METADATA: &[Field] = &[("metadata.name", &["/metadata/name"]), ("metadata.namespace", &["/metadata/namespace"])];
const POD: &[Field] = &[
    ("spec.nodeName", &["/spec/nodeName"]),
    ("spec.restartPolicy", &["/spec/restartPolicy"]),
    ("spec.schedulerName", &["/spec/schedulerName"]),
    ("spec.serviceAccountName", &["/spec/serviceAccountName"]),
    ("spec.hostNetwork", &["/spec/hostNetwork"]),
    ("status.phase", &["/status/phase"]),
    ("status.podIP", &["/status/podIP"]),
    ("status.nominatedNodeName", &["/status/nominatedNodeName"]),
];
const EVENT: &[Field] = &[
    ("involvedObject.kind", &["/involvedObject/kind"]),
    ("involvedObject.namespace", &["/involvedObject/namespace"]),
    ("involvedObject.name", &["/involvedObject/name"]),
    ("involvedObject.uid", &["/involvedObject/uid"]),
    ("involvedObject.apiVersion", &["/involvedObject/apiVersion"]),
    ("involvedObject.resourceVersion", &["/involvedObject/resourceVersion"]),
    ("involvedObject.fieldPath", &["/involvedObject/fieldPath"]),
    ("reason", &["/reason"]),
    ("reportingComponent", &["/reportingComponent"]),
    ("source", &["/source/component", "/reportingComponent"]),
    ("type", &["/type"]),
];
const NEW_EVENT: &[Field] = &[
    ("regarding.kind", &["/involvedObject/kind"]),
    ("regarding.namespace", &["/involvedObject/namespace"]),
    ("regarding.name", &["/involvedObject/name"]),
    ("regarding.uid", &["/involvedObject/uid"]),
    ("reason", &["/reason"]),
    ("reportingController", &["/reportingComponent"]),
    ("type", &["/type"]),
];
const NODE: &[Field] = &[("spec.unschedulable", &["/spec/unschedulable"])];
const NAMESPACE: &[Field] = &[("status.phase", &["/status/phase"])];
const SECRET: &[Field] = &[("type", &["/type"])];
const SERVICE: &[Field] = &[("spec.clusterIP", &["/spec/clusterIP"]), ("spec.type", &["/spec/type"])];
const JOB: &[Field] = &[("status.successful", &["/status/succeeded"])];

/// Booleans, whose absence means `false`.
const BOOLEANS: [&str; 2] = ["/spec/hostNetwork", "/spec/unschedulable"];

/// A resource's own fields; none for those that only know the metadata.
fn fields_of(resource: &ResourceType) -> &'static [Field] {
    match (resource.group, resource.plural) {
        ("", "pods") => POD,
        ("", "events") => EVENT,
        ("events.k8s.io", "events") => NEW_EVENT,
        ("", "nodes") => NODE,
        ("", "namespaces") => NAMESPACE,
        ("", "secrets") => SECRET,
        ("", "services") => SERVICE,
        ("batch", "jobs") => JOB,
        _ => &[],
    }
}

impl FieldSelector {
    /// Reads a selector for a resource; an empty one selects everything. The error is the API server's message.
    pub(crate) fn parse(resource: &ResourceType, selector: &str) -> Result<Self, String> {
        let parts = split(selector);
        let comparisons = parts.iter().filter(|part| !part.is_empty()).map(|part| Comparison::parse(resource, part));
        comparisons.collect::<Result<_, _>>().map(Self)
    }

    /// Whether an object, in its storage form, passes all comparisons.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|comparison| comparison.holds(object))
    }
}

impl Comparison {
    fn parse(resource: &ResourceType, part: &str) -> Result<Self, String> {
        let split = |operator, equal| part.split_once(operator).map(|(name, value)| (name, value, equal));
        let found = split("!=", false).or_else(|| split("==", true)).or_else(|| split("=", true));
        let (name, value, equal) =
            found.ok_or_else(|| format!("invalid selector: '{part}'; can't understand '{part}'"))?;
        let known = METADATA.iter().chain(fields_of(resource)).find(|(field, _)| *field == name);
        let (_, pointers) = known.ok_or_else(|| unsupported(resource, name))?;
        Ok(Self { pointers, value: value.to_owned(), equal })
    }

    fn holds(&self, object: &Value) -> bool {
        (self.read(object) == self.value) == self.equal
    }

    fn read(&self, object: &Value) -> String {
        let missing = if self.pointers.iter().any(|pointer| BOOLEANS.contains(pointer)) { "false" } else { "" };
        let found = self.pointers.iter().find_map(|pointer| object.pointer(pointer));
        match found {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => missing.to_owned(),
        }
    }
}

/// Kinds with fields of their own say it one way, those with the default conversion another.
fn unsupported(resource: &ResourceType, name: &str) -> String {
    if resource.plural == "jobs" {
        format!("field label \"{name}\" not supported for Job")
    } else if resource.is_custom() || !fields_of(resource).is_empty() {
        format!("field label not supported: {name}")
    } else {
        format!("\"{name}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    }
}

/// Splits at commas that no backslash escapes, and drops the escapes.
fn split(selector: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in selector.chars() {
        match (c, escaped, parts.last_mut()) {
            ('\\', false, _) => {
                escaped = true;
                continue;
            }
            (',', false, _) => parts.push(String::new()),
            (_, _, Some(part)) => part.push(c),
            (_, _, None) => {}
        }
        escaped = false;
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::catalog;

    fn parse(plural: &str, selector: &str) -> Result<FieldSelector, String> {
        let group = if plural == "deployments" { "apps" } else { "" };
        FieldSelector::parse(catalog::find(group, "v1", plural).unwrap(), selector)
    }

    #[test]
    fn compares_fields() {
        let pod =
            json!({ "metadata": { "name": "a" }, "spec": { "nodeName": "oak-1" }, "status": { "phase": "Running" } });
        assert!(parse("pods", "status.phase=Running,spec.nodeName==oak-1").unwrap().matches(&pod));
        assert!(parse("pods", "status.phase!=Failed,spec.hostNetwork=false").unwrap().matches(&pod));
        assert!(!parse("pods", "metadata.name!=a").unwrap().matches(&pod));
        assert!(parse("pods", "").unwrap().matches(&pod));
    }

    #[test]
    fn an_event_without_source_has_its_reporter() {
        let event = json!({ "source": {}, "reportingComponent": "default-scheduler" });
        assert!(parse("events", "source=default-scheduler").unwrap().matches(&event));
    }

    #[test]
    fn unknown_fields_are_refused_as_the_api_server_does() {
        assert_eq!(parse("pods", "spec.color=red").unwrap_err(), "field label not supported: spec.color");
        assert_eq!(
            parse("deployments", "status.phase=x").unwrap_err(),
            "\"status.phase\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
        );
        assert!(parse("pods", "nonsense").unwrap_err().contains("can't understand"));
    }
}
