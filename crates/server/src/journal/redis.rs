//! The journal in Redis. Each transition is one step and one round trip.
//!
//! Cost of an undisturbed command, as `INFO commandstats` counts (inner calls included): accept 2
//! (HSET, PUBLISH), lease 1 (SET), finish 4 (EVALSHA, SET, PUBLISH, XADD), and a share of one HDEL.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use kubently_core::{Error, command::MAX_TIMEOUT, ids::CommandId};
use kubently_proto::convert::{journal::Accepted, to_millis};
use prost::Message;
use redis::{cmd, pipe};

use super::{
    Acceptance, Append, Beat, Fence, Finish, Idempotency, Lease, Note, RESULT_GRACE, Raw, State, encode_offer, keys,
    scripts::Scripts, state::forget_at,
};
use crate::{
    bus::Topic,
    redis::{Redis, millis},
    store::LOG_FIELD,
};

/// A server that was not heard of for this long is dead: it beats every second, so two beats may fail.
const ALIVE: Duration = Duration::from_millis(3_500);
/// How long a withdrawn command is remembered, so that nobody takes it who heard of it late.
const WITHDRAWN: Duration = Duration::from_secs(60);
/// States read in one round trip: each may be a result with its output.
const STATES_PER_READ: usize = 64;
/// Records asked for in one step of a scan.
const RECORDS_PER_SCAN: usize = 512;

/// See [`super::Journal`].
#[derive(Clone)]
pub(crate) struct RedisJournal {
    redis: Redis,
    retention: Duration,
    scripts: Arc<Scripts>,
}

impl RedisJournal {
    pub(crate) fn new(redis: Redis, retention: Duration) -> Self {
        Self { redis, retention, scripts: Arc::new(Scripts::new()) }
    }

    pub(super) async fn accept(&self, accepted: &Accepted, key: Option<&Idempotency>) -> Result<Acceptance, Error> {
        let id = &accepted.command.id;
        let (table, record) = (self.table(id), accepted.to_record().encode_to_vec());
        let (channel, offer) = (self.commands_channel(accepted), encode_offer(accepted, None));
        let Some(key) = key else {
            let mut both = pipe();
            both.cmd("HSET").arg(table).arg(id.as_str()).arg(record).ignore();
            both.cmd("PUBLISH").arg(channel).arg(&offer[..]);
            let (reached,): (u64,) = self.redis.pipe_durably(&both).await?;
            return Ok(Acceptance::New(reached));
        };
        let mut call = self.scripts.accept_keyed.prepare_invoke();
        call.key(table).key(self.redis.name(&keys::idempotency(&key.key)));
        call.arg(id.as_str()).arg(record).arg(&key.request_hash).arg(self.forget_at(accepted));
        call.arg(channel).arg(&offer[..]);
        acceptance(&self.redis.invoke_durably(&call).await?, key)
    }

    pub(super) async fn withdraw(&self, id: &CommandId, key: Option<&Idempotency>) -> Result<bool, Error> {
        let mut call = self.scripts.withdraw.prepare_invoke();
        call.key(self.state(id)).key(self.table(id));
        if let Some(key) = key {
            call.key(self.redis.name(&keys::idempotency(&key.key)));
        }
        call.arg(id.as_str()).arg(State::Withdrawn.to_string()).arg(millis(WITHDRAWN));
        self.redis.invoke(&call).await
    }

    pub(super) async fn take(&self, accepted: &Accepted, new: &State) -> Result<bool, Error> {
        let mut set = cmd("SET");
        set.arg(self.state(&accepted.command.id)).arg(new.to_string());
        set.arg("NX").arg("PXAT").arg(self.forget_at(accepted));
        let answer: Option<String> = self.redis.query(&set).await?;
        Ok(answer.is_some())
    }

    pub(super) async fn take_over(
        &self,
        id: &CommandId,
        found: &State,
        new: &State,
        pieces: u64,
        marker: Option<Bytes>,
    ) -> Result<Option<u64>, Error> {
        let mut call = self.scripts.take_over.prepare_invoke();
        call.key(self.state(id)).key(self.redis.name(&keys::output(id)));
        call.arg(found.to_string()).arg(new.to_string()).arg(pieces);
        call.arg(&marker.unwrap_or_default()[..]).arg(self.results_channel(id));
        let there: i64 = self.redis.invoke(&call).await?;
        Ok(u64::try_from(there).ok())
    }

    pub(super) async fn want(&self, accepted: &Accepted) -> Result<(), Error> {
        let mut set = cmd("SET");
        set.arg(self.redis.name(&keys::wanted(&accepted.command.id))).arg(1).arg("PXAT").arg(self.forget_at(accepted));
        self.redis.query(&set).await
    }

