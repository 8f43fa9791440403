//! A whole system in this process: servers, executors and a demo cluster over real sockets, with a
//! real Redis where the state is there. Everything ends with the sandbox.

pub(crate) mod by_hand;
pub(crate) mod face;
#[allow(dead_code, reason = "the server's own tests use the rest of it")]
pub(crate) mod redis;

use std::{collections::HashMap, net::SocketAddr, path::PathBuf, time::Duration};

use kubently_core::ids::{ClusterId, ExecutorId};
use kubently_executor::{AttachedTo, TransportKind};
use kubently_proto::v1::{
    AttachRequest, CreateTokenRequest, GetClusterRequest, Hello, admin_service_client::AdminServiceClient,
    attach_request::Message, cluster_service_client::ClusterServiceClient, debug_service_client::DebugServiceClient,
};
use tokio::{
    sync::{Mutex, watch},
    task::JoinHandle,
};
use tokio_stream::StreamExt;
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::{
    Request, Status,
    metadata::MetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use redis::TestRedis;

/// The key of the sandbox's ordinary caller.
pub(crate) const API_KEY: &str = "sandbox-key";
/// A second caller's key.
pub(crate) const OTHER_KEY: &str = "other-key-1";
/// The cluster that most tests use.
pub(crate) const CLUSTER: &str = "shop-1";
/// Time that anything awaited in a test may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Largest message that the sandbox's gRPC clients take.
const MAX_MESSAGE: usize = 32 << 20;

/// Where state lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One server, everything in memory.
    Memory,
    /// Two servers over one Redis. Callers use the first, executors attach to the second.
    Redis,
}

/// Adds an API key to every call.
#[derive(Clone)]
pub(crate) struct Key(&'static str);

impl Interceptor for Key {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("x-api-key", MetadataValue::from_static(self.0));
        Ok(request)
    }
}

pub(crate) type Debug = DebugServiceClient<InterceptedService<Channel, Key>>;
pub(crate) type Admin = AdminServiceClient<InterceptedService<Channel, Key>>;
pub(crate) type Clusters = ClusterServiceClient<InterceptedService<Channel, Key>>;

/// A running server.
pub(crate) struct Server {
    pub(crate) addr: SocketAddr,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Server {
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Stops it as SIGTERM would, and waits until it is gone.
    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        let task = self.task.lock().await.take().expect("stopped once");
        tokio::time::timeout(PATIENCE * 2, task).await.expect("a server stops").unwrap();
    }
}

/// A running executor; stops when dropped.
pub(crate) struct Executor {
    pub(crate) attached: watch::Receiver<Option<AttachedTo>>,
    _stop: DropGuard,
}

/// The system.
pub(crate) struct Sandbox {
    pub(crate) servers: Vec<Server>,
    pub(crate) redis: Option<TestRedis>,
    pub(crate) dir: tempfile::TempDir,
    tokens: Mutex<HashMap<String, String>>,
    _stop: DropGuard,
}

impl Sandbox {
    /// Starts one server in memory, or two over a Redis of their own.
    pub(crate) async fn start(kind: Kind) -> Self {
        Self::start_with(kind, |_config| {}).await
    }

    /// The same, with server settings of the test's own.
    pub(crate) async fn start_with(kind: Kind, adjust: impl Fn(&mut kubently_server::Config)) -> Self {
        let redis = match kind {
            Kind::Memory => None,
            Kind::Redis => Some(TestRedis::start().await),
        };
        Self::start_over(redis, adjust).await
    }

    /// The same, over a Redis with more arguments.
    pub(crate) async fn start_on(redis: &[&str], adjust: impl Fn(&mut kubently_server::Config)) -> Self {
        Self::start_over(Some(TestRedis::start_with(redis).await), adjust).await
    }

