//! The set-up that is measured: Redis and two servers as processes.

use std::{net::SocketAddr, path::Path};

use anyhow::Context as _;
use futures::future::join_all;

use super::{commandstats::CommandStats, tap::Tap};
use crate::{
    ports::Ports,
    process::{Process, Start},
    store::{Node, Store, StoreKind},
    system::{API_KEY, ready},
};

/// The cluster whose executor answers.
pub(super) const CLUSTER: &str = "measured";
/// Further clusters, for executors that only are there.
pub(super) const CROWD: usize = 100;

/// A server under measurement.
pub(super) struct Server {
    pub(super) addr: SocketAddr,
    /// Its way to Redis; `None` where it goes there directly.
    pub(super) tap: Option<Tap>,
    process: Process,
}

/// Everything that is measured.
pub(super) struct Stand {
    /// Where callers go.
    pub(super) a: Server,
    /// Where executors are attached.
    pub(super) b: Server,
    store: Store,
}

impl Server {
    async fn start(name: &str, binary: &Path, dir: &Path, ports: &mut Ports, redis: Way) -> anyhow::Result<Self> {
        let addr = SocketAddr::from(([127, 0, 0, 1], ports.take()?));
        let (redis, tap) = match redis {
            Way::Direct(to) => (to, None),
            Way::Tapped(to) => {
                let tap = Tap::open(to).await?;
                (tap.addr, Some(tap))
            }
        };
        let mut args = vec!["server".to_owned(), "--listen".into(), addr.to_string(), "--log".into(), "warn".into()];
        args.extend(["--redis-url".to_owned(), format!("redis://{redis}")]);
        args.extend(["--api-keys".to_owned(), format!("bench:{API_KEY}"), "--executor-tokens".into(), tokens()]);
        let log = dir.join(name).with_extension("log");
        let process =
            Process::start(Start { name: name.into(), program: binary.to_owned(), args, env: Vec::new(), log });
        ready(addr).await?;
        Ok(Self { addr, tap, process })
    }

    /// Its process's id.
    pub(super) fn pid(&self) -> anyhow::Result<i32> {
        self.process.pid().with_context(|| format!("{} does not run", self.process.name))
    }
}

/// How servers reach Redis.
#[derive(Debug, Clone, Copy)]
enum Way {
    Direct(SocketAddr),
    Tapped(SocketAddr),
}

impl Stand {
    /// Starts it; `tapped` puts a [`Tap`] between each server and Redis.
    pub(super) async fn start(binary: &Path, dir: &Path, ports: &mut Ports, tapped: bool) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let store = Store::start(StoreKind::Forgetful, dir, ports).await.context("start Redis")?;
        let to = node(&store)?.addr();
        let way = if tapped { Way::Tapped(to) } else { Way::Direct(to) };
        let a = Server::start("server-a", binary, dir, ports, way).await?;
        let b = Server::start("server-b", binary, dir, ports, way).await?;
        Ok(Self { a, b, store })
    }

    /// Where Redis is.
    pub(super) fn redis(&self) -> anyhow::Result<SocketAddr> {
        Ok(node(&self.store)?.addr())
    }

    /// Has Redis count from 0.
    pub(super) async fn reset_stats(&self) -> anyhow::Result<()> {
        node(&self.store)?.ask("CONFIG RESETSTAT").await.map(|_ok| ())
    }

    /// What Redis did since then.
    pub(super) async fn stats(&self) -> anyhow::Result<CommandStats> {
        let info = node(&self.store)?.ask("INFO commandstats").await?;
        let stats = CommandStats::parse(&info);
        anyhow::ensure!(stats.total() > 0, "Redis counted nothing: {info:?}");
        Ok(stats)
    }

    /// `CLIENT LIST`.
    pub(super) async fn clients(&self) -> anyhow::Result<String> {
        node(&self.store)?.ask("CLIENT LIST").await
    }

    /// The ways of both servers.
    pub(super) fn taps(&self) -> impl Iterator<Item = &Tap> {
        [&self.a, &self.b].into_iter().filter_map(|server| server.tap.as_ref())
    }

    /// Ends every process, the one that others stand on last.
    pub(super) async fn stop(self) {
        join_all([self.a.process, self.b.process].map(Process::stop)).await;
        join_all(self.store.into_processes().map(Process::stop)).await;
    }
}

fn node(store: &Store) -> anyhow::Result<&Node> {
    store.nodes.first().context("no Redis")
}

/// One of the further clusters.
pub(super) fn crowd(number: usize) -> String {
    format!("crowd-{}", number % CROWD)
}

/// A cluster's token.
pub(super) fn token(cluster: &str) -> String {
    format!("{cluster}-{}", "0123456789abcdef".repeat(2))
}

fn tokens() -> String {
    let clusters = (0..CROWD).map(crowd).chain([CLUSTER.to_owned()]);
    clusters.map(|cluster| format!("{cluster}:{}", token(&cluster))).collect::<Vec<_>>().join(",")
}
