//! `explain`: a type's or field's documentation, from the cluster's OpenAPI v3 documents.

mod documents;
mod target;

use kubently_core::kubectl::{ExplainCommand, OutputFormat, ResourceType};
use kubently_render::explain::{Question, explain};

pub(super) use documents::Documents;

use super::{Ended, Native, api::Api, fault::Fault};
use crate::runner::Output;
use target::{NotFound, Target};

/// kubectl's default layout.
const PLAIN: &str = "plaintext";
/// Its layout of old, from other documents.
const OLD: &str = "plaintext-openapiv2";

pub(super) fn covers(command: &ExplainCommand) -> bool {
    !matches!(&command.output, OutputFormat::Other(name) if name == OLD)
}

/// Explains what was typed.
pub(super) async fn run(native: &Native, api: &Api<'_>, command: &ExplainCommand, output: &Output) -> Ended {
    let first = command.path.split('.').next().unwrap_or_default();
    let catalog = match ResourceType::parse(first) {
        Ok(asked) => native.discovery.catalog_with(api, &[asked]).await?,
        Err(_) => native.discovery.catalog(api).await?,
    };
    let versioned = command.api_version.is_some();
    let found = target::find(&catalog, &command.path, versioned, |warning| api.warn(&warning));
    let mut target = match found {
        Ok(target) => target,
        Err(NotFound::Resource(message)) => {
            // The one message that kubectl prints without "error: " in front.
            output.err(&format!("{message}\n"));
            return Err(Vec::new());
        }
        Err(NotFound::Field(message)) => return Err(Fault::Plain(message).into()),
    };
    if let Some(api_version) = &command.api_version {
        target.set_version(api_version).map_err(Fault::Plain)?;
    }
    match &command.output {
        OutputFormat::Default => {}
        OutputFormat::Other(name) if name == PLAIN => {}
        other => return Err(Fault::Plain(format!("unrecognized format: {other}")).into()),
    }
    print(native, api, &target, command.recursive, output).await
}

async fn print(native: &Native, api: &Api<'_>, target: &Target, recursive: bool, output: &Output) -> Ended {
    let Target { group, version, plural, fields } = target;
    let Some(document) = native.documents.get(api, group, version).await? else {
        let message = format!("couldn't find resource for \"{group}/{version}, Resource={plural}\"");
        return Err(Fault::Plain(message).into());
    };
    let question = Question { group, version, plural, path: fields, recursive };
    let explained = explain(&document, &question);
    output.out(&explained.text);
    match explained.error {
        None => Ok(()),
        Some(error) => Err(Fault::Plain(error).into()),
    }
}

#[cfg(test)]
mod tests;
