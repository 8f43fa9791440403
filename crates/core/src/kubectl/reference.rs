//! What each verb takes, for people and documents.

use super::{
    Verb,
    flags::{self, Flag, Kind},
};

/// A flag as it may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlagUse {
    /// The long name, without dashes.
    pub long: &'static str,
    /// The short name.
    pub short: Option<char>,
    /// What its value is, in words; nothing for a boolean.
    pub value: Option<&'static str>,
    /// Whether repeated flags add up; of all others the last one wins.
    pub adds_up: bool,
}

/// The flags of `verb` itself; without a verb the flags that all take, also in front of the verb. Sorted by name.
#[must_use]
pub fn flag_uses(verb: Option<Verb>) -> Vec<FlagUse> {
    verb.map_or(flags::GLOBAL, flags::of_verb).iter().map(|flag| describe(*flag)).collect()
}

fn describe(flag: Flag) -> FlagUse {
    let kind = flag.kind();
    FlagUse { long: flag.long(), short: flag.short(), value: value_of(kind), adds_up: kind == Kind::List }
}

const fn value_of(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Bool => None,
        Kind::Int(..) => Some("number"),
        Kind::Duration => Some("duration"),
        Kind::Timeout => Some("duration or seconds"),
        Kind::Namespace => Some("namespace"),
        Kind::Name => Some("name"),
        Kind::Object => Some("type/name"),
        Kind::Word => Some("word"),
        Kind::List => Some("words"),
        Kind::Text => Some("text"),
        Kind::Output => Some("format"),
        Kind::Time => Some("time"),
        Kind::Verbosity => Some("0 to 5"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_sorted_by_name() {
        for verb in Verb::ALL.map(Some).into_iter().chain([None]) {
            assert!(flag_uses(verb).is_sorted_by(|a, b| a.long < b.long), "{verb:?}");
        }
    }
}
