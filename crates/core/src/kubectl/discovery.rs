//! What the cluster is and offers: `api-resources`, `api-versions`, `version`, `cluster-info`.

use super::{
    argv::Argv,
    common::{self, Common, at_most},
    flags::Flag,
    output::OutputFormat,
    scan::{Flags, Operand},
};
use crate::refusal::{Refusal, Rule};

const NO_OPERANDS: &str = "flags only";

/// `kubectl api-resources`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiResourcesCommand {
    /// What every command has.
    pub common: Common,
    /// `--api-group`; empty means the core group.
    pub api_group: Option<String>,
    /// `--cached`
    pub cached: bool,
    /// `--categories`
    pub categories: Vec<String>,
    /// `--namespaced`; nothing means both.
    pub namespaced: Option<bool>,
    /// `--no-headers`
    pub no_headers: bool,
    /// `-o`: `wide` or `name`.
    pub output: OutputFormat,
    /// `--sort-by`: `name` or `kind`.
    pub sort_by: Option<String>,
    /// `--verbs`
    pub verbs: Vec<String>,
}

impl ApiResourcesCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        at_most(operands, 0, NO_OPERANDS)?;
        Ok(Self {
            common: Common::build(flags),
            api_group: flags.text(Flag::ApiGroup),
            cached: flags.is(Flag::Cached),
            categories: flags.list(Flag::Categories),
            namespaced: flags.switch(Flag::Namespaced),
            no_headers: flags.is(Flag::NoHeaders),
            output: common::output(flags)?,
            sort_by: flags.some_text(Flag::SortBy),
            verbs: flags.list(Flag::Verbs),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.value(Flag::ApiGroup, self.api_group.as_ref());
        argv.on(Flag::Cached, self.cached);
        argv.list(Flag::Categories, &self.categories);
        argv.value(Flag::Namespaced, self.namespaced);
        argv.on(Flag::NoHeaders, self.no_headers);
        common::render_output(argv, &self.output);
        argv.value(Flag::SortBy, self.sort_by.as_ref());
        argv.list(Flag::Verbs, &self.verbs);
    }
}

/// `kubectl api-versions`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiVersionsCommand {
    /// What every command has.
    pub common: Common,
}

impl ApiVersionsCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        at_most(operands, 0, NO_OPERANDS)?;
        Ok(Self { common: Common::build(flags) })
    }

    #[expect(clippy::unused_self, reason = "one shape for every command")]
    pub(crate) fn render(&self, _: &mut Argv) {}
}

/// `kubectl version`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionCommand {
    /// What every command has.
    pub common: Common,
    /// `--client`: do not ask the cluster.
    pub client: bool,
    /// `-o`: `json` or `yaml`.
    pub output: OutputFormat,
}

impl VersionCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        at_most(operands, 0, NO_OPERANDS)?;
        Ok(Self { common: Common::build(flags), client: flags.is(Flag::Client), output: common::output(flags)? })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.on(Flag::Client, self.client);
        common::render_output(argv, &self.output);
    }
}

/// `kubectl cluster-info`, without its subcommand `dump`, which writes files and prints whole namespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterInfoCommand {
    /// What every command has.
    pub common: Common,
}

impl ClusterInfoCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        if let Some(dump) = operands.first().filter(|operand| operand.text == "dump") {
            let refusal = Refusal::new(Rule::VerbNotAllowed, "\"cluster-info dump\" is not allowed", "cluster-info");
            return Err(dump.blame(refusal));
        }
        at_most(operands, 0, NO_OPERANDS)?;
        Ok(Self { common: Common::build(flags) })
    }

    #[expect(clippy::unused_self, reason = "one shape for every command")]
    pub(crate) fn render(&self, _: &mut Argv) {}
}
