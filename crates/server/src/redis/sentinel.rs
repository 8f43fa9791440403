//! Sentinels: they know where the primary is.

use std::time::Duration;

use kubently_core::Error;
use redis::{Client, ConnectionInfo, RedisResult, cmd};

use super::{
    failure::{broken, within},
    target::{info, wrong},
};

/// How long one sentinel may take to answer; then the next one is asked.
const SENTINEL_TIMEOUT: Duration = Duration::from_secs(1);

/// Those of one primary.
pub(super) struct Sentinels {
    pub(super) nodes: Vec<ConnectionInfo>,
    /// The name under which they watch the primary.
    name: String,
}

impl Sentinels {
    /// Reads a URL after its scheme; with the primary as it is to be connected to, but for its address, for which
    /// any stands. The parts are put together as ordinary URLs, so that they are decoded as those are.
    pub(super) fn read(scheme: &str, rest: &str) -> Result<(Self, ConnectionInfo), Error> {
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (name, db) = path.split_once('/').unwrap_or((path, "0"));
        if name.is_empty() {
            return Err(wrong("the primary's name is missing"));
        }
        let theirs = credentials(query)?;
        let nodes = hosts.split(',').map(|host| part(scheme, &theirs, host, "0")).collect::<Result<_, _>>()?;
        Ok((Self { nodes, name: name.to_owned() }, part(scheme, user, "127.0.0.1", db)?))
    }

    /// Where one of them says that the primary is.
    pub(super) async fn ask(&self, node: &Client) -> RedisResult<(String, u16)> {
        within(SENTINEL_TIMEOUT, self.answer(node))
            .await?
            .ok_or_else(|| broken("a sentinel does not know the primary's name"))
    }

    async fn answer(&self, node: &Client) -> RedisResult<Option<(String, u16)>> {
        let mut sentinel = node.get_multiplexed_async_connection().await?;
        cmd("SENTINEL").arg("get-master-addr-by-name").arg(&self.name).query_async(&mut sentinel).await
    }
}

/// The sentinels' own credentials, as they stand before a URL's host.
fn credentials(query: &str) -> Result<String, Error> {
    let (mut user, mut password) = ("", None);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sentinel_user", value)) => user = value,
            Some(("sentinel_password", value)) => password = Some(value),
            _ => return Err(wrong("the parameters are sentinel_user and sentinel_password")),
        }
    }
    match password {
        Some(password) => Ok(format!("{user}:{password}")),
        None if user.is_empty() => Ok(String::new()),
        None => Err(wrong("sentinel_user needs a sentinel_password")),
    }
}

fn part(scheme: &str, user: &str, host: &str, db: &str) -> Result<ConnectionInfo, Error> {
    let at = if user.is_empty() { "" } else { "@" };
    info(&format!("{scheme}://{user}{at}{host}/{db}"))
}
