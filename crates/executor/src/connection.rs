//! The way to the server: attach, stay attached, come back.

mod envelope;
mod grpc;
mod poll;
mod rest;
mod sse;
mod tls;

use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use kubently_core::{
    cluster::{Capabilities, MAX_REPORTED, MAX_REPORTED_FLAGS},
    kubectl::Verb,
    policy::Policy,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

use crate::{Config, Error, TransportKind, backoff::Backoff, runner::Runner, spool::LinkId};
use tls::Trust;

/// The server an executor is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedTo {
    /// The URL it was reached by.
    pub server: String,
    /// Its own id; empty on transports that do not tell.
    pub server_id: String,
    /// How.
    pub transport: TransportKind,
}

/// Why an attachment ended, or did not come about.
#[derive(Debug)]
pub(crate) enum Detached {
    /// The server closed it, the network broke it, or nobody answered.
    Broken(String),
    /// The server refuses this executor; only a person can mend that.
    Refused(String),
    /// The server asked to attach elsewhere; the pause was taken already.
    Moved,
    /// We are about to stop, and everything is said.
    Settled,
}

/// What every transport needs.
pub(crate) struct Context {
    pub(crate) config: Config,
    /// Tells this process from others that have the same executor id, before and after it.
    pub(crate) process_id: String,
    pub(crate) runner: Arc<Runner>,
    pub(crate) attached: watch::Sender<Option<AttachedTo>>,
    trust: Trust,
    turn: AtomicUsize,
    links: AtomicU64,
}

impl Context {
    pub(crate) fn new(config: Config, runner: Arc<Runner>) -> Result<Self, Error> {
        Ok(Self {
            process_id: format!("{:016x}", fastrand::u64(..)),
            trust: Trust::load(&config)?,
            runner,
            attached: watch::Sender::new(None),
            turn: AtomicUsize::new(fastrand::usize(..config.servers.len())),
            links: AtomicU64::new(0),
            config,
        })
    }

    /// What this executor reports about itself; lists are cut to what a report may hold.
    pub(crate) fn capabilities(&self) -> Capabilities {
        let policy = self.runner.policy();
        let restricted = policy.restricted_resources();
        Capabilities {
            mode: policy.mode(),
            allowed_verbs: verbs(&policy),
            restricted_resources: restricted.iter().take(MAX_REPORTED).map(ToString::to_string).collect(),
            allowed_flags: policy.allowed_flags().into_iter().take(MAX_REPORTED_FLAGS).collect(),
            executor_version: Some(self.config.version.clone()),
            executor_pod: self.config.pod.clone(),
        }
    }

    /// The server whose turn it is.
    fn server(&self) -> &str {
        let turn = self.turn.load(Ordering::Relaxed);
        &self.config.servers[turn % self.config.servers.len()]
    }

    /// Where in the list the server is that we are attached to.
    fn attached_server(&self) -> Option<usize> {
        let attached = self.attached.borrow();
        let url = &attached.as_ref()?.server;
        self.config.servers.iter().position(|server| server == url)
    }

    /// Where in the list the server is that what we have to say goes to first: the one we are attached to, else
    /// the one whose turn it is.
    fn home(&self) -> usize {
        self.attached_server().unwrap_or_else(|| self.turn.load(Ordering::Relaxed) % self.config.servers.len())
    }

    /// The next server's turn.
    fn rotate(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    fn backoff(&self) -> Backoff {
        Backoff::new(self.config.timing.backoff, self.config.servers.len())
    }

    fn new_link(&self) -> LinkId {
        LinkId(self.links.fetch_add(1, Ordering::Relaxed))
    }

    fn announce(&self, server: &str, server_id: &str) -> Presence<'_> {
        let transport = self.config.transport;
        tracing::info!(server, server_id, transport = transport.as_str(), "attached");
        let to = AttachedTo { server: server.to_owned(), server_id: server_id.to_owned(), transport };
        self.attached.send_replace(Some(to.clone()));
        Presence { attached: &self.attached, to }
    }
}

/// The announcement that an attachment stands; taken back when dropped.
struct Presence<'a> {
    attached: &'a watch::Sender<Option<AttachedTo>>,
    to: AttachedTo,
}

impl Drop for Presence<'_> {
    fn drop(&mut self) {
        // A newer attachment may have announced itself in the meantime.
        self.attached.send_if_modified(|now| now.take_if(|now| *now == self.to).is_some());
    }
}

/// Stays attached until dropped, or until the runner is closed and every answer delivered.
pub(crate) async fn run(context: Arc<Context>) {
    match context.config.transport {
        TransportKind::Grpc => grpc::run(context).await,
        TransportKind::Sse | TransportKind::Smart | TransportKind::Legacy => tokio::select! {
            () = rest::run(&context) => {}
            () = context.runner.settled() => {}
        },
    }
}

/// Paces the attempts of one transport.
struct Pace<'a> {
    context: &'a Context,
    backoff: Backoff,
    started: Instant,
}

impl<'a> Pace<'a> {
    fn new(context: &'a Context) -> Self {
        Self { context, backoff: context.backoff(), started: Instant::now() }
    }

    /// An attempt starts now.
    fn start(&mut self) {
        self.started = Instant::now();
    }

    /// The attempt ended: says so once, and waits until the next one.
    async fn recover(&mut self, end: Detached) {
        if self.started.elapsed() >= self.context.config.timing.stable_after {
            self.backoff.reset();
        }
        let server = self.context.server();
        // This match alone decides: nothing is final, but what only people can mend is asked for rarely.
        let pause = match &end {
            Detached::Moved => return self.context.rotate(),
            Detached::Settled => return,
            Detached::Broken(cause) => {
                let pause = self.backoff.pause();
                tracing::warn!(server, cause, ?pause, "not attached; trying again");
                pause
            }
            Detached::Refused(cause) => {
                let pause = self.backoff.long_pause();
                tracing::error!(server, cause, ?pause, "the server refuses this executor; check token and cluster id");
                pause
            }
        };
        self.context.rotate();
        sleep(pause).await;
    }
}

/// The allowed verbs as a report holds them: one word each, as older clients show them.
fn verbs(policy: &Policy) -> Vec<String> {
    let first_word = |verb: &Verb| verb.as_str().split(' ').next().unwrap_or_default().to_owned();
    let mut words: Vec<String> = policy.allowed_verbs().iter().map(first_word).collect();
    words.dedup();
    words.truncate(MAX_REPORTED);
    words
}

/// An error with its causes: tonic's own text is only "transport error".
fn broken(error: &dyn std::error::Error) -> Detached {
    let mut cause = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        cause.push_str(": ");
        cause.push_str(&error.to_string());
        source = error.source();
    }
    Detached::Broken(cause)
}

#[cfg(test)]
mod rest_tests;
