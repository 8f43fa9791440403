//! `GET /executor/stream`: an executor's attachment, with its orders as server-sent events.

use std::time::{Duration, SystemTime};

use axum::{
    extract::State,
    response::{Response, sse::Event},
};
use futures::stream;
use http::{HeaderMap, header};
use kubently_core::{
    cluster::{MAX_VERSION, Transport},
    ids::{ClusterId, ExecutorId},
};
use serde::Serialize;
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, sleep_until},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Shared,
    caller::ExecutorOf,
    envelope::{Envelope, Stop},
    error::Problem,
    extract::{header, number},
    responses::Errors,
    sse::{self, Cut, event},
};
use crate::dispatch::{Attaching, Attachment, Order};

/// How long an executor waits before it attaches again. Older ones do as they like.
const RETRY: Duration = Duration::from_secs(5);
/// Commands that an executor runs at once unless it says otherwise: older ones run one.
const SERIAL: u64 = 1;
/// Most that it may say.
const MAX_IN_FLIGHT: u64 = 1024;
const X_EXECUTOR_ID: &str = "x-kubently-executor-id";
const X_MAX_IN_FLIGHT: &str = "x-kubently-max-in-flight";

/// Attaches an executor: its commands come as events until one side ends the stream.
///
/// Events: `connected`, `command`, `keepalive` and, for executors that send `X-Kubently-Executor-Id`,
/// `cancel`. Results go to `POST /executor/results`. The server never ends the stream cleanly.
#[utoipa::path(
    get, path = "/executor/stream", tag = "executors", security(("executor" = [])),
    params(
        ("X-Cluster-ID" = String, Header, description = "The cluster that the token is for"),
        ("X-Kubently-Executor-Id" = Option<String>, Header, description = "The executor process's own id"),
        ("X-Kubently-Max-In-Flight" = Option<u64>, Header, description = "Commands it runs at once, 1 to 1024; 1 when absent"),
    ),
    responses((status = 200, description = "Events", body = String, content_type = "text/event-stream"), Errors),
)]
pub(super) async fn attach_executor(
    State(gateway): State<Shared>,
    ExecutorOf(cluster): ExecutorOf,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let identified = executor_id(&headers)?;
    let is_ours = identified.is_some();
    let executor = match identified {
        Some(id) => id,
        None => ExecutorId::new(&format!("sse-{cluster}-{}", random_suffix()))?,
    };
    let attaching = attaching(cluster, executor, Transport::Sse, &headers)?;
    let connected = Connected {
        status: "connected",
        cluster_id: attaching.cluster.to_string(),
        server_id: gateway.services.dispatch.server().to_owned(),
    };
    let (attachment, orders) = gateway.services.dispatch.attach(attaching).await?;
    let stream = ExecutorStream {
        closed: attachment.closed(),
        _attachment: attachment,
        orders,
        keep_alive: keep_alive(gateway.services.sse_keep_alive),
        leave_at: None,
        is_ours,
        events: 0,
        connected: Some(connected),
    };
    Ok(sse::respond(stream::unfold(stream, ExecutorStream::step), None))
}

/// Who attaches, by its headers.
pub(super) fn attaching(
    cluster: ClusterId,
    executor: ExecutorId,
    transport: Transport,
    headers: &HeaderMap,
) -> Result<Attaching, Problem> {
    let max_in_flight = number(headers, X_MAX_IN_FLIGHT, 1..=MAX_IN_FLIGHT)?.unwrap_or(SERIAL);
    Ok(Attaching {
        cluster,
        executor,
        transport,
        version: version(headers),
        max_in_flight: usize::try_from(max_in_flight).unwrap_or(1),
    })
}

/// An executor's own id; older ones have none.
pub(super) fn executor_id(headers: &HeaderMap) -> Result<Option<ExecutorId>, Problem> {
    let id = header(headers, X_EXECUTOR_ID).map(ExecutorId::new).transpose();
    id.map_err(|error| Problem::at("header", error))
}

