//! A program that does the bare path, to see the product's numbers beside: two hubs on Redis, an executor that echoes,
//! and a load that prints what it saw as JSON.

use std::{net::SocketAddr, path::Path, process::Stdio, time::Duration};

use anyhow::Context as _;
use serde_json::Value;
use tokio::{
    net::TcpStream,
    process::Command,
    time::{Instant, sleep, timeout},
};

use super::{pace::Figures, usage::cpu};
use crate::{
    ports::Ports,
    process::{Process, Start},
};

/// How long a hub may take to listen.
const READY: Duration = Duration::from_secs(10);
/// How long one load may take.
const LOAD: Duration = Duration::from_secs(300);
/// The pause between two looks, and until the executor is attached.
const PAUSE: Duration = Duration::from_millis(50);
/// How long its executor may take to attach; it does not say when it has.
const ATTACH: Duration = Duration::from_millis(500);

/// The running program.
pub(super) struct Floor<'a> {
    binary: &'a Path,
    port: u16,
    hubs: [Process; 2],
    executor: Process,
}

impl<'a> Floor<'a> {
    pub(super) async fn start(
        binary: &'a Path,
        dir: &Path,
        redis: SocketAddr,
        ports: &mut Ports,
    ) -> anyhow::Result<Self> {
        let (a, b) = (ports.take()?, ports.take()?);
        let url = format!("redis://{redis}/?protocol=3");
        let start = |name: &str, args: &[&str]| {
            let args = args.iter().map(|arg| (*arg).to_owned()).collect();
            let log = dir.join(name).with_extension("log");
            Process::start(Start { name: name.into(), program: binary.to_owned(), args, env: Vec::new(), log })
        };
        let hub = |node: &str, port: u16| {
            let args = ["hub", "--port", &port.to_string(), "--node", node, "--redis", &url, "--nodelay"];
            start(&format!("floor-{node}"), &args)
        };
        let hubs = [hub("A", a), hub("B", b)];
        listens(a).await?;
        listens(b).await?;
        let executor = start("floor-executor", &["exec", "--port", &b.to_string()]);
        sleep(ATTACH).await;
        Ok(Self { binary, port: a, hubs, executor })
    }

    /// Runs `commands` commands.
    pub(super) async fn run(&self, in_flight: usize, commands: usize, connections: usize) -> anyhow::Result<Figures> {
        let used = self.cpu()?;
        let pairs = [
            ("--port", usize::from(self.port)),
            ("--n", commands),
            ("--inflight", in_flight),
            ("--conns", connections),
        ];
        let args = pairs.iter().flat_map(|(name, value)| [(*name).to_owned(), value.to_string()]);
        let load = Command::new(self.binary).arg("load").args(args).stdin(Stdio::null()).kill_on_drop(true).output();
        let output = timeout(LOAD, load).await.context("the floor's load does not end")??;
        anyhow::ensure!(output.status.success(), "the floor failed: {}", String::from_utf8_lossy(&output.stderr));
        let seen: Value = serde_json::from_slice(&output.stdout).context("the floor's load says no JSON")?;
        let number = |name: &str| seen[name].as_f64().with_context(|| format!("the floor's load says no {name}"));
        // It makes so many before it counts.
        let warm_up = (commands / 10).clamp(100, 2_000);
        let micros = |name: &str| number(name).map(|micros| Duration::from_secs_f64(micros / 1e6));
        Ok(Figures {
            p50: micros("p50_us")?,
            p99: micros("p99_us")?,
            rate: number("per_s")?,
            cpu: (self.cpu()? - used) / u32::try_from(commands + warm_up)?,
        })
    }

    fn cpu(&self) -> anyhow::Result<Duration> {
        let of = |hub: &Process| cpu(hub.pid().context("a hub does not run")?);
        Ok(of(&self.hubs[0])? + of(&self.hubs[1])?)
    }

    pub(super) async fn stop(self) {
        let [a, b] = self.hubs;
        futures::future::join_all([self.executor, a, b].map(Process::stop)).await;
    }
}

async fn listens(port: u16) -> anyhow::Result<()> {
    let end = Instant::now() + READY;
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        anyhow::ensure!(Instant::now() < end, "the floor does not listen on {port}");
        sleep(PAUSE).await;
    }
    Ok(())
}