    async fn start_over(redis: Option<TestRedis>, adjust: impl Fn(&mut kubently_server::Config)) -> Self {
        let count = if redis.is_none() { 1 } else { 2 };
        let stop = CancellationToken::new();
        let dir = tempfile::tempdir().unwrap();
        start_demo(&dir, &stop).await;
        let mut sandbox = Self { servers: Vec::new(), redis, dir, tokens: Mutex::default(), _stop: stop.drop_guard() };
        for _ in 0..count {
            let server = sandbox.serve(&adjust).await;
            sandbox.servers.push(server);
        }
        sandbox
    }

    async fn serve(&self, adjust: impl Fn(&mut kubently_server::Config)) -> Server {
        let keys = format!("sandbox:{API_KEY},other:{OTHER_KEY},bare-key-123");
        let mut config = kubently_server::Config::new(([127, 0, 0, 1], 0).into(), keys);
        config.drain_timeout = Duration::from_secs(5);
        if let Some(redis) = &self.redis {
            let settings = kubently_server::RedisSettings::new(redis.url());
            config.backend =
                kubently_server::Backend::Redis(kubently_server::RedisSettings { prefix: "it:".into(), ..settings });
        }
        adjust(&mut config);
        let bound = kubently_server::bind(config).await.unwrap();
        let addr = bound.local_addr();
        let stop = CancellationToken::new();
        let token = stop.clone();
        let task = tokio::spawn(async move { bound.serve(token).await.unwrap() });
        Server { addr, stop, task: Mutex::new(Some(task)) }
    }

    /// The server that callers use.
    pub(crate) fn front(&self) -> &Server {
        &self.servers[0]
    }

    /// The server that executors attach to: another one, where there are two.
    pub(crate) fn back(&self) -> &Server {
        self.servers.last().unwrap()
    }

    /// Attaches an executor for [`CLUSTER`] to the back server.
    pub(crate) async fn executor(&self, transport: TransportKind) -> Executor {
        self.executor_with(CLUSTER, transport, |_config| {}).await
    }

    /// Attaches an executor for a cluster, with settings of the test's own.
    pub(crate) async fn executor_with(
        &self,
        cluster: &str,
        transport: TransportKind,
        adjust: impl FnOnce(&mut kubently_executor::Config),
    ) -> Executor {
        let mut config = self.executor_config(cluster, transport).await;
        adjust(&mut config);
        let bound = kubently_executor::bind(config).await.unwrap();
        let mut attached = bound.attached();
        let stop = CancellationToken::new();
        tokio::spawn(bound.serve(stop.clone()));
        let up = attached.wait_for(Option::is_some);
        tokio::time::timeout(PATIENCE, up).await.expect("an executor attaches").unwrap();
        self.until_connected(cluster).await;
        Executor { attached, _stop: stop.drop_guard() }
    }

    pub(crate) async fn executor_config(&self, cluster: &str, transport: TransportKind) -> kubently_executor::Config {
        static_provider();
        let token = self.token(cluster).await;
        let id = ExecutorId::new(&format!("{cluster}-{}", transport.as_str())).unwrap();
        let servers = vec![self.back().url()];
        let mut config = kubently_executor::Config::new(servers, ClusterId::new(cluster).unwrap(), token, id);
        config.transport = transport;
        config.kubeconfig = Some(self.kubeconfig());
        config.engine = kubently_executor::EngineKind::Native;
        config.grace = Duration::from_millis(200);
        config
    }

