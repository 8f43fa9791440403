//! `get`: which objects, and who prints them.

mod generic;
mod human;
mod select;

use kubently_core::kubectl::{GetCommand, OutputFormat};

use super::{Ended, Native, api::Api};
use crate::runner::Output;

/// Whether every detail of `get` is supported.
pub(super) fn covers(get: &GetCommand) -> bool {
    let format = matches!(
        get.output,
        OutputFormat::Default | OutputFormat::Wide | OutputFormat::Name | OutputFormat::Json | OutputFormat::Yaml
    );
    let plain = get.sort_by.is_none() && get.subresource.is_none() && get.server_print && !get.output_watch_events;
    format && plain && !get.watch && !get.watch_only
}

/// Runs `get`.
pub(super) async fn run(native: &Native, api: &Api<'_>, get: &GetCommand, output: &Output) -> Ended {
    let selection = select::select(native, api, get).await?;
    match get.output {
        OutputFormat::Name | OutputFormat::Json | OutputFormat::Yaml => {
            generic::print(api, get, &selection, output).await
        }
        _ => human::print(api, get, &selection, output).await,
    }
}
