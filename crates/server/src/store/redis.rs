//! The store in Redis: records are strings, indexes sorted sets by expiry, logs capped streams.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use kubently_core::Error;
use redis::{Cmd, FromRedisValue, cmd, pipe};

use super::{LOG_FIELD, MAX_INDEX, Record};
use crate::redis::{Redis, millis};

/// An entry of a stream: its id, and fields with values.
type StreamEntry = (String, Vec<(String, Vec<u8>)>);

/// See [`super::Store`].
#[derive(Clone)]
pub(crate) struct RedisStore {
    redis: Redis,
}

impl RedisStore {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis }
    }

    async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        self.redis.query(command).await
    }

    fn set(&self, record: &Record) -> Cmd {
        let mut set = cmd("SET");
        set.arg(self.redis.name(&record.key)).arg(&record.value[..]);
        if let Some(ttl) = record.ttl {
            set.arg("PX").arg(millis(ttl));
        }
        set
    }

    pub(super) async fn put(&self, record: &Record) -> Result<(), Error> {
        self.query(&self.set(record)).await
    }

    pub(super) async fn put_all(&self, records: &[Record]) -> Result<(), Error> {
        let mut batch = pipe();
        for record in records {
            batch.add_command(self.set(record)).ignore();
        }
        if records.is_empty() {
            return Ok(());
        }
        self.redis.pipe(&batch).await
    }

    pub(super) async fn put_if_absent(&self, record: &Record) -> Result<bool, Error> {
        let mut set = self.set(record);
        set.arg("NX");
        let answer: Option<String> = self.query(&set).await?;
        Ok(answer.is_some())
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Bytes>, Error> {
        let value: Option<Vec<u8>> = self.query(cmd("GET").arg(self.redis.name(key))).await?;
        Ok(value.map(Bytes::from))
    }

    pub(super) async fn get_all(&self, keys: &[String]) -> Result<Vec<Option<Bytes>>, Error> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let names: Vec<String> = keys.iter().map(|key| self.redis.name(key)).collect();
        let values: Vec<Option<Vec<u8>>> = self.query(cmd("MGET").arg(&names)).await?;
        Ok(values.into_iter().map(|value| value.map(Bytes::from)).collect())
    }

    pub(super) async fn delete(&self, key: &str) -> Result<bool, Error> {
        self.query(cmd("DEL").arg(self.redis.name(key))).await
    }

    pub(super) async fn index_add(
        &self,
        index: &str,
        members: &[String],
        expires: Option<SystemTime>,
    ) -> Result<(), Error> {
        if members.is_empty() {
            return Ok(());
        }
        let score = expires.map_or_else(|| "+inf".to_owned(), |at| epoch_millis(at).to_string());
        let mut add = cmd("ZADD");
        add.arg(self.redis.name(index));
        for member in members {
            add.arg(&score).arg(member);
        }
        self.query(&add).await
    }

    pub(super) async fn index_remove(&self, index: &str, member: &str) -> Result<(), Error> {
        self.query(cmd("ZREM").arg(self.redis.name(index)).arg(member)).await
    }

    pub(super) async fn index_members(&self, index: &str) -> Result<Vec<String>, Error> {
        let name = self.redis.name(index);
        let now = epoch_millis(SystemTime::now());
        let mut batch = pipe();
        batch.cmd("ZREMRANGEBYSCORE").arg(&name).arg("-inf").arg(now).ignore();
        batch.cmd("ZRANGEBYSCORE").arg(&name).arg(now).arg("+inf").arg("LIMIT").arg(0).arg(MAX_INDEX);
        let (mut members,): (Vec<String>,) = self.redis.pipe(&batch).await?;
        members.sort_unstable();
        Ok(members)
    }

    pub(super) async fn index_count(&self, index: &str) -> Result<usize, Error> {
        let mut count = cmd("ZCOUNT");
        count.arg(self.redis.name(index)).arg(epoch_millis(SystemTime::now())).arg("+inf");
        self.query(&count).await
    }

    pub(super) async fn append(&self, log: &str, entries: &[Bytes], max: usize) -> Result<(), Error> {
        let name = self.redis.name(log);
        let mut batch = pipe();
        for entry in entries {
            batch
                .cmd("XADD")
                .arg(&name)
                .arg("MAXLEN")
                .arg("~")
                .arg(max)
                .arg("*")
                .arg(LOG_FIELD)
                .arg(&entry[..])
                .ignore();
        }
        if entries.is_empty() {
            return Ok(());
        }
        self.redis.pipe(&batch).await
    }

    pub(super) async fn newest(&self, log: &str, count: usize) -> Result<Vec<Bytes>, Error> {
        let mut range = cmd("XREVRANGE");
        range.arg(self.redis.name(log)).arg("+").arg("-").arg("COUNT").arg(count);
        let entries: Vec<StreamEntry> = self.query(&range).await?;
        Ok(entries.into_iter().flat_map(|(_id, fields)| fields).map(|(_field, value)| value.into()).collect())
    }

    pub(super) async fn ping(&self) -> Result<(), Error> {
        let _pong: String = self.query(&cmd("PING")).await?;
        Ok(())
    }
}

fn epoch_millis(time: SystemTime) -> u128 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}
