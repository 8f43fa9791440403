//! Policy: which of the commands that the grammar understands may run here.
//!
//! The grammar is the same for everybody and already leaves out whatever changes identity, target or files; the policy
//! narrows it further. It is checked by the server, which refuses early, and again by the executor, which decides.

use std::str::FromStr;

use crate::{
    kubectl::{self, Command, ResourceType, Verb},
    refusal::{Refusal, Rule},
};

/// What an executor lets through.
///
/// The grammar holds read-only verbs only, so the two wider modes add nothing yet; no mode ever allows credential, target
/// or file flags.
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

/// How a command was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context {
    /// Whether the caller reads a stream, so that following and watching make sense.
    pub streaming: bool,
}

/// What may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    mode: Mode,
    allowed_verbs: Vec<Verb>,
    restricted_resources: Vec<ResourceType>,
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(Mode::default())
    }
}

impl Policy {
    /// The built-in policy of `mode`: every verb of the grammar, no secrets.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        let restricted_resources = vec![ResourceType::built_in("secrets")];
        Self { mode, allowed_verbs: Verb::ALL.to_vec(), restricted_resources }
    }

    /// The same policy with these verbs only.
    #[must_use]
    pub fn with_allowed_verbs(mut self, verbs: Vec<Verb>) -> Self {
        self.allowed_verbs = verbs;
        self
    }

    /// The same policy with these resources restricted, in any spelling kubectl knows.
    #[must_use]
    pub fn with_restricted_resources(mut self, resources: Vec<ResourceType>) -> Self {
        self.restricted_resources = resources;
        self
    }

    /// Its mode.
    #[must_use]
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The verbs it allows.
    #[must_use]
    pub fn allowed_verbs(&self) -> &[Verb] {
        &self.allowed_verbs
    }

    /// The resources whose content it does not show.
    #[must_use]
    pub fn restricted_resources(&self) -> &[ResourceType] {
        &self.restricted_resources
    }

    /// The flags its verbs take, as `--name`, sorted, each once.
    #[must_use]
    pub fn allowed_flags(&self) -> Vec<String> {
        kubectl::flag_names(&self.allowed_verbs)
    }

    /// Decides about `command`.
    ///
    /// # Errors
    /// When it may not run.
    pub fn check(&self, command: &Command, context: Context) -> Result<(), Refusal> {
        if !self.allowed_verbs.contains(&command.verb()) {
            let allowed = self.allowed_verbs.iter().map(|verb| verb.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("\"{}\" is not allowed in this cluster", command.verb().as_str());
            return Err(Refusal::new(Rule::VerbNotAllowed, message, allowed));
        }
        if command.is_streaming() && !context.streaming {
            let message = "following and watching need a streaming request";
            return Err(Refusal::new(Rule::StreamingNotRequested, message, "the same command without -f or -w"));
        }
        command.resource_types().iter().try_for_each(|resource| self.check_resource(resource))
    }

    /// Decides about one resource type. An engine that resolved a category or short name through discovery asks again
    /// with the name it found.
    ///
    /// # Errors
    /// When its content may not be shown.
    pub fn check_resource(&self, resource: &ResourceType) -> Result<(), Refusal> {
        let Some(restricted) = self.restricted_resources.iter().find(|restricted| covers(restricted, resource)) else {
            return Ok(());
        };
        let message = format!("\"{resource}\" shows the content of {restricted}, which this policy does not");
        let allowed = format!("other resources; the schema by \"explain {restricted}\"");
        Err(Refusal::new(Rule::RestrictedResource, message, allowed))
    }
}

/// Whether `asked` may show objects of `restricted`. A group that is missing on one side may be any, and kubectl takes the
/// start of a group's name for the group, so groups differ only where neither is the start of the other.
fn covers(restricted: &ResourceType, asked: &ResourceType) -> bool {
    let (restricted_name, asked_name) = (restricted.canonical(), asked.canonical());
    if asked_name == "all" {
        return kubectl::aliases::may_be_in_all(&restricted_name);
    }
    let same_group = match (restricted.group(), asked.group()) {
        (Some(one), Some(other)) => one.starts_with(&other) || other.starts_with(&one),
        _ => true,
    };
    same_group && restricted_name == asked_name
}

#[cfg(test)]
mod tests;
