//! The verbs that exist for us, and the ones of kubectl that do not.

use super::near;
use crate::refusal::{Refusal, Rule};

/// What a command does; a subcommand counts as its own verb, so that policy can name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// `get`
    Get,
    /// `describe`
    Describe,
    /// `logs`
    Logs,
    /// `top pod`
    TopPod,
    /// `top node`
    TopNode,
    /// `explain`
    Explain,
    /// `events`
    Events,
    /// `api-resources`
    ApiResources,
    /// `api-versions`
    ApiVersions,
    /// `version`
    Version,
    /// `cluster-info` (never `cluster-info dump`)
    ClusterInfo,
    /// `auth can-i`
    AuthCanI,
    /// `auth whoami`
    AuthWhoami,
    /// `rollout status`
    RolloutStatus,
    /// `rollout history`
    RolloutHistory,
}

/// The rest of kubectl 1.33's verbs, so that a refusal can tell a forbidden verb from a misspelt one.
const FORBIDDEN: &[&str] = &[
    "alpha",
    "annotate",
    "apply",
    "attach",
    "autoscale",
    "certificate",
    "completion",
    "config",
    "cordon",
    "cp",
    "create",
    "debug",
    "delete",
    "diff",
    "drain",
    "edit",
    "exec",
    "expose",
    "help",
    "kustomize",
    "label",
    "options",
    "patch",
    "plugin",
    "port-forward",
    "proxy",
    "replace",
    "run",
    "scale",
    "set",
    "taint",
    "uncordon",
    "wait",
];

impl Verb {
    /// Every verb.
    pub const ALL: [Self; 15] = [
        Self::Get,
        Self::Describe,
        Self::Logs,
        Self::TopPod,
        Self::TopNode,
        Self::Explain,
        Self::Events,
        Self::ApiResources,
        Self::ApiVersions,
        Self::Version,
        Self::ClusterInfo,
        Self::AuthCanI,
        Self::AuthWhoami,
        Self::RolloutStatus,
        Self::RolloutHistory,
    ];

    /// The verb as it is typed, with its subcommand: `get`, `rollout status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Describe => "describe",
            Self::Logs => "logs",
            Self::TopPod => "top pod",
            Self::TopNode => "top node",
            Self::Explain => "explain",
            Self::Events => "events",
            Self::ApiResources => "api-resources",
            Self::ApiVersions => "api-versions",
            Self::Version => "version",
            Self::ClusterInfo => "cluster-info",
            Self::AuthCanI => "auth can-i",
            Self::AuthWhoami => "auth whoami",
            Self::RolloutStatus => "rollout status",
            Self::RolloutHistory => "rollout history",
        }
    }

    /// Whether `head` has subcommands, so that the next operand belongs to the verb.
    pub(crate) fn has_subcommand(head: &str) -> bool {
        matches!(head, "auth" | "rollout" | "top")
    }

    /// The verb that `head` and, where it has one, its subcommand spell. kubectl knows the plurals of `top` as aliases.
    pub(crate) fn from_words(head: &str, sub: Option<&str>) -> Result<Self, Refusal> {
        let sub = match (head, sub) {
            ("top", Some("pod" | "pods" | "po")) => Some("pod"),
            ("top", Some("node" | "nodes" | "no")) => Some("node"),
            (_, other) => other,
        };
        let verb = Self::ALL.into_iter().find(|verb| match (verb.as_str().split_once(' '), sub) {
            (Some((first, second)), Some(sub)) => first == head && second == sub,
            (None, None) => verb.as_str() == head,
            _ => false,
        });
        verb.ok_or_else(|| refuse(head, sub))
    }
}

/// The refusal for words that are no allowed verb.
fn refuse(head: &str, sub: Option<&str>) -> Refusal {
    let head = crate::refusal::quote(head);
    let (rule, message) = match sub {
        Some(sub) => {
            (Rule::VerbNotAllowed, format!("\"{head} {}\" is not an allowed verb", crate::refusal::quote(sub)))
        }
        None if Verb::has_subcommand(&head) => (Rule::MissingArgument, format!("\"{head}\" needs a subcommand")),
        None if FORBIDDEN.contains(&head.as_str()) => (Rule::VerbNotAllowed, format!("\"{head}\" is not allowed")),
        None => (Rule::UnknownVerb, format!("\"{head}\" is not a verb of kubectl{}", hint(&head))),
    };
    Refusal::new(rule, message, allowed())
}

/// The verb that a misspelt one may have meant, as a question.
fn hint(head: &str) -> String {
    let heads = Verb::ALL.map(|verb| verb.as_str().split(' ').next().unwrap_or_default());
    near::nearest(head, heads).map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default()
}

/// The allowed verbs for a refusal.
pub(crate) fn allowed() -> String {
    Verb::ALL.map(Verb::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_found_by_its_words() {
        for verb in Verb::ALL {
            let (head, sub) = verb.as_str().split_once(' ').map_or((verb.as_str(), None), |(h, s)| (h, Some(s)));
            assert_eq!(Verb::from_words(head, sub), Ok(verb));
            assert_eq!(Verb::has_subcommand(head), sub.is_some());
        }
    }

    #[test]
    fn tells_forbidden_from_unknown() {
        let rule = |head, sub| Verb::from_words(head, sub).unwrap_err().rule;
        assert_eq!(rule("delete", None), Rule::VerbNotAllowed);
        assert_eq!(rule("rollout", Some("restart")), Rule::VerbNotAllowed);
        assert_eq!(rule("auth", Some("reconcile")), Rule::VerbNotAllowed);
        assert_eq!(rule("rollout", None), Rule::MissingArgument);
        assert_eq!(rule("my-plugin", None), Rule::UnknownVerb);
        assert_eq!(rule("GET", None), Rule::UnknownVerb);
        assert_eq!(rule("get", Some("pods")), Rule::VerbNotAllowed);
        let message = |head| Verb::from_words(head, None).unwrap_err().message;
        assert!(message("descibe").ends_with("did you mean \"describe\"?"));
        assert!(message("zap").ends_with("not a verb of kubectl"));
    }
}
