//! TLS, with certificates of the test's own.

use std::path::Path;

use redis::cmd;
use tokio::process::Command;

use super::{Redis, refused};
use crate::{
    config::RedisSettings,
    test_redis::{TestRedis, free_port},
};

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
    let error = refused(&wrong_ca).await;
    assert_eq!(error.fields[0].field, "redis_url");
    assert!(error.message.contains("certificate"), "{error:?}");
    let nobody = RedisSettings { cert_file: None, key_file: None, ..settings.clone() };
    assert_eq!(refused(&nobody).await.fields[0].field, "redis_url");
    let no_authority = RedisSettings { ca_file: Some(file("good.key")), ..settings.clone() };
    assert_eq!(refused(&no_authority).await.fields[0].field, "redis_ca_file");
    let no_key = RedisSettings { key_file: Some(file("good.pem")), ..settings };
    assert_eq!(refused(&no_key).await.fields[0].field, "redis_key_file");
}
