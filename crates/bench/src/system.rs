//! The system under test: servers, executors and their store as processes, with a proxy in every link.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context as _, bail};
use futures::future::join_all;
use tokio::{
    process::Command,
    time::{Instant, sleep, timeout},
};

use crate::{
    fake,
    ports::Ports,
    process::{Process, Start},
    proxy::Link,
    store::{Store, StoreKind},
};

/// The clients' API key.
pub(crate) const API_KEY: &str = "faults-harness-key";
/// Clusters, each with its own executors.
pub(crate) const CLUSTERS: [&str; 2] = ["c1", "c2"];
/// Servers.
pub(crate) const SERVERS: usize = 3;
/// Executors of one cluster.
const EXECUTORS: usize = 2;
/// What stopping servers are told to take at most.
pub(crate) const DRAIN: Duration = Duration::from_secs(10);
/// How long a process may take to be ready.
const READY: Duration = Duration::from_secs(30);
/// How long the binary may take to print its help.
const HELP: Duration = Duration::from_secs(10);

/// How to build a system.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) binary: PathBuf,
    pub(crate) store: StoreKind,
    /// Servers wait for a replica before they call a command accepted.
    pub(crate) wait_for_replica: bool,
    /// Executors run with a clock that can be moved, through this library.
    pub(crate) clock: Option<PathBuf>,
    pub(crate) abilities: Abilities,
}

/// Flags that not every version of the binary knows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Abilities {
    pub(crate) spool_dir: bool,
    pub(crate) redis_wait: bool,
}

impl Abilities {
    /// Reads them from the binary's own help.
    pub(crate) async fn of(binary: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            spool_dir: help(binary, "executor").await?.contains("--spool-dir"),
            redis_wait: help(binary, "server").await?.contains("--redis-wait"),
        })
    }
}

