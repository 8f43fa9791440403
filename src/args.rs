//! The command line. Every setting is a flag and an environment variable of one name
//! (`--redis-url` = `KUBENTLY_REDIS_URL`); a secret can also be read from a file
//! (`--api-key-file` = `KUBENTLY_API_KEY_FILE`).

pub(crate) mod client;
mod env;
pub(crate) mod nouns;
pub(crate) mod policy;
pub(crate) mod roles;
pub(crate) mod run;
pub(crate) mod secret;
pub(crate) mod units;

use std::ffi::OsString;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use clap_complete::Shell;

use self::{
    client::DataArgs,
    nouns::{AuditArgs, ClustersArgs, CommandsArgs, ExecutorsArgs, SessionsArgs, TokensArgs},
    policy::JudgeArgs,
    roles::{dev::DevArgs, executor::ExecutorArgs, server::ServerArgs},
    run::ExecArgs,
};

/// Read-only troubleshooting of many Kubernetes clusters through one API.
#[derive(Parser)]
#[command(name = "kubently", version, max_term_width = 110)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The roles first, then the client commands.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the API server.
    Server(Box<ServerArgs>),
    /// Run a cluster's executor, which dials out to a server.
    Executor(Box<ExecutorArgs>),
    /// Run server and executor in one process, in memory: to try Kubently, or for work on it.
    Dev(Box<DevArgs>),
    /// Run a command on a cluster: kubently exec CLUSTER -- get pods -n shop
    Exec(Box<ExecArgs>),
    /// Show the clusters that executors may attach to.
    Clusters(ClustersArgs),
    /// Open, show and end debugging sessions.
    Sessions(SessionsArgs),
    /// Make, list and revoke the tokens with which executors attach.
    Tokens(TokensArgs),
    /// Show the executors that are attached now.
    Executors(ExecutorsArgs),
    /// Show who ran what, newest first.
    Audit(Box<AuditArgs>),
    /// Look after commands by their id.
    Commands(Box<CommandsArgs>),
    /// Try a policy file out, without a server: kubently policy check --policy-file F -- get pods -n shop
    Policy(JudgeArgs),
    /// Print the version of this binary.
    Version(DataArgs),
    /// Print a script that completes kubently's command line.
    Completion(CompletionArgs),
}

/// `kubently completion`.
#[derive(Args)]
pub(crate) struct CompletionArgs {
    /// The shell to complete in.
    pub(crate) shell: Shell,
}

/// Reads a command line and the process's environment.
pub(crate) fn parse(line: impl IntoIterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = env::settle(Cli::command());
    let matches = command.try_get_matches_from_mut(line)?;
    Cli::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// The exit code for a command line that was not understood, or that asked for help.
pub(crate) fn exit_code(line: &[OsString], error: &clap::Error) -> u8 {
    match error.use_stderr() {
        false => crate::exit::OK,
        // There 1 is an answer, as it is of grep and diff, so that every trouble must be another number.
        true if line.get(1).is_some_and(|noun| noun == "policy") => crate::exit::NOT_JUDGED,
        true => crate::exit::USAGE,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Parses a command line without the program's name.
    pub(crate) fn parsed(line: &[&str]) -> Result<Cli, clap::Error> {
        parse(whole(line))
    }

    fn whole(line: &[&str]) -> Vec<OsString> {
        std::iter::once("kubently").chain(line.iter().copied()).map(OsString::from).collect()
    }

    fn code(line: &[&str]) -> u8 {
        exit_code(&whole(line), &parsed(line).err().unwrap())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn wrong_usage_exits_64_and_help_exits_0() {
        for wrong in [&["frobnicate"][..], &["exec", "c"], &["exec"], &[], &["clusters", "get"]] {
            assert_eq!(code(wrong), 64, "{wrong:?}");
        }
        for help in [&["--help"][..], &["exec", "--help"], &["--version"]] {
            assert_eq!(code(help), 0, "{help:?}");
        }
        for wrong in
            [&["policy"][..], &["policy", "check"], &["policy", "check", "get", "pods"], &["policy", "schema", "x"]]
        {
            assert_eq!(code(wrong), 2, "{wrong:?}");
        }
        assert_eq!(code(&["policy", "check", "--help"]), 0);
    }

    #[test]
    fn every_setting_has_an_environment_variable_of_its_name() {
        for role in ["server", "executor", "dev"] {
            let mut command = Cli::command();
            let args: Vec<_> = command.find_subcommand_mut(role).unwrap().get_arguments().cloned().collect();
            for arg in args.iter().filter(|arg| arg.get_long().is_some()) {
                let expected = format!("KUBENTLY_{}", arg.get_long().unwrap().replace('-', "_").to_uppercase());
                assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(expected.as_str()), "{role} {arg}");
            }
        }
    }
}
