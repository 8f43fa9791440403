//! What every client command takes: where the server is, who calls, and how to print.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::secret::{ApiKey, SecretArg};

/// How to reach a server.
#[derive(Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ClientArgs {
    /// Address of a server, http:// or https://
    #[arg(long, env = "KUBENTLY_API_URL", value_name = "URL", default_value = "http://127.0.0.1:8080", global = true)]
    pub(crate) server: String,
    /// Who calls.
    #[command(flatten)]
    pub(crate) api_key: SecretArg<ApiKey>,
    /// PEM file with the certificate authorities to trust instead of the system's
    #[arg(long, env = "KUBENTLY_CA_FILE", value_name = "FILE", global = true)]
    pub(crate) ca_file: Option<PathBuf>,
}

/// How to print data.
#[derive(Args)]
pub(crate) struct DataArgs {
    /// How to print
    #[arg(short = 'o', long = "output", env = "KUBENTLY_OUTPUT", value_name = "FORMAT", default_value = "table")]
    #[arg(global = true)]
    pub(crate) format: Format,
}

/// How to print data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people: a table, or the output of a command as it is.
    #[value(alias = "text")]
    Table,
    /// The API's message as proto3 JSON.
    Json,
    /// The same as YAML.
    Yaml,
}
