//! Putting a server together, and its life.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use kubently_core::{Error, ErrorKind};
use kubently_policy::Source;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use tokio_stream::{Stream, StreamExt};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::server::HealthReporter;

use crate::{
    Backend, Config,
    audit::Audit,
    auth::ApiKeys,
    bus::{Bus, Inbox, MemoryHub, RedisBus, Topic},
    clusters::Clusters,
    dispatch::{Dispatch, Parts, Patience},
    gateway, grpc,
    ids::CommandIds,
    journal::{Journal, MemoryJournal, RedisJournal},
    metrics::Metrics,
    redis::{Health, Redis},
    services::{Probe, Services},
    sessions::Sessions,
    store::{MemoryStore, RedisStore, Store},
    tokens::Tokens,
};

/// How often an idle HTTP/2 connection is asked whether it lives, and how long it may take to answer.
const HTTP2_KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Streams that one connection may have open: a gateway in front shares one among many callers.
const MAX_STREAMS: u32 = 4096;
/// How long sent data may stay unacknowledged before the peer counts as gone: with the keep-alive
/// events of SSE, less than the 20 s in which a dead link must be noticed.
#[cfg(target_os = "linux")]
const PEER_TIMEOUT: Duration = Duration::from_secs(10);
/// Time that connections get to end by themselves once the drain is over.
const LINGER: Duration = Duration::from_secs(1);

/// A server that listens but does not serve yet.
pub struct Bound {
    listener: TcpListener,
    local_addr: SocketAddr,
    services: Services,
    routes: Routes,
    health: HealthReporter,
    inbox: Inbox,
    drain_timeout: Duration,
    /// What tells that messages may have been missed.
    returns: Returns,
    /// Where the policy comes from.
    policy: Source,
    /// What must run besides the listener.
    background: Background,
}

/// Redis and the bus, as far as they can go away and return.
struct Returns {
    store: watch::Receiver<Health>,
    bus: watch::Receiver<u64>,
}

struct Background {
    tasks: TaskTracker,
    /// Ends the bus connection, after everything that needs it.
    bus: CancellationToken,
    /// Keeps this server's own results heard.
    _results: crate::bus::Subscription,
}

/// The three things that are in memory or in Redis together.
struct State {
    bus: Bus,
    inbox: Inbox,
    store: Store,
    journal: Journal,
    health: watch::Receiver<Health>,
}

/// Checks the settings, connects, and listens. All that can fail at start fails here.
pub async fn bind(config: Config) -> Result<Bound, Error> {
    let keys = ApiKeys::parse(&config.api_keys)?;
    let policy =
        Source::open(config.policy.clone(), config.policy_file.clone()).await.map_err(|cause| bad_policy(&cause))?;
    let stop_bus = CancellationToken::new();
    let State { bus, inbox, store, journal, health: store_health } = open(&config, &stop_bus).await?;
    let ids = CommandIds::new();
    let resumed = bus.resumed();
    let results = bus.subscribe(Topic::results_of(&ids.tag())).await?;

    let tokens = Tokens::new(store.clone(), bus.clone(), &config.executor_tokens);
    tokens.provision_all().await?;
    let sessions = Sessions::new(store.clone(), config.session_ttl);
    let clusters = Clusters::new(store.clone(), tokens.clone(), sessions.clone(), config.offline_after);
    let tasks = TaskTracker::new();
    let (audit, audit_writer) = Audit::start(store.clone());
    tasks.spawn(audit_writer);
    let metrics = Arc::new(Metrics::new());
    let dispatch = Dispatch::new(Parts {
        ids,
        bus,
        journal,
        policy: policy.live(),
        sessions: sessions.clone(),
        clusters: clusters.clone(),
        tokens: tokens.clone(),
        audit: audit.clone(),
        metrics: metrics.clone(),
        patience: Patience { commands: config.queue_size, time: config.queue_time },
        health: store_health.clone(),
    });
    dispatch.introduce().await?;
    let services = Services {
        keys: Arc::new(keys),
        dispatch,
        sessions,
        clusters,
        tokens,
        audit,
        metrics,
        heartbeat_interval: config.heartbeat_interval,
        serial_in_flight: config.serial_in_flight.max(1),
        sse_keep_alive: config.sse_keep_alive,
        policy: policy.live(),
        probe: Probe::new(store),
    };
    let routes = Routes::from(gateway::router(services.clone()));
    let (routes, health) = grpc::add_services(routes, &services).await?;

    let listener = TcpListener::bind(config.listen).await.map_err(|cause| cannot_listen(config.listen, &cause))?;
    let local_addr = listener.local_addr().map_err(|cause| cannot_listen(config.listen, &cause))?;
    let background = Background { tasks, bus: stop_bus, _results: results };
    let drain_timeout = config.drain_timeout;
    let returns = Returns { store: store_health, bus: resumed };
    Ok(Bound { listener, local_addr, services, routes, health, inbox, drain_timeout, returns, policy, background })
}

