//! Sentinels, against real ones.

use redis::{cmd, pipe};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::{PATIENCE, Redis, settings, until_up};
use crate::{
    bus::{Bus, RedisBus, Topic},
    config::RedisSettings,
    test_redis::{TestRedis, TestSentinel},
};

#[tokio::test]
async fn after_a_failover_commands_and_subscriptions_follow_the_primary() {
    let primary = TestRedis::start().await;
    let _replica = primary.replica().await;
    let one = || TestSentinel::start(&primary, 2, None);
    let trio = [one().await, one().await, one().await];
    for sentinel in &trio {
        sentinel.is_ready(1, 2).await;
    }
    let hosts = trio.each_ref().map(|sentinel| format!("127.0.0.1:{}", sentinel.port())).join(",");
    let url = format!("redis+sentinel://{hosts}/main");
    let redis = Redis::connect(&RedisSettings { wait: 1, ..RedisSettings::new(url) }).await.unwrap();
    let stop = CancellationToken::new();
    let (bus, mut inbox) = RedisBus::start(redis.clone(), stop.clone());
    let bus = Bus::Redis(bus);
    let topic = Topic::commands("c");
    let _heard = bus.subscribe(topic.clone()).await.unwrap();
    redis.pipe_durably::<()>(pipe().cmd("SET").arg("k").arg("v").ignore()).await.unwrap();

    let mut resumed = bus.resumed();
    resumed.mark_unchanged();
    primary.kill().await;
    until_up(&redis, false).await;
    until_up(&redis, true).await;
    assert_eq!(redis.query::<String>(cmd("GET").arg("k")).await.unwrap(), "v");
    while bus.publish(&topic, "back".into()).await != Ok(1) {
        timeout(PATIENCE, resumed.changed()).await.unwrap().unwrap();
    }
    assert_eq!(timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap().payload, "back");
    stop.cancel();
}

#[tokio::test]
async fn a_sentinel_that_is_wrong_or_away_is_passed_over() {
    let primary = TestRedis::start().await;
    let replica = primary.replica().await;
    let wrong = TestSentinel::start(&replica, 2, Some("pass/word")).await;
    let right = TestSentinel::start(&primary, 2, Some("pass/word")).await;
    let user = settings(&primary).await.url.replace("redis://", "");
    let (user, _host) = user.split_once('@').unwrap();
    let hosts = format!("127.0.0.1:1,127.0.0.1:{},127.0.0.1:{}", wrong.port(), right.port());
    let url = format!("redis+sentinel://{user}@{hosts}/main/0?sentinel_password=pass%2Fword");
    let redis = Redis::connect(&RedisSettings { prefix: "pre:".into(), ..RedisSettings::new(url) }).await.unwrap();
    redis.query::<()>(cmd("SET").arg("pre:k").arg("v")).await.unwrap();
    assert!(primary.ask("GET pre:k").await.starts_with("$1"), "the primary has it");
    assert!(redis.query::<()>(cmd("SET").arg("k").arg("v")).await.is_err(), "the user may not");
}

#[tokio::test]
async fn a_primary_that_is_demoted_where_it_stands_is_left() {
    let old = TestRedis::start().await;
    let new = old.replica().await;
    let sentinel = TestSentinel::start(&old, 1, None).await;
    sentinel.is_ready(1, 0).await;
    let url = format!("redis+sentinel://127.0.0.1:{}/main", sentinel.port());
    let redis = Redis::connect(&RedisSettings::new(url)).await.unwrap();
    let (bus, mut inbox) = RedisBus::start(redis.clone(), CancellationToken::new());
    let bus = Bus::Redis(bus);
    let topic = Topic::commands("c");
    let _heard = bus.subscribe(topic.clone()).await.unwrap();
    let mut resumed = bus.resumed();
    resumed.mark_unchanged();
    sentinel.fail_over().await;
    // Without a single command: the connection's own probe finds it.
    timeout(PATIENCE, redis.health().wait_for(|health| health.generation > 1 && health.up)).await.unwrap().unwrap();
    redis.query::<()>(cmd("SET").arg("k").arg("v")).await.unwrap();
    new.until("GET k", |answer| answer.starts_with("$1")).await;
    while bus.publish(&topic, "back".into()).await != Ok(1) {
        timeout(PATIENCE, resumed.changed()).await.unwrap().unwrap();
    }
    assert_eq!(timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap().payload, "back");
}
