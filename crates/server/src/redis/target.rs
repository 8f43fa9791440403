//! Where Redis is: at an address, or where its sentinels say.

use std::{path::Path, time::Duration};

use kubently_core::Error;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisError,
    RedisResult, TlsCertificates, Value, aio::MultiplexedConnection, cmd, io::tcp::TcpSettings,
};

use super::{CONNECT_TIMEOUT, timed_out};
use crate::config::RedisSettings;

/// How long one sentinel may take to answer; then the next one is asked.
const SENTINEL_TIMEOUT: Duration = Duration::from_secs(1);
/// What a URL may look like.
const RULE: &str = "must be redis://[USER:PASSWORD@]HOST:PORT[/DB], rediss://… for TLS, \
    or redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]/PRIMARY[/DB]";

/// See the module.
pub(super) struct Target {
    /// The primary; with sentinels its address is put in each time.
    primary: ConnectionInfo,
    tls: Option<TlsCertificates>,
    sentinels: Option<Sentinels>,
}

struct Sentinels {
    nodes: Vec<ConnectionInfo>,
    /// The name under which they watch the primary.
    name: String,
}

impl Target {
    /// Reads the settings.
    pub(super) fn read(settings: &RedisSettings) -> Result<Self, Error> {
        let tls = certificates(settings)?;
        match settings.url.split_once("+sentinel://") {
            Some((scheme @ ("redis" | "rediss"), rest)) => Self::behind_sentinels(scheme, rest, tls),
            _ => Ok(Self { primary: info(&settings.url)?, tls, sentinels: None }),
        }
    }

    /// The parts of such a URL are put together as ordinary ones, so that they are decoded as those are.
    fn behind_sentinels(scheme: &str, rest: &str, tls: Option<TlsCertificates>) -> Result<Self, Error> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, rest) = rest.rsplit_once('@').map_or(("", rest), |(user, rest)| (user, rest));
        let (hosts, path) = rest.split_once('/').ok_or_else(|| wrong("the primary's name is missing"))?;
        let (name, db) = path.split_once('/').unwrap_or((path, "0"));
        if name.is_empty() {
            return Err(wrong("the primary's name is missing"));
        }
        let of = |user: &str, host: &str, db: &str| match user {
            "" => info(&format!("{scheme}://{host}/{db}")),
            user => info(&format!("{scheme}://{user}@{host}/{db}")),
        };
        let parameter = |wanted: &str| query.split('&').find_map(|pair| pair.strip_prefix(wanted)?.strip_prefix('='));
        let secret = parameter("sentinel_password");
        let their_user = secret.map(|secret| format!("{}:{secret}", parameter("sentinel_user").unwrap_or_default()));
        let nodes = hosts.split(',').map(|host| of(their_user.as_deref().unwrap_or_default(), host, "0"));
        let sentinels = Sentinels { nodes: nodes.collect::<Result<_, _>>()?, name: name.to_owned() };
        // Any host does here: the sentinels' answer takes its place.
        let primary = of(user, "127.0.0.1", db)?;
        Ok(Self { primary, tls, sentinels: Some(sentinels) })
    }

    /// A client for the primary as it is now.
    pub(super) async fn resolve(&self) -> RedisResult<Client> {
        let Some(sentinels) = &self.sentinels else { return self.client(self.primary.clone()) };
        let mut last = timed_out();
        for node in &sentinels.nodes {
            match self.ask(node, &sentinels.name).await {
                Ok((host, port)) => return self.client(self.primary.clone().set_addr(self.address(host, port))),
                Err(cause) => last = cause,
            }
        }
        Err(last)
    }

    /// Connects to the primary, and makes sure that it is one; with its address.
    pub(super) async fn connect(&self, answer_within: Duration) -> RedisResult<(MultiplexedConnection, String)> {
        let client = self.resolve().await?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(answer_within));
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        self.probe(&mut connection).await?;
        Ok((connection, address_of(&client)))
    }

    /// Whether a connection answers and, where that may change, still leads to the primary.
    pub(super) async fn probe(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        if self.sentinels.is_none() {
            return cmd("PING").query_async(connection).await;
        }
        let role: Vec<Value> = cmd("ROLE").query_async(connection).await?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(()),
            _ => Err(RedisError::from(std::io::Error::other("this Redis is no primary"))),
        }
    }

    async fn ask(&self, node: &ConnectionInfo, name: &str) -> RedisResult<(String, u16)> {
        let asked = async {
            let mut sentinel = self.client(node.clone())?.get_multiplexed_async_connection().await?;
            cmd("SENTINEL").arg("get-master-addr-by-name").arg(name).query_async(&mut sentinel).await
        };
        let answer: Option<(String, u16)> =
            tokio::time::timeout(SENTINEL_TIMEOUT, asked).await.map_err(|_elapsed| timed_out())??;
        answer.ok_or_else(|| RedisError::from(std::io::Error::other("a sentinel does not know the primary's name")))
    }

    /// An address of the kind that the settings ask for.
    fn address(&self, host: String, port: u16) -> ConnectionAddr {
        match self.primary.addr() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
            }
            _ => ConnectionAddr::Tcp(host, port),
        }
    }

    fn client(&self, info: ConnectionInfo) -> RedisResult<Client> {
        let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
        match (&self.tls, info.addr()) {
            (Some(tls), ConnectionAddr::TcpTls { .. }) => Client::build_with_tls(info, tls.clone()),
            _ => Client::open(info),
        }
    }
}

/// Where a client connects to.
pub(super) fn address_of(client: &Client) -> String {
    client.get_connection_info().addr().to_string()
}

fn info(url: &str) -> Result<ConnectionInfo, Error> {
    url.into_connection_info().map_err(|cause| wrong(&cause.to_string()))
}

fn wrong(cause: &str) -> Error {
    // The URL itself may hold a password, so the error repeats only what the parser said.
    Error::invalid("redis_url", "", &format!("{RULE} ({cause})"))
}

fn certificates(settings: &RedisSettings) -> Result<Option<TlsCertificates>, Error> {
    let root_cert = settings.ca_file.as_deref().map(|file| pem("redis_ca_file", file)).transpose()?;
    let client_tls = match (&settings.cert_file, &settings.key_file) {
        (Some(cert), Some(key)) => {
            let (client_cert, client_key) = (pem("redis_cert_file", cert)?, pem("redis_key_file", key)?);
            Some(ClientTlsConfig { client_cert, client_key })
        }
        (None, None) => None,
        (Some(_), None) => return Err(Error::invalid("redis_key_file", "", "is required with redis_cert_file")),
        (None, Some(_)) => return Err(Error::invalid("redis_cert_file", "", "is required with redis_key_file")),
    };
    let any = root_cert.is_some() || client_tls.is_some();
    if any && !settings.url.starts_with("rediss") {
        return Err(Error::invalid("redis_url", "", "must begin with rediss when certificates are given"));
    }
    Ok(any.then_some(TlsCertificates { client_tls, root_cert }))
}

fn pem(field: &str, file: &Path) -> Result<Vec<u8>, Error> {
    let shown = file.display().to_string();
    std::fs::read(file)
        .map_err(|cause| Error::invalid(field, &shown, &format!("must be a readable PEM file ({cause})")))
}