    pub(super) async fn wanted(&self, id: &CommandId) -> Result<bool, Error> {
        self.redis.query(cmd("EXISTS").arg(self.redis.name(&keys::wanted(id)))).await
    }

    pub(super) async fn swap(&self, id: &CommandId, from: &State, to: &State) -> Result<bool, Error> {
        let mut call = self.scripts.swap.prepare_invoke();
        call.key(self.state(id)).arg(from.to_string()).arg(to.to_string());
        self.redis.invoke(&call).await
    }

    pub(super) async fn append(
        &self,
        accepted: &Accepted,
        lease: &Lease,
        seq: u64,
        event: Bytes,
    ) -> Result<Append, Error> {
        let id = &accepted.command.id;
        let mut call = self.scripts.append.prepare_invoke();
        call.key(self.state(id)).key(self.redis.name(&keys::output(id)));
        call.arg(lease.owner()).arg(seq.saturating_sub(1)).arg(&event[..]).arg(self.forget_at(accepted));
        call.arg(self.results_channel(id));
        let answer: i64 = self.redis.invoke_durably(&call).await?;
        Ok(match answer {
            1 => Append::Next,
            0 => Append::Repeated,
            _ => Append::Gap,
        })
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
        let mut call = self.scripts.finish.prepare_invoke();
        call.key(self.state(id)).key(self.redis.name(&note.log)).key(self.redis.name(&keys::output(id)));
        call.arg(fence_text(fence)).arg(&event[..]).arg(self.forget_at(accepted)).arg(self.results_channel(id));
        call.arg(&note.entry[..]).arg(LOG_FIELD).arg(note.keep).arg(pieces);
        let answer: i64 = self.redis.invoke_durably(&call).await?;
        Ok(match answer {
            1 => Finish::First,
            0 => Finish::Late,
            -1 => Finish::Fenced,
            _ => Finish::Incomplete,
        })
    }

    pub(super) async fn entry(&self, id: &CommandId) -> Result<(Option<Bytes>, Option<Raw>), Error> {
        let mut both = pipe();
        both.cmd("HGET").arg(self.table(id)).arg(id.as_str());
        both.cmd("GET").arg(self.state(id));
        let (record, state): (Option<Vec<u8>>, Option<Vec<u8>>) = self.redis.pipe(&both).await?;
        Ok((record.map(Bytes::from), state.map(|state| Raw(state.into()))))
    }

    pub(super) async fn states(&self, ids: &[CommandId]) -> Result<Vec<Option<Raw>>, Error> {
        let mut states = Vec::with_capacity(ids.len());
        for some in ids.chunks(STATES_PER_READ) {
            let names: Vec<String> = some.iter().map(|id| self.state(id)).collect();
            let raw: Vec<Option<Vec<u8>>> = self.redis.query(cmd("MGET").arg(&names)).await?;
            states.extend(raw.into_iter().map(|state| state.map(|state| Raw(state.into()))));
        }
        Ok(states)
    }

