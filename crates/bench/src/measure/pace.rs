//! `kubently-bench load`: latency, throughput and CPU of the path.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use tokio::time::Instant;

use super::{
    calls::{Asking, CONNECTIONS, Callers, Until, count},
    floor::Floor,
    hands::{Hands, Manner},
    stand::{CLUSTER, Stand},
    table,
    usage::cpu,
};
use crate::{
    cli::{beside, say},
    ports::Ports,
};

/// Commands under way at once, one measurement after another.
const IN_FLIGHT: [usize; 3] = [1, 64, 256];
/// Commands before anything is measured.
const WARM_UP: usize = 500;

/// How long is measured, and beside what.
#[derive(Args)]
pub(crate) struct LoadArgs {
    /// How long each measurement takes, in seconds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// Measurements of each kind; the table shows the middle of each number
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// A program that does the bare path, for a ratio
    #[arg(long, value_name = "BINARY")]
    floor: Option<PathBuf>,
    /// The kubently binary [default: the one beside this executable]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    pub(super) p50: Duration,
    pub(super) p99: Duration,
    /// Commands a second.
    pub(super) rate: f64,
    /// CPU of both servers for one command.
    pub(super) cpu: Duration,
}

impl Figures {
    /// The middle of each number.
    fn middle(all: &[Self]) -> Option<Self> {
        let time = |of: fn(&Self) -> Duration| middle(all.iter().map(of).collect());
        Some(Self {
            p50: time(|figures| figures.p50)?,
            p99: time(|figures| figures.p99)?,
            rate: middle(all.iter().map(|figures| figures.rate).collect())?,
            cpu: time(|figures| figures.cpu)?,
        })
    }

    fn row(&self, name: String) -> Vec<String> {
        let micros = |time: Duration| format!("{:.0} µs", time.as_secs_f64() * 1e6);
        vec![name, micros(self.p50), micros(self.p99), format!("{:.0}/s", self.rate), micros(self.cpu)]
    }

    /// How many times as much as the other.
    fn beside(&self, floor: &Self) -> Vec<String> {
        let of = |a: Duration, b: Duration| format!("{:.2}x", a.as_secs_f64() / b.as_secs_f64());
        let rate = format!("{:.2}x", self.rate / floor.rate);
        vec!["  ratio".to_owned(), of(self.p50, floor.p50), of(self.p99, floor.p99), rate, of(self.cpu, floor.cpu)]
    }
}

/// Of an even number, the upper of the two in the middle.
fn middle<T: PartialOrd + Copy>(mut all: Vec<T>) -> Option<T> {
    all.sort_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
    all.get(all.len() / 2).copied()
}

impl LoadArgs {
    /// Measures and prints.
    pub(crate) async fn run(&self) -> anyhow::Result<ExitCode> {
        let binary = self.binary.clone().map_or_else(beside, Ok)?;
        let dir = tempfile::tempdir()?;
        match self.measure(&binary, dir.path()).await {
            Ok(()) => Ok(ExitCode::SUCCESS),
            Err(error) => Err(error.context(format!("logs are in {}", dir.keep().display()))),
        }
    }

    async fn measure(&self, binary: &Path, dir: &Path) -> anyhow::Result<()> {
        let mut ports = Ports::new();
        let stand = Stand::start(binary, dir, &mut ports, false).await?;
        let floor = match &self.floor {
            Some(binary) => Some(Floor::start(binary, dir, stand.redis()?, &mut ports).await?),
            None => None,
        };
        let mut hands = Hands::new(stand.b.addr, Manner::Answers);
        hands.attach(CLUSTER).await?;
        let callers = Callers::new(stand.a.addr, Asking::of(CLUSTER))?;
        callers.run(64, Until::Commands(WARM_UP)).await?;
        let mut rows = Vec::new();
        for in_flight in IN_FLIGHT {
            rows.extend(self.rows(&stand, &callers, floor.as_ref(), in_flight).await?);
        }
        say(&table(&["in flight", "p50", "p99", "throughput", "server CPU for one"], rows))?;
        if let Some(floor) = floor {
            floor.stop().await;
        }
        stand.stop().await;
        Ok(())
    }

    /// The product and the floor in turn, so that both meet the same machine.
    async fn rows(
        &self,
        stand: &Stand,
        callers: &Callers,
        floor: Option<&Floor<'_>>,
        in_flight: usize,
    ) -> anyhow::Result<Vec<Vec<String>>> {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..self.rounds {
            let (figures, commands) = self.one(stand, callers, in_flight).await?;
            ours.push(figures);
            if let Some(floor) = floor {
                bare.push(floor.run(in_flight, commands, in_flight.min(CONNECTIONS)).await?);
            }
        }
        let (ours, bare) = (Figures::middle(&ours), Figures::middle(&bare));
        let mut rows: Vec<Vec<String>> = ours.iter().map(|ours| ours.row(in_flight.to_string())).collect();
        rows.extend(bare.map(|bare| bare.row("  floor".to_owned())));
        rows.extend(ours.zip(bare).map(|(ours, bare)| ours.beside(&bare)));
        Ok(rows)
    }

    /// Once, with how many commands it was.
    async fn one(&self, stand: &Stand, callers: &Callers, in_flight: usize) -> anyhow::Result<(Figures, usize)> {
        let cpu = || anyhow::Ok(cpu(stand.a.pid()?)? + cpu(stand.b.pid()?)?);
        let used = cpu()?;
        let end = Instant::now() + Duration::from_secs(self.seconds);
        let seen = callers.run(in_flight, Until::Time(end)).await?;
        let commands = seen.latencies.len();
        let cpu = (cpu()? - used).div_f64(count(commands.max(1)));
        Ok((Figures { p50: seen.quantile(0.5), p99: seen.quantile(0.99), rate: seen.rate(), cpu }, commands))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(p50: u64, rate: f64) -> Figures {
        let time = Duration::from_micros(p50);
        Figures { p50: time, p99: time * 3, rate, cpu: time / 10 }
    }

    #[test]
    fn the_middle_is_taken_of_each_number() {
        let all = [figures(300, 9.0), figures(100, 1.0), figures(200, 5.0)];
        assert_eq!(Figures::middle(&all), Some(figures(200, 5.0)));
        assert_eq!(Figures::middle(&[]), None);
    }

    #[test]
    fn ratios_are_ours_by_the_floors() {
        assert_eq!(figures(300, 50.0).beside(&figures(200, 100.0)), ["  ratio", "1.50x", "1.50x", "0.50x", "1.50x"]);
    }
}