/// The version that our executors tell in their `User-Agent`.
fn version(headers: &HeaderMap) -> String {
    let agent = header(headers, header::USER_AGENT.as_str()).unwrap_or_default();
    agent.strip_prefix("kubently-executor/").unwrap_or_default().chars().take(MAX_VERSION).collect()
}

fn random_suffix() -> String {
    Uuid::new_v4().simple().to_string().chars().take(16).collect()
}

/// The first keep-alive comes after one period: `connected` is the first sign of life.
fn keep_alive(period: Duration) -> Interval {
    tokio::time::interval_at(Instant::now() + period, period)
}

/// A random part of `spread`.
fn part_of(spread: Duration) -> Duration {
    spread.mul_f64(f64::from(Uuid::new_v4().as_bytes()[0]) / 256.0)
}

#[derive(Serialize)]
struct Connected {
    status: &'static str,
    cluster_id: String,
    server_id: String,
}

#[derive(Serialize)]
struct KeepAlive {
    timestamp: f64,
}

/// One executor's stream.
struct ExecutorStream {
    /// Held: dropping it detaches.
    _attachment: Attachment,
    closed: CancellationToken,
    orders: mpsc::Receiver<Order>,
    keep_alive: Interval,
    /// Set while the server drains.
    leave_at: Option<Instant>,
    is_ours: bool,
    /// Events sent so far; numbers them.
    events: u64,
    /// The first event, until it is sent.
    connected: Option<Connected>,
}

impl ExecutorStream {
    async fn step(mut self) -> Option<(Result<Event, Cut>, Self)> {
        let next = self.next().await;
        Some((next, self))
    }

    async fn next(&mut self) -> Result<Event, Cut> {
        if let Some(connected) = self.connected.take() {
            return Ok(self.event("connected", &connected).retry(RETRY));
        }
        loop {
            let leave_at = self.leave_at;
            tokio::select! {
                biased;
                () = self.closed.cancelled() => return Err(Cut),
                order = self.orders.recv() => {
                    if let Some(event) = self.pass_on(order.ok_or(Cut)?) {
                        return Ok(event);
                    }
                }
                _ = self.keep_alive.tick() => return Ok(self.kept_alive()),
                () = at(leave_at) => return Err(Cut),
            }
        }
    }

    /// An order as an event, unless it is not the executor's to see.
    fn pass_on(&mut self, order: Order) -> Option<Event> {
        match order {
            Order::Run { accepted, epoch } => {
                let envelope = Envelope::of(*accepted, epoch, self.is_ours);
                Some(self.event("command", &envelope))
            }
            Order::Cancel { id, epoch } => self.is_ours.then(|| self.event("cancel", &Stop::of(&id, epoch))),
            Order::Drain { spread } => {
                self.leave_at = Some(Instant::now() + part_of(spread));
                None
            }
        }
    }

    fn kept_alive(&mut self) -> Event {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.event("keepalive", &KeepAlive { timestamp: now.as_secs_f64() })
    }

    fn event(&mut self, name: &str, data: &impl Serialize) -> Event {
        self.events += 1;
        event(name, self.events, data)
    }
}

/// Ends at this time, or never.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn headers_say_who_attaches() {
        let headers = |name: &'static str, value: &'static str| {
            HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_static(value))])
        };
        let read = |headers: &HeaderMap| {
            let executor = ExecutorId::new("e").unwrap();
            attaching(ClusterId::new("c").unwrap(), executor, Transport::Sse, headers)
        };
        assert_eq!(read(&HeaderMap::new()).unwrap().max_in_flight, 1);
        assert_eq!(read(&headers(X_MAX_IN_FLIGHT, "32")).unwrap().max_in_flight, 32);
        assert!(read(&headers(X_MAX_IN_FLIGHT, "0")).is_err());
        assert_eq!(read(&headers("user-agent", "kubently-executor/0.1.0")).unwrap().version, "0.1.0");
        assert!(executor_id(&headers(X_EXECUTOR_ID, "a b")).is_err());
    }

    #[test]
    fn a_drain_is_spread() {
        let spread = Duration::from_secs(2);
        assert!((0..100).all(|_| part_of(spread) < spread));
    }
}
