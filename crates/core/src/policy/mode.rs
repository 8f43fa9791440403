//! How much an executor may let through at all.

use std::str::FromStr;

use crate::kubectl::Verb;

/// What an executor lets through.
///
/// The grammar holds read-only verbs only, so the two wider modes add nothing yet ([`Mode::adds`]); no mode ever allows
/// credential, target or file flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Mode {
    /// Read-only verbs.
    #[default]
    ReadOnly,
    /// Read-only verbs and some more.
    ExtendedReadOnly,
    /// Everything but credential, target and file flags.
    FullAccess,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::ExtendedReadOnly, Self::FullAccess];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "readOnly",
            Self::ExtendedReadOnly => "extendedReadOnly",
            Self::FullAccess => "fullAccess",
        }
    }

    /// The verbs that it allows unless a policy names fewer: every verb of the grammar.
    #[must_use]
    pub const fn verbs(self) -> &'static [Verb] {
        match self {
            Self::ReadOnly | Self::ExtendedReadOnly | Self::FullAccess => &Verb::ALL,
        }
    }

    /// The verbs that it allows and [`Mode::ReadOnly`] does not: none yet, in any mode.
    #[must_use]
    pub fn adds(self) -> Vec<Verb> {
        let plain = Self::ReadOnly.verbs();
        self.verbs().iter().filter(|verb| !plain.contains(verb)).copied().collect()
    }
}

/// A text that names no [`Mode`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownMode;

impl std::fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the mode must be readOnly, extendedReadOnly or fullAccess")
    }
}

impl std::error::Error for UnknownMode {}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).ok_or(UnknownMode)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for mode in Mode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
        }
        assert_eq!("ReadOnly".parse::<Mode>(), Err(UnknownMode));
    }

    /// A mode that begins to add something must say so in the documentation and in the schema of the policy file.
    #[test]
    fn no_mode_adds_anything_yet() {
        for mode in Mode::ALL {
            assert_eq!((mode.verbs(), mode.adds()), (&Verb::ALL[..], vec![]), "{mode:?}");
        }
    }
}
