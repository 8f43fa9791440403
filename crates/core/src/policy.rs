//! Policy: which of the commands that the grammar understands may run here.
//!
//! The grammar is the same for everybody and already leaves out whatever changes identity, target or files; the policy
//! narrows it further. It is checked by the server, which refuses early, and again by the executor, which decides.

mod decision;
mod flag_name;
mod mode;
mod namespaces;
mod redaction;
mod resources;

pub use self::{
    decision::{Decision, Judgement, Setting},
    flag_name::{FlagName, UnknownFlag},
    mode::{Mode, UnknownMode},
    namespaces::{InvalidPattern, NamespacePattern, NamespaceRules},
    redaction::{DEFAULT_ENV_NAME_PATTERNS, Redaction, Secrets},
};

use self::namespaces::View;
use crate::{
    kubectl::{self, Command, ResourceType, Verb},
    refusal::{Refusal, Rule},
};

/// How a command was handed in, and where it would run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Context<'a> {
    /// Whether the caller reads a stream, so that following and watching make sense.
    pub streaming: bool,
    /// The namespace that a command without `-n` looks at; none where it is not known. A policy that limits namespaces
    /// refuses such a command then.
    pub default_namespace: Option<&'a str>,
}

/// What may run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    mode: Mode,
    allowed_verbs: Vec<Verb>,
    allowed_resources: Option<Vec<ResourceType>>,
    denied_resources: Vec<ResourceType>,
    namespaces: NamespaceRules,
    denied_flags: Vec<FlagName>,
    secrets: Secrets,
    redaction: Redaction,
}

impl Default for Policy {
    fn default() -> Self {
        Self::new(Mode::default())
    }
}

/// A setting that is against a command, and why.
struct Objection(Setting, Refusal);

