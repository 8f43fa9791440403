//! `rollout status` and `rollout history`; the rest of `rollout` changes things.

use std::time::Duration;

use super::{
    argv::Argv,
    common::{self, Common},
    flags::Flag,
    output::OutputFormat,
    resource::Resources,
    scan::{Flags, Operand},
};
use crate::refusal::Refusal;

/// `kubectl rollout status`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutStatusCommand {
    /// What every command has.
    pub common: Common,
    /// Which workloads.
    pub resources: Resources,
    /// `-l`
    pub selector: Option<String>,
    /// `--revision`
    pub revision: Option<i64>,
    /// `--timeout`; zero means none.
    pub timeout: Option<Duration>,
    /// `-w`, on by default: wait for the end of the rollout. It has an end, so this is no streaming command.
    pub watch: bool,
}

impl RolloutStatusCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        Ok(Self {
            common: Common::build(flags),
            resources: Resources::parse(operands)?,
            selector: flags.some_text(Flag::Selector),
            revision: flags.int(Flag::Revision),
            timeout: flags.duration(Flag::Timeout),
            watch: flags.is_or_default_on(Flag::Watch),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.operands(self.resources.operands());
        argv.value(Flag::Selector, self.selector.as_ref());
        argv.value(Flag::Revision, self.revision);
        argv.duration(Flag::Timeout, self.timeout);
        argv.off(Flag::Watch, self.watch);
    }
}

/// `kubectl rollout history`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutHistoryCommand {
    /// What every command has.
    pub common: Common,
    /// Which workloads.
    pub resources: Resources,
    /// `-l`
    pub selector: Option<String>,
    /// `--revision`
    pub revision: Option<i64>,
    /// `-o`
    pub output: OutputFormat,
    /// `--allow-missing-template-keys`, on by default.
    pub allow_missing_template_keys: bool,
    /// `--show-managed-fields`
    pub show_managed_fields: bool,
}

impl RolloutHistoryCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        Ok(Self {
            common: Common::build(flags),
            resources: Resources::parse(operands)?,
            selector: flags.some_text(Flag::Selector),
            revision: flags.int(Flag::Revision),
            output: common::output(flags)?,
            allow_missing_template_keys: flags.is_or_default_on(Flag::AllowMissingTemplateKeys),
            show_managed_fields: flags.is(Flag::ShowManagedFields),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.operands(self.resources.operands());
        argv.value(Flag::Selector, self.selector.as_ref());
        argv.value(Flag::Revision, self.revision);
        common::render_output(argv, &self.output);
        argv.off(Flag::AllowMissingTemplateKeys, self.allow_missing_template_keys);
        argv.on(Flag::ShowManagedFields, self.show_managed_fields);
    }
}
