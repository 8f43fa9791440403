//! From the text of a policy file to a policy.

use std::fmt::Display;

use kubently_core::{
    kubectl::{ResourceType, Verb},
    policy::{FlagName, Mode, NamespacePattern, NamespaceRules, Policy, Redaction, Secrets},
};
use serde_saphyr::{Location, Spanned, options::MergeKeyPolicy};

use crate::{
    MAX_ENTRIES, MAX_PATTERN,
    document::{self, Document, Switch, Text},
    error::{Invalid, quoted},
};

/// Reads the text of a policy file.
///
/// # Errors
/// When it is no YAML, has a field that there is not, or a value that a field does not take. The first thing that is
/// wrong is said, with its place.
pub fn read(text: &str) -> Result<Policy, Invalid> {
    let document = parse(text)?;
    let mode = document.mode.map(|text| mode(&text)).transpose()?.unwrap_or_default();
    let mut policy = Policy::new(mode);
    if let Some(verbs) = document.verbs {
        policy = policy.with_allowed_verbs(list("verbs", &verbs, 1, verb)?);
    }
    if let Some(rules) = document.resources {
        policy = resources(policy, &rules)?;
    }
    if let Some(rules) = document.namespaces {
        policy = policy.with_namespaces(namespaces(&rules)?);
    }
    if let Some(denied) = document.flags.and_then(|flags| flags.deny) {
        policy = policy.with_denied_flags(list("flags.deny", &denied, 0, FlagName::parse)?);
    }
    if let Some(rules) = document.redaction {
        policy = policy.with_redaction(redaction(&rules)?);
    }
    match document.secrets {
        Some(text) => secrets(policy, &text),
        None => Ok(policy),
    }
}

/// The document's names and shapes.
fn parse(text: &str) -> Result<Document, Invalid> {
    let options = serde_saphyr::options! {
        // `allow: [1]` is a slip, not a namespace; and `on` is a text, as YAML 1.2 says.
        no_schema: true,
        strict_booleans: true,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        reject_tagged_field_names: true,
    };
    let mut field = String::new();
    let parsed = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            field = error.path().to_string();
            error.into_inner()
        })
    });
    let document: Document = parsed.map_err(|error| malformed(&field, &error))?;
    match document.hollow() {
        None => Ok(document),
        Some("") => Err(Invalid::new("", None, "says nothing; \"mode: readOnly\" is the built-in policy")),
        Some(field) => Err(Invalid::new(field, None, "must have at least one field")),
    }
}

/// What is wrong, in our words where the parser speaks to programmers, with the place that was found.
fn malformed(path: &str, error: &serde_saphyr::Error) -> Invalid {
    let words = error.without_snippet().to_string();
    let words = words.lines().next().unwrap_or_default();
    let words = words
        .split([',', ';'])
        .next()
        .filter(|first| PROGRAMMERS.iter().any(|p| first.starts_with(p)))
        .unwrap_or(words);
    let words = words.split(" at line ").next().unwrap_or(words).trim_end();
    let rule = PLAIN.iter().find(|(theirs, _)| words.contains(theirs)).map_or(words, |(_, ours)| ours);
    // A value with its place is a structure of its own to the deserializer.
    let path = path.trim_matches(['.', '?']);
    let path = path.strip_suffix(".value").unwrap_or(path);
    Invalid::new(path, error.location().and_then(line), rule)
}

/// Words of the parser that go on with advice on its settings.
const PROGRAMMERS: [&str; 2] = ["duplicate mapping key", "multiple YAML documents"];

/// Words of the parser, and ours.
const PLAIN: [(&str, &str); 7] = [
    ("expected mapping start", "must be a map of fields"),
    ("expected sequence start", "must be a list"),
    ("expected true or false", "must be true or false"),
    ("cannot deserialize null", "must have a value, or be left out"),
    ("multiple YAML documents", "must be one YAML document"),
    ("expected string scalar", "must be one value, not a list or a map"),
    ("YAML merge keys", "merge keys (<<) are not taken; write each field out"),
];

fn mode(text: &Text) -> Result<Mode, Invalid> {
    text.value.parse().map_err(|_| wrong("mode", text, &one_of(&Mode::ALL.map(Mode::as_str))))
}

fn verb(text: &str) -> Result<Verb, String> {
    let found = Verb::ALL.into_iter().find(|verb| verb.as_str() == text);
    found.ok_or_else(|| one_of(&Verb::ALL.map(Verb::as_str)))
}

fn resource(text: &str) -> Result<ResourceType, &'static str> {
    ResourceType::parse(text).map_err(|_| "must be a resource type: TYPE, TYPE.GROUP or TYPE.VERSION.GROUP")
}

