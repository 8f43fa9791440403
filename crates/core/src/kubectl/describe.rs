//! `describe`

use super::{
    argv::Argv,
    common::Common,
    flags::Flag,
    resource::Resources,
    scan::{Flags, Operand},
};
use crate::refusal::Refusal;

/// `kubectl describe`; fields are named after the flags of kubectl 1.33. A name may be the start of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeCommand {
    /// What every command has.
    pub common: Common,
    /// What to describe.
    pub resources: Resources,
    /// `-l`
    pub selector: Option<String>,
    /// `--chunk-size`
    pub chunk_size: Option<i64>,
    /// `--show-events`, on by default.
    pub show_events: bool,
}

impl DescribeCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        Ok(Self {
            common: Common::build(flags),
            resources: Resources::parse(operands)?,
            selector: flags.some_text(Flag::Selector),
            chunk_size: flags.int(Flag::ChunkSize),
            show_events: flags.is_or_default_on(Flag::ShowEvents),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.operands(self.resources.operands());
        argv.value(Flag::Selector, self.selector.as_ref());
        argv.value(Flag::ChunkSize, self.chunk_size);
        argv.off(Flag::ShowEvents, self.show_events);
    }
}
