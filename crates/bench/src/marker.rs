//! Markers: each command carries one, and it says what the command does and prints.
//!
//! The stand-in for kubectl and the checker both read it, so what a command must answer is known without
//! asking Kubently.

use std::{fmt, fmt::Write as _, str::FromStr, time::Duration};

/// Output of a big command: enough to go ahead of the result in several chunks.
const BIG_LINES: u32 = 12_000;
/// The exit code of commands that fail.
pub const FAILURE: i32 = 3;

/// What a marked command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Behaviour {
    /// Prints its marker.
    Plain,
    /// Prints its marker to both outputs and exits with [`FAILURE`].
    Fails,
    /// Prints its marker after a second or two.
    Slow,
    /// Prints hundreds of KiB.
    Big,
}

impl Behaviour {
    const ALL: [(Self, &'static str); 4] =
        [(Self::Plain, "plain"), (Self::Fails, "fails"), (Self::Slow, "slow"), (Self::Big, "big")];

    fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(behaviour, _)| *behaviour == self).map_or("", |(_, word)| word)
    }
}

/// A command's mark: a DNS label, so that it can be a namespace.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marker {
    /// Differs between the commands of one run.
    pub number: u32,
    /// What the command does.
    pub behaviour: Behaviour,
}

/// What a marked command answers when it runs to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Its exit code.
    pub exit_code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Expected {
    /// Whether this is a beginning of the output, and then all of it.
    #[must_use]
    pub fn is_torn(&self, stdout: &[u8]) -> bool {
        let whole = self.stdout.as_bytes();
        let before = stdout.strip_suffix(whole).unwrap_or_default();
        !before.is_empty() && whole.starts_with(before)
    }
}

impl Marker {
    /// What it answers when it runs to its end.
    #[must_use]
    pub fn expected(self) -> Expected {
        let line = format!("{self}\n");
        match self.behaviour {
            Behaviour::Plain | Behaviour::Slow => Expected { exit_code: 0, stdout: line, stderr: String::new() },
            Behaviour::Fails => Expected { exit_code: FAILURE, stderr: format!("error: {line}"), stdout: line },
            Behaviour::Big => Expected { exit_code: 0, stdout: self.lines(), stderr: String::new() },
        }
    }

    /// How long it runs before it prints.
    #[must_use]
    pub fn pause(self) -> Duration {
        match self.behaviour {
            Behaviour::Slow => Duration::from_millis(1_000 + u64::from(self.number % 11) * 100),
            // Some take a moment, so that faults find more commands under way.
            Behaviour::Plain if self.number.is_multiple_of(4) => {
                Duration::from_millis(20 + u64::from(self.number % 101))
            }
            Behaviour::Plain | Behaviour::Fails | Behaviour::Big => Duration::ZERO,
        }
    }

    /// Numbered lines: a piece that is missing, repeated or swapped changes the whole.
    fn lines(self) -> String {
        (0..BIG_LINES).fold(String::new(), |mut text, line| {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{self} line {line} of {BIG_LINES}");
            text
        })
    }
}

impl fmt::Debug for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m-{:06}-{}", self.number, self.behaviour.as_str())
    }
}

/// The text is no marker.
#[derive(Debug, PartialEq, Eq)]
pub struct NoMarker;

impl FromStr for Marker {
    type Err = NoMarker;

    fn from_str(text: &str) -> Result<Self, NoMarker> {
        let (number, word) = text.strip_prefix("m-").and_then(|rest| rest.split_once('-')).ok_or(NoMarker)?;
        let behaviour = Behaviour::ALL.iter().find(|(_, known)| *known == word).ok_or(NoMarker)?.0;
        Ok(Self { number: number.parse().map_err(|_not_a_number| NoMarker)?, behaviour })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_survives_its_text() {
        for (behaviour, _) in Behaviour::ALL {
            let marker = Marker { number: 42, behaviour };
            assert_eq!(marker.to_string().parse(), Ok(marker));
        }
        for wrong in ["m-1", "m-x-plain", "x-1-plain", "m-1-other", ""] {
            assert_eq!(wrong.parse::<Marker>(), Err(NoMarker), "{wrong}");
        }
    }

    #[test]
    fn a_torn_output_begins_twice() {
        let expected = Marker { number: 1, behaviour: Behaviour::Plain }.expected();
        let torn = |text: &str| expected.is_torn(text.as_bytes());
        assert!(torn("m-00m-000001-plain\n") && torn("m-000001-plain\nm-000001-plain\n"));
        assert!(!torn("m-000001-plain\n") && !torn("xm-000001-plain\n") && !torn("m-000001") && !torn(""));
    }

    #[test]
    fn big_output_goes_in_chunks_and_fits_the_default_limit() {
        let length = Marker { number: 999_999, behaviour: Behaviour::Big }.expected().stdout.len();
        assert!((256 << 10..1 << 20).contains(&length), "{length}");
    }
}
