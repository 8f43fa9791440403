//! What the REST transports share: requests with our credential, results, and reports of presence.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use kubently_core::{cluster::Capabilities, command::CommandResult};
use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect,
};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, timeout},
};

use super::{Context, Detached, Pace, broken, envelope::Texts, poll, sse};
use crate::{
    Error, TransportKind,
    backoff::Backoff,
    spool::{LinkId, Parcel},
};

/// Results posted at once; each waits only for its own answer.
const POSTERS: usize = 8;
/// Nobody waits for a result longer than the longest deadline and then some.
const MAX_RESULT_AGE: Duration = Duration::from_secs(15 * 60);

/// Output that is left of each stream when the server or a proxy before it finds a result too large.
const SHORTENED: usize = 32 << 10;

/// Stays attached until dropped. Results and reports go on while no server is reached.
pub(super) async fn run(context: &Context) {
    match Rest::new(context) {
        Ok(rest) => {
            tokio::select! {
                () = stay_attached(context, &rest) => {}
                () = rest.post_results() => {}
                () = rest.report_presence() => {}
            }
        }
        Err(error) => tracing::error!(%error, "no HTTP client"),
    }
}

async fn stay_attached(context: &Context, rest: &Rest<'_>) {
    let mut pace = Pace::new(context);
    loop {
        pace.start();
        let end = match context.config.transport {
            TransportKind::Sse => sse::attach(context, rest).await,
            _ => poll::ask_on(context, rest).await,
        };
        pace.recover(end).await;
    }
}

/// A client of one executor's REST endpoints.
pub(super) struct Rest<'a> {
    context: &'a Context,
    client: Client,
    link: LinkId,
    attached: Notify,
}

/// What a server's answer to a result means.
enum Delivery {
    Taken,
    Unwanted(StatusCode),
    Later(String),
}

