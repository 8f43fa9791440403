//! `kubently executor`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum, builder::BoolishValueParser};
use kubently_core::ids::{ClusterId, ExecutorId};
use kubently_executor::{Config, EngineKind, TransportKind};

use super::{LogArgs, policy::PolicyArgs};
use crate::args::{
    secret::{SecretArg, Token},
    units::{parse_duration, parse_size},
};

/// Settings of an executor.
#[derive(Args)]
pub(crate) struct ExecutorArgs {
    /// Addresses of servers, http:// or https://, separated by comma; tried in turn
    #[arg(long, env = "KUBENTLY_SERVER", value_name = "URL", value_delimiter = ',', required = true)]
    pub(crate) server: Vec<String>,
    /// The cluster to serve
    #[arg(long, env = "KUBENTLY_CLUSTER_ID", value_name = "ID")]
    pub(crate) cluster_id: ClusterId,
    /// What proves it.
    #[command(flatten)]
    pub(crate) token: SecretArg<Token>,
    /// How to talk to the server
    #[arg(long, env = "KUBENTLY_TRANSPORT", value_name = "KIND", default_value = "grpc")]
    pub(crate) transport: TransportArg,
    /// The cluster's own API.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// PEM file with the certificate authorities to trust for servers instead of the system's
    #[arg(long, env = "KUBENTLY_CA_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Limits and times.
    #[command(flatten)]
    pub(crate) tuning: ExecutorTuning,
    /// How logs look.
    #[command(flatten)]
    pub(crate) log: LogArgs,
}

/// What runs commands, and against which Kubernetes API.
#[derive(Args)]
pub(crate) struct TargetArgs {
    /// What runs commands: the Kubernetes API, the kubectl binary, or the first and else the second
    #[arg(long, env = "KUBENTLY_ENGINE", value_name = "KIND", default_value = "auto")]
    pub(crate) engine: EngineArg,
    /// Serve the built-in demo cluster
    #[arg(long, env = "KUBENTLY_DEMO", conflicts_with = "kubeconfig", value_parser = BoolishValueParser::new())]
    pub(crate) demo: bool,
    /// The kubeconfig; KUBECONFIG, ~/.kube/config or the pod's service account unless given
    #[arg(long, env = "KUBENTLY_KUBECONFIG", value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The kubectl binary; the first on PATH unless given
    #[arg(long, env = "KUBENTLY_KUBECTL_PATH", value_name = "FILE")]
    pub(crate) kubectl_path: Option<PathBuf>,
    /// What may run.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
}

/// What few need to change; without a flag the executor's own default holds.
#[derive(Args)]
#[command(next_help_heading = "Tuning")]
pub(crate) struct ExecutorTuning {
    /// Commands to run at once, 1 to 1024 [default: 32]
    #[arg(long, env = "KUBENTLY_MAX_IN_FLIGHT", value_name = "N")]
    pub(crate) max_in_flight: Option<u32>,
    /// Most output to keep for one command, whatever is asked for [default: 16Mi]
    #[arg(long, env = "KUBENTLY_MAX_OUTPUT", value_parser = parse_size, value_name = "SIZE")]
    pub(crate) max_output: Option<u64>,
    /// Time that running commands get at shutdown [default: 20s]
    #[arg(long, env = "KUBENTLY_GRACE", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) grace: Option<Duration>,
    /// Directory that keeps results until the server has them, also over a restart; one for each executor
    #[arg(long, env = "KUBENTLY_SPOOL_DIR", value_name = "DIR")]
    pub(crate) spool_dir: Option<PathBuf>,
    /// This process's own id [default: the pod's or host's name and the process id; with --spool-dir the first of
    /// these is kept]
    #[arg(long, env = "KUBENTLY_EXECUTOR_ID", value_name = "ID")]
    pub(crate) executor_id: Option<ExecutorId>,
    /// The name of the pod it runs in, for the capability report
    #[arg(long, env = "KUBENTLY_POD_NAME", value_name = "NAME")]
    pub(crate) pod_name: Option<String>,
}

/// [`TransportKind`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TransportArg {
    /// One gRPC stream.
    Grpc,
    /// Server-sent events and POST.
    Sse,
    /// Long polling and POST.
    Smart,
    /// Polling each second and POST.
    Legacy,
}

impl From<TransportArg> for TransportKind {
    fn from(arg: TransportArg) -> Self {
        match arg {
            TransportArg::Grpc => Self::Grpc,
            TransportArg::Sse => Self::Sse,
            TransportArg::Smart => Self::Smart,
            TransportArg::Legacy => Self::Legacy,
        }
    }
}

/// [`EngineKind`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineArg {
    /// Native for what it covers, kubectl for the rest where it is installed.
    Auto,
    /// Only the Kubernetes API.
    Native,
    /// Only the kubectl binary.
    Kubectl,
}

