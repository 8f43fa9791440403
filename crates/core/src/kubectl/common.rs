//! What every command has.

use std::time::Duration;

use super::{
    argv::Argv,
    flags::Flag,
    output::OutputFormat,
    scan::{Flags, Operand},
};
use crate::refusal::{Refusal, Rule};

/// Which namespaces a command looks at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NamespaceScope {
    /// The one the engine is configured with, usually `default`.
    #[default]
    Default,
    /// `-n NAME`; a DNS label.
    Named(String),
    /// `-A`; it wins over `-n`, as in kubectl.
    All,
}

/// The flags that every verb takes (kubectl `options`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Common {
    /// `-n`, `-A`. Verbs about the whole cluster take `-n` and ignore it.
    pub namespace: NamespaceScope,
    /// `--request-timeout`: time for one request to the API; zero means none.
    pub request_timeout: Option<Duration>,
    /// `-v`, 0 to 5.
    pub verbosity: Option<u8>,
    /// `--disable-compression`: answers travel uncompressed.
    pub disable_compression: bool,
    /// `--match-server-version`: ends with an error when client and server differ in their version.
    pub match_server_version: bool,
    /// `--warnings-as-errors`
    pub warnings_as_errors: bool,
}

impl Common {
    pub(crate) fn build(flags: &Flags) -> Self {
        let named = flags.text(Flag::Namespace).map_or(NamespaceScope::Default, NamespaceScope::Named);
        let namespace = if flags.is(Flag::AllNamespaces) { NamespaceScope::All } else { named };
        Self {
            namespace,
            request_timeout: flags.duration(Flag::RequestTimeout),
            verbosity: flags.int(Flag::Verbosity).and_then(|level| u8::try_from(level).ok()),
            disable_compression: flags.is(Flag::DisableCompression),
            match_server_version: flags.is(Flag::MatchServerVersion),
            warnings_as_errors: flags.is(Flag::WarningsAsErrors),
        }
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        match &self.namespace {
            NamespaceScope::Default => {}
            NamespaceScope::Named(name) => argv.value(Flag::Namespace, Some(name)),
            NamespaceScope::All => argv.on(Flag::AllNamespaces, true),
        }
        argv.duration(Flag::RequestTimeout, self.request_timeout);
        argv.value(Flag::Verbosity, self.verbosity);
        argv.on(Flag::DisableCompression, self.disable_compression);
        argv.on(Flag::MatchServerVersion, self.match_server_version);
        argv.on(Flag::WarningsAsErrors, self.warnings_as_errors);
    }
}

/// The output format that was asked for.
pub(crate) fn output(flags: &Flags) -> Result<OutputFormat, Refusal> {
    flags.text(Flag::Output).map_or(Ok(OutputFormat::Default), |text| OutputFormat::parse(&text))
}

/// Adds the output format, unless it is the default.
pub(crate) fn render_output(argv: &mut Argv, output: &OutputFormat) {
    argv.value(Flag::Output, (*output != OutputFormat::Default).then_some(output));
}

/// Refuses operands from the `most`-th on.
pub(crate) fn at_most(operands: &[Operand<'_>], most: usize, allowed: &str) -> Result<(), Refusal> {
    match operands.get(most) {
        None => Ok(()),
        Some(extra) => Err(extra.blame(Refusal::new(Rule::UnexpectedArgument, "one argument too many", allowed))),
    }
}