impl Policy {
    /// The built-in policy of `mode`: every verb of the grammar, no secrets.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            allowed_verbs: mode.verbs().to_vec(),
            allowed_resources: None,
            denied_resources: Vec::new(),
            namespaces: NamespaceRules::default(),
            denied_flags: Vec::new(),
            secrets: Secrets::default(),
            redaction: Redaction::default(),
        }
    }

    /// The same policy with these verbs only.
    #[must_use]
    pub fn with_allowed_verbs(mut self, verbs: Vec<Verb>) -> Self {
        self.allowed_verbs = verbs;
        self
    }

    /// The same policy with these resources only, in any spelling kubectl knows.
    #[must_use]
    pub fn with_allowed_resources(mut self, resources: Vec<ResourceType>) -> Self {
        self.allowed_resources = Some(resources);
        self
    }

    /// The same policy without these resources, in any spelling kubectl knows. Secrets have a word of their own,
    /// [`Self::with_secrets`].
    #[must_use]
    pub fn with_denied_resources(mut self, resources: Vec<ResourceType>) -> Self {
        self.denied_resources = resources;
        self
    }

    /// The same policy with these resources restricted and no others: secrets only if they are among them.
    #[must_use]
    pub fn with_restricted_resources(self, resources: Vec<ResourceType>) -> Self {
        self.with_secrets(Secrets::Redact).with_denied_resources(resources)
    }

    /// The same policy with these namespaces.
    #[must_use]
    pub fn with_namespaces(mut self, namespaces: NamespaceRules) -> Self {
        self.namespaces = namespaces;
        self
    }

    /// The same policy without these flags.
    #[must_use]
    pub fn with_denied_flags(mut self, flags: Vec<FlagName>) -> Self {
        self.denied_flags = flags;
        self
    }

    /// The same policy with this about secrets.
    #[must_use]
    pub const fn with_secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// The same policy with these values hidden.
    #[must_use]
    pub fn with_redaction(mut self, redaction: Redaction) -> Self {
        self.redaction = redaction;
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
    pub fn restricted_resources(&self) -> Vec<ResourceType> {
        let secrets = (!self.shows_secrets()).then(|| ResourceType::built_in("secrets"));
        secrets.into_iter().chain(self.denied_resources.iter().cloned()).collect()
    }

    /// The flags its verbs take and that it does not deny, as `--name`, sorted, each once.
    #[must_use]
    pub fn allowed_flags(&self) -> Vec<String> {
        let mut names = kubectl::flag_names(&self.allowed_verbs);
        names.retain(|name| !self.denied_flags.iter().any(|denied| denied.is(name)));
        names
    }

    /// Which namespaces it shows.
    #[must_use]
    pub const fn namespaces(&self) -> &NamespaceRules {
        &self.namespaces
    }

    /// Whether secrets are shown with their values hidden: only while values are hidden at all.
    #[must_use]
    pub const fn shows_secrets(&self) -> bool {
        matches!(self.secrets, Secrets::Redact) && self.redaction.enabled
    }

    /// Which values are hidden in what commands print.
    #[must_use]
    pub const fn redaction(&self) -> &Redaction {
        &self.redaction
    }

    /// Decides about `command`.
    ///
    /// # Errors
    /// When it may not run.
    pub fn check(&self, command: &Command, context: Context<'_>) -> Result<(), Refusal> {
        self.decide(command, context).map_err(|Objection(_, refusal)| refusal)
    }

    /// Decides about `command`, and says which setting did.
    #[must_use]
    pub fn explain(&self, command: &Command, context: Context<'_>) -> Decision {
        match self.decide(command, context) {
            Ok(()) => Decision::Allowed,
            Err(Objection(setting, refusal)) => Decision::Refused { setting, refusal },
        }
    }

    /// Decides about an argument vector, as server and executor do before they run it.
    #[must_use]
    pub fn judge(&self, argv: &[String], context: Context<'_>) -> Judgement {
        let command = match kubectl::parse(argv) {
            Ok(command) => command,
            Err(refusal) => return Judgement { argv: Vec::new(), setting: None, refusal: Some(refusal) },
        };
        let (setting, refusal) = match self.explain(&command, context) {
            Decision::Allowed => (None, None),
            Decision::Refused { setting, refusal } => (Some(setting), Some(refusal)),
        };
        Judgement { argv: command.argv(), setting, refusal }
    }

    /// Decides about one resource type. An engine that resolved a category or short name through discovery asks again
    /// with the name it found.
    ///
    /// # Errors
    /// When its content may not be shown.
    pub fn check_resource(&self, resource: &ResourceType) -> Result<(), Refusal> {
        self.decide_resource(resource).map_err(|Objection(_, refusal)| refusal)
    }

    fn decide(&self, command: &Command, context: Context<'_>) -> Result<(), Objection> {
        self.decide_verb(command.verb())?;
        if command.is_streaming() && !context.streaming {
            let message = "following and watching need a streaming request";
            let refusal = Refusal::new(Rule::StreamingNotRequested, message, "the same command without -f or -w");
            return Err(Objection(Setting::Streaming, refusal));
        }
        self.decide_flags(command)?;
        command.resource_types().iter().try_for_each(|resource| self.decide_resource(resource))?;
        self.decide_namespace(View::of(command, context.default_namespace))
    }

    fn decide_verb(&self, verb: Verb) -> Result<(), Objection> {
        if self.allowed_verbs.contains(&verb) {
            return Ok(());
        }
        let allowed = self.allowed_verbs.iter().map(|verb| verb.as_str()).collect::<Vec<_>>().join(", ");
        let message = format!("\"{}\" is not allowed in this cluster", verb.as_str());
        let refusal = Refusal::new(Rule::VerbNotAllowed, message, allowed).about(verb.as_str());
        Err(Objection(Setting::Verbs, refusal))
    }

    /// Looks at the rebuilt vector: there every flag that changes anything stands, under its long name.
    fn decide_flags(&self, command: &Command) -> Result<(), Objection> {
        if self.denied_flags.is_empty() {
            return Ok(());
        }
        let argv = command.argv();
        let Some(denied) = self.denied_flags.iter().find(|denied| argv.iter().any(|argument| denied.is(argument)))
        else {
            return Ok(());
        };
        let own = kubectl::flag_names(&[command.verb()]);
        let allowed: Vec<_> =
            own.into_iter().filter(|name| !self.denied_flags.iter().any(|flag| flag.is(name))).collect();
        let message = format!("the flag {denied} is not allowed in this cluster");
        let refusal = Refusal::new(Rule::FlagNotAllowed, message, allowed.join(" ")).about(&denied.to_string());
        Err(Objection(Setting::DeniedFlags, refusal))
    }

    fn decide_resource(&self, asked: &ResourceType) -> Result<(), Objection> {
        let secrets = ResourceType::built_in("secrets");
        if !self.shows_secrets() && resources::may_show(&secrets, asked) {
            return Err(Objection(Setting::Secrets, restricted(asked, &secrets)));
        }
        if let Some(denied) = self.denied_resources.iter().find(|denied| resources::may_show(denied, asked)) {
            return Err(Objection(Setting::DeniedResources, restricted(asked, denied)));
        }
        if let Some(allowed) = &self.allowed_resources
            && !allowed.iter().any(|allowed| resources::contains(allowed, asked))
        {
            let list = allowed.iter().map(ResourceType::as_str).collect::<Vec<_>>().join(", ");
            let message = format!("\"{asked}\" is not among the resources that this policy shows");
            let refusal = Refusal::new(Rule::ResourceNotAllowed, message, list).about(asked.as_str());
            return Err(Objection(Setting::AllowedResources, refusal));
        }
        self.decide_scope(asked)
    }

    /// Where only some namespaces are shown, what is in none must be allowed expressly.
    fn decide_scope(&self, asked: &ResourceType) -> Result<(), Objection> {
        let rules = &self.namespaces;
        if !rules.is_limited() || rules.cluster_scoped || rules.is_namespaced(asked) {
            return Ok(());
        }
        let message = format!("\"{asked}\" may show what is in no namespace, and this policy shows namespaces only");
        let allowed = "resources that are in namespaces, such as pods";
        let refusal = Refusal::new(Rule::ClusterScopeNotAllowed, message, allowed).about(asked.as_str());
        Err(Objection(Setting::ClusterScoped, refusal))
    }

    fn decide_namespace(&self, view: View<'_>) -> Result<(), Objection> {
        let rules = &self.namespaces;
        if !rules.is_limited() {
            return Ok(());
        }
        let (setting, message, argument) = match view {
            View::None => return Ok(()),
            View::All if rules.all_namespaces => return Ok(()),
            View::All => (Setting::AllNamespaces, "not every namespace is shown".to_owned(), "--all-namespaces"),
            View::Unknown => {
                let message = "the command names no namespace, and which one is meant is known in the cluster only";
                (Setting::AllowedNamespaces, message.to_owned(), "--namespace")
            }
            View::One(name) => match self.objection_to(name) {
                None => return Ok(()),
                Some(setting) => {
                    (setting, format!("the namespace \"{}\" is not shown", crate::refusal::quote(name)), name)
                }
            },
        };
        let allowed = format!("-n with one of: {}", rules.shown());
        Err(Objection(setting, Refusal::new(Rule::NamespaceNotAllowed, message, allowed).about(argument)))
    }

    /// The setting that is against the namespace `name`.
    fn objection_to(&self, name: &str) -> Option<Setting> {
        let rules = &self.namespaces;
        let listed = |patterns: &[NamespacePattern]| patterns.iter().any(|pattern| pattern.matches(name));
        if listed(&rules.denied) {
            return Some(Setting::DeniedNamespaces);
        }
        rules.allowed.as_ref().is_some_and(|allowed| !listed(allowed)).then_some(Setting::AllowedNamespaces)
    }
}

fn restricted(asked: &ResourceType, denied: &ResourceType) -> Refusal {
    let message = format!("\"{asked}\" shows the content of {denied}, which this policy does not");
    let allowed = format!("other resources; the schema by \"explain {denied}\"");
    Refusal::new(Rule::RestrictedResource, message, allowed).about(asked.as_str())
}

#[cfg(test)]
mod tests;
