//! Redis as processes: one that forgets, one that keeps, or two under three sentinels.

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use crate::{
    ports::Ports,
    process::{Process, Start},
    proxy::Link,
};

/// How long Redis may take to answer one question.
const ANSWER: Duration = Duration::from_secs(2);
/// How long it may take to start, or sentinels to agree.
const READY: Duration = Duration::from_secs(30);
/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(50);
/// Sentinels' name for the pair.
const GROUP: &str = "kubently";

/// What the servers stand on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// One Redis that writes nothing down.
    Forgetful,
    /// One Redis that writes down each change before it answers.
    Aof,
    /// A primary, a replica and three sentinels.
    Sentinel,
}

/// A Redis or a sentinel.
pub(crate) struct Node {
    pub(crate) process: Process,
    port: u16,
}

/// The running store.
pub(crate) struct Store {
    pub(crate) nodes: Vec<Node>,
    sentinels: Vec<Node>,
    /// What the servers connect to: leads to the primary, as the address of a failover proxy does.
    pub(crate) link: Link,
}

fn local(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

impl Store {
    /// Starts it and waits until it answers.
    pub(crate) async fn start(kind: StoreKind, dir: &Path, ports: &mut Ports) -> anyhow::Result<Self> {
        let primary = Node::redis("redis-1", kind, None, dir, ports)?;
        let (mut nodes, mut sentinels) = (vec![], vec![]);
        if kind == StoreKind::Sentinel {
            nodes.push(Node::redis("redis-2", kind, Some(primary.port), dir, ports)?);
            for number in 1..=3 {
                sentinels.push(Node::sentinel(number, primary.port, dir, ports)?);
            }
        }
        let link = Link::open(local(primary.port)).await?;
        nodes.insert(0, primary);
        let store = Self { nodes, sentinels, link };
        for node in store.nodes.iter().chain(&store.sentinels) {
            node.until("PING", |answer| answer.contains("PONG")).await?;
        }
        if kind == StoreKind::Sentinel {
            store.until_replicated().await?;
        }
        Ok(store)
    }

    /// Its processes.
    pub(crate) fn into_processes(self) -> impl Iterator<Item = Process> {
        self.nodes.into_iter().chain(self.sentinels).map(|node| node.process)
    }

    /// The node that is the primary now, as the first sentinel says.
    pub(crate) async fn primary(&self) -> anyhow::Result<&Node> {
        let Some(sentinel) = self.sentinels.first() else { return self.nodes.first().context("no node") };
        let answer = sentinel.ask(&format!("SENTINEL get-master-addr-by-name {GROUP}")).await?;
        let named = self.nodes.iter().find(|node| answer.contains(&node.port.to_string()));
        named.with_context(|| format!("the sentinels name an unknown primary: {answer:?}"))
    }

    /// Waits until every sentinel sees a replica that is up to date and knows the others.
    pub(crate) async fn until_replicated(&self) -> anyhow::Result<()> {
        let primary = self.primary().await?;
        primary.until("INFO replication", |answer| answer.contains("state=online")).await?;
        for sentinel in &self.sentinels {
            let whole = |answer: &str| answer.contains("slaves=1,sentinels=3") && answer.contains("status=ok");
            sentinel.until("INFO sentinel", whole).await?;
        }
        Ok(())
    }

    /// Waits until the sentinels made another node the primary, and leads the servers there.
    pub(crate) async fn follow_failover(&self, old: &Node) -> anyhow::Result<()> {
        let end = Instant::now() + READY;
        while Instant::now() < end {
            if let Ok(now) = self.primary().await
                && now.port != old.port
            {
                now.until("ROLE", |answer| answer.contains("master")).await?;
                self.link.lead_to(local(now.port));
                return Ok(());
            }
            sleep(PAUSE).await;
        }
        bail!("the sentinels chose no new primary")
    }
}

impl Node {
    fn redis(name: &str, kind: StoreKind, primary: Option<u16>, dir: &Path, ports: &mut Ports) -> anyhow::Result<Self> {
        let (port, dir) = (ports.take()?, home(dir, name)?);
        let kept = if kind == StoreKind::Forgetful { "no" } else { "yes" };
        let port_text = port.to_string();
        let mut args = vec!["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--appendonly", kept];
        args.extend(["--appendfsync", "always", "--repl-diskless-sync-delay", "0", "--dir"]);
        let mut args: Vec<String> = args.into_iter().map(str::to_owned).collect();
        args.push(dir.display().to_string());
        if let Some(primary) = primary {
            args.extend(["--replicaof".to_owned(), "127.0.0.1".to_owned(), primary.to_string()]);
        }
        Ok(Self::start(name, args, port, &dir))
    }

    fn sentinel(number: u32, primary: u16, dir: &Path, ports: &mut Ports) -> anyhow::Result<Self> {
        let name = format!("sentinel-{number}");
        let (port, dir) = (ports.take()?, home(dir, &name)?);
        let file = dir.join("sentinel.conf");
        let text = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor {GROUP} 127.0.0.1 {primary} 2\n\
             sentinel down-after-milliseconds {GROUP} 1000\nsentinel failover-timeout {GROUP} 6000\n",
            dir.display()
        );
        std::fs::write(&file, text)?;
        Ok(Self::start(&name, vec![file.display().to_string(), "--sentinel".to_owned()], port, &dir))
    }

    fn start(name: &str, args: Vec<String>, port: u16, dir: &Path) -> Self {
        let log = dir.with_extension("log");
        let start = Start { name: name.to_owned(), program: "redis-server".into(), args, env: Vec::new(), log };
        Self { process: Process::start(start), port }
    }

    /// Where it listens.
    pub(crate) fn addr(&self) -> SocketAddr {
        local(self.port)
    }

    /// Asks again until the answer is right.
    pub(crate) async fn until(&self, question: &str, right: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + READY;
        let mut last = String::new();
        while Instant::now() < end {
            if let Ok(answer) = self.ask(question).await {
                if right(&answer) {
                    return Ok(());
                }
                last = answer;
            }
            sleep(PAUSE).await;
        }
        bail!("{} never came to the right answer to {question}: {last:?}", self.process.name)
    }

    /// What it answers to one inline command.
    pub(crate) async fn ask(&self, question: &str) -> anyhow::Result<String> {
        let talk = async {
            let mut socket = TcpStream::connect(local(self.port)).await?;
            socket.write_all(format!("{question}\r\n").as_bytes()).await?;
            // It answers what it was asked before it sees the end, and then closes.
            socket.shutdown().await?;
            let mut answer = String::new();
            socket.read_to_string(&mut answer).await?;
            anyhow::Ok(answer)
        };
        timeout(ANSWER, talk).await.context("no answer in time")?
    }
}

fn home(dir: &Path, name: &str) -> anyhow::Result<std::path::PathBuf> {
    let home = dir.join(name);
    std::fs::create_dir_all(&home)?;
    Ok(home)
}
