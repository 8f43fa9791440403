//! Runs commands against the Kubernetes API over one warm connection pool: no binary, no process.
//!
//! What is covered prints byte for byte what kubectl prints for the same moment; what is not covered says so
//! in [`covers`] before anything runs.

mod api;
mod auth;
mod catalog;
mod cluster_info;
mod describe;
mod discovery;
mod events;
mod explain;
mod fault;
mod get;
#[cfg(test)]
mod golden;
mod logs;
mod mapper;
mod picked;
mod pods;
mod resources;
mod rollout;
mod targets;
mod top;
mod version;
mod watch;

use kube::config::{KubeConfigOptions, Kubeconfig};
use kubently_core::{
    kubectl::{Command, NamespaceScope},
    policy::Policy,
};

use kubently_render::redact::Redactor;

use super::Exit;
use crate::{Clock, Config, runner::Output};
use api::Connection;
use discovery::Discovery;
use fault::Fault;

/// What a person is told about what this engine cannot do.
pub(super) const NOT_COVERED: &str = "events -w with -o, rollout history -o, \
    explain -o plaintext-openapiv2, --output-watch-events with whole objects";

/// The engine: a client that stays connected, and what it knows about the cluster.
pub(crate) struct Native {
    connection: Connection,
    discovery: Discovery,
    documents: explain::Documents,
    policy: Policy,
    default_namespace: String,
    /// Makes secrets unreadable before anything else sees them.
    redactor: Redactor,
    /// What time it is, for ages.
    clock: Clock,
}

/// Whether this engine can run `command` in every detail.
pub(super) fn covers(command: &Command) -> bool {
    match command {
        Command::Get(get) => get::covers(get),
        Command::Explain(command) => explain::covers(command),
        Command::Events(command) => events::covers(command),
        Command::RolloutHistory(command) => rollout::covers_history(command),
        Command::ApiResources(_)
        | Command::AuthCanI(_)
        | Command::AuthWhoami(_)
        | Command::TopPod(_)
        | Command::TopNode(_)
        | Command::ClusterInfo(_)
        | Command::RolloutStatus(_)
        | Command::Describe(_)
        | Command::Logs(_)
        | Command::Version(_)
        | Command::ApiVersions(_) => true,
    }
}

impl Native {
    /// Finds the cluster: the kubeconfig that is set, else the usual places, else the pod's service account.
    pub(super) async fn bind(config: &Config, redactor: Redactor) -> Result<Self, String> {
        let kube = match &config.kubeconfig {
            Some(path) => {
                let kubeconfig = Kubeconfig::read_from(path).map_err(|error| fault::chain(&error))?;
                let options = KubeConfigOptions::default();
                kube::Config::from_custom_kubeconfig(kubeconfig, &options)
                    .await
                    .map_err(|error| fault::chain(&error))?
            }
            None => kube::Config::infer().await.map_err(|error| fault::chain(&error))?,
        };
        Self::new(kube, config.policy.clone(), redactor, config.clock)
    }

    fn new(kube: kube::Config, policy: Policy, redactor: Redactor, clock: Clock) -> Result<Self, String> {
        let default_namespace = kube.default_namespace.clone();
        let connection = Connection::new(kube).map_err(|error| fault::chain(&error))?;
        let (discovery, documents) = (Discovery::default(), explain::Documents::default());
        Ok(Self { connection, discovery, documents, policy, default_namespace, redactor, clock })
    }

    pub(super) async fn run(&self, command: &Command, output: &Output) -> Exit {
        let api = self.connection.api(&self.redactor, command.common().request_timeout, output);
        let ended = match command {
            Command::Get(get) => get::run(self, &api, get, output).await,
            Command::AuthCanI(command) => match auth::can_i(self, &api, command, output).await {
                Ok(exit) => return exit,
                Err(faults) => Err(faults),
            },
            Command::AuthWhoami(command) => auth::whoami(&api, command, output).await,
            Command::ClusterInfo(command) => cluster_info::run(&api, command, output).await,
            Command::Events(command) => events::run(self, &api, command, output).await,
            Command::RolloutStatus(command) => rollout::run_status(self, &api, command, output).await,
            Command::RolloutHistory(command) => rollout::run_history(self, &api, command, output).await,
            Command::TopNode(command) => top::node(self, &api, command, output).await,
            Command::TopPod(command) => top::pod(self, &api, command, output).await,
            Command::Describe(describe) => describe::run(self, &api, describe, output).await,
            Command::Logs(logs) => logs::run(self, &api, logs, output).await,
            Command::Version(version) => version::run(&api, version, output).await,
            Command::ApiResources(resources) => resources::run(self, &api, resources, output).await,
            Command::Explain(command) => explain::run(self, &api, command, output).await,
            Command::ApiVersions(_) => resources::versions(self, &api, output).await,
        };
        match ended {
            Ok(()) => Exit::SUCCESS,
            Err(faults) => report(&faults, output),
        }
    }

    /// What lets commands hold long answers.
    #[cfg(test)]
    pub(super) fn lanes(&self) -> std::sync::Arc<tokio::sync::Semaphore> {
        self.connection.lanes()
    }

    /// The one namespace a command looks at; none means all.
    fn namespace<'a>(&'a self, scope: &'a NamespaceScope) -> Option<&'a str> {
        match scope {
            NamespaceScope::Default => Some(&self.default_namespace),
            NamespaceScope::Named(name) => Some(name),
            NamespaceScope::All => None,
        }
    }
}

/// How an operation of this engine ends: well, or with what went wrong, in order.
type Ended = Result<(), Vec<Fault>>;

/// Prints what went wrong the way kubectl does: of several, those found out on this side have no "error: " before them.
fn report(faults: &[Fault], output: &Output) -> Exit {
    let several = faults.len() > 1;
    let text = |fault: &Fault| match fault {
        Fault::Plain(message) if several => message.clone(),
        other => other.to_string(),
    };
    let texts: Vec<_> = faults.iter().map(text).collect();
    for text in &texts {
        output.err(text);
        if several || !text.ends_with('\n') {
            output.err("\n");
        }
    }
    let message = texts.first().and_then(|text| text.lines().next()).map(str::to_owned);
    Exit { message, ..Exit::FAILURE }
}
