//! What a resource name means, as kubectl's REST mapper with its short names has it; pure.
//!
//! The rules are those of `ParseResourceArg` and `DefaultRESTMapper` in k8s.io/apimachinery and of the shortcut expander
//! in k8s.io/client-go.

use super::catalog::{Catalog, Resource};

/// A name as it was typed, taken apart; empty is what was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked<'a> {
    name: &'a str,
    version: &'a str,
    group: &'a str,
}

impl<'a> Asked<'a> {
    /// `TYPE.VERSION.GROUP` before `TYPE.GROUP`: a group may have dots, too.
    fn readings(text: &'a str) -> impl Iterator<Item = Self> {
        let (name, group) = text.split_once('.').unwrap_or((text, ""));
        let versioned = group.split_once('.').map(|(version, group)| Self { name, version, group });
        versioned.into_iter().chain([Self { name, version: "", group }])
    }

    fn any_version_of(resource: &'a Resource) -> Self {
        Self { name: &resource.plural, version: "", group: &resource.group }
    }

    fn has_group_of(&self, resource: &Resource) -> bool {
        self.group.is_empty() || self.group == resource.group
    }

    fn has_version_of(&self, resource: &Resource) -> bool {
        self.version.is_empty() || self.version == resource.version
    }

    /// Without a version, the beginning of a group will do.
    fn is_served_with(&self, resource: &Resource) -> bool {
        let begins = self.version.is_empty() && resource.group.starts_with(self.group);
        self.has_version_of(resource) && (begins || self.has_group_of(resource))
    }
}

impl Catalog {
    /// The type that `text` means: a name as in [`Self::find_named`], or a kind.
    pub(super) fn find(&self, text: &str, warn: impl FnMut(String)) -> Option<&Resource> {
        self.find_named(text, warn).or_else(|| self.of_kind(text))
    }

    /// The type with this plural, singular or short name, maybe with version and group behind it. Full names win over
    /// short names, and earlier groups over later ones. `warn` is told of the types that a short name could also mean.
    pub(super) fn find_named(&self, text: &str, mut warn: impl FnMut(String)) -> Option<&Resource> {
        Asked::readings(text).find_map(|asked| self.named(asked, &mut warn))
    }

    fn named(&self, asked: Asked<'_>, warn: impl FnMut(String)) -> Option<&Resource> {
        let full = self.expand(asked, warn);
        let name = full.name.to_ascii_lowercase();
        let is_meant = |resource: &&Resource| is_full_name(&name, resource) && full.is_served_with(resource);
        self.resources.iter().find(is_meant)
    }

    /// By its kind, where that is another word than its singular.
    fn of_kind(&self, text: &str) -> Option<&Resource> {
        let is_meant = |asked: &Asked<'_>, resource: &&Resource| {
            let is_kind = resource.kind == asked.name || resource.kind.to_lowercase() == asked.name;
            is_kind && asked.has_version_of(resource) && asked.group == resource.group
        };
        Asked::readings(text).find_map(|asked| self.resources.iter().find(|resource| is_meant(&asked, resource)))
    }

    /// The plural and the group that a short name stands for; other names stay as they are, without a group.
    pub(super) fn expand_name<'a>(&'a self, name: &'a str, warn: impl FnMut(String)) -> (&'a str, &'a str) {
        let full = self.expand(Asked { name, version: "", group: "" }, warn);
        (full.name, full.group)
    }

    fn expand<'a>(&'a self, asked: Asked<'a>, mut warn: impl FnMut(String)) -> Asked<'a> {
        let is_full = |resource: &Resource| is_full_name(asked.name, resource) && asked.has_group_of(resource);
        if self.resources.iter().any(is_full) {
            return asked;
        }
        let short = self.short_for(asked.name);
        let mut meant = short.iter().filter(|resource| asked.has_group_of(resource));
        let Some(first) = meant.next() else {
            let begun = short.iter().find(|resource| resource.group.starts_with(asked.group));
            return begun.map_or(asked, |resource| Asked::any_version_of(resource));
        };
        for other in meant {
            let other = other.full_name();
            warn(format!("short name \"{}\" could also match lower priority resource {other}", asked.name));
        }
        Asked::any_version_of(first)
    }

    /// The types with this short name, each once.
    fn short_for(&self, name: &str) -> Vec<&Resource> {
        let mut found: Vec<&Resource> = Vec::new();
        for resource in &self.resources {
            let is_short = resource.short_names.iter().any(|short| short == name);
            if is_short && !found.iter().any(|known| known.is_type_of(resource)) {
                found.push(resource);
            }
        }
        found
    }
}

fn is_full_name(name: &str, resource: &Resource) -> bool {
    resource.plural == name || resource.singular == name
}

#[cfg(test)]
mod tests;
