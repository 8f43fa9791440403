//! What is measured: a Kubernetes API, two servers on Redis, and an executor with the native engine, as processes.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use tokio::time::{Instant, sleep};

use super::super::{
    calls::{Asking, Callers},
    stand::{CLUSTER, Stand, token},
    usage,
};
use crate::{
    client::is_attached,
    ports::Ports,
    process::{Process, Start},
};

/// Pods in the long list.
pub(super) const CROWD: u32 = 1_000;
/// What the chart's executors have: the C library gives memory back (mallopt(3)).
const ENVIRONMENT: [(&str, &str); 3] =
    [("MALLOC_ARENA_MAX", "1"), ("MALLOC_MMAP_THRESHOLD_", "65536"), ("MALLOC_TRIM_THRESHOLD_", "131072")];
/// How long the API and the executor may take to be there.
const READY: Duration = Duration::from_secs(30);
/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// The running processes.
pub(super) struct Site {
    /// Ask the executor through its server.
    pub(super) callers: Callers,
    /// The Kubernetes API's address.
    pub(super) api: String,
    stand: Stand,
    cluster: Process,
    executor: Process,
}

impl Site {
    /// Starts everything. The kubeconfig that leads to the API is [`kubeconfig`].
    pub(super) async fn start(binary: &Path, dir: &Path) -> anyhow::Result<Self> {
        let mut ports = Ports::new();
        let port = ports.take()?;
        let cluster = start("cluster", &std::env::current_exe()?, cluster_args(dir, port), dir);
        let api = format!("http://127.0.0.1:{port}");
        serves(&api).await?;
        let stand = Stand::start(binary, &dir.join("stand"), &mut ports, false).await?;
        let executor = start("executor", binary, executor_args(dir, &format!("http://{}", stand.b.addr)), dir);
        let callers = Callers::new(stand.a.addr, Asking::of(CLUSTER))?;
        let site = Self { callers, api, stand, cluster, executor };
        site.attached().await?;
        Ok(site)
    }

    /// Waits until the executor is attached; nothing has run in it then.
    async fn attached(&self) -> anyhow::Result<()> {
        let end = Instant::now() + READY;
        while !is_attached(self.stand.a.addr, CLUSTER).await? {
            anyhow::ensure!(Instant::now() < end, "the executor does not attach");
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Resident memory of the executor, in KiB.
    pub(super) fn resident(&self) -> anyhow::Result<u64> {
        usage::resident(self.pid()?)
    }

    /// The executor's process.
    pub(super) fn pid(&self) -> anyhow::Result<i32> {
        self.executor.pid().context("the executor does not run")
    }

    /// Ends every process.
    pub(super) async fn stop(self) {
        self.executor.stop().await;
        self.cluster.stop().await;
        self.stand.stop().await;
    }
}

/// The way to the API, for kubectl and the executor.
pub(super) fn kubeconfig(dir: &Path) -> String {
    dir.join("kubeconfig").display().to_string()
}

fn start(name: &str, program: &Path, args: Vec<String>, dir: &Path) -> Process {
    let log = dir.join(name).with_extension("log");
    let env = ENVIRONMENT.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Process::start(Start { name: name.into(), program: program.to_owned(), args, env, log })
}

fn cluster_args(dir: &Path, port: u16) -> Vec<String> {
    let (port, crowd) = (port.to_string(), CROWD.to_string());
    ["cluster", "--port", &port, "--crowd", &crowd, "--kubeconfig", &kubeconfig(dir)].map(str::to_owned).into()
}

fn executor_args(dir: &Path, server: &str) -> Vec<String> {
    let (token, kubeconfig) = (token(CLUSTER), kubeconfig(dir));
    let args = ["executor", "--server", server, "--cluster-id", CLUSTER, "--token", &token, "--engine", "native"];
    let args = args.into_iter().chain(["--kubeconfig", &kubeconfig, "--log", "warn"]);
    args.map(str::to_owned).collect()
}

async fn serves(api: &str) -> anyhow::Result<()> {
    let end = Instant::now() + READY;
    while reqwest::get(format!("{api}/readyz")).await.is_err() {
        anyhow::ensure!(Instant::now() < end, "the Kubernetes API does not serve");
        sleep(PAUSE).await;
    }
    Ok(())
}
