//! What a policy decides about a command, and which of its settings did.

use crate::refusal::Refusal;

macro_rules! settings {
    ($($(#[$doc:meta])* $setting:ident => $name:literal;)*) => {
        /// The part of a policy that refused a command, named like the field of a policy file.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Setting { $($(#[$doc])* $setting),* }

        impl Setting {
            /// Every setting.
            pub const ALL: &'static [Self] = &[$(Self::$setting),*];

            /// The path of the field in a policy file.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$setting => $name),* }
            }
        }
    };
}

settings! {
    /// The verbs that are allowed.
    Verbs => "verbs";
    /// Not in a file: whether the caller reads a stream.
    Streaming => "streaming";
    /// The flags that are denied.
    DeniedFlags => "flags.deny";
    /// Whether secrets are shown with their values hidden.
    Secrets => "secrets";
    /// The resource types that are denied.
    DeniedResources => "resources.deny";
    /// The only resource types that are allowed.
    AllowedResources => "resources.allow";
    /// The namespaces that are denied.
    DeniedNamespaces => "namespaces.deny";
    /// The only namespaces that are allowed.
    AllowedNamespaces => "namespaces.allow";
    /// Whether `-A` is allowed where namespaces are limited.
    AllNamespaces => "namespaces.allNamespaces";
    /// Whether what is in no namespace is shown where namespaces are limited.
    ClusterScoped => "namespaces.clusterScoped";
}

/// What a policy decides about one command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It may run: no setting is against it.
    Allowed,
    /// It may not run.
    Refused {
        /// The first setting that is against it.
        setting: Setting,
        /// Why.
        refusal: Refusal,
    },
}

impl Decision {
    /// Whether it may run.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// What grammar and policy together decide about one argument vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The vector that would run, rebuilt from what was understood; empty when the grammar refused it.
    pub argv: Vec<String>,
    /// The setting of the policy that refused it; none when the grammar did, or nothing.
    pub setting: Option<Setting>,
    /// Why it may not run; none when it may.
    pub refusal: Option<Refusal>,
}

impl Judgement {
    /// Whether the command may run.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        self.refusal.is_none()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn settings_have_distinct_names() {
        let names: HashSet<_> = Setting::ALL.iter().map(|setting| setting.as_str()).collect();
        assert_eq!(names.len(), Setting::ALL.len());
    }
}
