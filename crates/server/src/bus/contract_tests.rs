//! The bus contract, on every implementation.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Bus, Inbox, MemoryHub, RedisBus, Topic};
use crate::{
    redis::{Redis, tests::settings},
    test_redis::TestRedis,
};

/// Two servers on one bus, and what keeps them alive.
struct Pair {
    one: (Bus, Inbox),
    two: (Bus, Inbox),
    _stop: tokio_util::sync::DropGuard,
    redis: Option<TestRedis>,
}

async fn memory() -> Pair {
    let hub = MemoryHub::default();
    let join = || {
        let (bus, inbox) = hub.join();
        (Bus::Memory(bus), inbox)
    };
    Pair { one: join(), two: join(), _stop: CancellationToken::new().drop_guard(), redis: None }
}

async fn redis() -> Pair {
    let server = TestRedis::start().await;
    let stop = CancellationToken::new();
    let one = redis_bus(&server, &stop).await;
    let two = redis_bus(&server, &stop).await;
    Pair { one, two, _stop: stop.drop_guard(), redis: Some(server) }
}

async fn redis_bus(server: &TestRedis, stop: &CancellationToken) -> (Bus, Inbox) {
    let redis = Redis::connect(&settings(server).await).await.unwrap();
    let (bus, inbox) = RedisBus::start(redis, stop.clone());
    (Bus::Redis(bus), inbox)
}

async fn next(inbox: &mut Inbox) -> (String, Vec<u8>) {
    let message = tokio::time::timeout(Duration::from_secs(5), inbox.recv()).await.unwrap().unwrap();
    (message.channel, message.payload.to_vec())
}

macro_rules! on_every_bus {
    ($($name:ident),*) => {
        mod memory_bus { $(#[tokio::test] async fn $name() { super::$name(super::memory().await).await; })* }
        mod redis_bus { $(#[tokio::test] async fn $name() { super::$name(super::redis().await).await; })* }
    };
}

on_every_bus!(reaches_every_subscribed_server, keeps_order, a_family_takes_all_its_channels, counts_subscriptions);

async fn reaches_every_subscribed_server(mut pair: Pair) {
    let topic = Topic::commands("c");
    assert_eq!(pair.one.0.publish(&topic, "nobody".into()).await, Ok(0));
    let _first = pair.one.0.subscribe(topic.clone()).await.unwrap();
    assert_eq!(pair.two.0.publish(&topic, "one".into()).await, Ok(1));
    let _second = pair.two.0.subscribe(topic.clone()).await.unwrap();
    assert_eq!(pair.two.0.publish(&topic, "both".into()).await, Ok(2));
    assert_eq!(next(&mut pair.one.1).await, ("executor-commands:c".into(), b"one".to_vec()));
    assert_eq!(next(&mut pair.one.1).await.1, b"both");
    assert_eq!(next(&mut pair.two.1).await.1, b"both");
}

async fn keeps_order(mut pair: Pair) {
    let topic = Topic::commands("c");
    let _subscription = pair.one.0.subscribe(topic.clone()).await.unwrap();
    for i in 0..200_u32 {
        pair.two.0.publish(&topic, i.to_be_bytes().to_vec().into()).await.unwrap();
    }
    for i in 0..200_u32 {
        assert_eq!(next(&mut pair.one.1).await.1, i.to_be_bytes());
    }
}

async fn a_family_takes_all_its_channels(mut pair: Pair) {
    let _own = pair.one.0.subscribe(Topic::results_of("0123456789ab")).await.unwrap();
    let other = Topic::results("0199c1a0-7c3e-7b1a-8a2b-ffffffffffff");
    assert_eq!(pair.two.0.publish(&other, "x".into()).await, Ok(0));
    let mine = Topic::results("0199c1a0-7c3e-7b1a-8a2b-0123456789ab");
    assert_eq!(pair.two.0.publish(&mine, "x".into()).await, Ok(1));
    assert!(next(&mut pair.one.1).await.0.ends_with("0123456789ab"));
}

async fn counts_subscriptions(mut pair: Pair) {
    let topic = Topic::commands("c");
    let first = pair.one.0.subscribe(topic.clone()).await.unwrap();
    let second = pair.one.0.subscribe(topic.clone()).await.unwrap();
    drop(first);
    assert_eq!(pair.two.0.publish(&topic, "still".into()).await, Ok(1));
    assert_eq!(next(&mut pair.one.1).await.1, b"still");
    drop(second);
    let marker = Topic::commands("marker");
    let _marker = pair.one.0.subscribe(marker).await.unwrap();
    assert_eq!(pair.two.0.publish(&topic, "gone".into()).await, Ok(0));
}

#[tokio::test]
async fn redis_subscriptions_come_back_after_the_connection_was_cut() {
    let mut pair = redis().await;
    let topic = Topic::commands("c");
    let _subscription = pair.one.0.subscribe(topic.clone()).await.unwrap();
    let killed = pair.redis.as_ref().unwrap().ask("CLIENT KILL TYPE pubsub").await;
    assert!(killed.starts_with(':') && !killed.starts_with(":0"), "there was a connection to cut: {killed}");
    // A new subscription is confirmed only on the new connection, and that has all of them.
    let _marker = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            if let Ok(marker) = pair.one.0.subscribe(Topic::commands("marker")).await
                && pair.two.0.publish(&topic, "back".into()).await == Ok(1)
            {
                break marker;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert_eq!(next(&mut pair.one.1).await.1, b"back");
}
