//! What a command is about: resource types, and objects of them.

use std::fmt;

use super::{
    aliases, limits,
    names::{is_name, is_type_part},
    scan::Operand,
};
use crate::refusal::{Refusal, Rule};

/// Longest resource type with version and group, in characters.
const MAX_TYPE: usize = 253;

/// A resource type as it was typed: `po`, `Pods`, `deployments.apps`, `deployments.v1.apps`, `secrets.v1.`.
///
/// Two types are equal when they are spelled equally; [`Self::canonical`] says what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceType(String);

impl ResourceType {
    /// Reads one type.
    ///
    /// # Errors
    /// When it cannot be a resource type.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        // A trailing dot is kubectl's way to say "the core group".
        let parts = text.strip_suffix('.').unwrap_or(text);
        if text.len() <= MAX_TYPE && parts.split('.').all(is_type_part) {
            return Ok(Self(text.to_owned()));
        }
        let message = format!("\"{}\" cannot be a resource type", crate::refusal::quote(text));
        Err(Refusal::new(Rule::InvalidResource, message, "TYPE, TYPE.GROUP or TYPE.VERSION.GROUP"))
    }

    /// `*.GROUP`: every type of a group. Only questions about access know this form.
    pub(crate) fn every_of_group(text: &str) -> Option<Self> {
        let group = text.strip_prefix("*.")?;
        let is_group = text.len() <= MAX_TYPE && group.split('.').all(is_type_part);
        is_group.then(|| Self(text.to_owned()))
    }

    /// A type that is known to be one.
    pub(crate) fn built_in(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// As it was typed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The type without version and group, lower case, and well-known short names, singulars and kinds as plurals:
    /// `po` → `pods`, `secret.v1.` → `secrets`.
    #[must_use]
    pub fn canonical(&self) -> String {
        let resource = self.0.split('.').next().unwrap_or_default();
        aliases::canonical(&resource.to_ascii_lowercase())
    }

    /// The API version, when it was given (`v1` of `deployments.v1.apps`).
    #[must_use]
    pub fn version(&self) -> Option<String> {
        self.split().0
    }

    /// The API group, when it was given; empty for the core group (`secrets.v1.`).
    #[must_use]
    pub fn group(&self) -> Option<String> {
        self.split().1
    }

    fn split(&self) -> (Option<String>, Option<String>) {
        let lower = self.0.to_ascii_lowercase();
        let Some((_, rest)) = lower.split_once('.') else { return (None, None) };
        match rest.split_once('.') {
            Some((version, group)) if is_version(version) => (Some(version.to_owned()), Some(group.to_owned())),
            _ => (None, Some(rest.to_owned())),
        }
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `v1`, `v2beta1`: Kubernetes' version names.
fn is_version(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('v') else { return false };
    rest.starts_with(|c: char| c.is_ascii_digit()) && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}

/// One object: `TYPE/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    /// Its type.
    pub resource: ResourceType,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// Reads `TYPE/NAME`.
    ///
    /// # Errors
    /// When type or name cannot be one, or there is not exactly one slash.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let Some((resource, name)) = text.split_once('/') else {
            return Err(Refusal::new(Rule::InvalidResource, "a type and a name are needed", "TYPE/NAME"));
        };
        Ok(Self { resource: ResourceType::parse(resource)?, name: read_name(name)? })
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.resource, self.name)
    }
}

/// Reads an object's name.
pub(crate) fn read_name(text: &str) -> Result<String, Refusal> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    let message = format!("\"{}\" cannot be the name of an object", crate::refusal::quote(text));
    Err(Refusal::new(
        Rule::InvalidName,
        message,
        "letters, digits and -._:@, at most 253, starting with a letter or digit",
    ))
}

/// What `get`, `describe` and `rollout` are about (kubectl's `ResourceTypeOrNameArgs`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resources {
    /// `pods`, `pods,svc`, `all`: every object of these types. Never empty.
    Types(Vec<ResourceType>),
    /// `pods web api`: objects of one type. Never without a name.
    Named {
        /// Their type.
        resource: ResourceType,
        /// Their names, in order.
        names: Vec<String>,
    },
    /// `deploy/web svc/web`, and `deploy,svc web`, which means the same. Never empty.
    Objects(Vec<ObjectRef>),
}

impl Resources {
    /// Reads the operands of a verb.
    pub(crate) fn parse(operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        let Some((first, rest)) = operands.split_first() else { return Err(missing()) };
        if operands.iter().any(|operand| operand.text.contains('/')) {
            return Self::parse_objects(operands);
        }
        limits::check_count(first.text.split(',').count(), "types").map_err(|refusal| first.blame(refusal))?;
        let mut types = Vec::new();
        for text in first.text.split(',') {
            let resource = ResourceType::parse(text).map_err(|refusal| first.blame(refusal))?;
            // kubectl drops a type that is repeated in the same spelling.
            if !types.contains(&resource) {
                types.push(resource);
            }
        }
        if rest.is_empty() {
            return Ok(Self::Types(types));
        }
        let names = rest.iter().map(|operand| read_name(operand.text).map_err(|refusal| operand.blame(refusal)));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        limits::check_count(types.len() * names.len(), "objects")?;
        Ok(Self::combine(types, names))
    }

    /// `a,b x y` means `a/x a/y b/x b/y` (kubectl's `normalizeMultipleResourcesArgs`).
    fn combine(mut types: Vec<ResourceType>, names: Vec<String>) -> Self {
        if types.len() == 1
            && let Some(resource) = types.pop()
        {
            return Self::Named { resource, names };
        }
        let pair =
            |resource: &ResourceType, name: &String| ObjectRef { resource: resource.clone(), name: name.clone() };
        Self::Objects(types.iter().flat_map(|resource| names.iter().map(move |name| pair(resource, name))).collect())
    }

    fn parse_objects(operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        let read = |operand: &Operand<'_>| ObjectRef::parse(operand.text).map_err(|refusal| operand.blame(refusal));
        Ok(Self::Objects(operands.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// Every type that is mentioned, in order, maybe more than once.
    pub fn types(&self) -> impl Iterator<Item = &ResourceType> {
        let (types, named, objects) = match self {
            Self::Types(types) => (Some(types.iter()), None, None),
            Self::Named { resource, .. } => (None, Some(resource), None),
            Self::Objects(objects) => (None, None, Some(objects.iter().map(|object| &object.resource))),
        };
        types.into_iter().flatten().chain(named).chain(objects.into_iter().flatten())
    }

    /// The operands that mean this.
    pub(crate) fn operands(&self) -> Vec<String> {
        match self {
            Self::Types(types) => vec![types.iter().map(ResourceType::as_str).collect::<Vec<_>>().join(",")],
            Self::Named { resource, names } => std::iter::once(resource.to_string()).chain(names.clone()).collect(),
            Self::Objects(objects) => objects.iter().map(ToString::to_string).collect(),
        }
    }
}

fn missing() -> Refusal {
    Refusal::new(Rule::MissingArgument, "a resource type is needed", "TYPE[,TYPE…], TYPE NAME… or TYPE/NAME…")
}