impl<'a> Rest<'a> {
    pub(super) fn new(context: &'a Context) -> Result<Self, Error> {
        let client = Client::builder()
            .tls_backend_preconfigured(context.trust.client_config()?)
            .default_headers(headers(context)?)
            .connect_timeout(context.config.timing.connect_timeout)
            .tcp_nodelay(true)
            // The token is for this server and no other.
            .redirect(redirect::Policy::none())
            .user_agent(concat!("kubently-executor/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Error::Tls(error.to_string()))?;
        Ok(Self { context, client, link: context.new_link(), attached: Notify::new() })
    }

    /// Commands and results of this executor belong together, whichever server they come from and go to.
    pub(super) const fn link(&self) -> LinkId {
        self.link
    }

    /// The server knows us now; capabilities may be reported.
    pub(super) fn attached(&self) {
        self.attached.notify_one();
    }

    pub(super) fn get(&self, server: &str, path: &str) -> RequestBuilder {
        self.client.get(url(server, path))
    }

    /// Where results and reports go: the server we are attached to, else the one whose turn it is.
    fn server(&self) -> String {
        let attached = self.context.attached.borrow().as_ref().map(|to| to.server.clone());
        attached.unwrap_or_else(|| self.context.server().to_owned())
    }

    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(url(&self.server(), path)).timeout(self.context.config.timing.post_timeout)
    }

    /// Delivers results until dropped.
    pub(super) async fn post_results(&self) {
        join_all((0..POSTERS).map(|_| self.post_one_after_another())).await;
    }

    async fn post_one_after_another(&self) {
        loop {
            let parcel = self.context.runner.spool().next(self.link).await;
            // Jobs of these transports make no chunks.
            if let Parcel::Done { id, epoch, result, .. } = parcel {
                if let Some(StatusCode::PAYLOAD_TOO_LARGE) = self.deliver(&id, epoch, &result).await {
                    self.deliver(&id, epoch, &shortened(&result)).await;
                }
                self.context.runner.spool().acknowledge(&id, epoch);
            }
        }
    }

    /// Offers a result until the server has it, does not want it, or nobody can be waiting for it any more.
    /// The status with which it was not wanted.
    async fn deliver(&self, id: &str, epoch: u64, result: &CommandResult) -> Option<StatusCode> {
        let texts = Texts::of(result);
        let mut backoff = Backoff::new(self.context.config.timing.backoff);
        let first = Instant::now();
        while first.elapsed() < MAX_RESULT_AGE && self.context.runner.spool().holds(id, epoch) {
            let delivery = match self.context.config.transport {
                TransportKind::Sse => self.offer("/executor/results", &texts.report(id, epoch, result)).await,
                _ => self.offer("/agent/results", &texts.polled(id, epoch, result)).await,
            };
            match delivery {
                Delivery::Taken => return None,
                Delivery::Unwanted(status) => {
                    tracing::warn!(command_id = id, %status, "the server does not want this result");
                    return Some(status);
                }
                Delivery::Later(cause) => {
                    let pause = backoff.pause();
                    tracing::warn!(command_id = id, cause, ?pause, "result not delivered; trying again");
                    sleep(pause).await;
                }
            }
        }
        None
    }

    async fn offer(&self, path: &str, body: &impl Serialize) -> Delivery {
        match self.post(path).json(body).send().await {
            // Exactly 200: an older server's proxy may answer anything else.
            Ok(response) if response.status() == StatusCode::OK => Delivery::Taken,
            Ok(response) => match response.status() {
                status @ (StatusCode::BAD_REQUEST
                | StatusCode::FORBIDDEN
                | StatusCode::CONFLICT
                | StatusCode::GONE
                | StatusCode::PAYLOAD_TOO_LARGE
                | StatusCode::UNPROCESSABLE_ENTITY) => Delivery::Unwanted(status),
                status => Delivery::Later(format!("status {status}")),
            },
            Err(error) => Delivery::Later(text(&broken(&error))),
        }
    }

    /// Reports capabilities and renews presence until dropped. A server that does not know these paths is not
    /// asked again.
    pub(super) async fn report_presence(&self) {
        let interval = self.context.config.timing.heartbeat;
        let mut known = self.report_when_attached().await;
        while known {
            // A new attachment may be to a server that does not know us.
            known = match timeout(interval, self.attached.notified()).await {
                Ok(()) => self.report_capabilities().await,
                Err(_) => self.heartbeat().await,
            };
        }
        std::future::pending::<()>().await;
    }

    async fn report_when_attached(&self) -> bool {
        self.attached.notified().await;
        self.report_capabilities().await
    }

    /// False when the server has no such path.
    async fn report_capabilities(&self) -> bool {
        let report = CapabilityReport::of(&self.context.capabilities);
        match self.post("/executor/capabilities").json(&report).send().await {
            Ok(response) if response.status() == StatusCode::NOT_FOUND => false,
            Ok(response) => {
                if !response.status().is_success() {
                    tracing::warn!(status = %response.status(), "the server did not take the capability report");
                }
                true
            }
            Err(error) => {
                tracing::warn!(cause = text(&broken(&error)), "capability report not delivered");
                true
            }
        }
    }

    /// False when the server has no such path.
    async fn heartbeat(&self) -> bool {
        let Ok(response) = self.post("/executor/heartbeat").send().await else { return true };
        if response.status() == StatusCode::NOT_FOUND {
            return false;
        }
        let forgotten = response.json::<HeartbeatAnswer>().await.is_ok_and(|answer| answer.status == "not_found");
        !forgotten || self.report_capabilities().await
    }
}

/// The same result with little of its output, for a proxy that lets no more through.
fn shortened(result: &CommandResult) -> CommandResult {
    let cut = |bytes: &Bytes| bytes.slice(..bytes.len().min(SHORTENED));
    CommandResult { stdout: cut(&result.stdout), stderr: cut(&result.stderr), truncated: true, ..result.clone() }
}

/// The answer to a heartbeat.
#[derive(Deserialize)]
struct HeartbeatAnswer {
    #[serde(default)]
    status: String,
}

/// The body of `POST /executor/capabilities`.
#[derive(Serialize)]
struct CapabilityReport<'a> {
    mode: &'static str,
    allowed_verbs: &'a [String],
    restricted_resources: &'a [String],
    allowed_flags: &'a [String],
    executor_version: Option<&'a str>,
    executor_pod: Option<&'a str>,
}

impl<'a> CapabilityReport<'a> {
    fn of(capabilities: &'a Capabilities) -> Self {
        Self {
            mode: capabilities.mode.as_str(),
            allowed_verbs: &capabilities.allowed_verbs,
            restricted_resources: &capabilities.restricted_resources,
            allowed_flags: &capabilities.allowed_flags,
            executor_version: capabilities.executor_version.as_deref(),
            executor_pod: capabilities.executor_pod.as_deref(),
        }
    }
}

fn url(server: &str, path: &str) -> String {
    format!("{}{path}", server.trim_end_matches('/'))
}

fn headers(context: &Context) -> Result<HeaderMap, Error> {
    let config = &context.config;
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| Error::setting("token, cluster", "not a header"));
    let mut bearer = value(&format!("Bearer {}", config.token))?;
    bearer.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, bearer);
    headers.insert("x-cluster-id", value(config.cluster.as_str())?);
    headers.insert("x-kubently-executor-id", value(config.executor_id.as_str())?);
    headers.insert("x-kubently-max-in-flight", HeaderValue::from(config.max_in_flight));
    Ok(headers)
}

/// What a refused attachment's status means for the next attempt.
pub(super) fn failure(status: StatusCode) -> Detached {
    let cause = format!("status {status}");
    match status {
        StatusCode::BAD_REQUEST
        | StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN
        | StatusCode::NOT_FOUND
        | StatusCode::METHOD_NOT_ALLOWED
        | StatusCode::UNPROCESSABLE_ENTITY => Detached::Refused(cause),
        _ => Detached::Broken(cause),
    }
}

fn text(end: &Detached) -> String {
    match end {
        Detached::Broken(cause) | Detached::Refused(cause) => cause.clone(),
        Detached::Moved => String::new(),
    }
}