fn resources(mut policy: Policy, rules: &document::Resources) -> Result<Policy, Invalid> {
    if let Some(allowed) = &rules.allow {
        policy = policy.with_allowed_resources(list("resources.allow", allowed, 1, resource)?);
    }
    if let Some(denied) = &rules.deny {
        policy = policy.with_denied_resources(list("resources.deny", denied, 0, resource)?);
    }
    Ok(policy)
}

fn namespaces(written: &document::Namespaces) -> Result<NamespaceRules, Invalid> {
    let allowed = written.allow.as_deref();
    let allowed = allowed.map(|texts| list("namespaces.allow", texts, 1, NamespacePattern::parse)).transpose()?;
    let given = |name: &str, texts: &Option<Vec<Text>>, least| {
        texts.as_deref().map(|texts| list(name, texts, least, NamespacePattern::parse)).transpose()
    };
    let types = written.namespaced_types.as_deref();
    let types = types.map(|texts| list("namespaces.namespacedTypes", texts, 0, resource)).transpose()?;
    let is_on = |switch: &Option<Spanned<Switch>>| switch.as_ref().is_some_and(|switch| switch.value.0);
    let rules = NamespaceRules {
        allowed,
        denied: given("namespaces.deny", &written.deny, 0)?.unwrap_or_default(),
        all_namespaces: is_on(&written.all_namespaces),
        cluster_scoped: is_on(&written.cluster_scoped),
        namespaced_types: types.unwrap_or_default(),
    };
    if rules.is_limited() { Ok(rules) } else { without_effect(written).map_or(Ok(rules), Err) }
}

/// A field that would do nothing: whoever wrote it expects that it does.
fn without_effect(written: &document::Namespaces) -> Option<Invalid> {
    let switch = |name, switch: &Option<Spanned<Switch>>| switch.as_ref().map(|s| (name, s.referenced));
    let types = written
        .namespaced_types
        .as_ref()
        .map(|texts| ("namespaces.namespacedTypes", texts.first().map_or(Location::UNKNOWN, |text| text.referenced)));
    let (name, place) = switch("namespaces.allNamespaces", &written.all_namespaces)
        .or_else(|| switch("namespaces.clusterScoped", &written.cluster_scoped))
        .or(types)?;
    let rule = "counts only where namespaces are limited: give namespaces.allow or namespaces.deny too";
    Some(Invalid::new(name, line(place), rule))
}

fn redaction(written: &document::Redaction) -> Result<Redaction, Invalid> {
    let mut redaction = Redaction::default();
    if let Some(enabled) = &written.enabled {
        redaction.enabled = enabled.value.0;
    }
    if let Some(patterns) = &written.env_name_patterns {
        redaction.env_name_patterns = list("redaction.envNamePatterns", patterns, 0, pattern)?;
    }
    Ok(redaction)
}

fn pattern(text: &str) -> Result<String, String> {
    let fits = (1..=MAX_PATTERN).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    let rule = || format!("must be 1 to {MAX_PATTERN} printable ASCII characters, where * stands for any text");
    fits.then(|| text.to_owned()).ok_or_else(rule)
}

fn secrets(policy: Policy, text: &Text) -> Result<Policy, Invalid> {
    let found = Secrets::ALL.into_iter().find(|secrets| secrets.as_str() == text.value);
    let secrets = found.ok_or_else(|| wrong("secrets", text, &one_of(&Secrets::ALL.map(Secrets::as_str))))?;
    if secrets == Secrets::Redact && !policy.redaction().enabled {
        let rule = "\"redact\" needs redaction.enabled to be true: without it the values would be shown";
        return Err(Invalid::new("secrets", line(text.referenced), rule));
    }
    Ok(policy.with_secrets(secrets))
}

/// A list whose every entry is read by `parse`. An empty list that would allow nothing is taken for a slip.
fn list<T, E: Display>(
    field: &str,
    texts: &[Text],
    least: usize,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<Vec<T>, Invalid> {
    if texts.len() < least || texts.len() > MAX_ENTRIES {
        let hint = if least > 0 { "; leave the field out to allow all" } else { "" };
        let place = texts.first().and_then(|text| line(text.referenced));
        return Err(Invalid::new(field, place, &format!("must have {least} to {MAX_ENTRIES} entries{hint}")));
    }
    let read = |(index, text): (usize, &Text)| {
        parse(&text.value).map_err(|rule| wrong(&format!("{field}[{index}]"), text, &rule.to_string()))
    };
    texts.iter().enumerate().map(read).collect()
}

fn wrong(field: &str, text: &Text, rule: &str) -> Invalid {
    Invalid::new(field, line(text.referenced), &format!("{rule}; {} is not", quoted(&text.value)))
}

fn line(place: Location) -> Option<u64> {
    Some(place.line()).filter(|line| *line > 0)
}

fn one_of(names: &[&str]) -> String {
    format!("must be one of {}", names.join(", "))
}

#[cfg(test)]
mod tests;
