//! The bus through Redis pub/sub: one connection a server, kept by one task.
//!
//! Subscribers state what they want in [`Wanted`]; the task makes the connection match it, also
//! after every reconnect. So there is one place that talks to the socket, and dropping a
//! subscription needs no channel that could be full.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use kubently_core::Error;
use redis::{RedisError, RedisResult, aio::PubSubSink, aio::PubSubStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::{INBOX_CAPACITY, Inbox, Message, Topic};
use crate::redis::Redis;

/// How long `subscribe` waits for the confirmation of Redis.
const SUBSCRIBE_TIMEOUT: Duration = Duration::from_secs(3);
/// How often an idle connection is asked whether it lives.
const PING_INTERVAL: Duration = Duration::from_secs(5);
/// How long the answer to a ping may take.
const PING_TIMEOUT: Duration = Duration::from_secs(3);
/// Pause before connecting again; constant, because a server has only one such connection.
const RECONNECT_DELAY: Duration = Duration::from_millis(250);

/// What the subscribers of this server want.
#[derive(Default)]
struct Wanted {
    /// Topic to number of subscriptions; never 0.
    topics: Mutex<HashMap<Topic, usize>>,
    /// Rung whenever `topics` gained or lost a key.
    changed: Notify,
}

impl Wanted {
    fn lock(&self) -> MutexGuard<'_, HashMap<Topic, usize>> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, topic: &Topic) {
        let mut topics = self.lock();
        let count = topics.entry(topic.clone()).or_default();
        *count += 1;
        if *count == 1 {
            self.changed.notify_one();
        }
    }

    fn remove(&self, topic: &Topic) {
        let mut topics = self.lock();
        let Some(count) = topics.get_mut(topic) else { return };
        *count -= 1;
        if *count == 0 {
            topics.remove(topic);
            self.changed.notify_one();
        }
    }
}

/// One server's handle.
#[derive(Clone)]
pub(crate) struct RedisBus {
    redis: Redis,
    wanted: Arc<Wanted>,
    /// The topics that Redis has confirmed on the present connection.
    confirmed: watch::Receiver<HashSet<Topic>>,
    /// Counts the connections on which all topics were confirmed.
    resumed: watch::Receiver<u64>,
}

impl RedisBus {
    /// Starts the task that keeps the connection; it ends with `shutdown`.
    pub(crate) fn start(redis: Redis, shutdown: CancellationToken) -> (Self, Inbox) {
        let (inbox, receiver) = mpsc::channel(INBOX_CAPACITY);
        let (confirm, confirmed) = watch::channel(HashSet::new());
        let (resume, resumed) = watch::channel(0);
        let wanted = Arc::new(Wanted::default());
        let link = Link { redis: redis.clone(), wanted: wanted.clone(), confirm, resume, inbox };
        tokio::spawn(async move { shutdown.run_until_cancelled(link.keep()).await });
        (Self { redis, wanted, confirmed, resumed }, receiver)
    }

    pub(super) async fn publish(&self, topic: &Topic, payload: Bytes) -> Result<u64, Error> {
        let Topic::Channel(channel) = topic else { return Ok(0) };
        self.redis.query(redis::cmd("PUBLISH").arg(self.redis.name(channel)).arg(&payload[..])).await
    }

    pub(super) fn resumed(&self) -> watch::Receiver<u64> {
        self.resumed.clone()
    }

    pub(super) async fn subscribe(&self, topic: Topic) -> Result<RedisSubscription, Error> {
        self.wanted.add(&topic);
        let subscription = RedisSubscription { wanted: self.wanted.clone(), topic };
        let mut confirmed = self.confirmed.clone();
        let ready = confirmed.wait_for(|topics| topics.contains(&subscription.topic));
        match tokio::time::timeout(SUBSCRIBE_TIMEOUT, ready).await {
            Ok(Ok(_)) => Ok(subscription),
            Ok(Err(_)) | Err(_) => Err(Error::store_unavailable()),
        }
    }
}

/// Ends its subscription when dropped.
pub(crate) struct RedisSubscription {
    wanted: Arc<Wanted>,
    topic: Topic,
}

impl Drop for RedisSubscription {
    fn drop(&mut self) {
        self.wanted.remove(&self.topic);
    }
}

impl std::fmt::Debug for RedisSubscription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RedisSubscription({:?})", self.topic)
    }
}

/// The task's own state.
struct Link {
    redis: Redis,
    wanted: Arc<Wanted>,
    confirm: watch::Sender<HashSet<Topic>>,
    resume: watch::Sender<u64>,
    inbox: mpsc::Sender<Message>,
}