impl From<EngineArg> for EngineKind {
    fn from(arg: EngineArg) -> Self {
        match arg {
            EngineArg::Auto => Self::Auto,
            EngineArg::Native => Self::Native,
            EngineArg::Kubectl => Self::Kubectl,
        }
    }
}

impl ExecutorArgs {
    /// The executor's own settings.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        let id = self.tuning.executor_id.clone().map_or_else(|| own_id(self.tuning.pod_name.as_deref()), Ok)?;
        let servers = self.server.iter().map(|url| url.trim().trim_end_matches('/').to_owned()).collect();
        let mut config = Config::new(servers, self.cluster_id.clone(), self.token.require()?, id);
        config.transport = self.transport.into();
        config.tls.ca_file.clone_from(&self.ca_file);
        self.target.apply(&mut config);
        self.tuning.apply(&mut config);
        Ok(config)
    }
}

impl TargetArgs {
    /// Everything but the demo cluster, which has to be started first.
    pub(crate) fn apply(&self, config: &mut Config) {
        config.engine = self.engine.into();
        config.kubeconfig.clone_from(&self.kubeconfig);
        config.kubectl_path.clone_from(&self.kubectl_path);
        config.policy = self.policy.built_in();
        config.policy_file.clone_from(&self.policy.policy_file);
    }
}

impl ExecutorTuning {
    fn apply(&self, config: &mut Config) {
        config.max_in_flight = self.max_in_flight.unwrap_or(config.max_in_flight);
        config.max_output_bytes = self.max_output.unwrap_or(config.max_output_bytes);
        config.grace = self.grace.unwrap_or(config.grace);
        config.spool_dir.clone_from(&self.spool_dir);
        config.keep_executor_id = self.executor_id.is_none();
        config.pod.clone_from(&self.pod_name);
    }
}

/// An id that differs between processes: two executors of one cluster must not be taken for one.
fn own_id(pod: Option<&str>) -> Result<ExecutorId, kubently_core::Error> {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = pod.map(str::to_owned).or_else(host).unwrap_or_else(|| "executor".to_owned());
    let name: String = name.trim().chars().filter(char::is_ascii_graphic).take(100).collect();
    ExecutorId::new(&format!("{name}-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use kubently_core::policy::{Mode, Policy};

    use super::*;
    use crate::args::{Command, tests::parsed};

    fn args(line: &[&str]) -> ExecutorArgs {
        match parsed(&[&["executor"], line].concat()).unwrap().command {
            Command::Executor(args) => *args,
            _ => panic!("not executor"),
        }
    }

    #[test]
    fn the_documented_flags_become_settings() {
        let servers = "http://a:1,http://b:2/";
        let line =
            ["--server", servers, "--cluster-id", "c", "--token", "t", "--transport", "smart", "--engine", "native"];
        let config = args(&line).config().unwrap();
        assert_eq!(config.servers, ["http://a:1", "http://b:2"]);
        assert_eq!((config.cluster.as_str(), config.token.as_str()), ("c", "t"));
        assert_eq!((config.transport, config.engine), (TransportKind::Smart, EngineKind::Native));
    }

    #[test]
    fn what_is_not_given_keeps_the_executors_default() {
        let config = args(&["--server", "http://a:1", "--cluster-id", "c", "--token", "t"]).config().unwrap();
        assert_eq!(config.transport, TransportKind::default());
        assert_eq!(config.max_in_flight, kubently_executor::DEFAULT_MAX_IN_FLIGHT);
        assert_eq!((config.policy, config.policy_file), (Policy::default(), None));
    }

    #[test]
    fn mode_and_policy_file_become_settings() {
        let line = ["--server", "http://a:1", "--cluster-id", "c", "--token", "t", "--mode", "fullAccess"];
        let config = args(&[&line[..], &["--policy-file", "p.yaml"]].concat()).config().unwrap();
        assert_eq!((config.policy.mode(), config.policy_file), (Mode::FullAccess, Some("p.yaml".into())));
    }

    #[test]
    fn only_an_id_that_nobody_chose_is_kept_in_the_spool_directory() {
        let line = ["--server", "http://a:1", "--cluster-id", "c", "--token", "t", "--spool-dir", "/d"];
        let config = args(&line).config().unwrap();
        assert_eq!((config.spool_dir, config.keep_executor_id), (Some("/d".into()), true));
        let config = args(&[&line[..], &["--executor-id", "e"]].concat()).config().unwrap();
        assert_eq!((config.executor_id.as_str(), config.keep_executor_id), ("e", false));
    }

    #[test]
    fn demo_and_kubeconfig_exclude_each_other() {
        let line = ["executor", "--server", "http://a:1", "--cluster-id", "c", "--demo", "--kubeconfig", "f"];
        assert!(parsed(&line).is_err());
    }

    #[test]
    fn an_id_is_made_where_none_is_given() {
        let id = own_id(Some("pod-1")).unwrap();
        assert!(id.as_str().starts_with("pod-1-"), "{id}");
        assert!(own_id(Some(&"x".repeat(300))).is_ok());
    }
}
