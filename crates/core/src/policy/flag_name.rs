//! A flag by its name.

use std::fmt;

use crate::kubectl::{self, Verb};

/// The long name of a flag that some verb takes: `follow`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FlagName(String);

/// A text that names no flag of the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownFlag;

impl fmt::Display for UnknownFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be the long name of a flag that some verb takes, such as follow or all-namespaces")
    }
}

impl std::error::Error for UnknownFlag {}

impl FlagName {
    /// Reads a long name, with or without the two dashes.
    ///
    /// # Errors
    /// When no verb takes such a flag.
    pub fn parse(text: &str) -> Result<Self, UnknownFlag> {
        let name = text.strip_prefix("--").unwrap_or(text);
        let spelled = format!("--{name}");
        let known = kubectl::flag_names(&Verb::ALL).contains(&spelled);
        known.then(|| Self(name.to_owned())).ok_or(UnknownFlag)
    }

    /// The name without dashes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `argument` of a rebuilt vector is this flag. There flags are always `--flag=value`, and no operand starts
    /// with a dash.
    pub(super) fn is(&self, argument: &str) -> bool {
        argument.strip_prefix("--").and_then(|rest| rest.split('=').next()) == Some(self.as_str())
    }
}

impl fmt::Display for FlagName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_long_names_of_flags_are_names() {
        for text in ["follow", "--follow", "all-namespaces", "v"] {
            assert!(FlagName::parse(text).is_ok(), "{text}");
        }
        for text in ["f", "-f", "---follow", "", "kubeconfig", "Follow", "follow=true"] {
            assert_eq!(FlagName::parse(text), Err(UnknownFlag), "{text}");
        }
    }
}
