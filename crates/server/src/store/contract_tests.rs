//! The store contract, on every implementation.

use std::time::{Duration, SystemTime};

use super::{MemoryStore, Record, RedisStore, Store};
use crate::{
    redis::{Redis, tests::settings},
    test_redis::TestRedis,
};

fn record(key: &str, value: &'static str, ttl: Option<Duration>) -> Record {
    Record { key: key.into(), value: value.into(), ttl }
}

macro_rules! on_every_store {
    ($($name:ident),*) => {
        mod memory_store {
            use super::*;
            $(#[tokio::test] async fn $name() { super::$name(Store::Memory(MemoryStore::default())).await; })*
        }
        mod redis_store {
            use super::*;
            $(#[tokio::test] async fn $name() {
                let server = TestRedis::start().await;
                let redis = Redis::connect(&settings(&server).await).await.unwrap();
                super::$name(Store::Redis(RedisStore::new(redis))).await;
            })*
        }
    };
}

on_every_store!(
    records_come_and_go,
    records_expire,
    one_of_many_wins,
    an_index_lists_what_lives,
    a_log_keeps_its_newest,
    an_empty_batch_is_no_error
);

async fn records_come_and_go(store: Store) {
    assert_eq!(store.get("a").await, Ok(None));
    store.put_all(&[record("a", "1", None), record("b", "2", None)]).await.unwrap();
    store.put(&record("a", "3", None)).await.unwrap();
    let keys = ["b".to_owned(), "x".to_owned(), "a".to_owned()];
    assert_eq!(store.get_all(&keys).await, Ok(vec![Some("2".into()), None, Some("3".into())]));
    assert_eq!(store.delete("a").await, Ok(true));
    assert_eq!(store.delete("a").await, Ok(false));
    assert_eq!(store.get("a").await, Ok(None));
}

async fn records_expire(store: Store) {
    let ttl = Duration::from_millis(40);
    store.put(&record("short", "1", Some(ttl))).await.unwrap();
    store.put(&record("long", "1", Some(Duration::from_secs(60)))).await.unwrap();
    assert!(store.get("short").await.unwrap().is_some());
    let gone = async { while store.get("short").await.unwrap().is_some() {} };
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
    assert!(store.get("long").await.unwrap().is_some());
    assert_eq!(store.put_if_absent(&record("short", "2", None)).await, Ok(true));
}

async fn one_of_many_wins(store: Store) {
    let racers = (0..32).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.put_if_absent(&record("k", "v", None)).await.unwrap() })
    });
    let won = futures::future::join_all(racers).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    assert_eq!(won, 1);
}

async fn an_index_lists_what_lives(store: Store) {
    let later = Some(SystemTime::now() + Duration::from_secs(60));
    let past = Some(SystemTime::now() - Duration::from_secs(1));
    store.index_add("i", &["b".into(), "a".into()], None).await.unwrap();
    store.index_add("i", &["c".into()], later).await.unwrap();
    store.index_add("i", &["dead".into()], past).await.unwrap();
    assert_eq!(store.index_count("i").await, Ok(3));
    assert_eq!(store.index_members("i").await.unwrap(), ["a", "b", "c"]);
    store.index_add("i", &["c".into()], past).await.unwrap();
    store.index_remove("i", "a").await.unwrap();
    assert_eq!(store.index_members("i").await.unwrap(), ["b"]);
    assert_eq!(store.index_members("none").await.unwrap(), Vec::<String>::new());
}

async fn a_log_keeps_its_newest(store: Store) {
    for i in 0..500_u16 {
        store.append("l", &[i.to_be_bytes().to_vec().into()], 100).await.unwrap();
    }
    let newest = store.newest("l", 3).await.unwrap();
    assert_eq!(newest, [499_u16, 498, 497].map(|i| i.to_be_bytes().to_vec()));
    let all = store.newest("l", 10_000).await.unwrap().len();
    assert!((100..400).contains(&all), "{all} entries kept");
}

async fn an_empty_batch_is_no_error(store: Store) {
    store.put_all(&[]).await.unwrap();
    store.append("l", &[], 10).await.unwrap();
    store.index_add("i", &[], None).await.unwrap();
    assert_eq!(store.get_all(&[]).await, Ok(vec![]));
    store.ping().await.unwrap();
}
