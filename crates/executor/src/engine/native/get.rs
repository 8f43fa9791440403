//! `get`: which objects, and who prints them.

mod fetch;
mod format;
mod generic;
mod human;
mod select;
mod watch;

use kubently_core::kubectl::{GetCommand, OutputFormat};

use super::{Ended, Native, api::Api, fault::Fault};
use crate::runner::Output;

/// Whether every detail of `get` is supported.
pub(super) const fn covers(get: &GetCommand) -> bool {
    !(get.watch || get.watch_only) || watch::covers(get)
}

/// Runs `get`.
pub(super) async fn run(native: &Native, api: &Api<'_>, get: &GetCommand, output: &Output) -> Ended {
    check(get)?;
    let selection = select::select(native, api, get).await?;
    if get.watch || get.watch_only {
        watch::run(native, api, get, &selection, output).await
    } else if is_table(get) {
        human::print(native, api, get, &selection, output).await
    } else {
        generic::print(api, get, &selection, output).await
    }
}

/// Whether it is printed as a table for people.
const fn is_table(get: &GetCommand) -> bool {
    matches!(get.output, OutputFormat::Default | OutputFormat::Wide)
}

/// Flags that do not fit each other.
fn check(get: &GetCommand) -> Result<(), Fault> {
    if get.show_labels && !is_table(get) {
        let message = format!("--show-labels option cannot be used with {} printer", get.output);
        return Err(Fault::Plain(message));
    }
    if get.output_watch_events && !get.watch && !get.watch_only {
        let message = "--output-watch-events option can only be used with --watch or --watch-only";
        return Err(Fault::Plain(message.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
