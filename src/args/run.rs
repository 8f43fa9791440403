//! What to run: `kubently exec` and `kubently commands submit`.

use std::time::Duration;

use clap::Args;
use kubently_core::{command::MAX_TIMEOUT, kubectl};
use kubently_proto::{convert::duration_to_wire, v1};

use super::{
    client::{ClientArgs, DataArgs},
    units::{parse_duration, parse_size},
};

/// `kubently exec`.
#[derive(Args)]
#[command(after_help = "The exit code is the remote command's own. Otherwise: 64 wrong usage, 66 not found, 69 not \
    reachable, expired or lost, 75 over a limit, 77 denied, 124 timed out, 130 cancelled.")]
pub(crate) struct ExecArgs {
    /// What to run.
    #[command(flatten)]
    pub(crate) run: RunArgs,
    /// Print output while it is produced; implied by -f and -w in the command
    #[arg(long, visible_alias = "follow")]
    pub(crate) watch: bool,
    /// Let the command go on without this client: print its id and return
    #[arg(long)]
    pub(crate) detach: bool,
    /// How to print.
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// The server.
    #[command(flatten)]
    pub(crate) client: ClientArgs,
}

/// One command on one cluster.
#[derive(Args, Clone, Default)]
pub(crate) struct RunArgs {
    /// The cluster to run on
    pub(crate) cluster: String,
    /// Time it may take, such as 30s; 10s unless given, at most 10m
    #[arg(long, value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) timeout: Option<Duration>,
    /// Output to keep, such as 64Ki; 1Mi unless given, at most 16Mi
    #[arg(long, value_parser = parse_size, value_name = "SIZE")]
    pub(crate) max_output: Option<u64>,
    /// The session it belongs to
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
    /// A mark of yours, kept with the command and in the audit trail
    #[arg(long, value_name = "MARK")]
    pub(crate) correlation_id: Option<String>,
    /// Same key and same command: the same run, not a second one
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// The kubectl command without "kubectl": get pods -n shop
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) argv: Vec<String>,
}

impl ExecArgs {
    /// Whether to print output while it is produced.
    pub(crate) fn live(&self) -> bool {
        self.watch || self.run.follows()
    }
}

impl RunArgs {
    /// The request's core.
    pub(crate) fn spec(&self) -> v1::CommandSpec {
        v1::CommandSpec {
            cluster_id: self.cluster.clone(),
            argv: self.argv.clone(),
            timeout: self.time_to_ask_for().map(duration_to_wire),
            max_output_bytes: self.max_output.unwrap_or_default(),
            session_id: self.session.clone().unwrap_or_default(),
            correlation_id: self.correlation_id.clone().unwrap_or_default(),
        }
    }

    /// The idempotency key as the wire wants it.
    pub(crate) fn key(&self) -> String {
        self.idempotency_key.clone().unwrap_or_default()
    }

    /// Who follows has no end in mind, so the server's short default would only be in the way.
    pub(crate) fn time_to_ask_for(&self) -> Option<Duration> {
        self.timeout.or_else(|| self.follows().then_some(MAX_TIMEOUT))
    }

    /// Whether the command itself goes on until it is stopped. Only decides how to print; what may
    /// run is the server's and the executor's to judge.
    pub(crate) fn follows(&self) -> bool {
        kubectl::parse(&self.argv).is_ok_and(|command| command.is_streaming())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Command, tests::parsed};

    fn exec(line: &[&str]) -> ExecArgs {
        match parsed(&[&["exec"], line].concat()).unwrap().command {
            Command::Exec(args) => *args,
            _ => panic!("not exec"),
        }
    }

    #[test]
    fn everything_after_the_dashes_is_the_command() {
        let args = exec(&["prod", "--timeout", "30s", "--max-output=64Ki", "--", "logs", "x", "--timeout", "1", "-o"]);
        let spec = args.run.spec();
        assert_eq!(spec.cluster_id, "prod");
        assert_eq!(spec.argv, ["logs", "x", "--timeout", "1", "-o"]);
        assert_eq!(spec.timeout.unwrap().seconds, 30);
        assert_eq!(spec.max_output_bytes, 65_536);
    }

    #[test]
    fn what_is_not_given_is_left_to_the_server() {
        let spec = exec(&["prod", "--", "get", "pods"]).run.spec();
        assert_eq!((spec.timeout, spec.max_output_bytes), (None, 0));
    }

    #[test]
    fn following_commands_are_live_and_get_time() {
        for line in [&["logs", "x", "-f"][..], &["get", "po", "-w"], &["logs", "--follow=true", "x"]] {
            let args = exec(&[&["prod", "--"], line].concat());
            assert!(args.live(), "{line:?}");
            assert_eq!(args.run.time_to_ask_for(), Some(MAX_TIMEOUT));
        }
        for line in [&["get", "pods"][..], &["logs", "--follow=false", "x"], &["get", "pods", "-f", "x"]] {
            assert!(!exec(&[&["prod", "--"], line].concat()).live(), "{line:?}");
        }
        assert!(exec(&["prod", "--watch", "--", "get", "pods"]).live());
    }
}