impl Link {
    /// Connects, again and again, where and while the command connection stands.
    async fn keep(self) {
        let mut health = self.redis.health();
        while !self.inbox.is_closed() && health.wait_for(|health| health.up).await.is_ok() {
            let before = *self.resume.borrow();
            if let Err(cause) = self.connected().await {
                self.lose(&cause, before);
            }
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    /// A loss is told once, not with each attempt that fails after it.
    fn lose(&self, cause: &RedisError, before: u64) {
        match *self.resume.borrow() == before {
            true => tracing::debug!(error = %cause, "no pub/sub connection yet"),
            false => tracing::warn!(error = %cause, "the pub/sub connection is lost; connecting again"),
        }
        self.confirm.send_replace(HashSet::new());
    }

    /// One connection's life.
    async fn connected(&self) -> RedisResult<()> {
        let mut health = self.redis.health();
        let (pubsub, generation) = self.redis.pubsub().await?;
        let (mut sink, mut stream) = pubsub.split();
        self.reconcile(&mut sink).await?;
        self.resume.send_modify(|count| *count += 1);
        let mut ping = tokio::time::interval(PING_INTERVAL);
        loop {
            tokio::select! {
                message = stream.next() => self.deliver(message).await?,
                () = self.wanted.changed.notified() => self.reconcile_while_reading(&mut sink, &mut stream).await?,
                _ = ping.tick() => self.check(&mut sink, generation).await?,
                _ = health.changed() => self.follow(generation)?,
            }
        }
    }

    /// Another command connection may lead to another server, behind the same address too: this one has to follow.
    fn follow(&self, generation: u64) -> RedisResult<()> {
        if self.redis.has_left(generation) { Err(closed()) } else { Ok(()) }
    }

    /// The periodic look: where the commands go, and whether this connection lives.
    async fn check(&self, sink: &mut PubSubSink, generation: u64) -> RedisResult<()> {
        self.follow(generation)?;
        alive(sink).await
    }

    /// Passes a message on. A closed inbox means that the server is gone.
    async fn deliver(&self, message: Option<redis::Msg>) -> RedisResult<()> {
        let message = message.ok_or_else(closed)?;
        let channel = self.redis.unprefixed(message.get_channel_name()).to_owned();
        let payload = Bytes::copy_from_slice(message.get_payload_bytes());
        self.inbox.send(Message { channel, payload }).await.map_err(|_closed| closed())
    }

    /// Reconciles without keeping messages waiting that arrive meanwhile.
    async fn reconcile_while_reading(&self, sink: &mut PubSubSink, stream: &mut PubSubStream) -> RedisResult<()> {
        let mut work = std::pin::pin!(self.reconcile(sink));
        loop {
            tokio::select! {
                done = &mut work => return done,
                message = stream.next() => self.deliver(message).await?,
            }
        }
    }

    /// Makes the connection listen to what is wanted, and tells who waits for it.
    async fn reconcile(&self, sink: &mut PubSubSink) -> RedisResult<()> {
        let (present, wanted) = self.begin_change();
        let (channels, patterns) = self.names(wanted.difference(&present));
        for_some(&channels, sink.subscribe(&channels)).await?;
        for_some(&patterns, sink.psubscribe(&patterns)).await?;
        let (channels, patterns) = self.names(present.difference(&wanted));
        for_some(&channels, sink.unsubscribe(&channels)).await?;
        for_some(&patterns, sink.punsubscribe(&patterns)).await?;
        self.confirm.send_replace(wanted);
        Ok(())
    }

    /// What is subscribed and what should be. Whatever is about to go counts as unconfirmed from
    /// here on, under the same lock that subscribers take: one who comes back for it waits.
    fn begin_change(&self) -> (HashSet<Topic>, HashSet<Topic>) {
        let topics = self.wanted.lock();
        let wanted: HashSet<Topic> = topics.keys().cloned().collect();
        let present = self.confirm.borrow().clone();
        self.confirm.send_modify(|confirmed| confirmed.retain(|topic| wanted.contains(topic)));
        (present, wanted)
    }

    fn names<'a>(&self, topics: impl Iterator<Item = &'a Topic>) -> (Vec<String>, Vec<String>) {
        let (mut channels, mut patterns) = (Vec::new(), Vec::new());
        for topic in topics {
            match topic {
                Topic::Channel(name) => channels.push(self.redis.name(name)),
                Topic::Family { head, tail } => patterns.push(self.redis.name(&format!("{head}*{tail}"))),
            }
        }
        (channels, patterns)
    }
}

/// Runs `work` unless there is nothing to do it for: an empty SUBSCRIBE is a protocol error.
async fn for_some(names: &[String], work: impl Future<Output = RedisResult<()>>) -> RedisResult<()> {
    if names.is_empty() { Ok(()) } else { work.await }
}

async fn alive(sink: &mut PubSubSink) -> RedisResult<()> {
    match tokio::time::timeout(PING_TIMEOUT, sink.ping::<redis::Value>()).await {
        Ok(answer) => answer.map(|_pong| ()),
        Err(_elapsed) => Err(closed()),
    }
}

fn closed() -> RedisError {
    RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
}
