//! `kubently policy`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::client::DataArgs;

/// `kubently policy`.
#[derive(Args)]
pub(crate) struct JudgeArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: JudgeVerb,
    /// How to print.
    #[command(flatten)]
    pub(crate) data: DataArgs,
}

/// What can be done with a policy.
#[derive(Subcommand)]
pub(crate) enum JudgeVerb {
    /// Say whether a command may run under a policy, and why not
    #[command(
        after_help = "The exit code is 0 when the command may run, 1 when it is refused, and 2 when the command line or \
        the policy file is wrong."
    )]
    Check {
        /// YAML file with the policy; the built-in policy unless given
        #[arg(long, env = "KUBENTLY_POLICY_FILE", value_name = "FILE")]
        policy_file: Option<PathBuf>,
        /// The namespace that a command without -n looks at, as the executor's kubeconfig or pod says
        #[arg(long, value_name = "NAME", default_value = "default")]
        namespace_default: String,
        /// The kubectl command without "kubectl": get pods -n shop
        #[arg(last = true, required = true, value_name = "COMMAND")]
        argv: Vec<String>,
    },
    /// Print the JSON Schema of a policy file
    Schema,
}
