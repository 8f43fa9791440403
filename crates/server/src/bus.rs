//! The pub/sub handle between replicas.
//!
//! Contract, the same for every implementation (one suite checks it):
//! - `subscribe` MUST return only when messages published from then on will arrive.
//! - A message MUST arrive at every server that is subscribed to its channel, at most once at each.
//! - Messages on one channel from one publisher MUST arrive in the order they were published.
//! - `publish` MUST return how many servers were subscribed at that moment.
//! - After the connection was lost, subscriptions MUST come back by themselves; messages in
//!   between MAY be lost. The bus is the fast path, the journal is the truth.
//!
//! Invariant: the bus knows topics and bytes, never what a command is.

mod memory;
mod redis;
mod topic;

use bytes::Bytes;
use kubently_core::Error;
use tokio::sync::{mpsc, watch};

pub(crate) use memory::{MemoryBus, MemoryHub};
pub(crate) use redis::RedisBus;
pub(crate) use topic::Topic;

/// Messages that wait for the server's one inbox reader. It only routes and never blocks, so this
/// covers a burst between two turns of the scheduler; when full, the reader of the socket waits.
pub(crate) const INBOX_CAPACITY: usize = 4096;

/// What arrived, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// The channel, without any prefix.
    pub(crate) channel: String,
    /// The bytes.
    pub(crate) payload: Bytes,
}

/// Everything that arrives for this server.
pub(crate) type Inbox = mpsc::Receiver<Message>;

/// The bus of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Bus {
    /// Between the servers of one process.
    Memory(MemoryBus),
    /// Through Redis.
    Redis(RedisBus),
}

impl Bus {
    /// Sends to everybody who is subscribed now; returns how many servers that were.
    pub(crate) async fn publish(&self, topic: &Topic, payload: Bytes) -> Result<u64, Error> {
        match self {
            Self::Memory(bus) => Ok(bus.publish(topic, &payload).await),
            Self::Redis(bus) => bus.publish(topic, payload).await,
        }
    }

    /// Counts the times that every subscription came to stand again: messages may have been missed before.
    pub(crate) fn resumed(&self) -> watch::Receiver<u64> {
        match self {
            Self::Memory(bus) => bus.resumed(),
            Self::Redis(bus) => bus.resumed(),
        }
    }

    /// Listens to a topic until the returned subscription is dropped. Subscriptions to the same
    /// topic are counted; a message arrives once in the inbox however many there are.
    pub(crate) async fn subscribe(&self, topic: Topic) -> Result<Subscription, Error> {
        match self {
            Self::Memory(bus) => Ok(Subscription::Memory(bus.subscribe(topic))),
            Self::Redis(bus) => bus.subscribe(topic).await.map(Subscription::Redis),
        }
    }
}

/// Keeps a topic subscribed while it lives.
#[derive(Debug)]
#[allow(dead_code, reason = "held for what their Drop does")]
pub(crate) enum Subscription {
    /// In memory.
    Memory(memory::MemorySubscription),
    /// In Redis.
    Redis(redis::RedisSubscription),
}

#[cfg(test)]
mod contract_tests;
