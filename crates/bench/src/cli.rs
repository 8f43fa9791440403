//! The command line.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

use crate::{
    checker::Recovery,
    cluster::ClusterArgs,
    faults::Fault,
    limits::Limits,
    load::Mix,
    measure::{cost::RedisArgs, engine::EngineArgs, pace::LoadArgs},
    report::{Report, stories},
    scenario::{Run, Scenario},
    system::{Abilities, Plan, find_clock_library},
};

/// The selection for every change: the faults that break most, in about three minutes.
const QUICK: [Fault; 7] = [
    Fault::None,
    Fault::KillStreamServer,
    Fault::TermServer,
    Fault::KillExecutor,
    Fault::CutLink,
    Fault::KillRedisAof,
    Fault::Combination,
];
/// How long a link is held half-open.
const HOLD: Duration = Duration::from_secs(25);
/// The same in the quick selection: long enough to be noticed by nobody's keep-alive, short enough to wait for.
const QUICK_HOLD: Duration = Duration::from_secs(6);

/// Fault and load harness for Kubently.
#[derive(Parser)]
#[command(name = "kubently-bench", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Break a real system under load, and check that the delivery promise was kept
    Faults(FaultArgs),
    /// Measure what a command costs Redis: commands, round trips and connections
    Redis(RedisArgs),
    /// Measure latency, throughput and CPU of the path
    Load(LoadArgs),
    /// Measure the native engine beside kubectl on one Kubernetes API, and the executor's memory
    Engine(EngineArgs),
    /// Serve the demo cluster's API until stopped
    Cluster(ClusterArgs),
}

#[derive(Args)]
struct FaultArgs {
    /// Only these faults, separated by comma; --list names them
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_fault)]
    only: Vec<Fault>,
    /// Name the faults and end
    #[arg(long)]
    list: bool,
    /// The selection for every change, about three minutes
    #[arg(long, conflicts_with = "only")]
    quick: bool,
    /// How long faults are made in each run, in seconds [default: 18, and 9 with --quick]
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// Seed of every random choice
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Runs of each fault, each with the next seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    rounds: u64,
    /// A run with fewer accepted commands proves nothing and fails
    #[arg(long, value_name = "N", default_value_t = 300)]
    min_commands: usize,
    /// Commands a second
    #[arg(long, value_name = "N", default_value_t = 80)]
    rate: u32,
    /// A command's time, in seconds, at most 30
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=30))]
    command_timeout: u64,
    /// The kubently binary [default: the one beside this executable]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Commands that end as lost, expired or timed_out fail the run, too
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    limits: Limits,
    /// Keep the logs of clean runs too
    #[arg(long)]
    keep: bool,
}

fn parse_fault(name: &str) -> Result<Fault, String> {
    Fault::named(name.trim()).ok_or_else(|| format!("no such fault; there are {}", names().join(", ")))
}

fn names() -> Vec<&'static str> {
    Fault::ALL.iter().map(|fault| fault.name()).collect()
}

/// Does what the command line says.
pub async fn main() -> anyhow::Result<ExitCode> {
    // The first call in this process wins; there is no other.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let what = Cli::parse().what;
    let stopped = async { tokio::signal::ctrl_c().await.context("watch for SIGINT") };
    tokio::select! {
        done = what.run() => done,
        // Dropping the run ends every process it started.
        stopped = stopped => stopped.map(|()| ExitCode::from(130)),
    }
}

impl What {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Faults(args) => args.run().await,
            Self::Redis(args) => args.run().await,
            Self::Load(args) => args.run().await,
            Self::Engine(args) => args.run().await,
            Self::Cluster(args) => args.run().await,
        }
    }
}

