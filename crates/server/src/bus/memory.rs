//! The bus of one process: for one server without Redis, and for tests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};

use super::{INBOX_CAPACITY, Inbox, Message, Topic};

/// What the servers of one process share.
#[derive(Clone, Default)]
pub(crate) struct MemoryHub {
    servers: Arc<Mutex<Servers>>,
}

/// Every server's inbox with the topics it listens to.
#[derive(Default)]
struct Servers {
    next: u64,
    listening: HashMap<u64, Listener>,
}

struct Listener {
    inbox: mpsc::Sender<Message>,
    /// Topic to number of subscriptions; never 0.
    topics: HashMap<Topic, usize>,
}

/// One server's handle.
#[derive(Clone)]
pub(crate) struct MemoryBus {
    hub: MemoryHub,
    server: u64,
    resumed: watch::Receiver<u64>,
}

impl MemoryHub {
    /// A new server's bus and inbox.
    pub(crate) fn join(&self) -> (MemoryBus, Inbox) {
        let (inbox, receiver) = mpsc::channel(INBOX_CAPACITY);
        let mut servers = self.lock();
        let server = servers.next;
        servers.next += 1;
        servers.listening.insert(server, Listener { inbox, topics: HashMap::new() });
        (MemoryBus { hub: self.clone(), server, resumed: watch::channel(0).1 }, receiver)
    }

    fn lock(&self) -> MutexGuard<'_, Servers> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryBus {
    pub(super) async fn publish(&self, topic: &Topic, payload: &Bytes) -> u64 {
        let Topic::Channel(channel) = topic else { return 0 };
        let mut reached = 0;
        for inbox in self.inboxes_of(channel) {
            let message = Message { channel: channel.clone(), payload: payload.clone() };
            if inbox.send(message).await.is_ok() {
                reached += 1;
            }
        }
        reached
    }

    /// Never: nothing is missed in memory.
    pub(super) fn resumed(&self) -> watch::Receiver<u64> {
        self.resumed.clone()
    }

    fn inboxes_of(&self, channel: &str) -> Vec<mpsc::Sender<Message>> {
        let servers = self.hub.lock();
        let wants = |listener: &&Listener| listener.topics.keys().any(|topic| topic.matches(channel));
        servers.listening.values().filter(wants).map(|listener| listener.inbox.clone()).collect()
    }

    pub(super) fn subscribe(&self, topic: Topic) -> MemorySubscription {
        if let Some(listener) = self.hub.lock().listening.get_mut(&self.server) {
            *listener.topics.entry(topic.clone()).or_default() += 1;
        }
        MemorySubscription { bus: self.clone(), topic }
    }

    fn unsubscribe(&self, topic: &Topic) {
        let mut servers = self.hub.lock();
        let Some(listener) = servers.listening.get_mut(&self.server) else { return };
        let Some(count) = listener.topics.get_mut(topic) else { return };
        *count -= 1;
        if *count == 0 {
            listener.topics.remove(topic);
        }
    }
}

/// Ends its subscription when dropped.
pub(crate) struct MemorySubscription {
    bus: MemoryBus,
    topic: Topic,
}

impl Drop for MemorySubscription {
    fn drop(&mut self) {
        self.bus.unsubscribe(&self.topic);
    }
}

impl std::fmt::Debug for MemorySubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemorySubscription({:?})", self.topic)
    }
}
