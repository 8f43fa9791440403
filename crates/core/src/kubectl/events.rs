//! `events`

use super::{
    argv::Argv,
    common::{self, Common, at_most},
    flags::Flag,
    output::OutputFormat,
    resource::ObjectRef,
    scan::{Flags, Operand},
};
use crate::refusal::Refusal;

/// `kubectl events`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsCommand {
    /// What every command has.
    pub common: Common,
    /// `--for TYPE/NAME`
    pub for_object: Option<ObjectRef>,
    /// `--types`: `Normal`, `Warning`.
    pub types: Vec<String>,
    /// `-o`
    pub output: OutputFormat,
    /// `--chunk-size`
    pub chunk_size: Option<i64>,
    /// `--allow-missing-template-keys`, on by default.
    pub allow_missing_template_keys: bool,
    /// `--no-headers`
    pub no_headers: bool,
    /// `--show-managed-fields`
    pub show_managed_fields: bool,
    /// `-w`
    pub watch: bool,
}

impl EventsCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        at_most(operands, 0, "flags only; --for=TYPE/NAME for one object")?;
        Ok(Self {
            common: Common::build(flags),
            for_object: flags.text(Flag::For).map(|text| ObjectRef::parse(&text)).transpose()?,
            types: flags.list(Flag::Types),
            output: common::output(flags)?,
            chunk_size: flags.int(Flag::ChunkSize),
            allow_missing_template_keys: flags.is_or_default_on(Flag::AllowMissingTemplateKeys),
            no_headers: flags.is(Flag::NoHeaders),
            show_managed_fields: flags.is(Flag::ShowManagedFields),
            watch: flags.is(Flag::Watch),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.value(Flag::For, self.for_object.as_ref());
        argv.list(Flag::Types, &self.types);
        common::render_output(argv, &self.output);
        argv.value(Flag::ChunkSize, self.chunk_size);
        argv.off(Flag::AllowMissingTemplateKeys, self.allow_missing_template_keys);
        argv.on(Flag::NoHeaders, self.no_headers);
        argv.on(Flag::ShowManagedFields, self.show_managed_fields);
        argv.on(Flag::Watch, self.watch);
    }
}
