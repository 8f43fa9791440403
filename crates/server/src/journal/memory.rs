//! The journal of one process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use kubently_core::{Error, ids::CommandId};
use tokio::time::Instant;

use super::{Acceptance, Draft, Fence, Finish, Idempotency, Lease, RawEntry, keys};
use crate::bus::{Bus, Topic};

/// Accepted commands between two sweeps of forgotten ones.
const SWEEP_EVERY: usize = 256;
/// What a command's lease says when it ended without one.
const CLOSED: &str = "closed";

/// See [`super::Journal`].
#[derive(Clone)]
pub(crate) struct MemoryJournal {
    bus: Bus,
    retention: Duration,
    tables: Arc<Mutex<Tables>>,
}

#[derive(Default)]
struct Tables {
    commands: HashMap<CommandId, Row>,
    /// Key to request hash, command and expiry.
    idempotency: HashMap<String, (String, CommandId, Instant)>,
    accepted_since_sweep: usize,
}

struct Row {
    accepted: Bytes,
    lease: Option<String>,
    result: Option<Bytes>,
    output: Vec<Bytes>,
    forget_at: Instant,
}

impl Tables {
    fn sweep(&mut self) {
        self.accepted_since_sweep += 1;
        if self.accepted_since_sweep >= SWEEP_EVERY {
            self.accepted_since_sweep = 0;
            let now = Instant::now();
            self.commands.retain(|_, row| row.forget_at > now);
            self.idempotency.retain(|_, (_, _, forget_at)| *forget_at > now);
        }
    }

    fn known(&self, idempotency: &Idempotency) -> Option<Acceptance> {
        let (hash, id, forget_at) = self.idempotency.get(&keys::idempotency(&idempotency.key))?;
        if *forget_at <= Instant::now() {
            return None;
        }
        let same = *hash == idempotency.request_hash;
        Some(if same { Acceptance::Known(id.clone()) } else { Acceptance::Conflict })
    }

    fn forget(&mut self, id: &CommandId, idempotency: Option<&Idempotency>) {
        self.commands.remove(id);
        if let Some(idempotency) = idempotency {
            self.idempotency.remove(&keys::idempotency(&idempotency.key));
        }
    }

    fn live(&mut self, id: &CommandId) -> Option<&mut Row> {
        self.commands.get_mut(id).filter(|row| row.forget_at > Instant::now())
    }
}

impl MemoryJournal {
    pub(crate) fn new(bus: Bus, retention: Duration) -> Self {
        Self { bus, retention, tables: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn accept(
        &self,
        draft: &Draft<'_>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Acceptance, Error> {
        if let Some(known) = self.write(draft, idempotency) {
            return Ok(known);
        }
        let reached = self.bus.publish(&Topic::commands(draft.cluster.as_str()), draft.event.clone()).await?;
        if reached == 0 {
            self.lock().forget(draft.id, idempotency);
            return Ok(Acceptance::NobodyThere);
        }
        Ok(Acceptance::New)
    }

    fn write(&self, draft: &Draft<'_>, idempotency: Option<&Idempotency>) -> Option<Acceptance> {
        let forget_at = Instant::now() + draft.lifetime + self.retention;
        let mut tables = self.lock();
        tables.sweep();
        if let Some(idempotency) = idempotency {
            if let Some(known) = tables.known(idempotency) {
                return Some(known);
            }
            let value = (idempotency.request_hash.clone(), draft.id.clone(), forget_at);
            tables.idempotency.insert(keys::idempotency(&idempotency.key), value);
        }
        let row = Row { accepted: draft.event.clone(), lease: None, result: None, output: Vec::new(), forget_at };
        tables.commands.insert(draft.id.clone(), row);
        None
    }

    pub(super) fn lease(&self, id: &CommandId, lease: &Lease, _lifetime: Duration) -> bool {
        let mut tables = self.lock();
        let Some(row) = tables.live(id).filter(|row| row.lease.is_none()) else { return false };
        row.lease = Some(lease.to_string());
        true
    }

    pub(super) async fn append(&self, id: &CommandId, lease: &Lease, seq: u64, event: Bytes) -> bool {
        let fresh = self.lock().live(id).is_some_and(|row| {
            let next = row.result.is_none()
                && row.lease.as_deref() == Some(lease.to_string().as_str())
                && seq == row.output.len() as u64 + 1;
            if next {
                row.output.push(event.clone());
            }
            next
        });
        if fresh {
            self.announce(id, event).await;
        }
        fresh
    }

    pub(super) async fn finish(&self, id: &CommandId, fence: &Fence, event: Bytes) -> Finish {
        let finish = match self.lock().live(id) {
            Some(row) => row.finish(fence, event.clone()),
            None => Finish::Fenced,
        };
        if finish == Finish::First {
            self.announce(id, event).await;
        }
        finish
    }

    async fn announce(&self, id: &CommandId, event: Bytes) {
        // The bus in memory cannot fail; nobody listening is no failure either.
        let _reached = self.bus.publish(&Topic::results(id.as_str()), event).await;
    }

    pub(super) fn entry(&self, id: &CommandId) -> Option<RawEntry> {
        self.lock().live(id).map(|row| RawEntry {
            accepted: row.accepted.clone(),
            lease: row.lease.clone(),
            finished: row.result.clone(),
        })
    }

    pub(super) fn chunks(&self, id: &CommandId, after_seq: u64, limit: usize) -> Vec<Bytes> {
        let skip = usize::try_from(after_seq).unwrap_or(usize::MAX);
        let mut tables = self.lock();
        let Some(row) = tables.live(id) else { return Vec::new() };
        row.output.iter().skip(skip).take(limit).cloned().collect()
    }
}

impl Row {
    fn finish(&mut self, fence: &Fence, event: Bytes) -> Finish {
        let open = match fence {
            Fence::Lease(lease) => self.lease.as_deref() == Some(lease.to_string().as_str()),
            Fence::Unleased => self.lease.is_none(),
            Fence::Overdue => true,
        };
        if !open {
            return Finish::Fenced;
        }
        if self.result.is_some() {
            return Finish::Late;
        }
        self.lease.get_or_insert_with(|| CLOSED.to_owned());
        self.result = Some(event);
        Finish::First
    }
}
