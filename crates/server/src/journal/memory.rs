//! The journal of one process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use kubently_core::{Error, ids::CommandId};
use kubently_proto::convert::journal::Accepted;
use prost::Message;

use super::{
    Acceptance, Append, Beat, Fence, Finish, Idempotency, Lease, Note, Raw, State, encode_offer, keys, state::forget_at,
};
use crate::{
    bus::{Bus, Topic},
    store::Store,
};

/// Accepted commands between two sweeps of forgotten ones.
const SWEEP_EVERY: usize = 256;

/// See [`super::Journal`].
#[derive(Clone)]
pub(crate) struct MemoryJournal {
    bus: Bus,
    store: Store,
    retention: Duration,
    tables: Arc<Mutex<Tables>>,
}

#[derive(Default)]
struct Tables {
    commands: HashMap<CommandId, Row>,
    /// Key to request hash, command and expiry.
    idempotency: HashMap<String, (String, CommandId, SystemTime)>,
    accepted_since_sweep: usize,
}

struct Row {
    record: Bytes,
    /// The stored form; compared as Redis compares it.
    state: Option<String>,
    result: Option<Bytes>,
    output: Vec<Bytes>,
    wanted: bool,
    forget_at: SystemTime,
}

impl Tables {
    fn sweep(&mut self) {
        self.accepted_since_sweep += 1;
        if self.accepted_since_sweep >= SWEEP_EVERY {
            self.accepted_since_sweep = 0;
            let now = SystemTime::now();
            self.commands.retain(|_, row| row.forget_at > now);
            self.idempotency.retain(|_, (_, _, forget_at)| *forget_at > now);
        }
    }

    fn known(&self, asked: &Idempotency, id: &CommandId) -> Option<Acceptance> {
        let (hash, known, forget_at) = self.idempotency.get(&keys::idempotency(&asked.key))?;
        if *forget_at <= SystemTime::now() || known == id {
            return None;
        }
        Some(if *hash == asked.request_hash { Acceptance::Known(known.clone()) } else { Acceptance::Conflict })
    }

    fn live(&mut self, id: &CommandId) -> Option<&mut Row> {
        self.commands.get_mut(id).filter(|row| row.forget_at > SystemTime::now())
    }
}

