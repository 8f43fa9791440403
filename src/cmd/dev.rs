//! `kubently dev`: server and executor in one process, over real sockets, in memory.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;
use kubently_core::ids::{ClusterId, ExecutorId};
use kubently_executor::AttachedTo;
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{demo::DemoCluster, exec};
use crate::{
    args::{
        client::{ClientArgs, DataArgs, Format},
        roles::dev::DevArgs,
        run::{ExecArgs, RunArgs},
        secret::SecretArg,
    },
    exit,
    output::Output,
    telemetry,
};

/// Where it listens for everyday use.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// For one command no port has to be known, and none can be taken.
const LISTEN_FOR_ONE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// Over loopback an executor attaches in milliseconds.
const ATTACH_TIMEOUT: Duration = Duration::from_secs(15);
/// Time for commands that run when it is stopped: whoever presses Ctrl-C here wants the prompt back.
const DRAIN: Duration = Duration::from_secs(2);
/// Time for each part to end, beyond its drain.
const LINGER: Duration = Duration::from_secs(3);

pub(super) async fn run(args: &DevArgs, output: &mut Output, stop: &CancellationToken) -> anyhow::Result<u8> {
    let one_command = !args.argv.is_empty();
    let filter = args.log.as_deref().unwrap_or(if one_command { "warn" } else { "info" });
    telemetry::init(filter, args.log_format)?;
    args.target.policy.agree().await?;
    let access = Access::of(args)?;
    let mut parts = tokio::select! {
        parts = Box::pin(Parts::start(args, &access)) => parts?,
        () = stop.cancelled() => return Ok(exit::INTERRUPTED),
    };
    let code = tokio::select! {
        attached = parts.attached() => match attached {
            Ok(()) => at_work(args, &mut parts, &access, output, stop).await,
            Err(error) => Err(error),
        },
        () = stop.cancelled() => Ok(exit::INTERRUPTED),
    };
    parts.end().await;
    code
}

async fn at_work(
    args: &DevArgs,
    parts: &mut Parts,
    access: &Access,
    output: &mut Output,
    stop: &CancellationToken,
) -> anyhow::Result<u8> {
    if !args.argv.is_empty() {
        return exec::run(&one_command(args, parts.address, access), output, stop).await;
    }
    greet(parts.address, access, output);
    tokio::select! {
        () = stop.cancelled() => Ok(exit::OK),
        ended = &mut parts.server => ended.context("serve")?.map(|()| exit::OK),
    }
}

/// Who may do what on which cluster.
struct Access {
    cluster: ClusterId,
    /// As the server reads them.
    api_keys: String,
    /// The first of them, to call with.
    api_key: String,
    /// The executor's.
    token: String,
}

impl Access {
    fn of(args: &DevArgs) -> anyhow::Result<Self> {
        let default_id = if args.target.demo { "demo" } else { "local" };
        let cluster = args.cluster_id.clone().map_or_else(|| ClusterId::new(default_id), Ok)?;
        let api_keys = args.api_keys.read()?.unwrap_or_else(|| format!("dev:{}", Uuid::new_v4().simple()));
        let api_key = first_key(&api_keys).to_owned();
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        Ok(Self { cluster, api_keys, api_key, token })
    }
}

/// The key of the first `service:key` or bare `key` entry.
fn first_key(api_keys: &str) -> &str {
    let first = api_keys.split([',', '\n']).map(str::trim).find(|entry| !entry.is_empty()).unwrap_or_default();
    first.split_once(':').map_or(first, |(_service, key)| key.trim())
}

/// What runs, in the order in which it is ended.
struct Parts {
    address: SocketAddr,
    attachment: watch::Receiver<Option<AttachedTo>>,
    stop_executor: CancellationToken,
    executor: JoinHandle<()>,
    stop_server: CancellationToken,
    server: JoinHandle<anyhow::Result<()>>,
    demo: Option<DemoCluster>,
}

impl Parts {
    async fn start(args: &DevArgs, access: &Access) -> anyhow::Result<Self> {
        let server = kubently_server::bind(server_config(args, access)).await.context("start the server")?;
        let address = reachable(server.local_addr());
        tracing::info!(address = %server.local_addr(), "listening");
        let demo = if args.target.demo { Some(DemoCluster::start().await?) } else { None };
        let config = executor_config(args, access, address, demo.as_ref())?;
        let executor = kubently_executor::bind(config).await.context("start the executor")?;
        let attachment = executor.attached();
        let (stop_executor, stop_server) = (CancellationToken::new(), CancellationToken::new());
        let serving = server.serve(stop_server.clone());
        Ok(Self {
            address,
            attachment,
            executor: tokio::spawn(executor.serve(stop_executor.clone())),
            stop_executor,
            server: tokio::spawn(async move { serving.await.map_err(anyhow::Error::from) }),
            stop_server,
            demo,
        })
    }

    /// Waits until commands find their executor.
    async fn attached(&mut self) -> anyhow::Result<()> {
        let attached = timeout(ATTACH_TIMEOUT, self.attachment.wait_for(Option::is_some)).await;
        attached.context("wait for the executor to attach")?.context("the executor ended")?;
        Ok(())
    }

    /// Ends the executor first, so that the server sees it go, and the cluster last.
    async fn end(self) {
        self.stop_executor.cancel();
        let executor = timeout(DRAIN + LINGER, self.executor).await;
        self.stop_server.cancel();
        // Polling a task again that has ended already would panic.
        let server_ended = self.server.is_finished() || timeout(DRAIN + LINGER, self.server).await.is_ok();
        if let Some(demo) = self.demo {
            demo.end().await;
        }
        if executor.is_err() || !server_ended {
            tracing::warn!("something was still running when the time was over");
        }
    }
}

