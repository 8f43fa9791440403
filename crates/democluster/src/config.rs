//! What the demo cluster is started with, and why it does not start.

use std::{
    collections::BTreeMap,
    fmt,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use jiff::Timestamp;

/// Plain settings of a demo cluster.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0 takes a free one; [`crate::Bound::local_addr`] tells which.
    pub listen: SocketAddr,
    /// The moment the scene is built for. All ages count back from it, and time goes on from it.
    pub now: Timestamp,
    /// For tests of timeouts: how long an answer about a resource is held back, by its plural name (`pods`), with its
    /// subresource if it has one (`pods/log`).
    pub latency: BTreeMap<String, Duration>,
    /// For tests and measurements of long lists: how many pods the deployment `crowd` has, in a namespace of that name,
    /// beside the scene. None of both when it is 0.
    pub crowd: u32,
}

impl Default for Config {
    /// A free port on 127.0.0.1, the scene of this moment, no latency and no crowd.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            now: Timestamp::now(),
            latency: BTreeMap::new(),
            crowd: 0,
        }
    }
}

/// Why [`crate::bind`] failed.
#[derive(Debug)]
pub enum Error {
    /// The address cannot be listened on.
    Listen {
        /// The address, as [`Config::listen`] gave it.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, .. } => write!(f, "listen on {address} for the demo cluster"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } => Some(source),
        }
    }
}
