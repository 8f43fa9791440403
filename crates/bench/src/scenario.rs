//! One run: start a system, break it under load, and judge what was seen.

use std::{path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::{
    audit,
    checker::{Verdict, check},
    executions::{self, Execution},
    fake,
    faults::{Fault, Scene},
    history::History,
    load::{self, Mix},
    recorder::Recorder,
    system::{CLUSTERS, Plan, System},
};

/// Calm before the first fault.
const CALM: Duration = Duration::from_secs(2);
/// How long the load goes on after the last fault when nothing succeeds any more.
const RECOVERY: Duration = Duration::from_secs(40);

/// What to run.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) fault: Fault,
    pub(crate) seed: u64,
    /// How long faults are made.
    pub(crate) time: Duration,
    /// How long a link is held half-open.
    pub(crate) hold: Duration,
    pub(crate) mix: Mix,
    pub(crate) plan: Plan,
}

/// What came of it.
pub(crate) struct Run {
    pub(crate) verdict: Verdict,
    pub(crate) history: History,
    pub(crate) executions: Vec<Execution>,
    /// What went wrong besides: a process that did not stop as it should, or ended by itself.
    pub(crate) broken: Vec<String>,
    pub(crate) notes: Vec<String>,
    /// Logs of all processes.
    pub(crate) dir: TempDir,
}

impl Scenario {
    /// Runs it.
    pub(crate) async fn run(&self) -> anyhow::Result<Run> {
        let dir = directory()?;
        match self.run_in(&dir).await {
            Ok((history, broken, notes)) => {
                let log = std::fs::read_to_string(dir.path().join(fake::LOG)).unwrap_or_default();
                let executions =
                    executions::parse(&log).map_err(|_bad| anyhow::anyhow!("the executions log is broken"))?;
                let verdict = check(&history, &executions);
                Ok(Run { verdict, history, executions, broken, notes, dir })
            }
            Err(error) => {
                let kept = dir.keep();
                Err(error.context(format!("{}; logs are in {}", self.fault.name(), kept.display())))
            }
        }
    }

    async fn run_in(&self, dir: &TempDir) -> anyhow::Result<(History, Vec<String>, Vec<String>)> {
        let system = System::start(self.plan.clone(), dir.path()).await?;
        let (recorder, stop) = (Arc::new(Recorder::default()), CancellationToken::new());
        let load = load::run(&system, recorder.clone(), self.mix, self.seed, stop.clone());
        let faults = async {
            let broken = self.break_it(&system, &recorder).await;
            settle(&recorder).await;
            stop.cancel();
            broken
        };
        let (load, broken) = tokio::join!(load, faults);
        load?;
        audit::run(&system, &recorder, self.seed).await?;
        let notes = system.crashes();
        system.stop().await;
        Ok((recorder.history(), broken, notes))
    }

    /// Makes faults until the time is over; returns those that did not go as they should.
    async fn break_it(&self, system: &System, recorder: &Recorder) -> Vec<String> {
        let scene = Scene { system, recorder, hold: self.hold };
        let (mut random, mut broken) = (fastrand::Rng::with_seed(self.seed), Vec::new());
        sleep(CALM).await;
        let end = Instant::now() + self.time;
        while Instant::now() < end {
            if let Err(error) = scene.inject(self.fault, &mut random).await {
                broken.push(format!("{error:#}"));
            }
            sleep(Duration::from_millis(random.u64(1_000..3_000))).await;
        }
        broken
    }
}

/// Lets the load go on until every cluster works again.
async fn settle(recorder: &Recorder) {
    let end = Instant::now() + RECOVERY;
    while Instant::now() < end && !recorder.recovered(CLUSTERS.len()) {
        sleep(Duration::from_millis(100)).await;
    }
}

/// Beside the executable, so that the stand-in for kubectl can be a link to it.
fn directory() -> anyhow::Result<TempDir> {
    let own = std::env::current_exe()?;
    let parent: PathBuf = own.parent().context("the executable has no directory")?.into();
    tempfile::Builder::new().prefix("faults-").tempdir_in(parent).context("make a directory for logs")
}
