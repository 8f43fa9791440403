//! Rebuilds the canonical argument vector.

use std::{fmt::Display, time::Duration};

use super::{Verb, duration, flags::Flag};

/// A vector under construction. What is the default is left out.
pub(crate) struct Argv(Vec<String>);

impl Argv {
    /// A vector that starts with `verb`.
    pub(crate) fn new(verb: Verb) -> Self {
        Self(verb.as_str().split(' ').map(str::to_owned).collect())
    }

    /// Adds operands. None starts with a dash, because no name or type does, so no `--` is needed.
    pub(crate) fn operands(&mut self, operands: impl IntoIterator<Item = String>) {
        self.0.extend(operands);
    }

    /// Adds `--flag=value`, if there is a value.
    pub(crate) fn value(&mut self, flag: Flag, value: Option<impl Display>) {
        if let Some(value) = value {
            self.0.push(format!("--{}={value}", flag.long()));
        }
    }

    /// Adds a duration, if there is one.
    pub(crate) fn duration(&mut self, flag: Flag, value: Option<Duration>) {
        self.value(flag, value.map(duration::print));
    }

    /// Adds a list, if it is not empty.
    pub(crate) fn list(&mut self, flag: Flag, items: &[String]) {
        self.value(flag, (!items.is_empty()).then(|| items.join(",")));
    }

    /// Adds a boolean that is off by default.
    pub(crate) fn on(&mut self, flag: Flag, value: bool) {
        self.value(flag, value.then_some(true));
    }

    /// Adds a boolean that is on by default.
    pub(crate) fn off(&mut self, flag: Flag, value: bool) {
        self.value(flag, (!value).then_some(false));
    }

    /// The vector.
    pub(crate) fn into_vec(self) -> Vec<String> {
        self.0
    }
}
