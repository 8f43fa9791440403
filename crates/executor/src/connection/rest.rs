//! What the REST transports share: requests with our credential, results, and reports of presence.

mod presence;
mod results;

use reqwest::{
    Client, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect,
};

use super::{Context, Detached, Pace, poll, sse};
use crate::{Error, TransportKind, spool::LinkId};
use presence::Presence;

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
    let mut resume = sse::Resume::default();
    loop {
        pace.start();
        let end = match context.config.transport {
            TransportKind::Sse => sse::attach(context, rest, &mut resume).await,
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
    presence: Presence,
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
        Ok(Self { context, client, link: context.new_link(), presence: Presence::default() })
    }

    /// Commands and results of this executor belong together, whichever server they come from and go to.
    pub(super) const fn link(&self) -> LinkId {
        self.link
    }

    /// The server knows us now; capabilities may be reported. `watched` says that it drops executors it does
    /// not hear of for a while.
    pub(super) fn attached(&self, watched: bool) {
        self.presence.attached(watched);
    }

    pub(super) fn get(&self, server: &str, path: &str) -> RequestBuilder {
        self.client.get(url(server, path))
    }

    /// A request to the server we are attached to, else to the one whose turn it is.
    fn post(&self, path: &str) -> RequestBuilder {
        self.post_to(&self.context.config.servers[self.context.home()], path)
    }

    fn post_to(&self, server: &str, path: &str) -> RequestBuilder {
        self.client.post(url(server, path)).timeout(self.context.config.timing.post_timeout)
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
        Detached::Moved | Detached::Settled => String::new(),
    }
}