impl FaultArgs {
    async fn run(&self) -> anyhow::Result<ExitCode> {
        if self.list {
            say(&names().join("\n"))?;
            return Ok(ExitCode::SUCCESS);
        }
        let binary = self.binary.clone().map_or_else(beside, Ok)?;
        let abilities = Abilities::of(&binary).await?;
        let mut report = Report::new();
        let mut clean = true;
        for seed in self.seed..self.seed + self.rounds {
            for fault in self.selection() {
                let Some(scenario) = self.scenario(fault, seed, &binary, abilities)? else { continue };
                clean &= self.one(&scenario, &mut report).await?;
            }
        }
        say(&report.text())?;
        Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn selection(&self) -> Vec<Fault> {
        match (self.quick, self.only.is_empty()) {
            (true, _) => QUICK.to_vec(),
            (false, true) => Fault::ALL.to_vec(),
            (false, false) => self.only.clone(),
        }
    }

    /// `None` where this machine or this binary cannot do it.
    fn scenario(
        &self,
        fault: Fault,
        seed: u64,
        binary: &Path,
        abilities: Abilities,
    ) -> anyhow::Result<Option<Scenario>> {
        let clock = find_clock_library().filter(|_| fault.moves_clocks());
        if fault == Fault::ClockJump && clock.is_none() {
            say("clock-jump: skipped, libfaketime is not installed")?;
            return Ok(None);
        }
        let wait_for_replica = fault == Fault::SentinelFailoverWait;
        if wait_for_replica && !abilities.redis_wait {
            say("sentinel-failover-wait: skipped, the binary has no --redis-wait")?;
            return Ok(None);
        }
        let plan = Plan { binary: binary.to_owned(), store: fault.store(), wait_for_replica, clock, abilities };
        let timeout = Duration::from_secs(self.command_timeout);
        let mix = Mix { rate: self.rate, timeout, slow_readers: fault == Fault::SlowClient };
        let time = Duration::from_secs(self.seconds.unwrap_or(if self.quick { 9 } else { 18 }));
        let hold = if self.quick { QUICK_HOLD } else { HOLD };
        Ok(Some(Scenario { fault, seed, time, hold, mix, plan }))
    }

    /// Runs one, and says whether it was clean.
    async fn one(&self, scenario: &Scenario, report: &mut Report) -> anyhow::Result<bool> {
        say(&format!("{} with seed {} …", scenario.fault.name(), scenario.seed))?;
        let run = scenario.run().await?;
        report.add(scenario, &run);
        let faults = self.faults_of(scenario, &run);
        for line in run.notes.iter().chain(&faults) {
            say(&format!("  {line}"))?;
        }
        say(stories(&run).trim_end())?;
        let clean = faults.is_empty() && run.verdict.violations.is_empty();
        if self.keep || !clean {
            say(&format!("  logs are in {}", run.dir.keep().display()))?;
        }
        Ok(clean)
    }

    /// Why a run does not count as clean, besides broken rules.
    fn faults_of(&self, scenario: &Scenario, run: &Run) -> Vec<String> {
        let mut found = run.broken.clone();
        let numbers = &run.verdict.numbers;
        if numbers.accepted < self.min_commands {
            found.push(format!("only {} commands were accepted; that proves nothing", numbers.accepted));
        }
        let calm = scenario.fault == Fault::None;
        if (calm || self.strict) && numbers.others.keys().any(|end| calm || *end != "cancelled") {
            found.push(format!("commands ended otherwise than by themselves: {:?}", numbers.others));
        }
        if calm && !numbers.refused.is_empty() {
            found.push(format!("commands were refused without any fault: {:?}", numbers.refused));
        }
        found.extend(self.limits.exceeded(numbers));
        if numbers.recovery == Recovery::Never {
            found.push("after some fault no command succeeded any more".to_owned());
        }
        found
    }
}

/// The binary beside this executable.
pub(crate) fn beside() -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name("kubently"))
}

/// Prints a line, unless there is nothing to print.
pub(crate) fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if !text.is_empty() {
        writeln!(out, "{text}")?;
    }
    out.flush()
}