impl MemoryJournal {
    pub(crate) fn new(bus: Bus, store: Store, retention: Duration) -> Self {
        Self { bus, store, retention, tables: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn accept(&self, accepted: &Accepted, key: Option<&Idempotency>) -> Result<Acceptance, Error> {
        if let Some(known) = self.write(accepted, key) {
            return Ok(known);
        }
        let topic = Topic::commands(accepted.command.spec.cluster.as_str());
        self.bus.publish(&topic, encode_offer(accepted, None)).await.map(Acceptance::New)
    }

    fn write(&self, accepted: &Accepted, key: Option<&Idempotency>) -> Option<Acceptance> {
        let id = &accepted.command.id;
        let forget_at = forget_at(accepted, self.retention);
        let mut tables = self.lock();
        tables.sweep();
        if let Some(key) = key {
            if let Some(known) = tables.known(key, id) {
                return Some(known);
            }
            let value = (key.request_hash.clone(), id.clone(), forget_at);
            tables.idempotency.insert(keys::idempotency(&key.key), value);
        }
        let record = accepted.to_record().encode_to_vec().into();
        let row = || Row { record, state: None, result: None, output: Vec::new(), wanted: false, forget_at };
        tables.commands.entry(id.clone()).or_insert_with(row);
        None
    }

    pub(super) async fn withdraw(&self, id: &CommandId, key: Option<&Idempotency>) -> Result<bool, Error> {
        let mut tables = self.lock();
        if tables.live(id).is_some_and(|row| row.state.is_some() || row.result.is_some()) {
            return Ok(false);
        }
        tables.commands.remove(id);
        if let Some(key) = key {
            tables.idempotency.remove(&keys::idempotency(&key.key));
        }
        Ok(true)
    }

    pub(super) async fn take(&self, accepted: &Accepted, new: &State) -> Result<bool, Error> {
        let mut tables = self.lock();
        let row = tables.live(&accepted.command.id).filter(|row| row.state.is_none() && row.result.is_none());
        Ok(row.map(|row| row.state = Some(new.to_string())).is_some())
    }

    pub(super) async fn take_over(
        &self,
        id: &CommandId,
        found: &State,
        new: &State,
        pieces: u64,
        marker: Option<Bytes>,
    ) -> Result<Option<u64>, Error> {
        let there = {
            let mut tables = self.lock();
            let Some(row) = tables.live(id).filter(|row| row.is_in(found)) else { return Ok(None) };
            let there = row.output.len() as u64;
            if there == pieces {
                row.state = Some(new.to_string());
                row.output.extend(marker.clone());
            }
            there
        };
        if let Some(marker) = marker.filter(|_| there == pieces) {
            self.announce(id, marker).await;
        }
        Ok(Some(there))
    }

    pub(super) async fn want(&self, accepted: &Accepted) -> Result<(), Error> {
        if let Some(row) = self.lock().live(&accepted.command.id) {
            row.wanted = true;
        }
        Ok(())
    }

    pub(super) async fn wanted(&self, id: &CommandId) -> Result<bool, Error> {
        Ok(self.lock().live(id).is_some_and(|row| row.wanted))
    }

    pub(super) async fn swap(&self, id: &CommandId, from: &State, to: &State) -> Result<bool, Error> {
        let mut tables = self.lock();
        let row = tables.live(id).filter(|row| row.is_in(from));
        Ok(row.map(|row| row.state = Some(to.to_string())).is_some())
    }

    pub(super) async fn append(
        &self,
        accepted: &Accepted,
        lease: &Lease,
        seq: u64,
        event: Bytes,
    ) -> Result<Append, Error> {
        let id = &accepted.command.id;
        let append = match self.lock().live(id) {
            Some(row) => row.append(lease, seq, &event),
            None => Append::Repeated,
        };
        if append == Append::Next {
            self.announce(id, event).await;
        }
        Ok(append)
    }

    pub(super) async fn finish(
        &self,
        accepted: &Accepted,
        fence: &Fence,
        event: Bytes,
        pieces: u64,
        note: &Note,
    ) -> Result<Finish, Error> {
        let id = &accepted.command.id;
        let finish = match self.lock().live(id) {
            Some(row) => row.finish(fence, &event, pieces),
            None => Finish::Fenced,
        };
        if finish == Finish::First {
            self.announce(id, event).await;
            self.store.append(&note.log, std::slice::from_ref(&note.entry), note.keep).await?;
        }
        Ok(finish)
    }

    async fn announce(&self, id: &CommandId, event: Bytes) {
        // The bus in memory cannot fail; nobody listening is no failure either.
        let _reached = self.bus.publish(&Topic::results(id.as_str()), event).await;
    }

    pub(super) async fn entry(&self, id: &CommandId) -> Result<(Option<Bytes>, Option<Raw>), Error> {
        let mut tables = self.lock();
        Ok(tables.live(id).map_or((None, None), |row| (Some(row.record.clone()), row.raw())))
    }

    pub(super) async fn states(&self, ids: &[CommandId]) -> Result<Vec<Option<Raw>>, Error> {
        let mut tables = self.lock();
        Ok(ids.iter().map(|id| tables.live(id).and_then(|row| row.raw())).collect())
    }

    pub(super) async fn open(&self, _tag: &str) -> Result<Vec<Bytes>, Error> {
        let tables = self.lock();
        Ok(tables.commands.values().filter(|row| row.result.is_none()).map(|row| row.record.clone()).collect())
    }

    /// Nothing to do: a row tells by itself whether its command is open.
    pub(super) async fn retire(&self, _ids: &[CommandId]) -> Result<(), Error> {
        Ok(())
    }

    pub(super) async fn beat(&self, tag: &str) -> Result<Beat, Error> {
        Ok(Beat { alive: vec![tag.to_owned()], ..Beat::default() })
    }

    pub(super) async fn farewell(&self, _tag: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Nothing to do: this memory is not lost before its server.
    pub(super) async fn restore(&self, _open: &[Accepted]) -> Result<(), Error> {
        Ok(())
    }

    /// As with [`Self::restore`].
    pub(super) async fn restore_ended(&self, _: &Accepted, _event: Bytes, _output: &[Bytes]) -> Result<(), Error> {
        Ok(())
    }

    pub(super) async fn chunks(&self, id: &CommandId, after_seq: u64, limit: usize) -> Result<Vec<Bytes>, Error> {
        let skip = usize::try_from(after_seq).unwrap_or(usize::MAX);
        let mut tables = self.lock();
        let row = tables.live(id);
        Ok(row.map(|row| row.output.iter().skip(skip).take(limit).cloned().collect()).unwrap_or_default())
    }

    /// Whether everything about a command is past its time.
    pub(super) fn forgets(&self, accepted: &Accepted) -> bool {
        forget_at(accepted, self.retention) <= SystemTime::now()
    }
}

impl Row {
    fn is_in(&self, state: &State) -> bool {
        self.result.is_none() && self.state.as_deref() == Some(&*state.to_string())
    }

    /// Whether `lease` is the newest one, present or past.
    fn belongs_to(&self, lease: &Lease) -> bool {
        let owner = self.state.as_deref().and_then(|state| state.get(1..));
        owner.is_some_and(|owner| owner.starts_with(&lease.owner()))
    }

    fn raw(&self) -> Option<Raw> {
        let state = self.state.clone().map(Bytes::from);
        self.result.clone().or(state).map(Raw)
    }

    fn append(&mut self, lease: &Lease, seq: u64, event: &Bytes) -> Append {
        if self.result.is_some() || !self.belongs_to(lease) {
            return Append::Repeated;
        }
        match (self.output.len() as u64 + 1).cmp(&seq) {
            std::cmp::Ordering::Less => Append::Gap,
            std::cmp::Ordering::Greater => Append::Repeated,
            std::cmp::Ordering::Equal => {
                self.output.push(event.clone());
                Append::Next
            }
        }
    }

    fn finish(&mut self, fence: &Fence, event: &Bytes, pieces: u64) -> Finish {
        if self.result.is_some() {
            return Finish::Late;
        }
        let open = match (fence, self.state.as_deref()) {
            (Fence::Overdue, _) | (_, None) => true,
            (Fence::Unleased, Some(state)) => state.starts_with('F'),
            (Fence::Lease(lease), Some(_)) => self.belongs_to(lease),
        };
        if !open {
            return Finish::Fenced;
        }
        if (self.output.len() as u64) < pieces {
            return Finish::Incomplete;
        }
        self.result = Some(event.clone());
        Finish::First
    }
}
