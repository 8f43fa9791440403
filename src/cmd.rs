//! One module a subcommand; each returns the exit code.

mod audit;
mod clusters;
mod commands;
mod completion;
mod demo;
mod dev;
mod exec;
mod executor;
mod executors;
mod live;
mod policy;
mod result;
mod retry;
mod server;
mod sessions;
mod tokens;
mod version;

use std::{ffi::OsString, process::ExitCode, time::Duration};

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::{
    args::{self, Command},
    exit,
    output::{self, Output},
    signals,
};

/// Time for what is left in the runtime's threads when everything is done.
const LEAVE: Duration = Duration::from_secs(1);

/// Runs what the command line says.
pub(crate) fn main() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let command = match args::parse(line.iter().cloned()) {
        Ok(cli) => cli.command,
        Err(error) => {
            // Help that nobody reads is no failure.
            drop(error.print());
            return args::exit_code(&line, &error).into();
        }
    };
    let mut output = Output::standard();
    let code = start(command, &mut output).unwrap_or_else(|error| failed(&error, &mut output));
    code.into()
}

fn failed(error: &anyhow::Error, output: &mut Output) -> u8 {
    if output::is_broken_pipe(error) {
        return exit::OK;
    }
    output.failure(error);
    exit::of_error(error)
}

fn start(command: Command, output: &mut Output) -> anyhow::Result<u8> {
    // The process has one provider; libraries that look for a default must find it whichever is first.
    let installed = rustls::crypto::ring::default_provider().install_default();
    installed.map_err(|_other| anyhow::anyhow!("a crypto provider is installed already"))?;
    let runtime = runtime()?;
    let code = runtime.block_on(async {
        let stop = signals::stop_token()?;
        run(command, output, &stop).await
    });
    runtime.shutdown_timeout(LEAVE);
    code
}

fn runtime() -> anyhow::Result<Runtime> {
    Builder::new_multi_thread().enable_all().build().context("start the runtime")
}

async fn run(command: Command, output: &mut Output, stop: &CancellationToken) -> anyhow::Result<u8> {
    match command {
        Command::Server(args) => server::run(&args, stop).await,
        Command::Executor(args) => executor::run(&args, stop).await,
        Command::Dev(args) => Box::pin(dev::run(&args, output, stop)).await,
        Command::Exec(args) => exec::run(&args, output, stop).await,
        Command::Commands(args) => commands::run(&args, output, stop).await,
        other => or_stopped(look_up(other, output), stop).await,
    }
}

/// What asks one question and prints the answer.
async fn look_up(command: Command, output: &mut Output) -> anyhow::Result<u8> {
    match command {
        Command::Clusters(args) => clusters::run(&args, output).await,
        Command::Sessions(args) => sessions::run(&args, output).await,
        Command::Tokens(args) => tokens::run(&args, output).await,
        Command::Executors(args) => executors::run(&args, output).await,
        Command::Audit(args) => audit::run(&args, output).await,
        Command::Policy(args) => policy::run(&args, output).await,
        Command::Completion(args) => completion::run(&args, output),
        Command::Version(args) => version::run(&args, output),
        Command::Server(_) | Command::Executor(_) | Command::Dev(_) | Command::Exec(_) | Command::Commands(_) => {
            Err(kubently_core::Error::internal().into())
        }
    }
}

/// `work`, unless somebody has it stopped before.
async fn or_stopped(work: impl Future<Output = anyhow::Result<u8>>, stop: &CancellationToken) -> anyhow::Result<u8> {
    tokio::select! {
        code = work => code,
        () = stop.cancelled() => Ok(exit::INTERRUPTED),
    }
}
