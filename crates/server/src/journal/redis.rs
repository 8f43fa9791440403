//! The journal in Redis. Each transition is one script, so it is atomic and one round trip.
//!
//! Cost of an undisturbed command, as `INFO commandstats` counts (inner calls included):
//! accept 3 (EVALSHA, SET, PUBLISH), lease 1 (SET), finish 4 (EVALSHA, GET, SET, PUBLISH).

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use kubently_core::{Error, ids::CommandId};
use redis::{Script, cmd, pipe};

use super::{Acceptance, Draft, Fence, Finish, Idempotency, Lease, RawEntry, keys};
use crate::{
    bus::Topic,
    redis::{Redis, millis},
};

/// KEYS: command, idempotency (or ''). ARGV: event, ttl ms, channel, id, request hash.
/// Returns receivers, or the id and hash that the idempotency key stands for.
const ACCEPT: &str = r"
if KEYS[2] then
  local known = redis.call('GET', KEYS[2])
  if known then return known end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local reached = redis.call('PUBLISH', ARGV[3], ARGV[1])
if reached == 0 then redis.call('DEL', KEYS[1]) return 0 end
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[4] .. ' ' .. ARGV[5], 'PX', ARGV[2]) end
return reached";

/// KEYS: lease, output. ARGV: lease, seq, event, ttl ms, channel. Returns 1 when it was the next piece.
const APPEND: &str = r"
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[2]) - 1 then return 0 end
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[3])
return 1";

/// KEYS: lease, result. ARGV: fence ('=' and a lease, 'unleased' or 'overdue'), event, ttl ms, channel.
/// Returns 1 first, 0 late, -1 fenced.
const FINISH: &str = r"
local lease = redis.call('GET', KEYS[1])
if ARGV[1] == 'unleased' then
  if lease then return -1 end
elseif ARGV[1] ~= 'overdue' and (not lease or '=' .. lease ~= ARGV[1]) then return -1 end
if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 0 end
if not lease then redis.call('SET', KEYS[1], 'closed', 'PX', ARGV[3]) end
redis.call('PUBLISH', ARGV[4], ARGV[2])
return 1";

/// See [`super::Journal`].
#[derive(Clone)]
pub(crate) struct RedisJournal {
    redis: Redis,
    retention: Duration,
    scripts: Arc<Scripts>,
}

struct Scripts {
    accept: Script,
    append: Script,
    finish: Script,
}

impl RedisJournal {
    pub(crate) fn new(redis: Redis, retention: Duration) -> Self {
        let scripts = Scripts { accept: Script::new(ACCEPT), append: Script::new(APPEND), finish: Script::new(FINISH) };
        Self { redis, retention, scripts: Arc::new(scripts) }
    }

    pub(super) async fn accept(
        &self,
        draft: &Draft<'_>,
        idempotency: Option<&Idempotency>,
    ) -> Result<Acceptance, Error> {
        let mut call = self.scripts.accept.prepare_invoke();
        call.key(self.redis.name(&keys::accepted(draft.id)));
        if let Some(idempotency) = idempotency {
            call.key(self.redis.name(&keys::idempotency(&idempotency.key)));
        }
        call.arg(&draft.event[..])
            .arg(millis(draft.lifetime + self.retention))
            .arg(self.channel(&Topic::commands(draft.cluster.as_str())))
            .arg(draft.id.as_str())
            .arg(idempotency.map_or("", |idempotency| &idempotency.request_hash));
        let answer: redis::Value = self.redis.invoke(&call).await?;
        acceptance(&answer, idempotency)
    }

    pub(super) async fn lease(&self, id: &CommandId, lease: &Lease, lifetime: Duration) -> Result<bool, Error> {
        let mut set = cmd("SET");
        set.arg(self.redis.name(&keys::lease(id))).arg(lease.to_string());
        set.arg("NX").arg("PX").arg(millis(lifetime + self.retention));
        let answer: Option<String> = self.redis.query(&set).await?;
        Ok(answer.is_some())
    }

    pub(super) async fn append(&self, id: &CommandId, lease: &Lease, seq: u64, event: Bytes) -> Result<bool, Error> {
        let mut call = self.scripts.append.prepare_invoke();
        call.key(self.redis.name(&keys::lease(id)))
            .key(self.redis.name(&keys::output(id)))
            .arg(lease.to_string())
            .arg(seq)
            .arg(&event[..])
            .arg(millis(kubently_core::command::MAX_TIMEOUT + self.retention))
            .arg(self.channel(&Topic::results(id.as_str())));
        self.redis.invoke(&call).await
    }

    pub(super) async fn finish(&self, id: &CommandId, fence: &Fence, event: Bytes) -> Result<Finish, Error> {
        let fence = match fence {
            Fence::Lease(lease) => format!("={lease}"),
            Fence::Unleased => "unleased".to_owned(),
            Fence::Overdue => "overdue".to_owned(),
        };
        let mut call = self.scripts.finish.prepare_invoke();
        call.key(self.redis.name(&keys::lease(id)))
            .key(self.redis.name(&keys::result(id)))
            .arg(fence)
            .arg(&event[..])
            .arg(millis(self.retention))
            .arg(self.channel(&Topic::results(id.as_str())));
        let answer: i64 = self.redis.invoke(&call).await?;
        Ok(match answer {
            1 => Finish::First,
            0 => Finish::Late,
            _ => Finish::Fenced,
        })
    }

    pub(super) async fn entry(&self, id: &CommandId) -> Result<Option<RawEntry>, Error> {
        let names = [keys::accepted(id), keys::lease(id), keys::result(id)].map(|key| self.redis.name(&key));
        type Row = (Option<Vec<u8>>, Option<String>, Option<Vec<u8>>);
        let (accepted, lease, finished): Row = self.redis.query(cmd("MGET").arg(&names[..])).await?;
        Ok(accepted.map(|accepted| RawEntry { accepted: accepted.into(), lease, finished: finished.map(Bytes::from) }))
    }

    pub(super) async fn chunks(&self, id: &CommandId, after_seq: u64, limit: usize) -> Result<Vec<Bytes>, Error> {
        let end = after_seq.saturating_add(limit as u64).saturating_sub(1);
        let mut range = pipe();
        range.cmd("LRANGE").arg(self.redis.name(&keys::output(id))).arg(after_seq).arg(end);
        let (pieces,): (Vec<Vec<u8>>,) = self.redis.pipe(&range).await?;
        Ok(pieces.into_iter().map(Bytes::from).collect())
    }

    fn channel(&self, topic: &Topic) -> String {
        match topic {
            Topic::Channel(name) => self.redis.name(name),
            Topic::Family { head, tail } => self.redis.name(&format!("{head}*{tail}")),
        }
    }
}

fn acceptance(answer: &redis::Value, idempotency: Option<&Idempotency>) -> Result<Acceptance, Error> {
    let known = match answer {
        redis::Value::Int(0) => return Ok(Acceptance::NobodyThere),
        redis::Value::Int(_) => return Ok(Acceptance::New),
        redis::Value::BulkString(known) => String::from_utf8_lossy(known).into_owned(),
        other => {
            tracing::error!(answer = ?other, "the accept script answered with another type");
            return Err(Error::internal());
        }
    };
    let Some((id, hash)) = known.split_once(' ') else { return Err(Error::internal()) };
    if idempotency.is_some_and(|idempotency| idempotency.request_hash == hash) {
        return Ok(Acceptance::Known(CommandId::new(id).map_err(|_foreign| Error::internal())?));
    }
    Ok(Acceptance::Conflict)
}
