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
    sync::{mpsc, watch},
    time::{Instant, Interval, sleep_until},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    Gateway, Shared,
    caller::ExecutorOf,
    envelope::{Envelope, Stop},
    error::Problem,
    extract::{header, number},
    responses::Errors,
    sse::{self, Cut, event},
};
use crate::dispatch::{Attaching, Attachment, Order, Terms};

/// How long an executor waits before it attaches again. Older ones do as they like.
const RETRY: Duration = Duration::from_secs(5);
/// How long an executor that tells its id may be silent beside its stream: it sends a heartbeat every 6 s.
const SILENCE: Duration = Duration::from_secs(20);
/// Most that it may say.
const MAX_IN_FLIGHT: u64 = 1024;
const X_EXECUTOR_ID: &str = "x-kubently-executor-id";
const X_MAX_IN_FLIGHT: &str = "x-kubently-max-in-flight";
const LAST_EVENT_ID: &str = "last-event-id";

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
    let Identity { executor, is_ours, resumed } = identity(&cluster, &headers)?;
    let terms = Terms { remembers: is_ours, resumes: true, resumed, own_time: !is_ours, process: None };
    let who = executor.clone();
    let attaching = attaching(&gateway, cluster, executor, Transport::Sse, terms, &headers)?;
    let period = gateway.services.sse_keep_alive;
    let connected = Connected {
        status: "connected",
        cluster_id: attaching.cluster.to_string(),
        server_id: gateway.services.dispatch.server().to_owned(),
        keep_alive_seconds: is_ours.then_some(period.as_secs_f64()),
    };
    let (attachment, orders) = gateway.services.dispatch.attach(attaching).await?;
    let stream = ExecutorStream {
        closed: attachment.closed(),
        heard: attachment.last_heard(),
        _attachment: attachment,
        orders,
        keep_alive: keep_alive(period),
        leave_at: None,
        is_ours,
        who,
        mark: resumed.unwrap_or_default(),
        connected: Some(connected),
    };
    Ok(sse::respond(stream::unfold(stream, ExecutorStream::step), None))
}

/// Who an executor is on this face.
struct Identity {
    executor: ExecutorId,
    /// Whether it told its own id: then it knows what this system's executors know.
    is_ours: bool,
    /// The last order that it had, if it comes back.
    resumed: Option<u64>,
}

/// An executor's identity: the one it tells, else the one that it was given with the events it had, else
/// a new one.
fn identity(cluster: &ClusterId, headers: &HeaderMap) -> Result<Identity, Problem> {
    let before = header(headers, LAST_EVENT_ID).and_then(resume_point);
    if let Some(executor) = executor_id(headers)? {
        let resumed = before.filter(|(before, _)| *before == executor).map(|(_, mark)| mark);
        return Ok(Identity { executor, is_ours: true, resumed });
    }
    if let Some((executor, mark)) = before {
        return Ok(Identity { executor, is_ours: false, resumed: Some(mark) });
    }
    let executor = ExecutorId::new(&format!("sse-{cluster}-{}", random_suffix()))?;
    Ok(Identity { executor, is_ours: false, resumed: None })
}

/// Reads an event's id back: who had it, and how many orders that was.
fn resume_point(id: &str) -> Option<(ExecutorId, u64)> {
    let (executor, mark) = id.rsplit_once(':')?;
    Some((ExecutorId::new(executor).ok()?, mark.parse().ok()?))
}

/// Who attaches, by its headers.
pub(super) fn attaching(
    gateway: &Gateway,
    cluster: ClusterId,
    executor: ExecutorId,
    transport: Transport,
    terms: Terms,
    headers: &HeaderMap,
) -> Result<Attaching, Problem> {
    let told = number(headers, X_MAX_IN_FLIGHT, 1..=MAX_IN_FLIGHT)?;
    let max_in_flight = match told {
        Some(told) => usize::try_from(told).unwrap_or(1),
        None => gateway.services.serial_in_flight,
    };
    Ok(Attaching { cluster, executor, transport, version: version(headers), max_in_flight, terms })
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
    /// How often an event comes at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive_seconds: Option<f64>,
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
    /// When the executor was heard of beside its stream.
    heard: watch::Receiver<Instant>,
    who: ExecutorId,
    /// The last order sent.
    mark: u64,
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
                () = silence(self.heard.clone()), if self.is_ours => return Err(Cut),
            }
        }
    }

    /// An order as an event, unless it is not the executor's to see.
    fn pass_on(&mut self, order: Order) -> Option<Event> {
        match order {
            Order::Run { accepted, epoch, deadline, mark } => {
                self.mark = mark;
                let envelope = Envelope::of(*accepted, epoch, deadline, self.is_ours);
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

    /// An event; its id says who had what, so that the executor's stream resumes on any server.
    fn event(&self, name: &str, data: &impl Serialize) -> Event {
        event(name, format_args!("{}:{}", self.who, self.mark), data)
    }
}

/// Ends when an executor was not heard of for too long.
async fn silence(mut heard: watch::Receiver<Instant>) {
    loop {
        let until = *heard.borrow_and_update() + SILENCE;
        if tokio::time::timeout_at(until, heard.changed()).await.is_err() {
            return;
        }
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

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn headers_say_who_attaches() {
        assert_eq!(version(&headers(&[("user-agent", "kubently-executor/0.1.0")])), "0.1.0");
        assert!(executor_id(&headers(&[(X_EXECUTOR_ID, "a b")])).is_err());
    }

    #[test]
    fn an_executor_that_comes_back_is_known_by_its_last_event() {
        let cluster = ClusterId::new("c").unwrap();
        let read = |pairs: &[(&'static str, &'static str)]| identity(&cluster, &headers(pairs)).unwrap();
        let new = read(&[]);
        assert!(!new.is_ours && new.resumed.is_none() && new.executor.as_str().starts_with("sse-c-"));
        let back = read(&[(LAST_EVENT_ID, "sse-c-0123:7")]);
        assert_eq!((back.executor.as_str(), back.is_ours, back.resumed), ("sse-c-0123", false, Some(7)));
        let ours = read(&[(LAST_EVENT_ID, "e1:7"), (X_EXECUTOR_ID, "e1")]);
        assert_eq!((ours.executor.as_str(), ours.is_ours, ours.resumed), ("e1", true, Some(7)));
        assert_eq!(read(&[(LAST_EVENT_ID, "other:7"), (X_EXECUTOR_ID, "e1")]).resumed, None);
        assert_eq!(read(&[(LAST_EVENT_ID, "12")]).resumed, None);
    }

    #[test]
    fn a_drain_is_spread() {
        let spread = Duration::from_secs(2);
        assert!((0..100).all(|_| part_of(spread) < spread));
    }
}
