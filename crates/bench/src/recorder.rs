//! Where clients and faults write down what they saw, on one clock.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use kubently_core::command::Outcome;

use crate::{
    executions::now,
    history::{Event, Fault, History, Op, Record, StoreLoss},
};

/// The history of a run in the making.
#[derive(Default)]
pub(crate) struct Recorder {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    history: History,
    /// When the operations that have not succeeded yet were asked for, and for which cluster.
    open: HashMap<Op, (u64, usize)>,
    /// For each cluster, when the newest command that succeeded had been asked for.
    newest: HashMap<usize, u64>,
}

impl Recorder {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing here can be left half done.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down what an operation saw.
    pub(crate) fn note(&self, op: Op, event: Event) {
        let mut inner = self.lock();
        let at = now();
        match &event {
            Event::Invoked { cluster, .. } => {
                inner.open.insert(op, (at, *cluster));
            }
            Event::Answered { seen, .. } if seen.outcome == Outcome::Succeeded => {
                if let Some((asked, cluster)) = inner.open.remove(&op) {
                    let newest = inner.newest.entry(cluster).or_default();
                    *newest = asked.max(*newest);
                }
            }
            _ => {}
        }
        inner.history.records.push(Record { at, op, event });
    }

    /// Writes down a fault that began then and is over now.
    pub(crate) fn fault(&self, from: u64) {
        self.lock().history.faults.push(Fault { from, to: now() });
    }

    /// Writes down a fault that does not end by itself.
    pub(crate) fn lasting_fault(&self, from: u64) {
        self.lock().history.faults.push(Fault { from, to: from });
    }

    /// Writes down that the store may have forgotten what it was told since then, and until now.
    pub(crate) fn loss(&self, from: u64) {
        self.lock().history.losses.push(StoreLoss { from, to: now() });
    }

    /// Whether in each of so many clusters a command succeeded that was asked for after the last fault.
    pub(crate) fn recovered(&self, clusters: usize) -> bool {
        let inner = self.lock();
        let since = inner.history.faults.iter().map(|fault| fault.to).max().unwrap_or_default();
        (0..clusters).all(|cluster| inner.newest.get(&cluster).is_some_and(|asked| *asked >= since))
    }

    /// The ids that were accepted, each with its operation.
    pub(crate) fn accepted(&self) -> Vec<(Op, String)> {
        let accepted = |record: &Record| match &record.event {
            Event::Accepted { id } => Some((record.op, id.clone())),
            _ => None,
        };
        let mut ids: Vec<(Op, String)> = self.lock().history.records.iter().filter_map(accepted).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The operations whose command was accepted, with how and where it was asked for.
    pub(crate) fn asked(&self) -> Vec<(Op, Event)> {
        let inner = self.lock();
        let accepted = |record: &&Record| matches!(record.event, Event::Accepted { .. });
        let accepted: HashSet<Op> = inner.history.records.iter().filter(accepted).map(|record| record.op).collect();
        let asked = inner
            .history
            .records
            .iter()
            .filter(|record| matches!(record.event, Event::Invoked { .. }) && accepted.contains(&record.op));
        asked.map(|record| (record.op, record.event.clone())).collect()
    }

    /// The history so far.
    pub(crate) fn history(&self) -> History {
        self.lock().history.clone()
    }
}