async fn open(config: &Config, stop: &CancellationToken) -> Result<State, Error> {
    match &config.backend {
        Backend::Memory => {
            let (bus, inbox) = MemoryHub::default().join();
            let bus = Bus::Memory(bus);
            let store = Store::Memory(MemoryStore::default());
            let journal = Journal::Memory(MemoryJournal::new(bus.clone(), store.clone(), config.result_retention));
            let health = watch::channel(Health { up: true, generation: 0, since: tokio::time::Instant::now() }).1;
            Ok(State { bus, inbox, store, journal, health })
        }
        Backend::Redis(settings) => {
            let redis = Redis::connect(settings).await?;
            let (bus, inbox) = RedisBus::start(redis.clone(), stop.clone());
            let journal = Journal::Redis(RedisJournal::new(redis.clone(), config.result_retention));
            let health = redis.health();
            Ok(State { bus: Bus::Redis(bus), inbox, store: Store::Redis(RedisStore::new(redis)), journal, health })
        }
    }
}

fn bad_policy(cause: &kubently_policy::Error) -> Error {
    Error::new(ErrorKind::InvalidArgument, cause.to_string())
}

fn cannot_listen(addr: SocketAddr, cause: &std::io::Error) -> Error {
    Error::invalid("listen", &addr.to_string(), &format!("must be a free address ({cause})"))
}

impl Bound {
    /// The address that it listens on, with the real port.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves until `shutdown`, then drains: executors are asked to attach elsewhere, commands
    /// finish, and after the drain time whatever is left is cut.
    pub async fn serve(self, shutdown: CancellationToken) -> Result<(), Error> {
        let Self { listener, services, routes, health, inbox, drain_timeout, returns, policy, background, .. } = self;
        let dispatch = services.dispatch.clone();
        let router = tokio::spawn(dispatch.clone().route(inbox));
        let own = [
            tokio::spawn(dispatch.clone().rounds()),
            tokio::spawn(dispatch.clone().beats()),
            tokio::spawn(dispatch.clone().keep_recovering()),
            tokio::spawn(dispatch.clone().watch_store(returns.store, returns.bus)),
            tokio::spawn(policy.keep()),
        ];
        let drained = CancellationToken::new();
        let stop = {
            let drained = drained.clone();
            async move { drained.cancelled().await }
        };
        let serving = Server::builder()
            .accept_http1(true)
            .http2_keepalive_interval(Some(HTTP2_KEEP_ALIVE))
            .http2_keepalive_timeout(Some(HTTP2_KEEP_ALIVE))
            .max_concurrent_streams(Some(MAX_STREAMS))
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming(listener), stop);
        let drain = async {
            shutdown.cancelled().await;
            tracing::info!("stopping; draining");
            grpc::stop_serving(&health).await;
            dispatch.drain(drain_timeout).await;
            drained.cancel();
            tokio::time::sleep(LINGER).await;
            dispatch.part().await;
        };
        let served = tokio::select! {
            served = serving => served,
            () = drain => Ok(()),
        };
        own.iter().for_each(tokio::task::JoinHandle::abort);
        router.abort();
        drop((services, dispatch));
        background.finish().await;
        served.map_err(|cause| {
            tracing::error!(error = %cause, "the listener failed");
            Error::internal()
        })
    }
}

/// Accepted sockets, set up so that a peer that vanished without a word is noticed while data for
/// it waits. HTTP/2 has its own keep-alive; an SSE stream over HTTP/1 has only this.
fn incoming(listener: TcpListener) -> impl Stream<Item = std::io::Result<TcpStream>> {
    TcpIncoming::from(listener).with_nodelay(Some(true)).map(|accepted| {
        #[cfg(target_os = "linux")]
        if let Ok(socket) = &accepted
            && let Err(cause) = socket2::SockRef::from(socket).set_tcp_user_timeout(Some(PEER_TIMEOUT))
        {
            tracing::debug!(error = %cause, "an accepted socket takes no user timeout");
        }
        accepted
    })
}

impl Background {
    /// Lets the audit trail be written, then ends the bus.
    async fn finish(self) {
        self.tasks.close();
        if tokio::time::timeout(LINGER, self.tasks.wait()).await.is_err() {
            tracing::warn!("the audit trail was still being written when the server ended");
        }
        self.bus.cancel();
    }
}
