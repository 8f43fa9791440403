//! Secrets are taken out of what was read, before anything prints, selects or sends it.
//!
//! Each is replaced by a pseudonym, `<redacted:3fa2c1>`: equal values have equal ones, so two places can still be
//! compared, and there is no way back without the key. What is found, and what is not, is in `docs/redaction.md`.

mod aws;
mod base64;
mod bearer;
mod bytes;
mod embedded;
mod gate;
mod glob;
mod held;
mod keys;
mod names;
mod object;
mod pairs;
mod pem;
mod pseudonym;
mod scan;
mod secret;
mod stream;
mod url;
mod value;
mod words;

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;

pub use names::{DEFAULT_EXCEPTIONS, DEFAULT_NAMES};
pub use stream::TextRedactor;

use names::Names;
use pseudonym::Pseudonyms;

/// What is redacted by name, and whether anything is.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Off: everything passes unchanged.
    pub enabled: bool,
    /// Names of environment variables and the like whose values are secret: globs with `*` and `?`, compared in upper
    /// case with `_` between words, so that `DB_PASSWORD`, `db.password` and `dbPassword` are one name.
    pub names: Vec<String>,
    /// Names whose values are not secret although one of `names` matches, such as `*_FILE`.
    pub exceptions: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let owned = |list: &[&str]| list.iter().map(|&name| name.to_owned()).collect();
        Self { enabled: true, names: owned(DEFAULT_NAMES), exceptions: owned(DEFAULT_EXCEPTIONS) }
    }
}

/// Finds secrets and replaces them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Redactor {
    rules: Arc<Rules>,
}

/// What a redactor knows, the same for all of its clones.
#[derive(Debug)]
struct Rules {
    enabled: bool,
    names: Names,
    pseudonyms: Pseudonyms,
}

impl Redactor {
    /// `key` must be random and stay here: who has it can check guesses. Pseudonyms of different keys have nothing to
    /// do with each other.
    #[must_use]
    pub fn new(key: &[u8; 32], settings: &Settings) -> Self {
        let names = Names::new(&settings.names, &settings.exceptions);
        let rules = Rules { enabled: settings.enabled, names, pseudonyms: Pseudonyms::new(key) };
        Self { rules: Arc::new(rules) }
    }

    /// Whether anything is redacted.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.rules.enabled
    }

    /// Redacts an object, a list or a table as the API gives it, in place.
    pub fn object(&self, object: &mut Value) {
        if self.rules.enabled {
            object::Walk::new(&self.rules).document(object);
        }
    }

    /// `text` without its secrets, the same text when there are none.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.rules.text(text)
    }

    /// For text that comes in pieces, such as logs.
    #[must_use]
    pub fn stream(&self) -> TextRedactor {
        TextRedactor::new(Arc::clone(&self.rules))
    }
}

impl Rules {
    fn text<'a>(self: &Arc<Self>, text: &'a str) -> Cow<'a, str> {
        if !self.enabled || self.names.gate.rules(text.as_bytes()) == 0 {
            return Cow::Borrowed(text);
        }
        TextRedactor::new(Arc::clone(self)).whole(text)
    }
}

#[cfg(test)]
mod corpus_tests;
#[cfg(test)]
mod property_tests;
