//! `kubently-bench`: see `kubently-bench --help`.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

fn main() -> ExitCode {
    if let Some(code) = kubently_bench::fake::main_if_called() {
        return code;
    }
    run().unwrap_or_else(|error| {
        // Where standard error is gone there is nobody to tell.
        let _ = writeln!(io::stderr(), "kubently-bench: {error:#}");
        ExitCode::FAILURE
    })
}

#[tokio::main]
async fn run() -> anyhow::Result<ExitCode> {
    kubently_bench::cli::main().await
}
