//! What is done to a system, one function for each fault.

use std::time::Duration;

use anyhow::bail;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::{
    executions::now,
    load::FAVOURITE,
    process::Process,
    proxy::{Link, Mode},
    recorder::Recorder,
    store::StoreKind,
    system::{DRAIN, Executor, SERVERS, System, ready},
};

/// What a stopping server may take beyond its drain time: connections get a second to end, and the process
/// one to leave.
const DRAIN_SLACK: Duration = Duration::from_secs(3);
/// How much of what a primary was told its replica may not have heard of.
const REPLICATION_LAG: Duration = Duration::from_secs(1);

macro_rules! faults {
    ($($(#[$doc:meta])* $fault:ident => $name:literal;)*) => {
        /// A fault.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Fault { $($(#[$doc])* $fault),* }

        impl Fault {
            /// Every fault.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$fault),*];

            /// Its name on the command line and in tables.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$fault => $name),* }
            }
        }
    };
}

faults! {
    /// Nothing: what holds here is what faults must not change.
    None => "none";
    /// SIGKILL for the server that holds the most executors.
    KillStreamServer => "kill-stream-server";
    /// SIGKILL for the server that clients talk to most.
    KillRequestServer => "kill-request-server";
    /// SIGTERM for a server, which has to leave in time and in order.
    TermServer => "term-server";
    /// SIGKILL for an executor.
    KillExecutor => "kill-executor";
    /// SIGSTOP for an executor for 8 s.
    StopExecutor => "stop-executor";
    /// Links are reset and refused for a moment: an executor's, or the clients'.
    CutLink => "cut-link";
    /// An executor's link takes everything and forwards nothing, then breaks.
    HalfOpen => "half-open";
    /// The servers' way to Redis is reset and refused for a moment.
    CutRedis => "cut-redis";
    /// SIGKILL for a Redis that writes everything down.
    KillRedisAof => "kill-redis-aof";
    /// Redis comes back and knows nothing.
    RestartRedisEmpty => "restart-redis-empty";
    /// SIGKILL for the primary of a replicated pair.
    SentinelFailover => "sentinel-failover";
    /// The same, with servers that wait for the replica.
    SentinelFailoverWait => "sentinel-failover-wait";
    /// Clients that read big outputs slowly, over slow links.
    SlowClient => "slow-client";
    /// Executors' clocks jump by an hour.
    ClockJump => "clock-jump";
    /// Two at once of those that one system can have.
    Combination => "combination";
}

/// What a combination picks from.
const COMBINED: [Fault; 10] = [
    Fault::KillStreamServer,
    Fault::KillRequestServer,
    Fault::TermServer,
    Fault::KillExecutor,
    Fault::StopExecutor,
    Fault::CutLink,
    Fault::HalfOpen,
    Fault::CutRedis,
    Fault::KillRedisAof,
    Fault::ClockJump,
];

impl Fault {
    /// The fault of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|fault| fault.name() == name)
    }

    /// The store it needs.
    pub(crate) const fn store(self) -> StoreKind {
        match self {
            Self::RestartRedisEmpty => StoreKind::Forgetful,
            Self::SentinelFailover | Self::SentinelFailoverWait => StoreKind::Sentinel,
            _ => StoreKind::Aof,
        }
    }

    /// Whether executors need a clock that can be moved.
    pub(crate) const fn moves_clocks(self) -> bool {
        matches!(self, Self::ClockJump | Self::Combination)
    }
}

/// What a fault needs to be done.
pub(crate) struct Scene<'a> {
    pub(crate) system: &'a System,
    pub(crate) recorder: &'a Recorder,
    /// Longest time that a link is held; the quick selection shortens it.
    pub(crate) hold: Duration,
}

