//! The policy file as it is written: names and shapes only. What the values may be is [`reader`](crate::reader)'s.
//!
//! A field that is there must have a value: a name with nothing behind it would otherwise read like a field that is not
//! there, which allows more.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_saphyr::Spanned;

/// A text with its place.
pub(crate) type Text = Spanned<String>;

/// `true` or `false`; not a text that reads like it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Switch(pub(crate) bool);

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnlyBool;
        impl de::Visitor<'_> for OnlyBool {
            type Value = Switch;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Switch, E> {
                Ok(Switch(value))
            }
        }
        deserializer.deserialize_any(OnlyBool)
    }
}

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Document {
    #[serde(default, deserialize_with = "given")]
    pub(crate) mode: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) verbs: Option<Vec<Text>>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) resources: Option<Resources>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) namespaces: Option<Namespaces>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) flags: Option<Flags>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) secrets: Option<Text>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) redaction: Option<Redaction>,
}

/// `resources`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Resources {
    #[serde(default, deserialize_with = "given")]
    pub(crate) allow: Option<Vec<Text>>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) deny: Option<Vec<Text>>,
}

/// `namespaces`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Namespaces {
    #[serde(default, deserialize_with = "given")]
    pub(crate) allow: Option<Vec<Text>>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) deny: Option<Vec<Text>>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) all_namespaces: Option<Spanned<Switch>>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) cluster_scoped: Option<Spanned<Switch>>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) namespaced_types: Option<Vec<Text>>,
}

/// `flags`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Flags {
    #[serde(default, deserialize_with = "given")]
    pub(crate) deny: Option<Vec<Text>>,
}

/// `redaction`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Redaction {
    #[serde(default, deserialize_with = "given")]
    pub(crate) enabled: Option<Spanned<Switch>>,
    #[serde(default, deserialize_with = "given")]
    pub(crate) env_name_patterns: Option<Vec<Text>>,
}

impl Document {
    /// The first map without a field, by its name; empty for the whole. Whoever wrote it meant to say something.
    pub(crate) fn hollow(&self) -> Option<&'static str> {
        let Self { mode, verbs, resources, namespaces, flags, secrets, redaction } = self;
        let texts = mode.is_none() && verbs.is_none() && secrets.is_none();
        if texts && resources.is_none() && namespaces.is_none() && flags.is_none() && redaction.is_none() {
            return Some("");
        }
        let hollow = [
            ("resources", resources.as_ref().is_some_and(|it| it.allow.is_none() && it.deny.is_none())),
            ("namespaces", namespaces.as_ref().is_some_and(Namespaces::is_hollow)),
            ("flags", flags.as_ref().is_some_and(|it| it.deny.is_none())),
            ("redaction", redaction.as_ref().is_some_and(|it| it.enabled.is_none() && it.env_name_patterns.is_none())),
        ];
        hollow.into_iter().find(|(_, hollow)| *hollow).map(|(name, _)| name)
    }
}

impl Namespaces {
    const fn is_hollow(&self) -> bool {
        let lists = self.allow.is_none() && self.deny.is_none() && self.namespaced_types.is_none();
        lists && self.all_namespaces.is_none() && self.cluster_scoped.is_none()
    }
}

/// A value that must be there because its name is.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
