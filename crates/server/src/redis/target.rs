//! Where Redis is: at an address, or where its sentinels say.

use std::time::Duration;

use kubently_core::Error;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisResult, TlsCertificates,
    Value, aio::MultiplexedConnection, cmd, io::tcp::TcpSettings,
};

use super::{
    CONNECT_TIMEOUT,
    failure::{broken, within},
    sentinel::Sentinels,
    tls::certificates,
};
use crate::config::RedisSettings;

/// What a URL may look like.
const RULE: &str = "must be redis://[USER:PASSWORD@]HOST:PORT[/DB], rediss://… for TLS, \
    or redis+sentinel://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]/PRIMARY[/DB][?sentinel_password=…]";

/// See the module.
pub(super) struct Target {
    /// The primary; with sentinels its address is put in each time.
    primary: ConnectionInfo,
    tls: Option<TlsCertificates>,
    sentinels: Option<Sentinels>,
}

/// A connection that answered, and what made it.
pub(super) struct Connected {
    pub(super) connection: MultiplexedConnection,
    pub(super) client: Client,
}

impl Target {
    /// Reads the settings.
    pub(super) fn read(settings: &RedisSettings) -> Result<Self, Error> {
        let tls = certificates(settings)?;
        match settings.url.split_once("+sentinel://") {
            Some((scheme @ ("redis" | "rediss"), rest)) => {
                let (sentinels, primary) = Sentinels::read(scheme, rest)?;
                Ok(Self { primary, tls, sentinels: Some(sentinels) })
            }
            _ => Ok(Self { primary: info(&settings.url)?, tls, sentinels: None }),
        }
    }

    /// Connects to the primary as it is now.
    pub(super) async fn connect(&self, answer_within: Duration) -> RedisResult<Connected> {
        match &self.sentinels {
            Some(sentinels) => self.find(sentinels, answer_within).await,
            None => self.open(self.primary.clone(), answer_within).await,
        }
    }

    /// Asks one sentinel after the other, until one of them leads to the primary: one that is cut off from the
    /// others still names the old one.
    async fn find(&self, sentinels: &Sentinels, answer_within: Duration) -> RedisResult<Connected> {
        let mut refused = Vec::new();
        let mut last = broken("no sentinel was asked");
        for node in &sentinels.nodes {
            let address = match sentinels.ask(&self.client(node.clone())?).await {
                Ok(address) => address,
                Err(cause) => {
                    last = cause;
                    continue;
                }
            };
            if refused.contains(&address) {
                continue;
            }
            let (host, port) = address.clone();
            match self.open(self.primary.clone().set_addr(self.address(host, port)), answer_within).await {
                Ok(connected) => return Ok(connected),
                Err(cause) => last = cause,
            }
            refused.push(address);
        }
        Err(last)
    }

    async fn open(&self, info: ConnectionInfo, answer_within: Duration) -> RedisResult<Connected> {
        let client = self.client(info)?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(answer_within));
        let opened = client.get_multiplexed_async_connection_with_config(&config);
        let mut connection = within(CONNECT_TIMEOUT, opened).await?;
        self.probe(&mut connection).await?;
        Ok(Connected { connection, client })
    }

    /// Whether a connection answers and, where that may change, still leads to the primary.
    pub(super) async fn probe(&self, connection: &mut MultiplexedConnection) -> RedisResult<()> {
        if self.sentinels.is_none() {
            return cmd("PING").query_async(connection).await;
        }
        let role: Vec<Value> = cmd("ROLE").query_async(connection).await?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(()),
            _ => Err(broken("this Redis is no primary")),
        }
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

pub(super) fn info(url: &str) -> Result<ConnectionInfo, Error> {
    url.into_connection_info().map_err(|cause| wrong(&cause.to_string()))
}

pub(super) fn wrong(cause: &str) -> Error {
    // The URL itself may hold a password, so the error repeats only what the parser said.
    Error::invalid("redis_url", "", &format!("{RULE} ({cause})"))
}