fn server_config(args: &DevArgs, access: &Access) -> kubently_server::Config {
    let default = if args.argv.is_empty() { LISTEN } else { LISTEN_FOR_ONE };
    let mut config = kubently_server::Config::new(args.listen.unwrap_or(default), access.api_keys.clone());
    config.executor_tokens = vec![(access.cluster.clone(), access.token.clone())];
    config.policy = args.target.policy.built_in();
    config.policy_file.clone_from(&args.target.policy.policy_file);
    config.drain_timeout = DRAIN;
    config
}

fn executor_config(
    args: &DevArgs,
    access: &Access,
    server: SocketAddr,
    demo: Option<&DemoCluster>,
) -> anyhow::Result<kubently_executor::Config> {
    let id = ExecutorId::new(&format!("dev-{}", std::process::id()))?;
    let servers = vec![format!("http://{server}")];
    let mut config = kubently_executor::Config::new(servers, access.cluster.clone(), access.token.clone(), id);
    args.target.apply(&mut config);
    config.grace = DRAIN;
    if let Some(demo) = demo {
        config.kubeconfig = Some(demo.kubeconfig());
    }
    Ok(config)
}

/// An address to dial for one that is listened on.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listening.port())
}

/// The same as `kubently exec` against this address.
fn one_command(args: &DevArgs, address: SocketAddr, access: &Access) -> ExecArgs {
    ExecArgs {
        run: RunArgs { cluster: access.cluster.to_string(), argv: args.argv.clone(), ..RunArgs::default() },
        watch: false,
        detach: false,
        data: DataArgs { format: Format::Table },
        client: ClientArgs {
            server: format!("http://{address}"),
            api_key: SecretArg::of(access.api_key.clone()),
            ca_file: None,
        },
    }
}

fn greet(address: SocketAddr, access: &Access, output: &mut Output) {
    let (cluster, key) = (&access.cluster, &access.api_key);
    let me = std::env::args().next().unwrap_or_else(|| "kubently".to_owned());
    output.note(format_args!(
        "
address     http://{address}  (gRPC and REST)
api key     {key}
cluster id  {cluster}

try:
  {me} exec {cluster} --server http://{address} --api-key {key} -- get pods -A
  curl -s http://{address}/debug/execute -H 'X-API-Key: {key}' -H 'Content-Type: application/json' \
-d '{{\"cluster_id\":\"{cluster}\",\"command_type\":\"get\",\"args\":[\"pods\"],\"namespace\":\"kube-system\"}}'
  grpcurl -plaintext -H 'x-api-key: {key}' -d '{{\"spec\":{{\"clusterId\":\"{cluster}\",\"argv\":[\"get\",\"pods\",\"-A\"]}}}}' \
{address} kubently.v1.DebugService/ExecuteCommand
"
    ));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        args::{Command, tests::parsed},
        output::tests::kept,
    };

    fn args(line: &[&str]) -> DevArgs {
        match parsed(&[&["dev"], line].concat()).unwrap().command {
            Command::Dev(args) => *args,
            _ => panic!("not dev"),
        }
    }

    #[test]
    fn the_first_key_is_the_one_to_call_with() {
        for (keys, first) in [("svc:k1,other:k2", "k1"), (" bare ,x", "bare"), ("\n a:b:c", "b:c"), ("", "")] {
            assert_eq!(first_key(keys), first);
        }
    }

    #[test]
    fn keys_are_made_up_and_differ() {
        let (one, other) = (Access::of(&args(&["--demo"])).unwrap(), Access::of(&args(&[])).unwrap());
        assert_ne!(one.api_key, other.api_key);
        assert_ne!(one.token, other.token);
        assert_eq!((one.cluster.as_str(), other.cluster.as_str()), ("demo", "local"));
    }

    #[test]
    fn one_command_takes_any_port_and_a_server_the_known_one() {
        for (line, port) in [(&["--demo"][..], 8080), (&["--demo", "--", "get", "pods"], 0)] {
            let args = args(line);
            assert_eq!(server_config(&args, &Access::of(&args).unwrap()).listen.port(), port);
        }
    }

    #[test]
    fn a_wildcard_address_is_dialled_on_loopback() {
        assert_eq!(reachable("0.0.0.0:1".parse().unwrap()), "127.0.0.1:1".parse().unwrap());
        assert_eq!(reachable("[::]:1".parse().unwrap()), "[::1]:1".parse().unwrap());
        assert_eq!(reachable("10.0.0.1:1".parse().unwrap()), "10.0.0.1:1".parse().unwrap());
    }

    #[test]
    fn the_greeting_can_be_copied() {
        let (mut output, data, messages) = kept();
        let access = Access::of(&args(&["--demo", "--api-keys", "svc:secret-key-1"])).unwrap();
        greet(LISTEN, &access, &mut output);
        let text = messages.text();
        assert!(data.text().is_empty());
        assert!(
            text.contains("exec demo --server http://127.0.0.1:8080 --api-key secret-key-1 -- get pods -A"),
            "{text}"
        );
        assert!(
            text.contains(r#"{"cluster_id":"demo","command_type":"get","args":["pods"],"namespace":"kube-system"}"#),
            "{text}"
        );
        assert!(text.contains(r#"{"spec":{"clusterId":"demo","argv":["get","pods","-A"]}}"#), "{text}");
    }
}
