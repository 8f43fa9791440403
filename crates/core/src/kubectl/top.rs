//! `top pod` and `top node`

use super::{
    argv::Argv,
    common::{Common, at_most},
    flags::Flag,
    resource::read_name,
    scan::{Flags, Operand},
};
use crate::refusal::{Refusal, Rule};

const USAGE: &str = "[NAME | -l SELECTOR]";

/// Whose use of resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TopTarget {
    /// All.
    Every,
    /// One object.
    Named(String),
    /// Those with these labels.
    Selector(String),
}

impl TopTarget {
    fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        at_most(operands, 1, USAGE)?;
        match (operands.first(), flags.some_text(Flag::Selector)) {
            (None, None) => Ok(Self::Every),
            (None, Some(selector)) => Ok(Self::Selector(selector)),
            (Some(name), None) => read_name(name.text).map(Self::Named).map_err(|refusal| name.blame(refusal)),
            (Some(name), Some(_)) => {
                let message = "only one of NAME or --selector can be provided";
                Err(name.blame(Refusal::new(Rule::ConflictingArguments, message, USAGE)))
            }
        }
    }

    fn render(&self, argv: &mut Argv) {
        match self {
            Self::Every => {}
            Self::Named(name) => argv.operands([name.clone()]),
            Self::Selector(selector) => argv.value(Flag::Selector, Some(selector)),
        }
    }
}

/// `kubectl top pod`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopPodCommand {
    /// What every command has.
    pub common: Common,
    /// Which pods.
    pub target: TopTarget,
    /// `--containers`
    pub containers: bool,
    /// `--field-selector`
    pub field_selector: Option<String>,
    /// `--no-headers`
    pub no_headers: bool,
    /// `--sort-by`: `cpu` or `memory`; kubectl refuses others.
    pub sort_by: Option<String>,
    /// `--sum`
    pub sum: bool,
    /// `--use-protocol-buffers`, on by default.
    pub use_protocol_buffers: bool,
}

impl TopPodCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        Ok(Self {
            common: Common::build(flags),
            target: TopTarget::build(flags, operands)?,
            containers: flags.is(Flag::Containers),
            field_selector: flags.some_text(Flag::FieldSelector),
            no_headers: flags.is(Flag::NoHeaders),
            sort_by: flags.some_text(Flag::SortBy),
            sum: flags.is(Flag::Sum),
            use_protocol_buffers: flags.is_or_default_on(Flag::UseProtocolBuffers),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        self.target.render(argv);
        argv.on(Flag::Containers, self.containers);
        argv.value(Flag::FieldSelector, self.field_selector.as_ref());
        argv.on(Flag::NoHeaders, self.no_headers);
        argv.value(Flag::SortBy, self.sort_by.as_ref());
        argv.on(Flag::Sum, self.sum);
        argv.off(Flag::UseProtocolBuffers, self.use_protocol_buffers);
    }
}

/// `kubectl top node`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopNodeCommand {
    /// What every command has.
    pub common: Common,
    /// Which nodes.
    pub target: TopTarget,
    /// `--no-headers`
    pub no_headers: bool,
    /// `--show-capacity`
    pub show_capacity: bool,
    /// `--sort-by`: `cpu` or `memory`; kubectl refuses others.
    pub sort_by: Option<String>,
    /// `--use-protocol-buffers`, on by default.
    pub use_protocol_buffers: bool,
}

impl TopNodeCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        Ok(Self {
            common: Common::build(flags),
            target: TopTarget::build(flags, operands)?,
            no_headers: flags.is(Flag::NoHeaders),
            show_capacity: flags.is(Flag::ShowCapacity),
            sort_by: flags.some_text(Flag::SortBy),
            use_protocol_buffers: flags.is_or_default_on(Flag::UseProtocolBuffers),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        self.target.render(argv);
        argv.on(Flag::NoHeaders, self.no_headers);
        argv.on(Flag::ShowCapacity, self.show_capacity);
        argv.value(Flag::SortBy, self.sort_by.as_ref());
        argv.off(Flag::UseProtocolBuffers, self.use_protocol_buffers);
    }
}
