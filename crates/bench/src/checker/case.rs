//! Everything that is known about one operation, in one place.

use std::collections::{BTreeMap, HashMap};

use crate::{
    executions::{Execution, Phase},
    history::{Event, History, Kind, Op, Record, Seen},
    marker::Marker,
};

/// One operation.
pub(super) struct Case<'a> {
    pub(super) op: Op,
    /// What was asked; `None` when the history never says so.
    pub(super) asked: Option<Asked>,
    /// What was seen, in order.
    pub(super) records: Vec<&'a Record>,
    /// Its executions, in order.
    pub(super) executions: Vec<&'a Execution>,
}

/// What was asked, and when.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) at: u64,
    pub(super) marker: Marker,
    pub(super) kind: Kind,
    pub(super) cluster: usize,
    pub(super) timeout: u64,
}

/// A result as somebody read it.
pub(super) struct Read<'a> {
    pub(super) at: u64,
    pub(super) id: &'a str,
    pub(super) seen: &'a Seen,
}

impl<'a> Case<'a> {
    /// Sorts a run by operation.
    pub(super) fn all(history: &'a History, executions: &'a [Execution]) -> Vec<Self> {
        let mut by_marker: HashMap<Marker, Vec<&Execution>> = HashMap::new();
        for execution in executions {
            by_marker.entry(execution.marker).or_default().push(execution);
        }
        let mut by_op: BTreeMap<Op, Vec<&Record>> = BTreeMap::new();
        for record in &history.records {
            by_op.entry(record.op).or_default().push(record);
        }
        let case = |(op, mut records): (Op, Vec<&'a Record>)| {
            records.sort_by_key(|record| record.at);
            let asked = records.iter().find_map(|record| asked(record));
            let executions = asked.and_then(|asked| by_marker.remove(&asked.marker)).unwrap_or_default();
            Self { op, asked, records, executions }
        };
        by_op.into_iter().map(case).collect()
    }

    /// The ids that were said to stand for it, each with the first time, in order.
    pub(super) fn ids(&self) -> Vec<(u64, &'a str)> {
        let mut ids: Vec<(u64, &str)> = Vec::new();
        for record in &self.records {
            if let Event::Accepted { id } = &record.event
                && !ids.iter().any(|(_, known)| known == id)
            {
                ids.push((record.at, id));
            }
        }
        ids
    }

    /// Every result that was read, in order.
    pub(super) fn reads(&self) -> Vec<Read<'a>> {
        let read = |record: &&'a Record| match &record.event {
            Event::Answered { id, seen } => Some(Read { at: record.at, id: id.as_str(), seen }),
            _ => None,
        };
        self.records.iter().filter_map(read).collect()
    }

    /// When reads said that there is no such command.
    pub(super) fn missing(&self, wanted: &str) -> Vec<u64> {
        let matches = |record: &&&Record| matches!(&record.event, Event::Missing { id, .. } if id == wanted);
        self.records.iter().filter(matches).map(|record| record.at).collect()
    }

    /// When reads after the run said that it had not ended yet.
    pub(super) fn open(&self, wanted: &str) -> Vec<u64> {
        let matches = |record: &&&Record| matches!(&record.event, Event::Open { id, .. } if id == wanted);
        self.records.iter().filter(matches).map(|record| record.at).collect()
    }

    /// Whether a read after the run found it without an end.
    pub(super) fn pending(&self, wanted: &str) -> bool {
        self.records.iter().any(|record| matches!(&record.event, Event::Pending { id } if id == wanted))
    }

    /// The refusal that ended it, with when its attempt began.
    pub(super) fn refusal(&self) -> Option<(u64, &'a str)> {
        self.records.iter().find_map(|record| match &record.event {
            Event::Refused { reason, since } => Some((*since, reason.as_str())),
            _ => None,
        })
    }

    /// Whether some attempt may have been accepted without a word.
    pub(super) fn ever_unsure(&self) -> bool {
        self.unsure_before(u64::MAX)
    }

    /// Whether an attempt before `at` may have been accepted without a word.
    pub(super) fn unsure_before(&self, at: u64) -> bool {
        let unsure = |event: &Event| matches!(event, Event::Unsure { .. } | Event::Missing { .. });
        self.records.iter().any(|record| record.at < at && unsure(&record.event))
    }

    pub(super) fn abandoned(&self) -> bool {
        self.records.iter().any(|record| record.event == Event::Abandoned)
    }

    pub(super) fn malformed(&self) -> impl Iterator<Item = &'a str> {
        self.records.iter().filter_map(|record| match &record.event {
            Event::Malformed { what } => Some(what.as_str()),
            _ => None,
        })
    }

    /// How often it ran.
    pub(super) fn runs(&self) -> usize {
        self.executions.iter().filter(|execution| execution.phase == Phase::Began).count()
    }

    /// Whether a run had come to its end by then.
    pub(super) fn had_run(&self, by: u64) -> bool {
        self.executions.iter().any(|execution| execution.phase == Phase::Ended && execution.at <= by)
    }

    /// Whether it came to anything that its caller knows.
    pub(super) fn ended(&self) -> bool {
        let ends = |record: &&Record| {
            matches!(record.event, Event::Answered { .. } | Event::Refused { .. } | Event::Missing { .. })
        };
        self.records.iter().any(ends)
    }
}

fn asked(record: &Record) -> Option<Asked> {
    match record.event {
        Event::Invoked { marker, kind, cluster, timeout } => {
            Some(Asked { at: record.at, marker, kind, cluster, timeout })
        }
        _ => None,
    }
}