impl Scene<'_> {
    /// Does it, and returns when it is over.
    pub(crate) async fn inject(&self, fault: Fault, random: &mut fastrand::Rng) -> anyhow::Result<()> {
        if fault != Fault::Combination {
            return self.one(fault, random).await;
        }
        let mut picks = random.choose_multiple(COMBINED, 2).into_iter();
        let mut other = random.fork();
        let (one, two) = (picks.next().unwrap_or(Fault::CutLink), picks.next().unwrap_or(Fault::CutLink));
        let (one, two) = tokio::join!(self.one(one, random), self.one(two, &mut other));
        one.and(two)
    }

    async fn one(&self, fault: Fault, random: &mut fastrand::Rng) -> anyhow::Result<()> {
        let system = self.system;
        match fault {
            Fault::None | Fault::Combination => sleep(Duration::from_secs(1)).await,
            Fault::KillStreamServer => self.kill_server(system.stream_server()).await?,
            Fault::KillRequestServer => self.kill_server(FAVOURITE).await?,
            Fault::TermServer => self.term_server(random.usize(..SERVERS)).await?,
            Fault::KillExecutor => self.kill(&self.any(random).process).await?,
            Fault::StopExecutor => self.stop_executor(self.any(random)).await,
            Fault::CutLink => self.cut_link(random).await,
            Fault::HalfOpen => self.half_open(random).await,
            Fault::CutRedis => self.cut(&[&system.store.link], millis(300, 2_000, random)).await,
            Fault::KillRedisAof => self.kill_redis(Duration::from_secs(2), false).await?,
            Fault::RestartRedisEmpty => self.kill_redis(Duration::from_secs(1), true).await?,
            Fault::SentinelFailover | Fault::SentinelFailoverWait => self.fail_over().await?,
            Fault::SlowClient => self.slow_links(random).await,
            Fault::ClockJump => self.jump(self.any(random), random).await?,
        }
        Ok(())
    }

    fn any(&self, random: &mut fastrand::Rng) -> &Executor {
        &self.system.executors[random.usize(..self.system.executors.len())]
    }

    async fn kill_server(&self, server: usize) -> anyhow::Result<()> {
        self.kill(&self.system.servers[server].process).await
    }

    async fn kill(&self, process: &Process) -> anyhow::Result<()> {
        let _turn = process.busy.lock().await;
        let from = now();
        let down = process.kill().await?;
        self.recorder.lasting_fault(from);
        sleep(Duration::from_secs(1)).await;
        drop(down);
        Ok(())
    }

    async fn term_server(&self, server: usize) -> anyhow::Result<()> {
        let server = &self.system.servers[server];
        let process = &server.process;
        let _turn = process.busy.lock().await;
        // One that is not up yet has nothing to leave in order.
        ready(server.addr).await?;
        self.recorder.lasting_fault(now());
        let down = process.terminate(DRAIN + DRAIN_SLACK).await?;
        match down.status {
            None => bail!("{} was still there {:?} after SIGTERM", process.name, DRAIN + DRAIN_SLACK),
            Some(status) if !status.success() => bail!("{} ended after SIGTERM with {status}", process.name),
            Some(_) => {}
        }
        sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    async fn stop_executor(&self, executor: &Executor) {
        let from = now();
        executor.process.signal(Signal::STOP);
        sleep(Duration::from_secs(8)).await;
        executor.process.signal(Signal::CONT);
        self.recorder.fault(from);
    }

    /// An executor's link, all links of an executor, or the clients' way to a server.
    async fn cut_link(&self, random: &mut fastrand::Rng) {
        let (executor, time) = (self.any(random), millis(200, 3_000, random));
        match random.u8(..3) {
            0 => self.cut(&links_in_use(executor), time).await,
            1 => self.cut(&executor.links.iter().collect::<Vec<_>>(), time).await,
            _ => self.cut(&[&self.system.servers[random.usize(..SERVERS)].link], time).await,
        }
    }

    async fn cut(&self, links: &[&Link], time: Duration) {
        let from = now();
        links.iter().for_each(|link| link.set(Mode::Cut));
        sleep(time).await;
        links.iter().for_each(|link| link.set(Mode::Pass));
        self.recorder.fault(from);
    }

    async fn half_open(&self, random: &mut fastrand::Rng) {
        let executor = self.any(random);
        let links = if random.bool() { links_in_use(executor) } else { executor.links.iter().collect() };
        let from = now();
        links.iter().for_each(|link| link.set(Mode::Hold));
        sleep(self.hold).await;
        links.iter().for_each(|link| link.set(Mode::Cut));
        links.iter().for_each(|link| link.set(Mode::Pass));
        self.recorder.fault(from);
    }

    async fn kill_redis(&self, time: Duration, forgets: bool) -> anyhow::Result<()> {
        let (from, node) = (now(), self.system.store.primary().await?);
        let down = node.process.kill().await?;
        if forgets {
            self.recorder.loss(0);
        }
        sleep(time).await;
        drop(down);
        node.until("PING", |answer| answer.contains("PONG")).await?;
        self.recorder.fault(from);
        Ok(())
    }

    async fn fail_over(&self) -> anyhow::Result<()> {
        let store = &self.system.store;
        store.until_replicated().await?;
        let (from, old) = (now(), store.primary().await?);
        let down = old.process.kill().await?;
        if !self.system.plan.wait_for_replica {
            self.recorder.loss(from.saturating_sub(nanos(REPLICATION_LAG)));
        }
        store.follow_failover(old).await?;
        drop(down);
        self.recorder.fault(from);
        Ok(())
    }

    async fn slow_links(&self, random: &mut fastrand::Rng) {
        let link = &self.system.servers[random.usize(..SERVERS)].link;
        link.set(Mode::Slow(millis(5, 60, random)));
        sleep(Duration::from_secs(3)).await;
        link.set(Mode::Pass);
    }

    async fn jump(&self, executor: &Executor, random: &mut fastrand::Rng) -> anyhow::Result<()> {
        let from = now();
        executor.move_clock(if random.bool() { 3_600 } else { -3_600 })?;
        sleep(Duration::from_secs(3)).await;
        executor.move_clock(0)?;
        self.recorder.fault(from);
        Ok(())
    }
}

fn links_in_use(executor: &Executor) -> Vec<&Link> {
    executor.links.iter().filter(|link| link.connections() > 0).collect()
}

fn millis(from: u64, to: u64, random: &mut fastrand::Rng) -> Duration {
    Duration::from_millis(random.u64(from..to))
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
