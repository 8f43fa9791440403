//! Access reviews: everyone may read everything and write nothing.

use serde_json::{Value, json};

use super::{Failure, protobuf};
use crate::catalog::ResourceType;

const READS: [&str; 3] = ["get", "list", "watch"];

/// What a review asks about.
#[derive(Debug, Default, PartialEq, Eq)]
struct Question {
    namespace: String,
    verb: String,
    group: String,
    resource: String,
    path: String,
}

/// Answers a posted review.
pub(super) fn answer(resource: &ResourceType, body: &[u8]) -> Result<Value, Failure> {
    let mut review = json!({ "kind": resource.kind, "apiVersion": resource.group_version() });
    review["metadata"] = json!({ "creationTimestamp": null });
    match resource.kind {
        "SelfSubjectReview" => {
            review["status"] = json!({ "userInfo": { "username": "demo", "groups": ["system:authenticated"] } });
        }
        "SelfSubjectRulesReview" => review["status"] = rules(),
        _ => {
            let question = Question::read(body).ok_or_else(|| Failure::bad_request("the review cannot be read"))?;
            review["spec"] = question.spec();
            review["status"] = question.verdict();
        }
    }
    Ok(review)
}

fn rules() -> Value {
    json!({
        "incomplete": false,
        "resourceRules": [{ "verbs": READS, "apiGroups": ["*"], "resources": ["*"] }],
        "nonResourceRules": [{ "verbs": ["get"], "nonResourceURLs": ["*"] }],
    })
}

impl Question {
    fn read(body: &[u8]) -> Option<Self> {
        if let Some(review) = protobuf::object(body) {
            return review.message(2).map(Self::from_protobuf);
        }
        let review: Value = serde_json::from_slice(body).ok()?;
        let text = |pointer: &str| {
            review.pointer(&format!("/spec/{pointer}")).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let verb = if review.pointer("/spec/nonResourceAttributes").is_some() {
            text("nonResourceAttributes/verb")
        } else {
            text("resourceAttributes/verb")
        };
        Some(Self {
            verb,
            namespace: text("resourceAttributes/namespace"),
            group: text("resourceAttributes/group"),
            resource: text("resourceAttributes/resource"),
            path: text("nonResourceAttributes/path"),
        })
    }

    /// Field numbers of `SelfSubjectAccessReviewSpec`.
    fn from_protobuf(spec: protobuf::Message<'_>) -> Self {
        let owned = str::to_owned;
        match (spec.message(1), spec.message(2)) {
            (Some(of), _) => Self {
                namespace: owned(of.text(1)),
                verb: owned(of.text(2)),
                group: owned(of.text(3)),
                resource: owned(of.text(5)),
                path: String::new(),
            },
            (None, Some(of)) => Self { path: owned(of.text(1)), verb: owned(of.text(2)), ..Self::default() },
            (None, None) => Self::default(),
        }
    }

    fn spec(&self) -> Value {
        if self.path.is_empty() {
            let (namespace, verb) = (&self.namespace, &self.verb);
            let (group, resource) = (&self.group, &self.resource);
            json!({ "resourceAttributes": { "namespace": namespace, "verb": verb, "group": group, "resource": resource } })
        } else {
            json!({ "nonResourceAttributes": { "path": self.path, "verb": self.verb } })
        }
    }

    fn verdict(&self) -> Value {
        if READS.contains(&self.verb.as_str()) {
            json!({ "allowed": true, "reason": "the demo cluster can be read by everyone" })
        } else {
            json!({ "allowed": false, "reason": "the demo cluster cannot be changed" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(verb: &str) -> Option<bool> {
        let review = json!({ "spec": { "resourceAttributes": { "verb": verb, "resource": "pods" } } });
        Question::read(review.to_string().as_bytes()).and_then(|question| question.verdict()["allowed"].as_bool())
    }

    #[test]
    fn reads_are_allowed_and_writes_are_not() {
        assert_eq!(verdict("list"), Some(true));
        assert_eq!(verdict("delete"), Some(false));
        assert_eq!(verdict("*"), Some(false));
    }
}
