//! `get`

use super::{
    argv::Argv,
    common::{self, Common},
    flags::Flag,
    output::OutputFormat,
    resource::Resources,
    scan::{Flags, Operand},
};
use crate::refusal::{Refusal, Rule};

/// Subresources that may be read. Any other is a GET with a meaning of its own: `proxy` reaches into pods and nodes.
const SUBRESOURCES: &[&str] = &["status", "scale", "resize"];

/// `kubectl get`; fields are named after the flags of kubectl 1.33.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetCommand {
    /// What every command has.
    pub common: Common,
    /// What to get.
    pub resources: Resources,
    /// `-o`
    pub output: OutputFormat,
    /// `-l`
    pub selector: Option<String>,
    /// `--field-selector`
    pub field_selector: Option<String>,
    /// `--sort-by`: a JSONPath.
    pub sort_by: Option<String>,
    /// `-L`
    pub label_columns: Vec<String>,
    /// `--chunk-size`
    pub chunk_size: Option<i64>,
    /// `--subresource`
    pub subresource: Option<String>,
    /// `--allow-missing-template-keys`, on by default.
    pub allow_missing_template_keys: bool,
    /// `--ignore-not-found`
    pub ignore_not_found: bool,
    /// `--no-headers`
    pub no_headers: bool,
    /// `--output-watch-events`
    pub output_watch_events: bool,
    /// `--server-print`, on by default.
    pub server_print: bool,
    /// `--show-kind`
    pub show_kind: bool,
    /// `--show-labels`
    pub show_labels: bool,
    /// `--show-managed-fields`
    pub show_managed_fields: bool,
    /// `-w`
    pub watch: bool,
    /// `--watch-only`
    pub watch_only: bool,
}

impl GetCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        Ok(Self {
            common: Common::build(flags),
            resources: Resources::parse(operands)?,
            output: common::output(flags)?,
            selector: flags.some_text(Flag::Selector),
            field_selector: flags.some_text(Flag::FieldSelector),
            sort_by: flags.some_text(Flag::SortBy),
            label_columns: flags.list(Flag::LabelColumns),
            chunk_size: flags.int(Flag::ChunkSize),
            subresource: subresource(flags)?,
            allow_missing_template_keys: flags.is_or_default_on(Flag::AllowMissingTemplateKeys),
            ignore_not_found: flags.is(Flag::IgnoreNotFound),
            no_headers: flags.is(Flag::NoHeaders),
            output_watch_events: flags.is(Flag::OutputWatchEvents),
            server_print: flags.is_or_default_on(Flag::ServerPrint),
            show_kind: flags.is(Flag::ShowKind),
            show_labels: flags.is(Flag::ShowLabels),
            show_managed_fields: flags.is(Flag::ShowManagedFields),
            watch: flags.is(Flag::Watch),
            watch_only: flags.is(Flag::WatchOnly),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.operands(self.resources.operands());
        common::render_output(argv, &self.output);
        argv.value(Flag::Selector, self.selector.as_ref());
        argv.value(Flag::FieldSelector, self.field_selector.as_ref());
        argv.value(Flag::SortBy, self.sort_by.as_ref());
        argv.list(Flag::LabelColumns, &self.label_columns);
        argv.value(Flag::ChunkSize, self.chunk_size);
        argv.value(Flag::Subresource, self.subresource.as_ref());
        argv.off(Flag::AllowMissingTemplateKeys, self.allow_missing_template_keys);
        argv.on(Flag::IgnoreNotFound, self.ignore_not_found);
        argv.on(Flag::NoHeaders, self.no_headers);
        argv.on(Flag::OutputWatchEvents, self.output_watch_events);
        argv.off(Flag::ServerPrint, self.server_print);
        argv.on(Flag::ShowKind, self.show_kind);
        argv.on(Flag::ShowLabels, self.show_labels);
        argv.on(Flag::ShowManagedFields, self.show_managed_fields);
        argv.on(Flag::Watch, self.watch);
        argv.on(Flag::WatchOnly, self.watch_only);
    }
}

fn subresource(flags: &Flags) -> Result<Option<String>, Refusal> {
    let Some(name) = flags.some_text(Flag::Subresource) else { return Ok(None) };
    if SUBRESOURCES.contains(&name.as_str()) {
        return Ok(Some(name));
    }
    let refusal = Refusal::new(Rule::InvalidValue, "not a subresource that may be read", SUBRESOURCES.join(", "));
    Err(refusal.at(&name, flags.index(Flag::Subresource).unwrap_or_default()))
}
