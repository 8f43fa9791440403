//! The connections, against real Redis processes.

use std::{path::Path, time::Duration};

use kubently_core::{Error, ErrorKind};
use redis::{cmd, pipe};
use tokio::{
    process::Command,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

use super::Redis;
use crate::{
    bus::{Bus, RedisBus, Topic},
    config::RedisSettings,
    test_redis::{TestRedis, TestSentinel, free_port},
};

const PATIENCE: Duration = Duration::from_secs(20);

/// What the settings' documentation says is enough for a user.
const RULE: &str = "resetkeys ~pre:* allchannels -@all +@hash +@string +@list +@sortedset +@stream +@pubsub \
    +@scripting +@connection +del +exists +pexpire +pexpireat +wait +role +time";

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
    let unreachable = refused(&RedisSettings::new(nobody)).await;
    assert_eq!(unreachable.kind, ErrorKind::StoreUnavailable);
    assert!(unreachable.message.contains("refused"), "{unreachable}");
    for url in ["http://x", "redis+sentinel://127.0.0.1:1", "redis+sentinel://127.0.0.1:1/", "x+sentinel://h/m"] {
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

#[tokio::test]
async fn after_a_failover_commands_and_subscriptions_follow_the_primary() {
    let primary = TestRedis::start().await;
    let port = primary.port().to_string();
    let replica = TestRedis::start_with(&["--replicaof", "127.0.0.1", &port]).await;
    replica.until("INFO replication", |text| text.contains("master_link_status:up")).await;
    let sentinel = TestSentinel::start(&primary).await;
    primary.until("INFO replication", |text| text.contains("connected_slaves:1")).await;
    // A sentinel learns of the replicas by asking the primary.
    let knows = || async {
        let client = redis::Client::open(format!("redis://127.0.0.1:{}", sentinel.port)).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let replicas: Vec<redis::Value> =
            cmd("SENTINEL").arg("replicas").arg("main").query_async(&mut connection).await.unwrap();
        replicas.len() == 1
    };
    while !knows().await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let url = format!("redis+sentinel://127.0.0.1:1,127.0.0.1:{}/main", sentinel.port);
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
    // It may have come to the old one once more before the sentinel knew.
    while bus.publish(&topic, "back".into()).await != Ok(1) {
        timeout(PATIENCE, resumed.changed()).await.unwrap().unwrap();
    }
    assert_eq!(timeout(PATIENCE, inbox.recv()).await.unwrap().unwrap().payload, "back");
    // The promoted one has no replica, so a write that needs one does not count.
    let alone = redis.pipe_durably::<()>(pipe().cmd("SET").arg("k").arg("w").ignore()).await;
    assert_eq!(alone, Err(Error::store_unavailable()));
    stop.cancel();
}

/// Makes a certificate authority and a certificate for 127.0.0.1 with the openssl command.
async fn certificates(dir: &Path, name: &str) {
    let new = "-newkey rsa:2048 -nodes";
    let sign = format!("-CA {name}-ca.pem -CAkey {name}-ca.key -CAcreateserial -days 1 -extfile san");
    std::fs::write(dir.join("san"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    for arguments in [
        format!("req -x509 {new} -keyout {name}-ca.key -out {name}-ca.pem -days 1 -subj /CN={name}"),
        format!("req {new} -keyout {name}.key -out {name}.csr -subj /CN=127.0.0.1"),
        format!("x509 -req -in {name}.csr -out {name}.pem {sign}"),
    ] {
        let done = Command::new("openssl").args(arguments.split(' ')).current_dir(dir).output().await.unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[tokio::test]
async fn tls_is_checked_on_both_sides() {
    let _already = rustls::crypto::ring::default_provider().install_default();
    let dir = tempfile::tempdir().unwrap();
    for name in ["good", "other"] {
        certificates(dir.path(), name).await;
    }
    let file = |name: &str| dir.path().join(name);
    let (text, tls_port) = (|name: &str| file(name).display().to_string(), free_port());
    let port = tls_port.to_string();
    let (cert, key, ca) = (text("good.pem"), text("good.key"), text("good-ca.pem"));
    let tls = ["--tls-port", &port, "--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca];
    let _server = TestRedis::start_with(&tls).await;
    let settings = RedisSettings {
        ca_file: Some(file("good-ca.pem")),
        cert_file: Some(file("good.pem")),
        key_file: Some(file("good.key")),
        ..RedisSettings::new(format!("rediss://127.0.0.1:{tls_port}"))
    };
    let redis = Redis::connect(&settings).await.unwrap();
    assert_eq!(redis.query::<String>(&cmd("PING")).await.unwrap(), "PONG");
    redis.pubsub().await.unwrap();
    let wrong_ca = RedisSettings { ca_file: Some(file("other-ca.pem")), ..settings.clone() };
    assert_eq!(refused(&wrong_ca).await.kind, ErrorKind::StoreUnavailable);
    let nobody = RedisSettings { cert_file: None, key_file: None, ..settings };
    assert_eq!(refused(&nobody).await.kind, ErrorKind::StoreUnavailable);
}
