//! Command lines, each by both, and how many times one is as fast as the other.

use std::time::Duration;

use anyhow::Context as _;
use tokio::{task::JoinSet, time::Instant};

use super::{
    super::{
        calls::{Until, quantile},
        table,
    },
    kubectl::Kubectl,
    site::Site,
};

/// What is asked, one command at a time: lists, tables, whole objects, what somebody reads when a pod fails.
const LINES: [&str; 6] = [
    "get pods -n shop",
    "get pods -n kube-system -o wide",
    "get deploy,svc -n shop",
    "get deploy orders -n shop -o yaml",
    "describe deploy orders -n shop",
    "logs deploy/orders -n shop --tail=50",
];
/// What is asked by many at once.
const PARALLEL_LINES: [&str; 2] = ["get pods -n shop", "describe deploy orders -n shop"];
/// How many.
pub(super) const PARALLEL: usize = 32;
/// Runs in a row of each in one round.
const RUNS: usize = 5;
/// Runs before those, which do not count: connections stand then, what is used is in the caches, and both know the
/// API's resources.
const WARM_UP: usize = 2;

/// Both, on one API.
pub(super) struct Comparison<'a> {
    pub(super) site: &'a Site,
    pub(super) kubectl: &'a Kubectl,
    pub(super) rounds: u32,
    pub(super) seconds: u64,
}

/// One command line's middle times.
struct Row {
    line: &'static str,
    /// As the caller sees it.
    native: Duration,
    /// In the executor alone.
    engine: Option<Duration>,
    kubectl: Duration,
}

/// A table of them.
pub(super) struct Rows {
    title: &'static str,
    rows: Vec<Row>,
}

impl Comparison<'_> {
    /// One command at a time, by turns, so that both meet the same machine.
    pub(super) async fn sequential(&self) -> anyhow::Result<Rows> {
        let mut rows = Vec::new();
        for line in LINES {
            rows.push(self.by_turns(line).await?);
        }
        Ok(Rows { title: "one at a time", rows })
    }

    async fn by_turns(&self, line: &'static str) -> anyhow::Result<Row> {
        let callers = self.site.callers.running(line);
        let (mut native, mut engine, mut kubectl, mut same) = (Vec::new(), Vec::new(), Vec::new(), false);
        for _ in 0..self.rounds {
            let mut printed = Vec::new();
            for run in 0..WARM_UP + RUNS {
                let begun = Instant::now();
                let (_, result) = callers.one().await?;
                if run >= WARM_UP {
                    native.push(begun.elapsed());
                    engine.push(execution_time(&result)?);
                }
                printed = result.stdout.to_vec();
            }
            for run in 0..WARM_UP + RUNS {
                let (time, text) = self.kubectl.run(line).await?;
                same |= printed == text.as_bytes();
                if run >= WARM_UP {
                    kubectl.push(time);
                }
            }
        }
        // Ages grow between the two, but not each time.
        anyhow::ensure!(same, "{line}: the native engine never printed what kubectl printed");
        Ok(Row { line, native: middle(native), engine: Some(middle(engine)), kubectl: middle(kubectl) })
    }

    /// Many at a time: first by one, then by the other.
    pub(super) async fn parallel(&self) -> anyhow::Result<Rows> {
        let mut rows = Vec::new();
        for line in PARALLEL_LINES {
            let seen = self.site.callers.running(line).run(PARALLEL, Until::Time(self.end())).await?;
            let kubectl = middle(self.kubectls(line).await?);
            rows.push(Row { line, native: seen.quantile(0.5), engine: None, kubectl });
        }
        Ok(Rows { title: "32 at a time", rows })
    }

    async fn kubectls(&self, line: &'static str) -> anyhow::Result<Vec<Duration>> {
        let (end, mut running) = (self.end(), JoinSet::new());
        for _ in 0..PARALLEL {
            let kubectl = self.kubectl.clone();
            running.spawn(async move {
                let mut times = Vec::new();
                while Instant::now() < end {
                    times.push(kubectl.run(line).await?.0);
                }
                anyhow::Ok(times)
            });
        }
        let mut times = Vec::new();
        while let Some(one) = running.join_next().await {
            times.extend(one.context("a kubectl's task ended")??);
        }
        Ok(times)
    }

    fn end(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.seconds)
    }
}

impl Row {
    fn ratio(&self) -> f64 {
        self.kubectl.as_secs_f64() / self.native.as_secs_f64()
    }

    fn cells(&self) -> Vec<String> {
        let engine = self.engine.map_or_else(|| "-".to_owned(), millis);
        vec![self.line.to_owned(), millis(self.native), engine, millis(self.kubectl), format!("{:.1}x", self.ratio())]
    }
}

impl Rows {
    /// As Markdown.
    pub(super) fn table(&self) -> String {
        let header = [self.title, "native, p50", "engine alone", "kubectl, p50", "kubectl / native"];
        table(&header, self.rows.iter().map(Row::cells))
    }

    /// The lines whose ratio is below `bound`.
    pub(super) fn slower_than(&self, bound: f64) -> impl Iterator<Item = String> {
        let slow = self.rows.iter().filter(move |row| row.ratio() < bound);
        slow.map(move |row| format!("{}, {}: {:.1}x, {bound}x is promised", row.line, self.title, row.ratio()))
    }
}

/// How long a command ran in the executor.
pub(super) fn execution_time(result: &kubently_proto::v1::CommandResult) -> anyhow::Result<Duration> {
    let time = result.execution_time.as_ref().context("a result without its execution time")?;
    Ok(Duration::new(u64::try_from(time.seconds)?, u32::try_from(time.nanos)?))
}

/// The middle of some times.
pub(super) fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    quantile(&times, 0.5)
}

/// A time for people.
pub(super) fn millis(time: Duration) -> String {
    format!("{:.2} ms", time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_below_the_bound_is_named() {
        let row = |native, kubectl| Row {
            line: "get pods",
            native: Duration::from_millis(native),
            engine: None,
            kubectl: Duration::from_millis(kubectl),
        };
        let rows = Rows { title: "now", rows: vec![row(2, 60), row(4, 60)] };
        assert_eq!(rows.slower_than(20.0).collect::<Vec<_>>(), ["get pods, now: 15.0x, 20x is promised"]);
        assert!(rows.table().contains("30.0x"), "{}", rows.table());
    }
}
