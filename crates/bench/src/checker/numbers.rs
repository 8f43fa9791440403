//! What is worth knowing of a run besides whether it was right.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use kubently_core::command::Outcome;

use super::{case::Case, rules::may_be_forgotten};
use crate::history::{Fault, History};

/// The numbers of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Commands that were accepted.
    pub accepted: usize,
    /// Accepted commands that ran more than once; right for read-only commands.
    pub rerun: usize,
    /// Accepted commands that the store may forget by its nature, and did.
    pub forgotten: usize,
    /// Ends other than succeeded and failed.
    pub others: BTreeMap<&'static str, usize>,
    /// Refusals by reason.
    pub refused: BTreeMap<String, usize>,
    /// Median time from asking to the first sight of a success or failure.
    pub p50: Duration,
    /// The same for the slowest of a hundred.
    pub p99: Duration,
    /// The same for the slowest of all.
    pub slowest: Duration,
    /// The longest time from a fault's end to the first success, over faults and clusters.
    pub recovery: Recovery,
}

/// How long the system took to work again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Recovery {
    /// There was no fault.
    #[default]
    NoFault,
    /// At most this long.
    Within(Duration),
    /// After some fault no command succeeded any more.
    Never,
}

impl Numbers {
    pub(super) fn of(cases: &[Case<'_>], history: &History) -> Self {
        let mut latencies: Vec<u64> = cases.iter().filter_map(latency).collect();
        latencies.sort_unstable();
        Self {
            accepted: cases.iter().map(|case| case.ids().len()).sum(),
            rerun: cases.iter().filter(|case| case.runs() > 1).count(),
            forgotten: cases.iter().map(|case| forgotten(case, history)).sum(),
            others: others(cases),
            refused: refused(cases),
            p50: quantile(&latencies, 50),
            p99: quantile(&latencies, 99),
            slowest: quantile(&latencies, 100),
            recovery: recovery(cases, &history.faults),
        }
    }
}

/// The time until the caller had a definite answer.
fn latency(case: &Case<'_>) -> Option<u64> {
    let ended = |outcome| matches!(outcome, Outcome::Succeeded | Outcome::Failed);
    let first = case.reads().into_iter().find(|read| ended(read.seen.outcome))?;
    Some(first.at - case.asked?.at)
}

fn quantile(sorted: &[u64], percent: usize) -> Duration {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    Duration::from_nanos(sorted.get(at).copied().unwrap_or_default())
}

fn forgotten(case: &Case<'_>, history: &History) -> usize {
    let gone = |(accepted, id): &(u64, &str)| {
        !case.missing(id).is_empty() && may_be_forgotten(case, *accepted, &history.losses)
    };
    case.ids().iter().filter(|id| gone(id)).count()
}

fn others(cases: &[Case<'_>]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for case in cases {
        let reads = case.reads();
        let other = |outcome: &Outcome| !matches!(outcome, Outcome::Succeeded | Outcome::Failed);
        if let Some(outcome) = reads.first().map(|read| read.seen.outcome).filter(other) {
            *counts.entry(outcome.as_str()).or_default() += 1;
        }
    }
    counts
}

fn refused(cases: &[Case<'_>]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (_, reason) in cases.iter().filter_map(Case::refusal) {
        *counts.entry(reason.to_owned()).or_default() += 1;
    }
    counts
}

/// For each fault and cluster: the first success of a command that was asked for after the fault.
fn recovery(cases: &[Case<'_>], faults: &[Fault]) -> Recovery {
    let clusters: BTreeSet<usize> = cases.iter().filter_map(|case| case.asked.map(|asked| asked.cluster)).collect();
    let each = faults.iter().flat_map(|fault| clusters.iter().map(move |cluster| recovered(cases, fault, *cluster)));
    each.max().unwrap_or_default()
}

fn recovered(cases: &[Case<'_>], fault: &Fault, cluster: usize) -> Recovery {
    let after =
        cases.iter().filter(|case| case.asked.is_some_and(|asked| asked.at >= fault.to && asked.cluster == cluster));
    let success = |case: &Case<'_>| {
        let reads = case.reads();
        reads.iter().find(|read| read.seen.outcome == Outcome::Succeeded).map(|read| read.at)
    };
    let first = after.filter_map(success).min();
    first.map_or(Recovery::Never, |at| Recovery::Within(Duration::from_nanos(at - fault.to)))
}
