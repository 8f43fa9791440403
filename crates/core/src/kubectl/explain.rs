//! `explain`

use super::{
    argv::Argv,
    common::{self, Common, at_most},
    flags::Flag,
    output::OutputFormat,
    scan::{Flags, Operand},
};
use crate::refusal::{Refusal, Rule};

const USAGE: &str = "TYPE[.FIELD…]";
/// Longest field path, in bytes; the deepest of a built-in type is below 200.
const MAX_PATH: usize = 1_024;

/// `kubectl explain`: documentation of a type or field, from the cluster's OpenAPI document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainCommand {
    /// What every command has.
    pub common: Common,
    /// `pod.spec.containers`, as it was typed.
    pub path: String,
    /// `--api-version`: `apps/v1`.
    pub api_version: Option<String>,
    /// `-o`: `plaintext` (kubectl's default) or `plaintext-openapiv2`.
    pub output: OutputFormat,
    /// `--recursive`: every field below, too.
    pub recursive: bool,
}

impl ExplainCommand {
    pub(crate) fn build(flags: &Flags, operands: &[Operand<'_>]) -> Result<Self, Refusal> {
        at_most(operands, 1, USAGE)?;
        let Some(path) = operands.first() else {
            return Err(Refusal::new(Rule::MissingArgument, "explain what?", USAGE));
        };
        if !is_path(path.text) {
            return Err(path.blame(Refusal::new(Rule::InvalidResource, "not a type or field path", USAGE)));
        }
        Ok(Self {
            common: Common::build(flags),
            path: path.text.to_owned(),
            api_version: flags.some_text(Flag::ApiVersion),
            output: common::output(flags)?,
            recursive: flags.is(Flag::Recursive),
        })
    }

    pub(crate) fn render(&self, argv: &mut Argv) {
        argv.operands([self.path.clone()]);
        argv.value(Flag::ApiVersion, self.api_version.as_ref());
        common::render_output(argv, &self.output);
        argv.on(Flag::Recursive, self.recursive);
    }
}

/// Whether `text` is a type with fields behind dots. Field names of custom resources may hold `-`, `_` and `$`.
fn is_path(text: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_$".contains(&b));
    !text.starts_with('-') && text.len() <= MAX_PATH && text.strip_suffix('.').unwrap_or(text).split('.').all(is_part)
}
