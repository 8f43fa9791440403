//! Connections to Redis, and the servers' memory, as executors and waiting callers come.

use std::{collections::HashSet, net::SocketAddr, time::Duration};

use anyhow::Context as _;
use tokio::{task::JoinSet, time::timeout};

use super::{
    calls::{Asking, Callers, Until},
    hands::{Hands, Manner},
    stand::{CROWD, Server, Stand, crowd},
    usage::resident,
};

/// How long the waiting commands may take to reach their executors.
const REACH: Duration = Duration::from_secs(30);

/// What was found at one moment.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) name: String,
    /// Connections of server A and server B, and of nobody.
    pub(super) connections: [usize; 3],
    /// Resident memory of server A and server B, in KiB.
    pub(super) resident: [u64; 2],
}

impl Moment {
    async fn take(stand: &Stand, name: String) -> anyhow::Result<Self> {
        let listed = addresses(&stand.clients().await?);
        let of = |server: &Server| server.tap.as_ref().map(|tap| tap.connected_from()).unwrap_or_default();
        let resident = [resident(stand.a.pid()?)?, resident(stand.b.pid()?)?];
        Ok(Self { name, connections: attribute(&listed, &of(&stand.a), &of(&stand.b)), resident })
    }
}

/// Looks before, with `executors` attached, and with `waiting` commands that nobody answers.
pub(super) async fn measure(stand: &Stand, executors: usize, waiting: usize) -> anyhow::Result<Vec<Moment>> {
    let mut moments = vec![Moment::take(stand, "before".to_owned()).await?];
    let mut hands = Hands::new(stand.b.addr, Manner::Silent);
    for number in 0..executors {
        hands.attach(&crowd(number)).await.with_context(|| format!("attach executor {number}"))?;
    }
    moments.push(Moment::take(stand, format!("{executors} executors on B")).await?);
    let mut heard = hands.heard();
    // Half of the callers wait on the server that holds the executors, half on the other one.
    let servers = [Callers::new(stand.a.addr, Asking::default())?, Callers::new(stand.b.addr, Asking::default())?];
    let mut callers = JoinSet::new();
    for (number, server) in (0..waiting).zip(servers.iter().cycle()) {
        let caller = server.of(&crowd(number % CROWD.min(executors.max(1))));
        callers.spawn(async move { caller.run(1, Until::Commands(1)).await });
    }
    let all = heard.wait_for(|heard| *heard >= waiting);
    timeout(REACH, all).await.context("the waiting commands did not all reach an executor")??;
    moments.push(Moment::take(stand, format!("… and {waiting} commands waiting")).await?);
    callers.shutdown().await;
    Ok(moments)
}

/// The addresses in `CLIENT LIST`, without the one that asked.
fn addresses(list: &str) -> Vec<SocketAddr> {
    let asking = |line: &&str| !line.contains("cmd=client|list") && !line.contains("cmd=client ");
    let addr = |line: &str| line.split(' ').find_map(|field| field.strip_prefix("addr=")?.parse().ok());
    list.lines().filter(asking).filter_map(addr).collect()
}

fn attribute(listed: &[SocketAddr], a: &HashSet<SocketAddr>, b: &HashSet<SocketAddr>) -> [usize; 3] {
    let of = |server: &HashSet<SocketAddr>| listed.iter().filter(|addr| server.contains(addr)).count();
    [of(a), of(b), listed.len() - of(a) - of(b)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_told_apart() {
        let list = "id=3 addr=127.0.0.1:1001 laddr=127.0.0.1:1 fd=8 cmd=evalsha user=default\n\
            id=4 addr=127.0.0.1:1002 laddr=127.0.0.1:1 fd=9 cmd=psubscribe user=default\n\
            id=5 addr=127.0.0.1:1003 fd=9 cmd=get user=default\n\
            id=9 addr=127.0.0.1:1009 laddr=127.0.0.1:1 fd=9 cmd=client|list user=default\n";
        let own = |ports: &[u16]| ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port))).collect();
        assert_eq!(attribute(&addresses(list), &own(&[1001, 1002]), &own(&[1004])), [2, 0, 1]);
    }
}
