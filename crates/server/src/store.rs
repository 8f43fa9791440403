//! Keyed records with a time to live.
//!
//! Contract, the same for every implementation (one suite checks it):
//! - A record MUST be gone once its time to live is over, and MUST NOT be gone before.
//! - `put_if_absent` MUST let exactly one of several concurrent callers win.
//! - An index MUST list a member from `index_add` until `index_remove` or its expiry.
//! - A log MUST keep its newest entries in order; it MAY keep somewhat more than its bound.
//!
//! Invariant: the store knows keys and bytes, never what a record means.

mod memory;
mod redis;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use kubently_core::Error;

pub(crate) use memory::MemoryStore;
pub(crate) use redis::RedisStore;

/// Most members that an index lists.
pub(crate) const MAX_INDEX: usize = 100_000;

/// The field that holds an entry's bytes in a log's stream.
pub(crate) const LOG_FIELD: &str = "e";

/// A record to put.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// Its key.
    pub(crate) key: String,
    /// Its bytes.
    pub(crate) value: Bytes,
    /// Its time to live; `None` keeps it until it is deleted.
    pub(crate) ttl: Option<Duration>,
}

/// The store of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Store {
    /// In this process.
    Memory(MemoryStore),
    /// In Redis.
    Redis(RedisStore),
}

macro_rules! delegate {
    ($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $out:ty) => {
        $(#[$doc])*
        pub(crate) async fn $name(&self, $($arg: $type),*) -> Result<$out, Error> {
            match self {
                Self::Memory(store) => Ok(store.$name($($arg),*)),
                Self::Redis(store) => store.$name($($arg),*).await,
            }
        }
    };
}

impl Store {
    delegate! {
        /// Writes a record, over an older one.
        put(record: &Record) -> ()
    }
    delegate! {
        /// Writes several records in one round trip.
        put_all(records: &[Record]) -> ()
    }
    delegate! {
        /// Writes a record unless there is one; says whether it was written.
        put_if_absent(record: &Record) -> bool
    }
    delegate! {
        /// Reads a record.
        get(key: &str) -> Option<Bytes>
    }
    delegate! {
        /// Reads several records in one round trip, in the order of `keys`.
        get_all(keys: &[String]) -> Vec<Option<Bytes>>
    }
    delegate! {
        /// Deletes a record; says whether there was one.
        delete(key: &str) -> bool
    }
    delegate! {
        /// Adds members to an index, or moves their expiry; `None` never expires.
        index_add(index: &str, members: &[String], expires: Option<SystemTime>) -> ()
    }
    delegate! {
        /// Takes a member out of an index.
        index_remove(index: &str, member: &str) -> ()
    }
    delegate! {
        /// The members of an index that have not expired, sorted, at most [`MAX_INDEX`].
        index_members(index: &str) -> Vec<String>
    }
    delegate! {
        /// How many members of an index have not expired.
        index_count(index: &str) -> usize
    }
    delegate! {
        /// Appends to a log that keeps about `max` entries.
        append(log: &str, entries: &[Bytes], max: usize) -> ()
    }
    delegate! {
        /// The newest `count` entries of a log, newest first.
        newest(log: &str, count: usize) -> Vec<Bytes>
    }
    delegate! {
        /// Whether the store answers.
        ping() -> ()
    }
}

#[cfg(test)]
mod contract_tests;
