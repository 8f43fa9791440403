//! Results on the REST transports: offered to one server after the other until one has them.

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use kubently_core::command::CommandResult;
use reqwest::{Response, StatusCode, header::RETRY_AFTER};
use serde::Serialize;
use tokio::time::{Instant, sleep};

use super::{
    super::{Context, broken, envelope::Texts},
    Rest, text,
};
use crate::{TransportKind, backoff::Backoff, spool::Parcel};

/// Results posted at once; each waits only for its own answer.
const POSTERS: usize = 8;
/// Nobody waits for a result longer than the longest deadline and then some.
const MAX_RESULT_AGE: Duration = Duration::from_secs(15 * 60);
/// Output that is left of each stream when the server or a proxy before it finds a result too large.
const SHORTENED: usize = 32 << 10;

/// What a server's answer to a result means.
enum Delivery {
    Taken,
    Unwanted(StatusCode),
    Later {
        cause: String,
        /// The pause that the server asks for.
        after: Option<Duration>,
    },
}

impl Rest<'_> {
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

    /// Offers a result until a server has it, does not want it, or nobody can be waiting for it any more.
    /// The status with which it was not wanted.
    async fn deliver(&self, id: &str, epoch: u64, result: &CommandResult) -> Option<StatusCode> {
        let texts = Texts::of(result);
        let mut round = Round::new(self.context);
        let first = Instant::now();
        while first.elapsed() < MAX_RESULT_AGE && self.context.runner.spool().holds(id, epoch) {
            let delivery = match self.context.config.transport {
                TransportKind::Sse => {
                    self.offer(round.server(), "/executor/results", &texts.report(id, epoch, result)).await
                }
                _ => self.offer(round.server(), "/agent/results", &texts.polled(id, epoch, result)).await,
            };
            match delivery {
                Delivery::Taken => return None,
                Delivery::Unwanted(status) => {
                    tracing::warn!(command_id = id, %status, "the server does not want this result");
                    return Some(status);
                }
                Delivery::Later { cause, after } => {
                    let (server, pause) = (round.server(), round.pause(after));
                    tracing::warn!(command_id = id, server, cause, ?pause, "result not delivered; trying again");
                    sleep(pause).await;
                    round.advance();
                }
            }
        }
        None
    }

    async fn offer(&self, server: &str, path: &str, body: &impl Serialize) -> Delivery {
        match self.post_to(server, path).json(body).send().await {
            Ok(response) => delivery(&response),
            Err(error) => Delivery::Later { cause: text(&broken(&error)), after: None },
        }
    }
}

/// What a server's answer means for the result it was offered.
fn delivery(response: &Response) -> Delivery {
    match response.status() {
        // Exactly 200: an older server's proxy may answer anything else.
        StatusCode::OK => Delivery::Taken,
        status @ (StatusCode::BAD_REQUEST
        | StatusCode::FORBIDDEN
        | StatusCode::CONFLICT
        | StatusCode::GONE
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNPROCESSABLE_ENTITY) => Delivery::Unwanted(status),
        status => Delivery::Later { cause: format!("status {status}"), after: retry_after(response) },
    }
}

/// The whole seconds of `Retry-After`, RFC 9110 section 10.2.3, of an answer that has it for a reason.
fn retry_after(response: &Response) -> Option<Duration> {
    let busy = matches!(response.status(), StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    let seconds = response.headers().get(RETRY_AFTER).filter(|_| busy)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// The way of one result through the servers: first the one we are attached to, then each in turn.
struct Round<'a> {
    context: &'a Context,
    backoff: Backoff,
    server: usize,
    /// The server we were attached to when this was looked at last.
    attached: Option<usize>,
    failures: usize,
    /// The longest pause that a server of this round asked for.
    after: Duration,
}

impl<'a> Round<'a> {
    fn new(context: &'a Context) -> Self {
        let (server, attached) = (context.home(), context.attached_server());
        Self { context, backoff: context.backoff(), server, attached, failures: 0, after: Duration::ZERO }
    }

    fn server(&self) -> &'a str {
        &self.context.config.servers[self.server]
    }

    /// The pause after a failure. What servers ask for is kept before the first of them is asked again, so that
    /// one that is overloaded does not hold up a result that another would take.
    fn pause(&mut self, after: Option<Duration>) -> Duration {
        self.failures += 1;
        self.after = self.after.max(after.unwrap_or_default());
        let pause = self.backoff.pause();
        if !self.failures.is_multiple_of(self.context.config.servers.len()) {
            return pause;
        }
        pause.max(std::mem::take(&mut self.after).min(self.context.config.timing.backoff.max))
    }

    /// The next server's turn; a new attachment shows which one lives.
    fn advance(&mut self) {
        let attached = self.context.attached_server();
        let moved = attached.filter(|now| Some(*now) != self.attached && *now != self.server);
        self.server = moved.unwrap_or_else(|| (self.server + 1) % self.context.config.servers.len());
        self.attached = attached;
    }
}

/// The same result with little of its output, for a proxy that lets no more through.
fn shortened(result: &CommandResult) -> CommandResult {
    let cut = |bytes: &Bytes| bytes.slice(..bytes.len().min(SHORTENED));
    CommandResult { stdout: cut(&result.stdout), stderr: cut(&result.stderr), truncated: true, ..result.clone() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{BackoffSettings, Config, Timing, runner::Runner, testing::script};

    /// A context with servers a, b and c; a's turn.
    async fn context() -> Context {
        let script = script("true");
        let runner = Runner::new(script.footing().await, 1, 1, Arc::default());
        let servers = ["http://a", "http://b", "http://c"].map(str::to_owned).to_vec();
        let timing = Timing { backoff: BackoffSettings::default(), ..Timing::default() };
        let context = Context::new(Config { servers, timing, ..script.config() }, Arc::new(runner)).unwrap();
        while context.server() != "http://a" {
            context.rotate();
        }
        context
    }

    #[tokio::test]
    async fn every_server_has_its_turn_and_a_new_attachment_goes_first() {
        let context = context().await;
        let mut round = Round::new(&context);
        let mut servers = Vec::new();
        for _ in 0..4 {
            servers.push(round.server());
            round.advance();
        }
        assert_eq!(servers, ["http://a", "http://b", "http://c", "http://a"]);
        assert_eq!(round.server(), "http://b");
        let _presence = context.announce("http://a", "s1");
        round.advance();
        assert_eq!(round.server(), "http://a", "a new attachment shows which one lives");
        round.advance();
        assert_eq!(round.server(), "http://b", "but the others take results too");
        assert_eq!(Round::new(&context).server(), "http://a");
    }

    #[tokio::test]
    async fn what_servers_ask_for_is_kept_after_the_round_and_within_reason() {
        let context = context().await;
        let mut round = Round::new(&context);
        let short = Duration::from_millis(100);
        assert!(round.pause(Some(Duration::from_secs(2))) <= short);
        assert!(round.pause(None) <= short);
        assert_eq!(round.pause(Some(Duration::from_secs(1))), Duration::from_secs(2));
        assert!(round.pause(Some(Duration::from_secs(3600))) < Duration::from_secs(1));
        round.pause(None);
        assert_eq!(round.pause(None), Duration::from_secs(5), "no longer than the longest pause");
    }
}
