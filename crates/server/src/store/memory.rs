//! The store of one process: for one server without Redis, and for tests.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use tokio::time::Instant;

use super::{MAX_INDEX, Record};

/// Writes between two sweeps of expired records: amortised, a write pays for one record's removal.
const SWEEP_EVERY: u32 = 1024;

/// See [`super::Store`].
#[derive(Clone, Default)]
pub(crate) struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

#[derive(Default)]
struct Tables {
    records: HashMap<String, Kept>,
    indexes: HashMap<String, BTreeMap<String, Option<SystemTime>>>,
    logs: HashMap<String, VecDeque<Bytes>>,
    writes_since_sweep: u32,
}

struct Kept {
    value: Bytes,
    expires: Option<Instant>,
}

impl Kept {
    fn live(&self) -> bool {
        self.expires.is_none_or(|at| at > Instant::now())
    }
}

impl Tables {
    fn get(&self, key: &str) -> Option<Bytes> {
        self.records.get(key).filter(|kept| kept.live()).map(|kept| kept.value.clone())
    }

    fn put(&mut self, record: &Record) {
        self.sweep();
        let expires = record.ttl.map(|ttl| Instant::now() + ttl);
        self.records.insert(record.key.clone(), Kept { value: record.value.clone(), expires });
    }

    fn sweep(&mut self) {
        self.writes_since_sweep += 1;
        if self.writes_since_sweep >= SWEEP_EVERY {
            self.writes_since_sweep = 0;
            self.records.retain(|_, kept| kept.live());
        }
    }
}

impl MemoryStore {
    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn put(&self, record: &Record) {
        self.lock().put(record);
    }

    pub(super) fn put_all(&self, records: &[Record]) {
        let mut tables = self.lock();
        records.iter().for_each(|record| tables.put(record));
    }

    pub(super) fn put_if_absent(&self, record: &Record) -> bool {
        let mut tables = self.lock();
        let absent = tables.get(&record.key).is_none();
        if absent {
            tables.put(record);
        }
        absent
    }

    pub(super) fn get(&self, key: &str) -> Option<Bytes> {
        self.lock().get(key)
    }

    pub(super) fn get_all(&self, keys: &[String]) -> Vec<Option<Bytes>> {
        let tables = self.lock();
        keys.iter().map(|key| tables.get(key)).collect()
    }

    pub(super) fn delete(&self, key: &str) -> bool {
        self.lock().records.remove(key).is_some_and(|kept| kept.live())
    }

    pub(super) fn index_add(&self, index: &str, members: &[String], expires: Option<SystemTime>) {
        let mut tables = self.lock();
        let index = tables.indexes.entry(index.to_owned()).or_default();
        index.extend(members.iter().map(|member| (member.clone(), expires)));
    }

    pub(super) fn index_remove(&self, index: &str, member: &str) {
        if let Some(index) = self.lock().indexes.get_mut(index) {
            index.remove(member);
        }
    }

    pub(super) fn index_members(&self, index: &str) -> Vec<String> {
        let now = SystemTime::now();
        let mut tables = self.lock();
        let Some(index) = tables.indexes.get_mut(index) else { return Vec::new() };
        index.retain(|_, expires| expires.is_none_or(|at| at > now));
        index.keys().take(MAX_INDEX).cloned().collect()
    }

    pub(super) fn index_count(&self, index: &str) -> usize {
        let now = SystemTime::now();
        let tables = self.lock();
        let live = |expires: &&Option<SystemTime>| expires.is_none_or(|at| at > now);
        tables.indexes.get(index).map_or(0, |index| index.values().filter(live).count())
    }

    pub(super) fn append(&self, log: &str, entries: &[Bytes], max: usize) {
        let mut tables = self.lock();
        let log = tables.logs.entry(log.to_owned()).or_default();
        log.extend(entries.iter().cloned());
        let excess = log.len().saturating_sub(max);
        log.drain(..excess);
    }

    pub(super) fn newest(&self, log: &str, count: usize) -> Vec<Bytes> {
        let tables = self.lock();
        tables.logs.get(log).map(|log| log.iter().rev().take(count).cloned().collect()).unwrap_or_default()
    }

    #[allow(clippy::unused_self, reason = "the contract's signature")]
    pub(super) fn ping(&self) {}
}
