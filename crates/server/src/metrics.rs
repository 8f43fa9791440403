//! What a server counts about itself, for Prometheus. One registry a server: no process globals.

use std::{
    sync::atomic::{AtomicI64, AtomicU64},
    time::Duration,
};

use kubently_core::command::Outcome;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

/// Upper bounds of the latency histograms, in seconds.
const BUCKETS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TransportLabel {
    transport: &'static str,
}

/// What dispatch does at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Load {
    /// Callers that wait for a command.
    pub(crate) waiting: usize,
    /// Commands on executors attached here.
    pub(crate) running: usize,
    /// Commands that wait for a place.
    pub(crate) pending: usize,
    /// Commands that wait for the store.
    pub(crate) queued: usize,
}

/// The registry and its members.
pub(crate) struct Metrics {
    registry: Registry,
    commands: Family<OutcomeLabel, Counter<u64, AtomicU64>>,
    total: Histogram,
    execution: Histogram,
    executors: Family<TransportLabel, Gauge<i64, AtomicI64>>,
    sessions: Gauge<i64, AtomicI64>,
    waiting: Gauge<i64, AtomicI64>,
    running: Gauge<i64, AtomicI64>,
    pending: Gauge<i64, AtomicI64>,
    queued: Gauge<i64, AtomicI64>,
    redeliveries: Counter<u64, AtomicU64>,
    takeovers: Counter<u64, AtomicU64>,
    store_up: Gauge<i64, AtomicI64>,
}

impl Metrics {
    /// Everything at zero.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let metrics = Self {
            commands: Family::default(),
            total: Histogram::new(BUCKETS),
            execution: Histogram::new(BUCKETS),
            executors: Family::default(),
            sessions: Gauge::default(),
            waiting: Gauge::default(),
            running: Gauge::default(),
            pending: Gauge::default(),
            queued: Gauge::default(),
            redeliveries: Counter::default(),
            takeovers: Counter::default(),
            store_up: Gauge::default(),
            registry: Registry::default(),
        };
        let version = ("version", env!("CARGO_PKG_VERSION"));
        registry.register("kubently_build", "The running build", Info::new([version]));
        registry.register("kubently_commands", "Commands that ended here, by outcome", metrics.commands.clone());
        let help = "From acceptance to result";
        registry.register("kubently_command_duration_seconds", help, metrics.total.clone());
        let help = "Time in the executor, as it says";
        registry.register("kubently_command_execution_seconds", help, metrics.execution.clone());
        registry.register("kubently_attached_executors", "Executors attached here", metrics.executors.clone());
        let help = "Sessions that have not ended, on all servers";
        registry.register("kubently_active_sessions", help, metrics.sessions.clone());
        registry.register("kubently_waiting_callers", "Callers that wait here for a command", metrics.waiting.clone());
        let help = "Commands that run on executors attached here";
        registry.register("kubently_running_commands", help, metrics.running.clone());
        let help = "Commands that wait here for a place at an executor";
        registry.register("kubently_pending_commands", help, metrics.pending.clone());
        let help = "Commands that wait here for the store to be back";
        registry.register("kubently_queued_commands", help, metrics.queued.clone());
        let help = "Commands told again to an executor that came back";
        registry.register("kubently_redeliveries", help, metrics.redeliveries.clone());
        let help = "Commands taken over from an executor that was gone";
        registry.register("kubently_takeovers", help, metrics.takeovers.clone());
        let help = "1 while the store answers";
        registry.register("kubently_store_up", help, metrics.store_up.clone());
        Self { registry, ..metrics }
    }

    /// A command ended here.
    pub(crate) fn command(&self, outcome: Outcome, total: Duration, execution: Duration) {
        self.commands.get_or_create(&OutcomeLabel { outcome: outcome.as_str() }).inc();
        self.total.observe(total.as_secs_f64());
        self.execution.observe(execution.as_secs_f64());
    }

    /// An executor attached (1) or left (-1).
    pub(crate) fn executors(&self, transport: &'static str, change: i64) {
        self.executors.get_or_create(&TransportLabel { transport }).inc_by(change);
    }

    /// How many sessions live.
    pub(crate) fn sessions(&self, count: usize) {
        self.sessions.set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// What dispatch does now.
    pub(crate) fn load(&self, load: Load) {
        let of = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.waiting.set(of(load.waiting));
        self.running.set(of(load.running));
        self.pending.set(of(load.pending));
        self.queued.set(of(load.queued));
    }

    /// A command was told again to an executor that came back.
    pub(crate) fn redelivered(&self) {
        self.redeliveries.inc();
    }

    /// A command was taken over from an executor that is gone.
    pub(crate) fn taken_over(&self) {
        self.takeovers.inc();
    }

    /// Whether the store answers.
    pub(crate) fn store_up(&self, up: bool) {
        self.store_up.set(i64::from(up));
    }

    /// The exposition, as Prometheus scrapes it.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        if let Err(cause) = encode(&mut text, &self.registry) {
            tracing::error!(error = %cause, "metrics do not encode");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exposition_has_the_documented_names() {
        let metrics = Metrics::new();
        metrics.command(Outcome::TimedOut, Duration::from_millis(3), Duration::from_millis(2));
        metrics.executors("grpc", 1);
        metrics.sessions(2);
        let text = metrics.encode();
        for line in [
            "kubently_commands_total{outcome=\"timed_out\"} 1",
            "kubently_attached_executors{transport=\"grpc\"} 1",
            "kubently_active_sessions 2",
            "kubently_command_duration_seconds_count 1",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
