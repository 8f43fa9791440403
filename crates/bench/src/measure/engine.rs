//! `kubently-bench engine`: the native engine beside kubectl, on one Kubernetes API in one run.
//!
//! What a caller waits for through server, Redis and executor is set beside what somebody waits for who runs kubectl
//! by hand. That favours kubectl: its number has no server in it.

mod kubectl;
mod list;
mod memory;
mod rows;
mod site;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;

use self::{kubectl::Kubectl, memory::Memory, rows::Comparison, site::Site};
use super::judged;
use crate::cli::{beside, say};

/// How many times a native command must be faster than a kubectl process, by the middle of each.
const FASTER: f64 = 20.0;

/// What is measured, and how much of it.
#[derive(Args)]
pub(crate) struct EngineArgs {
    /// Rounds of each command line, in each some by one and then some by the other
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each command line is kept running 32 times at once, in seconds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// The kubectl binary; the first on PATH unless given
    #[arg(long, value_name = "FILE")]
    kubectl: Option<PathBuf>,
    /// The kubently binary [default: the one beside this executable]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

impl EngineArgs {
    /// Measures, prints, and says whether everything is within its bounds.
    pub(crate) async fn run(&self) -> anyhow::Result<ExitCode> {
        let binary = self.binary.clone().map_or_else(beside, Ok)?;
        judged(async |dir| self.measure(&binary, dir).await).await
    }

    async fn measure(&self, binary: &Path, dir: &Path) -> anyhow::Result<Vec<String>> {
        let kubectl = Kubectl::find(self.kubectl.clone(), dir).await?;
        let site = Site::start(binary, dir).await?;
        let idle = site.resident()?;
        let mut broken = Vec::new();
        match &kubectl {
            Some(kubectl) => broken.extend(self.compare(&site, kubectl).await?),
            None => say("there is no kubectl here: nothing to set the native engine beside")?,
        }
        let memory = Memory::measure(&site, idle, self.seconds).await?;
        say(&format!("\n{}", memory.table()))?;
        broken.extend(memory.broken());
        let list = list::measure(&site, self.rounds).await?;
        say(&format!("\n{}", list.table()))?;
        broken.extend(list.broken());
        site.stop().await;
        Ok(broken)
    }

    async fn compare(&self, site: &Site, kubectl: &Kubectl) -> anyhow::Result<Vec<String>> {
        say(&format!("kubectl {}", kubectl.version))?;
        let comparison = Comparison { site, kubectl, rounds: self.rounds, seconds: self.seconds };
        let mut broken = Vec::new();
        for rows in [comparison.sequential().await?, comparison.parallel().await?] {
            say(&format!("\n{}", rows.table()))?;
            broken.extend(rows.slower_than(FASTER));
        }
        Ok(broken)
    }
}
