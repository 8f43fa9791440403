//! Why a command may not run: which rule, which argument, and what would be allowed.

use std::fmt;

/// Longest piece of the caller's own argument that a refusal repeats, in characters.
const MAX_QUOTED: usize = 80;

macro_rules! rules {
    ($($(#[$doc:meta])* $rule:ident => $name:literal;)*) => {
        /// The rule a command breaks; its name is stable and may be matched by clients.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rule { $($(#[$doc])* $rule),* }

        impl Rule {
            /// Every rule.
            pub const ALL: &'static [Self] = &[$(Self::$rule),*];

            /// The stable kebab-case name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$rule => $name),* }
            }
        }
    };
}

rules! {
    /// There is no verb.
    EmptyCommand => "empty-command";
    /// More arguments, longer arguments or more bytes in all than the grammar reads.
    TooLong => "too-long";
    /// NUL, a control character or an invisible direction mark inside an argument.
    ControlCharacter => "control-character";
    /// Not a verb of kubectl; kubectl would look for a plugin.
    UnknownVerb => "unknown-verb";
    /// A verb or subcommand that exists but may not run.
    VerbNotAllowed => "verb-not-allowed";
    /// Something that starts like a flag and is none (`---x`, `--=x`).
    BadFlagSyntax => "bad-flag-syntax";
    /// A flag that is not on the verb's list.
    UnknownFlag => "unknown-flag";
    /// A flag that changes identity, target or files; never allowed.
    DeniedFlag => "denied-flag";
    /// A flag without the value it needs.
    MissingValue => "missing-value";
    /// A value that starts with a dash: a flag hidden as another flag's value.
    FlagLikeValue => "flag-like-value";
    /// A value the flag does not take.
    InvalidValue => "invalid-value";
    /// An output format that reads a file.
    FileOutput => "file-output";
    /// A namespace that is not a DNS label.
    InvalidNamespace => "invalid-namespace";
    /// A resource type that cannot be one.
    InvalidResource => "invalid-resource";
    /// An object name that cannot be one.
    InvalidName => "invalid-name";
    /// An argument the verb needs is missing.
    MissingArgument => "missing-argument";
    /// An argument the verb does not take.
    UnexpectedArgument => "unexpected-argument";
    /// Arguments that exclude each other.
    ConflictingArguments => "conflicting-arguments";
    /// Follow or watch outside of a streaming command.
    StreamingNotRequested => "streaming-not-requested";
    /// A resource whose content this policy does not show.
    RestrictedResource => "restricted-resource";
    /// A resource that is not among those that this policy shows.
    ResourceNotAllowed => "resource-not-allowed";
    /// A namespace that this policy does not show.
    NamespaceNotAllowed => "namespace-not-allowed";
    /// Something that is in no namespace, where this policy shows namespaces only.
    ClusterScopeNotAllowed => "cluster-scope-not-allowed";
    /// A harmless flag that this policy denies.
    FlagNotAllowed => "flag-not-allowed";
}

/// A command that may not run. Nothing ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The rule it breaks.
    pub rule: Rule,
    /// The argument at fault, shortened and escaped; of a denied flag only its name, never its value.
    pub argument: Option<String>,
    /// The argument's position in the vector as it was given, from 0; none where it was understood, not read: the policy
    /// judges what arguments mean.
    pub index: Option<usize>,
    /// One sentence for people.
    pub message: String,
    /// What would be allowed instead.
    pub allowed: String,
}

impl Refusal {
    /// A refusal that no single argument causes.
    pub fn new(rule: Rule, message: impl Into<String>, allowed: impl Into<String>) -> Self {
        Self { rule, argument: None, index: None, message: message.into(), allowed: allowed.into() }
    }

    /// The same refusal, caused by `argument` at `index`.
    #[must_use]
    pub fn at(mut self, argument: &str, index: usize) -> Self {
        self.argument = Some(quote(argument));
        self.index = Some(index);
        self
    }

    /// The same refusal, caused by `argument`, wherever it was.
    #[must_use]
    pub fn about(mut self, argument: &str) -> Self {
        self.argument = Some(quote(argument));
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.as_str(), self.message)?;
        match (&self.argument, self.index) {
            (Some(argument), Some(index)) => write!(f, " (argument {index}: \"{argument}\")")?,
            (Some(argument), None) => write!(f, " (argument \"{argument}\")")?,
            (None, _) => {}
        }
        if self.allowed.is_empty() { Ok(()) } else { write!(f, "; allowed: {}", self.allowed) }
    }
}

impl std::error::Error for Refusal {}

/// A caller's text as it may be shown: short, ASCII and without control characters.
pub(crate) fn quote(text: &str) -> String {
    text.chars().take(MAX_QUOTED).flat_map(char::escape_default).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn rule_names_are_distinct_kebab_case() {
        let names: HashSet<_> = Rule::ALL.iter().map(|rule| rule.as_str()).collect();
        assert_eq!(names.len(), Rule::ALL.len());
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')));
    }

    #[test]
    fn says_rule_argument_and_what_is_allowed() {
        let refusal = Refusal::new(Rule::DeniedFlag, "changes the target", "--namespace").at("--server", 2);
        let text = "denied-flag: changes the target (argument 2: \"--server\"); allowed: --namespace";
        assert_eq!(refusal.to_string(), text);
        let refusal = Refusal::new(Rule::NamespaceNotAllowed, "not shown", "-n shop").about("web");
        assert_eq!(refusal.to_string(), "namespace-not-allowed: not shown (argument \"web\"); allowed: -n shop");
    }

    #[test]
    fn quoted_arguments_are_short_and_harmless() {
        let refusal = Refusal::new(Rule::InvalidName, "m", "a").at(&"\u{1b}[2J\u{202e}".repeat(100), 0);
        let argument = refusal.argument.unwrap();
        assert!(argument.bytes().all(|b| b.is_ascii_graphic()));
        assert!(argument.len() < 1_000);
    }
}
