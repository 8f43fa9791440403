//! Callers: a number of commands, or a time full of them, with so many in flight.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use kubently_proto::v1::{CommandResult, CommandSpec, CreateSessionRequest, ExecuteCommandRequest, Outcome};
use tokio::{task::JoinSet, time::Instant};

use crate::client::{Client, Debug};

/// Connections that callers share; one for a lone caller.
pub(super) const CONNECTIONS: usize = 4;
/// Each command's time.
const TIMEOUT: i64 = 30;

/// When callers stop.
#[derive(Debug, Clone, Copy)]
pub(super) enum Until {
    Commands(usize),
    Time(Instant),
}

/// What the callers saw.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Each command's time, sorted.
    pub(super) latencies: Vec<Duration>,
    /// From the first call to the last answer.
    pub(super) time: Duration,
}

impl Seen {
    /// The latency that this share of the commands did not exceed.
    pub(super) fn quantile(&self, share: f64) -> Duration {
        quantile(&self.latencies, share)
    }

    /// Commands a second.
    pub(super) fn rate(&self) -> f64 {
        count(self.latencies.len()) / self.time.as_secs_f64()
    }
}

/// Of sorted times, the one at that share.
pub(super) fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index, rounded")]
    let index = (count(sorted.len().saturating_sub(1)) * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}

/// A count to divide by; exact up to 2^53.
#[allow(clippy::cast_precision_loss, reason = "counts here are far smaller")]
pub(super) fn count(count: usize) -> f64 {
    count as f64
}

/// What callers ask for.
#[derive(Debug, Clone)]
pub(super) struct Asking {
    pub(super) cluster: String,
    /// The command.
    pub(super) argv: Vec<String>,
    /// Each command in this session, if any.
    pub(super) session: String,
    /// Each command under an idempotency key of its own.
    pub(super) keyed: bool,
}

impl Default for Asking {
    fn default() -> Self {
        Self { cluster: String::new(), argv: words("get pods"), session: String::new(), keyed: false }
    }
}

impl Asking {
    pub(super) fn of(cluster: &str) -> Self {
        Self { cluster: cluster.to_owned(), ..Self::default() }
    }
}

/// Connections to one server.
#[derive(Clone)]
pub(super) struct Callers {
    connections: Vec<Debug>,
    asking: Arc<Asking>,
}

impl Callers {
    pub(super) fn new(server: SocketAddr, asking: Asking) -> anyhow::Result<Self> {
        let clients = (0..CONNECTIONS).map(|_| Client::new(&[server])).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { connections: clients.into_iter().flat_map(|c| c.grpc).collect(), asking: Arc::new(asking) })
    }

    /// Runs commands with `in_flight` under way until then. The first that fails ends it.
    pub(super) async fn run(&self, in_flight: usize, until: Until) -> anyhow::Result<Seen> {
        let (begun, taken) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
        let mut callers = JoinSet::new();
        for number in 0..in_flight {
            let debug = self.connections[number % self.connections.len()].clone();
            callers.spawn(call_on(debug, self.asking.clone(), until, taken.clone()));
        }
        let mut latencies = Vec::new();
        while let Some(caller) = callers.join_next().await {
            latencies.extend(caller.context("a caller ended")??);
        }
        let time = begun.elapsed();
        latencies.sort_unstable();
        Ok(Seen { latencies, time })
    }

    /// The same callers, for another cluster.
    pub(super) fn of(&self, cluster: &str) -> Self {
        let asking = Asking { cluster: cluster.to_owned(), ..Asking::clone(&self.asking) };
        Self { asking: Arc::new(asking), ..self.clone() }
    }

    /// The same callers, with another command.
    pub(super) fn running(&self, line: &str) -> Self {
        let asking = Asking { argv: words(line), ..Asking::clone(&self.asking) };
        Self { asking: Arc::new(asking), ..self.clone() }
    }

    /// The same callers, in a session.
    pub(super) async fn in_session(self) -> anyhow::Result<Self> {
        let mut debug = self.connections.first().context("no connection")?.clone();
        let request = CreateSessionRequest { cluster_id: self.asking.cluster.clone(), ..Default::default() };
        let session = debug.create_session(request).await?.into_inner().session.context("no session")?.id;
        let asking = Arc::new(Asking { session, ..Asking::clone(&self.asking) });
        Ok(Self { asking, ..self })
    }

    /// Runs one command, and says its id and its result.
    pub(super) async fn one(&self) -> anyhow::Result<(String, CommandResult)> {
        let mut debug = self.connections.first().context("no connection")?.clone();
        call(&mut debug, &self.asking).await
    }
}

/// A command line's words; none of ours has one with a blank in it.
pub(super) fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

async fn call_on(
    mut debug: Debug,
    asking: Arc<Asking>,
    until: Until,
    taken: Arc<AtomicUsize>,
) -> anyhow::Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    loop {
        let begun = Instant::now();
        let more = match until {
            Until::Commands(commands) => taken.fetch_add(1, Ordering::Relaxed) < commands,
            Until::Time(end) => begun < end,
        };
        if !more {
            return Ok(latencies);
        }
        call(&mut debug, &asking).await?;
        latencies.push(begun.elapsed());
    }
}

async fn call(debug: &mut Debug, asking: &Asking) -> anyhow::Result<(String, CommandResult)> {
    let spec = CommandSpec {
        cluster_id: asking.cluster.clone(),
        session_id: asking.session.clone(),
        argv: asking.argv.clone(),
        timeout: Some(pbjson_types::Duration { seconds: TIMEOUT, nanos: 0 }),
        ..Default::default()
    };
    let idempotency_key = if asking.keyed { format!("{:032x}", fastrand::u128(..)) } else { String::new() };
    let request = ExecuteCommandRequest { spec: Some(spec), idempotency_key, ..Default::default() };
    let command = debug.execute_command(request).await?.into_inner().command.context("no command")?;
    let result = command.result.context("no result")?;
    anyhow::ensure!(result.outcome() == Outcome::Succeeded, "{} ended as {:?}", command.id, result.outcome());
    Ok((command.id, result))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_sorted_times() {
        let times: Vec<Duration> = (1..=101).map(Duration::from_millis).collect();
        assert_eq!(quantile(&times, 0.5), Duration::from_millis(51));
        assert_eq!(quantile(&times, 0.99), Duration::from_millis(100));
        assert_eq!(quantile(&[], 0.5), Duration::ZERO);
    }
}
