//! Values that must not leave the cluster; plain data for the part of an executor that hides them.

/// What a policy says about secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Secrets {
    /// Commands that would show the content of secrets are refused, in every spelling.
    #[default]
    Deny,
    /// They run, and the executor hides the values in what they print.
    Redact,
}

impl Secrets {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Deny, Self::Redact];

    /// The name in a policy file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Redact => "redact",
        }
    }
}

/// Names of environment variables whose values are hidden unless a policy says otherwise.
pub const DEFAULT_ENV_NAME_PATTERNS: [&str; 9] = [
    "*PASSWORD*",
    "*PASSWD*",
    "*SECRET*",
    "*TOKEN*",
    "*API_KEY*",
    "*APIKEY*",
    "*ACCESS_KEY*",
    "*PRIVATE_KEY*",
    "*CREDENTIAL*",
];

/// Which values are hidden in what a command prints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redaction {
    /// Whether anything is hidden. While nothing is, secrets are not shown either, whatever [`Secrets`] says.
    pub enabled: bool,
    /// Names of environment variables whose values are hidden. `*` stands for any text, the empty one too; case does not
    /// matter.
    pub env_name_patterns: Vec<String>,
}

impl Default for Redaction {
    fn default() -> Self {
        Self { enabled: true, env_name_patterns: DEFAULT_ENV_NAME_PATTERNS.map(str::to_owned).to_vec() }
    }
}

impl Redaction {
    /// Whether the value of the environment variable `name` is to be hidden.
    #[must_use]
    pub fn hides_env(&self, name: &str) -> bool {
        self.enabled && self.env_name_patterns.iter().any(|pattern| glob(pattern.as_bytes(), name.as_bytes()))
    }
}

/// Whether `text` fits `pattern`, in time proportional to the product of their lengths: after a mismatch only the last
/// `*` takes one byte more.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut seen) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(seen) {
        match (pattern.get(at), star) {
            (Some(b'*'), _) => {
                star = Some((at, seen));
                at += 1;
            }
            (Some(wanted), _) if wanted.eq_ignore_ascii_case(byte) => {
                at += 1;
                seen += 1;
            }
            (_, Some((after, taken))) => {
                star = Some((after, taken + 1));
                at = after + 1;
                seen = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_hides_what_looks_like_a_credential() {
        let redaction = Redaction::default();
        for name in ["DB_PASSWORD", "password", "GITHUB_TOKEN", "MyApiKey", "AWS_SECRET_ACCESS_KEY", "x_credentials"] {
            assert!(redaction.hides_env(name), "{name}");
        }
        for name in ["PATH", "PASS", "LOG_LEVEL", ""] {
            assert!(!redaction.hides_env(name), "{name}");
        }
        assert!(!Redaction { enabled: false, ..redaction }.hides_env("DB_PASSWORD"));
    }

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, fits) in [
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*", "A", true),
            ("a*c", "abbc", true),
            ("a*c", "abbcd", false),
            ("*ab*ab*", "xabyabz", true),
            ("*ab*ab*", "xaby", false),
            ("a", "ab", false),
            ("**b", "aab", true),
            ("*aab", "aaab", true),
            ("*é*", "café!", true),
        ] {
            assert_eq!(glob(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        let (pattern, text) = (format!("{}b", "*a".repeat(60)), "a".repeat(10_000));
        assert!(!glob(pattern.as_bytes(), text.as_bytes()));
    }
}