    pub(super) async fn open(&self, tag: &str) -> Result<Vec<Bytes>, Error> {
        let table = self.redis.name(&keys::open(tag));
        // A scan may give a field twice.
        let mut records = HashMap::new();
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = cmd("HSCAN");
            scan.arg(&table).arg(&cursor).arg("COUNT").arg(RECORDS_PER_SCAN);
            let (next, fields): (String, Vec<(String, Vec<u8>)>) = self.redis.query(&scan).await?;
            records.extend(fields.into_iter().filter(|(id, _record)| !id.is_empty()));
            if next == "0" {
                return Ok(records.into_values().map(Bytes::from).collect());
            }
            cursor = next;
        }
    }

    pub(super) async fn retire(&self, ids: &[CommandId]) -> Result<(), Error> {
        let mut tables: HashMap<&str, Vec<&str>> = HashMap::new();
        for id in ids {
            tables.entry(keys::tag(id)).or_default().push(id.as_str());
        }
        let mut all = pipe();
        for (tag, ids) in tables {
            all.cmd("HDEL").arg(self.redis.name(&keys::open(tag))).arg(ids).ignore();
        }
        if ids.is_empty() { Ok(()) } else { self.redis.pipe(&all).await }
    }

    pub(super) async fn beat(&self, tag: &str) -> Result<Beat, Error> {
        let mut call = self.scripts.beat.prepare_invoke();
        call.key(self.redis.name(keys::SERVERS)).key(self.redis.name(&keys::open(tag)));
        call.arg(tag).arg(self.table_lifetime());
        let (now, fresh, servers): (u64, bool, Vec<(String, u64)>) = self.redis.invoke(&call).await?;
        let alive_from = now.saturating_sub(millis(ALIVE));
        let (alive, dead): (Vec<_>, Vec<_>) = servers.into_iter().partition(|(_, beat)| *beat >= alive_from);
        let tags = |servers: Vec<(String, u64)>| servers.into_iter().map(|(tag, _)| tag).collect();
        Ok(Beat { forgotten: fresh, alive: tags(alive), dead: tags(dead) })
    }

    /// Moves the last beat back so far that the server counts as dead, but is not forgotten: its open
    /// commands are still looked for.
    pub(super) async fn farewell(&self, tag: &str) -> Result<(), Error> {
        let mut back = cmd("ZINCRBY");
        back.arg(self.redis.name(keys::SERVERS)).arg(-i128::from(millis(ALIVE)) - 1).arg(tag);
        self.redis.query::<redis::Value>(&back).await.map(|_score| ())
    }

    pub(super) async fn restore(&self, open: &[Accepted]) -> Result<(), Error> {
        let mut all = pipe();
        for accepted in open {
            let id = &accepted.command.id;
            let record = accepted.to_record().encode_to_vec();
            all.cmd("HSETNX").arg(self.table(id)).arg(id.as_str()).arg(record).ignore();
        }
        if open.is_empty() { Ok(()) } else { self.redis.pipe_durably(&all).await }
    }

    pub(super) async fn restore_ended(&self, accepted: &Accepted, event: Bytes, output: &[Bytes]) -> Result<(), Error> {
        let id = &accepted.command.id;
        let mut call = self.scripts.restore_ended.prepare_invoke();
        call.key(self.state(id)).key(self.redis.name(&keys::output(id)));
        call.arg(&event[..]).arg(self.forget_at(accepted));
        output.iter().for_each(|piece| {
            call.arg(&piece[..]);
        });
        self.redis.invoke_durably::<redis::Value>(&call).await.map(|_done| ())
    }

    pub(super) async fn chunks(&self, id: &CommandId, after_seq: u64, limit: usize) -> Result<Vec<Bytes>, Error> {
        let last = after_seq.saturating_add(limit as u64).saturating_sub(1);
        let mut range = cmd("LRANGE");
        range.arg(self.redis.name(&keys::output(id))).arg(after_seq).arg(last);
        let pieces: Vec<Vec<u8>> = self.redis.query(&range).await?;
        Ok(pieces.into_iter().map(Bytes::from).collect())
    }

    /// Whether everything about a command is past its time.
    pub(super) fn forgets(&self, accepted: &Accepted) -> bool {
        forget_at(accepted, self.retention) <= SystemTime::now()
    }

    fn forget_at(&self, accepted: &Accepted) -> u64 {
        to_millis(forget_at(accepted, self.retention))
    }

    /// No command is open for longer than its time in the queue and its time with an executor.
    fn table_lifetime(&self) -> u64 {
        millis(2 * MAX_TIMEOUT + RESULT_GRACE + self.retention)
    }

    fn state(&self, id: &CommandId) -> String {
        self.redis.name(&keys::state(id))
    }

    fn table(&self, id: &CommandId) -> String {
        self.redis.name(&keys::open(keys::tag(id)))
    }

    fn commands_channel(&self, accepted: &Accepted) -> String {
        self.channel(&Topic::commands(accepted.command.spec.cluster.as_str()))
    }

    fn results_channel(&self, id: &CommandId) -> String {
        self.channel(&Topic::results(id.as_str()))
    }

    fn channel(&self, topic: &Topic) -> String {
        match topic {
            Topic::Channel(name) => self.redis.name(name),
            Topic::Family { head, tail } => self.redis.name(&format!("{head}*{tail}")),
        }
    }
}

fn fence_text(fence: &Fence) -> String {
    match fence {
        Fence::Lease(lease) => format!("={}", lease.owner()),
        Fence::Unleased => "free".to_owned(),
        Fence::Overdue => "overdue".to_owned(),
    }
}

fn acceptance(answer: &redis::Value, asked: &Idempotency) -> Result<Acceptance, Error> {
    let known = match answer {
        redis::Value::Int(reached) => return Ok(Acceptance::New(u64::try_from(*reached).unwrap_or_default())),
        redis::Value::BulkString(known) => String::from_utf8_lossy(known).into_owned(),
        other => {
            tracing::error!(answer = ?other, "the accept script answered with another type");
            return Err(Error::internal());
        }
    };
    let Some((id, hash)) = known.split_once(' ') else { return Err(Error::internal()) };
    if asked.request_hash == hash {
        return Ok(Acceptance::Known(CommandId::new(id).map_err(|_foreign| Error::internal())?));
    }
    Ok(Acceptance::Conflict)
}
