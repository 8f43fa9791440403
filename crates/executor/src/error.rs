//! Why an executor does not start. What happens later is retried and logged, never returned.

use std::fmt;

/// Why [`crate::bind`] failed.
#[derive(Debug)]
pub enum Error {
    /// A setting breaks a rule.
    Setting {
        /// The setting, as [`crate::Config`] spells it.
        name: &'static str,
        /// What is wrong, and what would be right.
        rule: String,
    },
    /// No engine can be had; says what was tried.
    Engine(String),
    /// The policy file cannot be used.
    Policy(kubently_policy::Error),
    /// The TLS settings cannot be used.
    Tls(String),
}

impl Error {
    pub(crate) fn setting(name: &'static str, rule: impl Into<String>) -> Self {
        Self::Setting { name, rule: rule.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { name, rule } => write!(f, "setting {name}: {rule}"),
            Self::Engine(cause) => write!(f, "no engine: {cause}"),
            Self::Policy(error) => error.fmt(f),
            Self::Tls(cause) => write!(f, "TLS: {cause}"),
        }
    }
}

impl std::error::Error for Error {}
