//! `kubently server`.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Args;
use kubently_core::{Error, ids::ClusterId};
use kubently_server::{Backend, Config, RedisSettings};

use super::{LogArgs, policy::PolicyArgs};
use crate::args::{
    secret::{ApiKeys, ExecutorTokens, RedisUrl, SecretArg},
    units::parse_duration,
};

/// Settings of a server.
#[derive(Args)]
pub(crate) struct ServerArgs {
    /// Address for gRPC and REST/SSE; port 0 takes a free one
    #[arg(long, env = "KUBENTLY_LISTEN", value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    pub(crate) listen: SocketAddr,
    /// Where state lives.
    #[command(flatten)]
    pub(crate) redis_url: SecretArg<RedisUrl>,
    /// How Redis is reached.
    #[command(flatten)]
    pub(crate) redis: RedisArgs,
    /// Who is let in.
    #[command(flatten)]
    pub(crate) api_keys: SecretArg<ApiKeys>,
    /// Tokens that are there from the start.
    #[command(flatten)]
    pub(crate) executor_tokens: SecretArg<ExecutorTokens>,
    /// What is let through at all; an executor may allow less.
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// How logs look.
    #[command(flatten)]
    pub(crate) log: LogArgs,
    /// Times.
    #[command(flatten)]
    pub(crate) tuning: ServerTuning,
}

/// How Redis is reached, and what it must promise.
#[derive(Args)]
#[command(next_help_heading = "Redis")]
pub(crate) struct RedisArgs {
    /// Put before every key and channel in Redis
    #[arg(long, env = "KUBENTLY_REDIS_PREFIX", value_name = "TEXT", default_value = "")]
    pub(crate) redis_prefix: String,
    /// PEM file with the certificate authorities to trust for Redis instead of the system's
    #[arg(long, env = "KUBENTLY_REDIS_CA_FILE", value_name = "FILE")]
    pub(crate) redis_ca_file: Option<PathBuf>,
    /// PEM file with the certificate to show to Redis
    #[arg(long, env = "KUBENTLY_REDIS_CERT_FILE", value_name = "FILE")]
    pub(crate) redis_cert_file: Option<PathBuf>,
    /// PEM file with its key
    #[arg(long, env = "KUBENTLY_REDIS_KEY_FILE", value_name = "FILE")]
    pub(crate) redis_key_file: Option<PathBuf>,
    /// Replicas that must have a write before it counts
    #[arg(long, env = "KUBENTLY_REDIS_WAIT", value_name = "N", default_value_t = 0)]
    pub(crate) redis_wait: u32,
    /// How long they may take, at most 2s
    #[arg(long, env = "KUBENTLY_REDIS_WAIT_TIMEOUT", value_parser = parse_duration, value_name = "DURATION", default_value = "1s")]
    pub(crate) redis_wait_timeout: Duration,
}

impl RedisArgs {
    fn settings(&self, url: String) -> RedisSettings {
        RedisSettings {
            prefix: self.redis_prefix.clone(),
            ca_file: self.redis_ca_file.clone(),
            cert_file: self.redis_cert_file.clone(),
            key_file: self.redis_key_file.clone(),
            wait: self.redis_wait,
            wait_timeout: self.redis_wait_timeout,
            ..RedisSettings::new(url)
        }
    }
}

/// What few need to change; without a flag the server's own default holds.
#[derive(Args, Default)]
#[command(next_help_heading = "Tuning")]
pub(crate) struct ServerTuning {
    /// Lifetime of a session without use [default: 5m]
    #[arg(long, env = "KUBENTLY_SESSION_TTL", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) session_ttl: Option<Duration>,
    /// How long a result is kept [default: 10m]
    #[arg(long, env = "KUBENTLY_RESULT_RETENTION", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) result_retention: Option<Duration>,
    /// How often server and executors say that they live [default: 8s]
    #[arg(long, env = "KUBENTLY_HEARTBEAT_INTERVAL", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) heartbeat_interval: Option<Duration>,
    /// How long a stopping server waits for its commands [default: 20s]
    #[arg(long, env = "KUBENTLY_DRAIN_TIMEOUT", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) drain_timeout: Option<Duration>,
    /// Commands that wait to be accepted while Redis is away; more are refused at once [default: 1000]
    #[arg(long, env = "KUBENTLY_QUEUE_SIZE", value_name = "N")]
    pub(crate) queue_size: Option<usize>,
    /// How long each of them may wait [default: 10s]
    #[arg(long, env = "KUBENTLY_QUEUE_TIME", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) queue_time: Option<Duration>,
    /// How long commands are accepted for a cluster whose last executor left [default: 30s]
    #[arg(long, env = "KUBENTLY_OFFLINE_AFTER", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) offline_after: Option<Duration>,
    /// Commands that an executor gets at once which does not say how many it runs [default: 1]
    #[arg(long, env = "KUBENTLY_SERIAL_IN_FLIGHT", value_name = "N")]
    pub(crate) serial_in_flight: Option<usize>,
    /// Pause between keep-alive events on SSE streams [default: 8s]
    #[arg(long, env = "KUBENTLY_SSE_KEEP_ALIVE", value_parser = parse_duration, value_name = "DURATION")]
    pub(crate) sse_keep_alive: Option<Duration>,
}

