//! The client commands that are a noun and a verb.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::{
    client::{ClientArgs, DataArgs},
    run::RunArgs,
    secret::{ChosenToken, SecretArg},
    units::{parse_duration, parse_time},
};

macro_rules! noun {
    ($(#[$doc:meta])* $args:ident, $verb:ty) => {
        $(#[$doc])*
        #[derive(Args)]
        pub(crate) struct $args {
            /// What to do.
            #[command(subcommand)]
            pub(crate) verb: $verb,
            /// How to print.
            #[command(flatten)]
            pub(crate) data: DataArgs,
            /// The server.
            #[command(flatten)]
            pub(crate) client: ClientArgs,
        }
    };
}

noun!(
    /// `kubently clusters`.
    ClustersArgs,
    ClustersVerb
);
noun!(
    /// `kubently sessions`.
    SessionsArgs,
    SessionsVerb
);
noun!(
    /// `kubently tokens`.
    TokensArgs,
    TokensVerb
);
noun!(
    /// `kubently executors`.
    ExecutorsArgs,
    ExecutorsVerb
);
noun!(
    /// `kubently commands`.
    CommandsArgs,
    CommandsVerb
);

/// What can be done with clusters.
#[derive(Subcommand)]
pub(crate) enum ClustersVerb {
    /// List the clusters that have an executor token
    List,
    /// Show one cluster with its executors and capabilities
    Get {
        /// The cluster's id
        cluster: String,
    },
}

/// What can be done with sessions.
#[derive(Subcommand)]
pub(crate) enum SessionsVerb {
    /// Open a session on a cluster and print its id
    Create {
        /// The cluster it is for
        cluster: String,
        /// Lifetime without use, 1m to 1h; the server's setting (5m) unless given
        #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
        ttl: Option<Duration>,
        /// A mark of yours
        #[arg(long, value_name = "MARK")]
        correlation_id: Option<String>,
    },
    /// Show one session
    Get {
        /// The session's id
        session: String,
    },
    /// List your sessions that have not ended
    List {
        /// Only sessions on this cluster
        #[arg(long, value_name = "ID")]
        cluster: Option<String>,
    },
    /// End a session
    End {
        /// The session's id
        session: String,
    },
}

/// What can be done with executor tokens.
#[derive(Subcommand)]
pub(crate) enum TokensVerb {
    /// Make a cluster's executor token and print it, this once
    Create {
        /// The cluster it is for
        cluster: String,
        /// A token of the caller's choice.
        #[command(flatten)]
        token: SecretArg<ChosenToken>,
    },
    /// List the clusters that have a token
    List,
    /// Take a cluster's token back and detach its executors
    Revoke {
        /// The cluster's id
        cluster: String,
    },
}

/// What can be done with executors.
#[derive(Subcommand)]
pub(crate) enum ExecutorsVerb {
    /// List the executors that are attached to any server
    List {
        /// Only executors of this cluster
        #[arg(long, value_name = "ID")]
        cluster: Option<String>,
    },
}

/// What can be done with commands.
#[derive(Subcommand)]
pub(crate) enum CommandsVerb {
    /// Show where a command is, and how it ended
    Get {
        /// The command's id
        id: String,
    },
    /// Wait for a command's end, then print its output and exit with its exit code
    Wait {
        /// The command's id
        id: String,
        /// How long to wait, at most 10m
        #[arg(long, value_parser = parse_duration, value_name = "DURATION", default_value = "30s")]
        timeout: Duration,
    },
    /// Stop a command in its cluster
    Cancel {
        /// The command's id
        id: String,
    },
    /// Print a command's output from its beginning, and on while it is produced
    Watch {
        /// The command's id
        id: String,
        /// Leave out chunks up to this sequence number
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        resume_after_seq: u64,
    },
    /// Have a command accepted, print its id and return
    Submit {
        /// What to run.
        #[command(flatten)]
        run: RunArgs,
    },
}

/// `kubently audit`.
#[derive(Args)]
pub(crate) struct AuditArgs {
    /// Only entries of this type, such as command_executed
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) event_type: Option<String>,
    /// Only entries about this cluster
    #[arg(long, value_name = "ID")]
    pub(crate) cluster: Option<String>,
    /// Only entries of this session
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// Only entries at or after this time, such as 2026-11-22T10:00:00Z, or 15m for 15 minutes ago
    #[arg(long, value_parser = parse_time, value_name = "TIME")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Only entries at or before this time
    #[arg(long, value_parser = parse_time, value_name = "TIME")]
    pub(crate) until: Option<jiff::Timestamp>,
    /// At most this many, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) limit: i32,
    /// How to print.
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The server.
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}