    /// The demo cluster's kubeconfig.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.dir.path().join("kubeconfig")
    }

    /// The cluster's token, made at the first call.
    pub(crate) async fn token(&self, cluster: &str) -> String {
        let mut tokens = self.tokens.lock().await;
        if let Some(token) = tokens.get(cluster) {
            return token.clone();
        }
        let request = CreateTokenRequest { cluster_id: cluster.into(), token: String::new() };
        let token = self.admin().create_token(request).await.unwrap().into_inner().token;
        tokens.insert(cluster.into(), token.clone());
        token
    }

    /// Waits until the front server sees an executor of the cluster. A polling executor is attached
    /// once it polled, so this is asked again until it is true.
    pub(crate) async fn until_connected(&self, cluster: &str) {
        self.until_seen(cluster, true).await;
    }

    /// Waits until the front server sees no executor of the cluster.
    pub(crate) async fn until_disconnected(&self, cluster: &str) {
        self.until_seen(cluster, false).await;
    }

    async fn until_seen(&self, cluster: &str, connected: bool) {
        let seen = async {
            loop {
                let request = GetClusterRequest { cluster_id: cluster.into() };
                let answer = self.clusters().get_cluster(request).await.unwrap().into_inner();
                if answer.cluster.unwrap().connected == connected {
                    return;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, seen).await.expect("the cluster is (dis)connected");
    }

    /// Waits until the front server's metrics have this line.
    pub(crate) async fn until_metric(&self, line: &str) {
        self.until_metric_of(self.front(), line).await;
    }

    /// Waits until a server has a caller who waits.
    pub(crate) async fn until_waiting(&self, server: &Server) {
        self.until_metric_of(server, "kubently_waiting_callers 1").await;
    }

    async fn until_metric_of(&self, server: &Server, line: &str) {
        let url = format!("{}/metrics", server.url());
        let says = async {
            while !face::http().get(&url).send().await.unwrap().text().await.unwrap().lines().any(|one| one == line) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, says).await.expect("a metric says so");
    }

    /// Waits until the front server's health says this.
    pub(crate) async fn until_health(&self, status: &str) {
        let says = async {
            while face::get(self, "/health").await.1["status"] != status {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, says).await.expect("health says so");
    }

    /// The caller's clients on the front server.
    pub(crate) fn debug(&self) -> Debug {
        self.debug_on(self.front(), API_KEY)
    }

    pub(crate) fn debug_on(&self, server: &Server, key: &'static str) -> Debug {
        DebugServiceClient::with_interceptor(channel(server), Key(key)).max_decoding_message_size(MAX_MESSAGE)
    }

    pub(crate) fn admin(&self) -> Admin {
        AdminServiceClient::with_interceptor(channel(self.front()), Key(API_KEY))
    }

    pub(crate) fn clusters(&self) -> Clusters {
        ClusterServiceClient::with_interceptor(channel(self.front()), Key(API_KEY))
    }
}

/// Starts the demo cluster and leaves its kubeconfig in `dir`.
async fn start_demo(dir: &tempfile::TempDir, stop: &CancellationToken) {
    let demo = kubently_democluster::bind(kubently_democluster::Config::default()).await.unwrap();
    std::fs::write(dir.path().join("kubeconfig"), demo.kubeconfig()).unwrap();
    tokio::spawn(demo.serve(stop.clone()));
}

/// A lazily connected channel to a server.
pub(crate) fn channel(server: &Server) -> Channel {
    Endpoint::from_shared(server.url()).unwrap().tcp_nodelay(true).connect_lazy()
}

/// Installs the crypto provider, as the binary does; the first call in this process wins.
pub(crate) fn static_provider() {
    let _already = rustls::crypto::ring::default_provider().install_default();
}

/// An executor's first word on a stream that stays open.
pub(crate) fn hello(cluster: &str, token: &str) -> Request<impl tokio_stream::Stream<Item = AttachRequest> + use<>> {
    attach(cluster, token, tokio_stream::pending())
}

/// An executor's stream: its first word, and what it says after that.
pub(crate) fn attach<S>(
    cluster: &str,
    token: &str,
    says: S,
) -> Request<impl tokio_stream::Stream<Item = AttachRequest> + use<S>>
where
    S: tokio_stream::Stream<Item = AttachRequest>,
{
    let hello = Hello {
        cluster_id: cluster.into(),
        executor_id: "by-hand".into(),
        version: "0".into(),
        max_in_flight: 1,
        capabilities: None,
        process_id: String::new(),
    };
    let first = tokio_stream::once(AttachRequest { message: Some(Message::Hello(hello)) });
    let mut request = Request::new(first.chain(says));
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request.metadata_mut().insert("x-cluster-id", cluster.parse().unwrap());
    request
}
