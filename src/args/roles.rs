//! Settings of the long-running roles.

pub(crate) mod dev;
pub(crate) mod executor;
pub(crate) mod policy;
pub(crate) mod server;

use clap::{Args, ValueEnum};

/// How to log; logs go to standard error.
#[derive(Args)]
#[command(next_help_heading = "Logs")]
pub(crate) struct LogArgs {
    /// What to log: a level, or a tracing filter such as info,kubently_server=debug
    #[arg(long, env = "KUBENTLY_LOG", value_name = "FILTER", default_value = "info")]
    pub(crate) log: String,
    /// How to log
    #[arg(long, env = "KUBENTLY_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
