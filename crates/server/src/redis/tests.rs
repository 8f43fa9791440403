//! The connections, against real Redis processes.

mod failover;
mod replicas;
mod tls;

use std::time::Duration;

use kubently_core::Error;
use redis::cmd;
use tokio::time::{Instant, timeout};

use super::Redis;
use crate::{
    config::RedisSettings,
    test_redis::{TestRedis, free_port},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the settings' documentation says is enough for a user.
const RULE: &str = "resetkeys ~pre:* allchannels -@all +ping +role +wait +time +select +get +set +mget +del +exists +pexpire \
    +pexpireat +hset +hsetnx +hget +hdel +hscan +zadd +zincrby +zrem +zcount +zrange +zrangebyscore +zremrangebyscore \
    +rpush +lrange +llen +xadd +xrevrange +evalsha +script|load +publish +subscribe +psubscribe +unsubscribe \
    +punsubscribe";

/// Settings with the prefix that the contract suites use, and a user who may do no more than is said to be needed.
pub(crate) async fn settings(server: &TestRedis) -> RedisSettings {
    let made = server.ask(&format!("ACL SETUSER kubently on >sec/ret {RULE}")).await;
    assert!(made.starts_with("+OK"), "{made}");
    let url = format!("redis://kubently:sec%2Fret@127.0.0.1:{}", server.port());
    RedisSettings { prefix: "pre:".into(), ..RedisSettings::new(url) }
}

async fn refused(settings: &RedisSettings) -> Error {
    Redis::connect(settings).await.err().expect("it cannot connect")
}

async fn until_up(redis: &Redis, up: bool) -> u64 {
    let mut health = redis.health();
    let seen = timeout(PATIENCE, health.wait_for(|health| health.up == up)).await.unwrap().unwrap();
    seen.generation
}

#[tokio::test]
async fn settings_that_cannot_work_name_their_field() {
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let error = refused(&RedisSettings::new(nobody)).await;
    assert_eq!(error.fields[0].field, "redis_url");
    assert!(error.message.contains("refused"), "{error:?}");
    for url in [
        "http://x",
        "redis+sentinel://127.0.0.1:1",
        "redis+sentinel://127.0.0.1:1/",
        "x+sentinel://h/m",
        "redis+sentinel://h/m?user=u",
    ] {
        assert_eq!(refused(&RedisSettings::new(url)).await.fields[0].field, "redis_url", "{url}");
    }
    let file = Some("missing.pem".into());
    let tls = RedisSettings { ca_file: file.clone(), ..RedisSettings::new("rediss://127.0.0.1:1") };
    assert_eq!(refused(&tls).await.fields[0].field, "redis_ca_file");
    let half = RedisSettings { cert_file: file, ..RedisSettings::new("rediss://127.0.0.1:1") };
    assert_eq!(refused(&half).await.fields[0].field, "redis_key_file");
    let secret = refused(&RedisSettings::new("redis://u:hunter2@:x")).await;
    assert!(!format!("{secret:?}").contains("hunter2"));
}

#[tokio::test]
async fn while_redis_is_away_calls_fail_at_once_and_it_comes_back_by_itself() {
    let server = TestRedis::start().await;
    let redis = Redis::connect(&RedisSettings::new(server.url())).await.unwrap();
    assert_eq!(redis.query::<String>(&cmd("PING")).await.unwrap(), "PONG");
    server.kill().await;
    until_up(&redis, false).await;
    let asked = Instant::now();
    assert_eq!(redis.query::<String>(&cmd("PING")).await, Err(Error::store_unavailable()));
    assert!(asked.elapsed() < Duration::from_secs(1), "nobody waits for what is not there");
    server.restart().await;
    assert_eq!(until_up(&redis, true).await, 2);
    assert_eq!(redis.query::<String>(&cmd("PING")).await.unwrap(), "PONG");
}

#[tokio::test]
async fn a_redis_that_stands_still_is_given_up_in_time_and_found_again() {
    let server = TestRedis::start().await;
    let redis = Redis::connect(&RedisSettings::new(server.url())).await.unwrap();
    server.suspend().await;
    let asked = Instant::now();
    assert_eq!(redis.query::<String>(&cmd("PING")).await, Err(Error::store_unavailable()));
    assert!(asked.elapsed() < Duration::from_millis(3_500), "{:?}", asked.elapsed());
    until_up(&redis, false).await;
    server.resume().await;
    assert_eq!(until_up(&redis, true).await, 2);
    assert_eq!(redis.query::<String>(&cmd("PING")).await.unwrap(), "PONG");
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_found_out_and_does_not_make_it_spin() {
    let server = TestRedis::start().await;
    let redis = Redis::connect(&RedisSettings::new(server.url())).await.unwrap();
    server.ask(&format!("REPLICAOF 127.0.0.1 {}", free_port())).await;
    let set = || async { redis.query::<()>(cmd("SET").arg("k").arg("v")).await };
    let began = Instant::now();
    let mut health = redis.health();
    while health.borrow().generation < 4 {
        assert_eq!(set().await, Err(Error::store_unavailable()));
        timeout(PATIENCE, health.changed()).await.unwrap().unwrap();
    }
    assert!(began.elapsed() > Duration::from_millis(200), "two pauses of at least 100 ms");
    server.ask("REPLICAOF NO ONE").await;
    until_up(&redis, true).await;
    set().await.unwrap();
}

#[tokio::test]
async fn a_broken_connection_is_replaced_when_a_command_finds_it_so() {
    let server = TestRedis::start().await;
    let redis = Redis::connect(&RedisSettings::new(server.url())).await.unwrap();
    server.ask("CLIENT KILL TYPE normal SKIPME yes").await;
    let mut health = redis.health();
    let replaced = async {
        while health.borrow_and_update().generation < 2 {
            let _fails_once = redis.query::<String>(&cmd("PING")).await;
            health.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, replaced).await.unwrap();
    until_up(&redis, true).await;
    assert_eq!(redis.query::<String>(&cmd("PING")).await.unwrap(), "PONG");
}
