//! Writes that count only when a replica has them.

use std::time::Duration;

use kubently_core::Error;
use redis::{Script, cmd, pipe};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{PATIENCE, Redis, refused, settings};
use crate::{config::RedisSettings, test_redis::TestRedis};

const WAIT_TIMEOUT: Duration = Duration::from_millis(500);

async fn asking_for_one(primary: &TestRedis) -> Redis {
    let settings = RedisSettings { wait: 1, wait_timeout: WAIT_TIMEOUT, ..settings(primary).await };
    Redis::connect(&settings).await.unwrap()
}

async fn write(redis: &Redis) -> Result<(), Error> {
    redis.pipe_durably(pipe().cmd("SET").arg("pre:k").arg("v").ignore()).await
}

#[tokio::test]
async fn a_write_that_a_replica_has_counts_and_is_answered_as_ever() {
    let primary = TestRedis::start().await;
    let _replica = primary.replica().await;
    let redis = asking_for_one(&primary).await;
    write(&redis).await.unwrap();
    let mut two = pipe();
    two.cmd("GET").arg("pre:k").cmd("RPUSH").arg("pre:list").arg("a").arg("b");
    assert_eq!(redis.pipe_durably(&two).await, Ok(("v".to_owned(), 2)));
    let script = Script::new("return redis.call('RPUSH', KEYS[1], ARGV[1])");
    for length in 3..5 {
        // Redis does not know it the first time.
        assert_eq!(redis.invoke_durably(script.key("pre:list").arg("c")).await, Ok(length));
    }
    let wrong_type: Result<(), Error> =
        redis.pipe_durably(pipe().cmd("HSET").arg("pre:k").arg("f").arg("v").ignore()).await;
    assert_eq!(wrong_type, Err(Error::store_unavailable()));
    assert_eq!(redis.health().borrow().generation, 1);
}

#[tokio::test]
async fn a_write_without_a_replica_is_refused_in_time() {
    let primary = TestRedis::start().await;
    let redis = asking_for_one(&primary).await;
    let asked = Instant::now();
    assert_eq!(write(&redis).await, Err(Error::store_unavailable()));
    let took = asked.elapsed();
    assert!(took >= WAIT_TIMEOUT && took < 3 * WAIT_TIMEOUT, "{took:?}");
    let script = Script::new("return redis.call('SET', KEYS[1], '1')");
    assert!(redis.invoke_durably::<()>(&script.key("pre:k")).await.is_err());
}

#[tokio::test]
async fn many_writes_that_reach_no_replica_leave_the_connection_alone() {
    let primary = TestRedis::start().await;
    let replica = primary.replica().await;
    let redis = asking_for_one(&primary).await;
    replica.suspend().await;
    let mut writes = JoinSet::new();
    for _ in 0..20 {
        let redis = redis.clone();
        writes.spawn(async move { (write(&redis).await, redis.query::<String>(cmd("GET").arg("pre:k")).await) });
    }
    for (written, read) in writes.join_all().await {
        assert_eq!(written, Err(Error::store_unavailable()));
        assert_eq!(read.as_deref(), Ok("v"), "reading goes on");
    }
    assert_eq!(redis.health().borrow().generation, 1);
    replica.resume().await;
    let caught_up = async { while write(&redis).await.is_err() {} };
    timeout(PATIENCE, caught_up).await.unwrap();
}

#[tokio::test]
async fn a_wait_on_another_connection_says_nothing_about_a_write() {
    let primary = TestRedis::start().await;
    let _replica = primary.replica().await;
    let redis = asking_for_one(&primary).await;
    let durable = redis.durable.as_ref().unwrap();
    let set = async |connection: &mut _| cmd("SET").arg("pre:k").arg("v").query_async::<()>(connection).await;
    let ((), first) = durable.kept.call(set).await.unwrap();
    primary.ask("CLIENT KILL TYPE normal SKIPME yes").await;
    let mut health = durable.kept.health();
    timeout(PATIENCE, health.wait_for(|health| health.generation > first && health.up)).await.unwrap().unwrap();
    assert_eq!(durable.replicated(first).await, Err(Error::store_unavailable()));
    durable.replicated(first + 1).await.unwrap();
}

#[tokio::test]
async fn a_time_that_no_call_has_is_refused() {
    for wait_timeout in [Duration::ZERO, Duration::from_millis(2_001)] {
        let settings = RedisSettings { wait: 1, wait_timeout, ..RedisSettings::new("redis://127.0.0.1:1") };
        assert_eq!(refused(&settings).await.fields[0].field, "redis_wait_timeout");
    }
}
