//! `kubently dev`.

use std::net::SocketAddr;

use clap::Args;
use kubently_core::ids::ClusterId;

use super::{LogFormat, executor::TargetArgs};
use crate::args::secret::{ApiKeys, SecretArg};

/// Settings of server and executor in one process.
#[derive(Args)]
#[command(
    after_help = "Without COMMAND it runs until Ctrl-C. With one, for example\n\n  kubently dev --demo -- get pods \
    -A\n\nit runs the command through its own gRPC API, prints the output and exits with the command's exit code."
)]
pub(crate) struct DevArgs {
    /// Address for gRPC and REST/SSE; port 0 takes a free one [default: 127.0.0.1:8080, and a free port with COMMAND]
    #[arg(long, env = "KUBENTLY_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// The cluster's id [default: demo with --demo, else local]
    #[arg(long, env = "KUBENTLY_CLUSTER_ID", value_name = "ID")]
    pub(crate) cluster_id: Option<ClusterId>,
    /// Who is let in; a key is made up unless given.
    #[command(flatten)]
    pub(crate) api_keys: SecretArg<ApiKeys>,
    /// The cluster's own API.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// What to log: a level, or a tracing filter [default: info, and warn with COMMAND]
    #[arg(long, env = "KUBENTLY_LOG", value_name = "FILTER")]
    pub(crate) log: Option<String>,
    /// How to log
    #[arg(long, env = "KUBENTLY_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// A kubectl command to run at once, without "kubectl"
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) argv: Vec<String>,
}