async fn help(binary: &Path, role: &str) -> anyhow::Result<String> {
    let output = Command::new(binary).args([role, "--help"]).kill_on_drop(true).output();
    let output = timeout(HELP, output).await.context("the binary does not answer")?;
    let output = output.with_context(|| format!("run {}", binary.display()))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A server, and the way to it.
pub(crate) struct Server {
    pub(crate) process: Process,
    /// Where it listens, for readiness and for reads after the run.
    pub(crate) addr: SocketAddr,
    /// The clients' way.
    pub(crate) link: Link,
}

/// An executor, and its ways to the servers.
pub(crate) struct Executor {
    pub(crate) process: Process,
    /// One to each server, in their order.
    pub(crate) links: Vec<Link>,
    /// The file that says how far its clock is off.
    clock: PathBuf,
}

/// Everything.
pub(crate) struct System {
    pub(crate) store: Store,
    pub(crate) servers: Vec<Server>,
    pub(crate) executors: Vec<Executor>,
    pub(crate) plan: Plan,
}

impl System {
    /// Starts everything in `dir` and waits until every executor is attached.
    pub(crate) async fn start(plan: Plan, dir: &Path) -> anyhow::Result<Self> {
        let mut ports = Ports::new();
        let store = Store::start(plan.store, dir, &mut ports).await.context("start Redis")?;
        let mut system = Self { store, servers: Vec::new(), executors: Vec::new(), plan };
        for number in 0..SERVERS {
            let server = system.server(number, dir, &mut ports).await?;
            system.servers.push(server);
        }
        for server in &system.servers {
            ready(server.addr).await?;
        }
        for cluster in CLUSTERS {
            for number in 1..=EXECUTORS {
                let executor = system.executor(cluster, number, dir).await?;
                system.executors.push(executor);
            }
        }
        system.until_attached().await?;
        Ok(system)
    }

    async fn server(&self, number: usize, dir: &Path, ports: &mut Ports) -> anyhow::Result<Server> {
        let addr = SocketAddr::from(([127, 0, 0, 1], ports.take()?));
        let name = format!("server-{number}");
        let tokens: Vec<String> = CLUSTERS.iter().map(|cluster| format!("{cluster}:{}", token(cluster))).collect();
        let mut args = vec!["server".to_owned(), "--listen".into(), addr.to_string()];
        args.extend(["--redis-url".to_owned(), format!("redis://{}", self.store.link.addr)]);
        args.extend(["--api-keys".to_owned(), format!("faults:{API_KEY}")]);
        args.extend(["--executor-tokens".to_owned(), tokens.join(",")]);
        args.extend(["--drain-timeout".to_owned(), format!("{}s", DRAIN.as_secs())]);
        if self.plan.wait_for_replica && self.plan.abilities.redis_wait {
            args.extend(["--redis-wait".to_owned(), "1".into()]);
        }
        let log = dir.join(&name).with_extension("log");
        let start = Start { name, program: self.plan.binary.clone(), args, env: Vec::new(), log };
        Ok(Server { process: Process::start(start), addr, link: Link::open(addr).await? })
    }

    async fn executor(&self, cluster: &str, number: usize, dir: &Path) -> anyhow::Result<Executor> {
        let name = format!("{cluster}-e{number}");
        let home = dir.join(&name);
        std::fs::create_dir_all(&home)?;
        let kubectl = stand_in(&home)?;
        let mut links = Vec::new();
        for server in &self.servers {
            links.push(Link::open(server.addr).await?);
        }
        let urls: Vec<String> = links.iter().map(Link::url).collect();
        let mut args = vec!["executor".to_owned(), "--server".into(), urls.join(",")];
        args.extend(["--cluster-id".to_owned(), cluster.to_owned(), "--token".into(), token(cluster)]);
        args.extend(["--executor-id".to_owned(), name.clone(), "--engine".into(), "kubectl".into()]);
        args.extend(["--kubectl-path".to_owned(), kubectl.display().to_string()]);
        if self.plan.abilities.spool_dir {
            args.extend(["--spool-dir".to_owned(), home.join("spool").display().to_string()]);
        }
        let clock = home.join("clock");
        let env = self.plan.clock.as_deref().map_or_else(Vec::new, |library| clock_env(library, &clock));
        let log = dir.join(&name).with_extension("log");
        let start = Start { name, program: self.plan.binary.clone(), args, env, log };
        let executor = Executor { process: Process::start(start), links, clock };
        executor.move_clock(0)?;
        Ok(executor)
    }

    /// Waits until every executor has a link to some server.
    async fn until_attached(&self) -> anyhow::Result<()> {
        let end = Instant::now() + READY;
        while Instant::now() < end {
            let attached = |executor: &Executor| executor.links.iter().any(|link| link.connections() > 0);
            if self.executors.iter().all(attached) {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
        bail!("the executors did not attach")
    }

    /// The server that holds the most executors.
    pub(crate) fn stream_server(&self) -> usize {
        let held = |server: &usize| -> usize { self.executors.iter().map(|e| e.links[*server].connections()).sum() };
        (0..SERVERS).max_by_key(held).unwrap_or_default()
    }

    /// Ends every process, the ones that others stand on last.
    pub(crate) async fn stop(self) {
        let executors = self.executors.into_iter().map(|executor| executor.process);
        let all = executors.chain(self.servers.into_iter().map(|server| server.process));
        join_all(all.map(Process::stop)).await;
        join_all(self.store.into_processes().map(Process::stop)).await;
    }

    /// Processes that ended without being told to, with how often.
    pub(crate) fn crashes(&self) -> Vec<String> {
        let servers = self.servers.iter().map(|server| &server.process);
        let all = servers.chain(self.executors.iter().map(|executor| &executor.process));
        let crashed = all.filter(|process| process.crashes() > 0);
        crashed.map(|process| format!("{} ended by itself {} times", process.name, process.crashes())).collect()
    }
}

impl Executor {
    /// Sets how far its clock is off, in seconds; the library reads the file again by itself.
    pub(crate) fn move_clock(&self, seconds: i64) -> anyhow::Result<()> {
        // Replaced as a whole, so that no half of it is ever read.
        let fresh = self.clock.with_extension("new");
        std::fs::write(&fresh, format!("{seconds:+}\n"))?;
        std::fs::rename(&fresh, &self.clock)?;
        Ok(())
    }
}

fn token(cluster: &str) -> String {
    format!("{cluster}-{}", "0123456789abcdef".repeat(2))
}

/// The harness's own executable under the name of kubectl; see [`fake`].
fn stand_in(home: &Path) -> anyhow::Result<PathBuf> {
    let (own, path) = (std::env::current_exe()?, home.join(fake::NAME));
    if std::fs::hard_link(&own, &path).is_err() {
        std::fs::copy(&own, &path).context("copy the stand-in for kubectl")?;
    }
    Ok(path)
}

fn clock_env(library: &Path, clock: &Path) -> Vec<(String, String)> {
    let pairs = [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_CACHE_DURATION", "1".to_owned()),
        ("DONT_FAKE_MONOTONIC", "1".to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Where Debian, Fedora and others put the library that moves a process's clock.
pub(crate) fn find_clock_library() -> Option<PathBuf> {
    let dirs = [
        "/usr/lib/x86_64-linux-gnu/faketime",
        "/usr/lib/aarch64-linux-gnu/faketime",
        "/usr/lib64/faketime",
        "/usr/lib/faketime",
    ];
    dirs.iter().map(|dir| Path::new(dir).join("libfaketimeMT.so.1")).find(|path| path.is_file())
}

/// Waits until a server says that it is ready.
pub(crate) async fn ready(addr: SocketAddr) -> anyhow::Result<()> {
    let http = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
    let end = Instant::now() + READY;
    while Instant::now() < end {
        if let Ok(answer) = http.get(format!("http://{addr}/readyz")).send().await
            && answer.status().is_success()
        {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
    bail!("{addr} did not get ready")
}
