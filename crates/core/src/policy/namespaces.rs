//! Namespaces that a policy shows.

use std::fmt;

use super::resources;
use crate::kubectl::{Command, NamespaceScope, ResourceType};

/// Longest namespace: a DNS label, in characters.
const MAX_LABEL: usize = 63;
/// Where `cluster-info` looks.
const CLUSTER_INFO: &str = "kube-system";

/// A namespace by its name, or all that start alike: `shop`, `team-*`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamespacePattern(String);

/// A text that is no [`NamespacePattern`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidPattern;

impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be the name of a namespace, or the start of names followed by *, such as shop or team-*")
    }
}

impl std::error::Error for InvalidPattern {}

impl NamespacePattern {
    /// Reads a name or a pattern.
    ///
    /// # Errors
    /// When no namespace can have such a name. `*` alone is no pattern: it would limit nothing.
    pub fn parse(text: &str) -> Result<Self, InvalidPattern> {
        let prefix = text.strip_suffix('*');
        let name = prefix.unwrap_or(text);
        let may_end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let may_hold = |byte: &u8| may_end(byte) || *byte == b'-';
        let shaped = name.len() <= MAX_LABEL && name.bytes().all(|byte| may_hold(&byte));
        let starts = name.as_bytes().first().is_some_and(may_end);
        let ends = prefix.is_some() || name.as_bytes().last().is_some_and(may_end);
        (shaped && starts && ends).then(|| Self(text.to_owned())).ok_or(InvalidPattern)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the namespace `name` is meant.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.0.strip_suffix('*').map_or(self.0 == name, |prefix| name.starts_with(prefix))
    }
}

impl fmt::Display for NamespacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which namespaces are shown. The default limits nothing; the other fields count only where `allowed` or `denied` does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NamespaceRules {
    /// The only namespaces that are shown; nothing means all.
    pub allowed: Option<Vec<NamespacePattern>>,
    /// Namespaces that are not shown, whatever is allowed.
    pub denied: Vec<NamespacePattern>,
    /// Whether `-A` is allowed all the same; it also shows what is denied.
    pub all_namespaces: bool,
    /// Whether resources that are in no namespace are shown. They may tell about other namespaces: a node its pods.
    pub cluster_scoped: bool,
    /// Custom resources that are known to be in namespaces; any other one may be in none. The category `all` may hold
    /// such resources, so it can be named here too.
    pub namespaced_types: Vec<ResourceType>,
}

impl NamespaceRules {
    /// Whether some namespace is not shown.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        self.allowed.is_some() || !self.denied.is_empty()
    }

    /// Whether objects of `resource` are surely in namespaces.
    pub(super) fn is_namespaced(&self, resource: &ResourceType) -> bool {
        resources::is_namespaced(resource)
            || self.namespaced_types.iter().any(|listed| resources::contains(listed, resource))
    }

    /// The namespaces that are shown, for a refusal.
    pub(super) fn shown(&self) -> String {
        let list = |patterns: &[NamespacePattern]| {
            patterns.iter().map(NamespacePattern::as_str).collect::<Vec<_>>().join(", ")
        };
        match (&self.allowed, self.denied.is_empty()) {
            (Some(allowed), true) => list(allowed),
            (Some(allowed), false) => format!("{} (but not {})", list(allowed), list(&self.denied)),
            (None, _) => format!("any but {}", list(&self.denied)),
        }
    }
}

/// Which namespaces a command looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View<'a> {
    /// None: it is about the cluster, or about no object at all.
    None,
    /// One.
    One(&'a str),
    /// The executor's default one, and which that is, is not known here.
    Unknown,
    /// All.
    All,
}

impl<'a> View<'a> {
    pub(super) fn of(command: &'a Command, default: Option<&'a str>) -> Self {
        let types = command.resource_types();
        if let Command::ClusterInfo(_) = command {
            return Self::One(CLUSTER_INFO);
        }
        if types.iter().all(resources::is_cluster_scoped) {
            return Self::None;
        }
        match command.namespace() {
            NamespaceScope::All => Self::All,
            NamespaceScope::Named(name) if !name.is_empty() => Self::One(name),
            // kubectl takes an empty name for none.
            NamespaceScope::Named(_) | NamespaceScope::Default => default.map_or(Self::Unknown, Self::One),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_or_the_start_of_names() {
        for text in ["shop", "a", "0", "team-*", "team*", "t*"] {
            assert_eq!(NamespacePattern::parse(text).unwrap().as_str(), text);
        }
        let long = "x".repeat(64);
        for text in ["", "*", "-a", "a-", "A", "a.b", "*-a", "a*b", "a**", "a b", "-*", &long] {
            assert_eq!(NamespacePattern::parse(text), Err(InvalidPattern), "{text}");
        }
    }

    #[test]
    fn a_pattern_matches_whole_names() {
        for (pattern, name, matches) in [
            ("shop", "shop", true),
            ("shop", "shop-2", false),
            ("team-*", "team-a", true),
            ("team-*", "team-", true),
            ("team-*", "team", false),
            ("team-*", "my-team-a", false),
        ] {
            assert_eq!(NamespacePattern::parse(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_shown_is_said_in_words() {
        let patterns = |texts: &[&str]| texts.iter().map(|text| NamespacePattern::parse(text).unwrap()).collect();
        let allowed = NamespaceRules { allowed: Some(patterns(&["shop", "team-*"])), ..NamespaceRules::default() };
        assert_eq!(allowed.shown(), "shop, team-*");
        let denied = NamespaceRules { denied: patterns(&["kube-system"]), ..NamespaceRules::default() };
        assert_eq!(denied.shown(), "any but kube-system");
        let both = NamespaceRules { denied: patterns(&["team-x"]), ..allowed };
        assert_eq!(both.shown(), "shop, team-* (but not team-x)");
    }
}
