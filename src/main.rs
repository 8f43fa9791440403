//! The `kubently` binary: every role and every client command.

mod args;
mod client;
mod cmd;
mod exit;
mod output;
mod signals;
mod telemetry;

use std::process::ExitCode;

fn main() -> ExitCode {
    cmd::main()
}
