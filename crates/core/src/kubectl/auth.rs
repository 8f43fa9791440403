//! `auth can-i` and `auth whoami`

use super::{
    argv::Argv,
    common::{self, Common, at_most},
    flags::Flag,
    output::OutputFormat,
    resource::{ResourceType, read_name},
    scan::{Flags, Operand},
};
use crate::refusal::{Refusal, Rule};

const USAGE: &str = "VERB TYPE, VERB TYPE/NAME, VERB /URL, or --list";
/// Longest verb, in bytes; RBAC's own are below 20.
const MAX_VERB: usize = 63;
/// Longest non-resource URL, in bytes.
const MAX_URL: usize = 253;

/// What access is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessTarget {
    /// `*`: every resource.
    Every,
    /// A type, or one object of it; the name `*` means every name.
    Resource {
        /// The type; `*.GROUP` means every type of a group.
        resource: ResourceType,
        /// The object's name.
        name: Option<String>,
    },
    /// A path that is no resource: `/logs/`.
    Url(String),
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccessCheck {
    /// `--list`: everything that is allowed.
    List,
    /// `VERB TARGET`
    May {
        /// The Kubernetes verb (`list`, `*`); only asked about, never done.
        verb: String,
        /// What it would be done to.
        target: AccessTarget,
    },
}

/// `kubectl auth can-i`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthCanICommand {
    /// What every command has.
    pub common: Common,
    /// What is asked.
    pub check: AccessCheck,
    /// `--no-headers`
    pub no_headers: bool,
    /// `-q`: only the exit code.
    pub quiet: bool,
    /// `--subresource`
    pub subresource: Option<String>,
}

impl AuthCanICommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        let check = if flags.is(Flag::List) {
            at_most(operands, 0, "--list alone")?;
            AccessCheck::List
        } else {
            check(operands)?
        };
        Ok(Self {
            common: Common::build(flags),
            check,
            no_headers: flags.is(Flag::NoHeaders),
            quiet: flags.is(Flag::Quiet),
            subresource: flags.some_text(Flag::Subresource),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        match &self.check {
            AccessCheck::List => argv.on(Flag::List, true),
            AccessCheck::May { verb, target } => argv.operands([verb.clone(), print(target)]),
        }
        argv.on(Flag::NoHeaders, self.no_headers);
        argv.on(Flag::Quiet, self.quiet);
        argv.value(Flag::Subresource, self.subresource.as_ref());
    }
}

fn check(operands: &[Operand<'_>]) -> Result<AccessCheck, Refusal> {
    at_most(operands, 2, USAGE)?;
    let [verb, target] = operands else {
        return Err(Refusal::new(Rule::MissingArgument, "a verb and a resource are needed", USAGE));
    };
    if !is_access_verb(verb.text) {
        return Err(verb.blame(Refusal::new(Rule::UnexpectedArgument, "not a Kubernetes verb", USAGE)));
    }
    let target = read_target(target.text).map_err(|refusal| target.blame(refusal))?;
    Ok(AccessCheck::May { verb: verb.text.to_owned(), target })
}

/// Whether `text` can be a verb of RBAC: `list`, `*`, and what others invented (`use-proxy`, `impersonate:user-info`).
fn is_access_verb(text: &str) -> bool {
    let starts_well = text.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    let inner = |b: u8| b.is_ascii_alphanumeric() || b"-_:".contains(&b);
    text == "*" || (starts_well && text.len() <= MAX_VERB && text.bytes().all(inner))
}

fn read_target(text: &str) -> Result<AccessTarget, Refusal> {
    if text == "*" {
        return Ok(AccessTarget::Every);
    }
    if text.starts_with('/') {
        let is_url_byte = |b: u8| b.is_ascii_alphanumeric() || b"-._/*".contains(&b);
        let shaped = text.len() <= MAX_URL && text.bytes().all(is_url_byte) && !text.contains("..");
        let refusal = || Refusal::new(Rule::InvalidName, "not a URL path", USAGE);
        return if shaped { Ok(AccessTarget::Url(text.to_owned())) } else { Err(refusal()) };
    }
    let (resource, name) = text.split_once('/').map_or((text, None), |(resource, name)| (resource, Some(name)));
    let name = name.map(|name| if name == "*" { Ok(name.to_owned()) } else { read_name(name) }).transpose()?;
    let resource = match ResourceType::every_of_group(resource) {
        Some(every) => every,
        None => ResourceType::parse(resource)?,
    };
    Ok(AccessTarget::Resource { resource, name })
}

fn print(target: &AccessTarget) -> String {
    match target {
        AccessTarget::Every => "*".to_owned(),
        AccessTarget::Resource { resource, name: None } => resource.to_string(),
        AccessTarget::Resource { resource, name: Some(name) } => format!("{resource}/{name}"),
        AccessTarget::Url(url) => url.clone(),
    }
}

/// `kubectl auth whoami`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthWhoamiCommand {
    /// What every command has.
    pub common: Common,
    /// `-o`
    pub output: OutputFormat,
    /// `--allow-missing-template-keys`, on by default.
    pub allow_missing_template_keys: bool,
    /// `--show-managed-fields`
    pub show_managed_fields: bool,
}

impl AuthWhoamiCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        at_most(operands, 0, "flags only")?;
        Ok(Self {
            common: Common::build(flags),
            output: common::output(flags)?,
            allow_missing_template_keys: flags.is_or_default_on(Flag::AllowMissingTemplateKeys),
            show_managed_fields: flags.is(Flag::ShowManagedFields),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        common::render_output(argv, &self.output);
        argv.off(Flag::AllowMissingTemplateKeys, self.allow_missing_template_keys);
        argv.on(Flag::ShowManagedFields, self.show_managed_fields);
    }
}
