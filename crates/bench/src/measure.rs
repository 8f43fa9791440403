//! What the path costs: Redis commands, round trips and connections, latency, throughput and CPU.
//!
//! Servers and Redis are real processes. Callers and executors are made by hand in this one, so that nothing but
//! the path is measured: no kubectl, no runner, no spool. [`engine`] measures what is left out here.

pub(crate) mod cost;
pub(crate) mod engine;
pub(crate) mod pace;

mod calls;
mod commandstats;
mod connections;
mod floor;
mod hands;
mod resp;
mod stand;
mod tap;
mod trips;
mod usage;

use std::{path::Path, process::ExitCode};

use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::cli::say;

/// Measures in a directory of its own, and says whether everything is within its bounds: `measure` names what is not.
async fn judged(measure: impl AsyncFnOnce(&Path) -> anyhow::Result<Vec<String>>) -> anyhow::Result<ExitCode> {
    let dir = tempfile::tempdir()?;
    match measure(dir.path()).await {
        Ok(broken) if broken.is_empty() => {
            say("\nwithin every bound")?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(broken) => {
            say(&format!("\nout of bounds: {}", broken.join("; ")))?;
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.context(format!("logs are in {}", dir.keep().display()))),
    }
}

/// Rows under a header, as Markdown: the first column is text, the others are numbers.
fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header.to_vec());
    for row in rows {
        let aligned = row.into_iter().enumerate().map(|(column, text)| {
            Cell::new(text).set_alignment(if column == 0 { CellAlignment::Left } else { CellAlignment::Right })
        });
        table.add_row(aligned);
    }
    table.to_string()
}