impl ServerArgs {
    /// The server's own settings.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        let mut config = Config::new(self.listen, self.api_keys.require()?);
        if let Some(url) = self.redis_url.read()?.filter(|url| !url.is_empty()) {
            config.backend = Backend::Redis(self.redis.settings(url));
        }
        config.executor_tokens = parse_tokens(&self.executor_tokens.read()?.unwrap_or_default())?;
        config.policy = self.policy.built_in();
        config.policy_file.clone_from(&self.policy.policy_file);
        self.tuning.apply(&mut config);
        Ok(config)
    }
}

impl ServerTuning {
    fn apply(&self, config: &mut Config) {
        config.session_ttl = self.session_ttl.unwrap_or(config.session_ttl);
        config.result_retention = self.result_retention.unwrap_or(config.result_retention);
        config.heartbeat_interval = self.heartbeat_interval.unwrap_or(config.heartbeat_interval);
        config.drain_timeout = self.drain_timeout.unwrap_or(config.drain_timeout);
        config.queue_size = self.queue_size.unwrap_or(config.queue_size);
        config.queue_time = self.queue_time.unwrap_or(config.queue_time);
        config.offline_after = self.offline_after.unwrap_or(config.offline_after);
        config.serial_in_flight = self.serial_in_flight.unwrap_or(config.serial_in_flight);
        config.sse_keep_alive = self.sse_keep_alive.unwrap_or(config.sse_keep_alive);
    }
}

/// `cluster:token` entries. What is wrong is never repeated: it may be a secret.
fn parse_tokens(text: &str) -> Result<Vec<(ClusterId, String)>, Error> {
    let wrong = || Error::invalid("--executor-tokens", "", "use cluster:token entries, separated by comma or new line");
    let entries = text.split([',', '\n']).map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (cluster, token) = entry.split_once(':').ok_or_else(wrong)?;
            let cluster = ClusterId::new(cluster.trim()).map_err(|_cause| wrong())?;
            Ok((cluster, token.trim().to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Command, tests::parsed};

    fn config(line: &[&str]) -> anyhow::Result<Config> {
        match parsed(&[&["server"], line].concat()).unwrap().command {
            Command::Server(args) => args.config(),
            _ => panic!("not server"),
        }
    }

    #[test]
    fn the_documented_flags_become_settings() {
        let line = ["--listen", "127.0.0.1:0", "--redis-url", "redis://r:6379", "--api-keys", "svc:secret-key-1"];
        let config = config(&line).unwrap();
        assert_eq!((config.listen.port(), config.api_keys.as_str()), (0, "svc:secret-key-1"));
        assert!(matches!(config.backend, Backend::Redis(redis) if redis.url == "redis://r:6379"));
    }

    #[test]
    fn how_redis_is_reached_becomes_its_settings() {
        let files = ["--redis-ca-file", "ca.pem", "--redis-cert-file", "cert.pem", "--redis-key-file", "key.pem"];
        let line =
            ["--api-keys", "svc:secret-key-1", "--redis-url", "rediss://u:hunter2@r:6379", "--redis-prefix", "k:"];
        let wait = ["--redis-wait", "2", "--redis-wait-timeout", "300ms"];
        let config = config(&[&line[..], &files, &wait].concat()).unwrap();
        assert!(!format!("{config:?}").contains("hunter2"));
        let Backend::Redis(redis) = config.backend else { panic!("not Redis") };
        let file = |name: &str| Some(PathBuf::from(name));
        assert_eq!(
            (redis.ca_file, redis.cert_file, redis.key_file),
            (file("ca.pem"), file("cert.pem"), file("key.pem"))
        );
        assert_eq!((redis.prefix.as_str(), redis.wait, redis.wait_timeout), ("k:", 2, Duration::from_millis(300)));
    }

    #[test]
    fn without_more_than_a_url_redis_has_the_servers_defaults() {
        let config = config(&["--api-keys", "svc:secret-key-1", "--redis-url", "redis://r:6379"]).unwrap();
        let Backend::Redis(ours) = config.backend else { panic!("not Redis") };
        let theirs = RedisSettings::new("redis://r:6379");
        assert_eq!((ours.wait, ours.wait_timeout, ours.prefix), (theirs.wait, theirs.wait_timeout, theirs.prefix));
        assert_eq!((ours.ca_file, ours.cert_file, ours.key_file), (None, None, None));
    }

    #[test]
    fn what_is_not_given_keeps_the_servers_default() {
        let ours = config(&["--api-keys", "svc:secret-key-1", "--session-ttl", "1m"]).unwrap();
        let theirs = Config::new(ours.listen, "");
        assert_eq!((ours.listen.port(), ours.drain_timeout), (8080, theirs.drain_timeout));
        assert_eq!(ours.session_ttl, Duration::from_secs(60));
        assert!(matches!(ours.backend, Backend::Memory));
        assert_eq!((ours.policy, ours.policy_file), (theirs.policy, None));
    }

    #[test]
    fn tokens_are_read_by_comma_and_line_and_never_repeated() {
        let tokens = parse_tokens(" a:t1,b:t2\n c:t:3 ,").unwrap();
        assert_eq!(tokens.iter().map(|(_, token)| token.as_str()).collect::<Vec<_>>(), ["t1", "t2", "t:3"]);
        for wrong in ["secret", "Bad Id:secret"] {
            assert!(!format!("{:?}", parse_tokens(wrong).unwrap_err()).contains("secret"));
        }
    }
}
