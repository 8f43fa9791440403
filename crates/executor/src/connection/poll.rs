//! The polling transports: `smart` lets the server hold its question, `legacy` asks each second.

use reqwest::StatusCode;
use serde::Deserialize;
use tokio::time::{Instant, sleep_until};

use super::{
    Context, Detached, broken,
    envelope::{Cancel, Envelope},
    rest::Rest,
};
use crate::TransportKind;

const COMMANDS: &str = "/agent/commands";

/// The answer to a question for commands.
#[derive(Deserialize, Default)]
struct Commands {
    #[serde(default)]
    commands: Vec<Envelope>,
    /// Only from our own servers.
    #[serde(default)]
    cancelled: Vec<Cancel>,
}

/// Asks one server until it fails.
pub(super) async fn ask_on(context: &Context, rest: &Rest<'_>) -> Detached {
    let server = context.server().to_owned();
    let mut presence = None;
    loop {
        // Commands that could not start at once are better off with another executor.
        context.runner.has_room().await;
        let asked = Instant::now();
        // The first question is not held, so that the answer tells at once whether the server takes us.
        let hold = presence.is_some();
        let answer = tokio::select! {
            answer = ask(context, rest, &server, hold) => answer,
            // What is fetched now would stay unanswered. Results go their own way.
            () = context.runner.closed() => return std::future::pending().await,
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(end) => return end,
        };
        if presence.is_none() {
            presence = Some(context.announce(&server, ""));
            rest.attached(false);
        }
        let nothing = answer.commands.is_empty() && answer.cancelled.is_empty();
        answer.commands.into_iter().for_each(|command| command.start(&context.runner, rest.link()));
        answer.cancelled.into_iter().for_each(|cancel| cancel.pass_on(&context.runner, rest.link()));
        if nothing && hold {
            // Also where the server should have held the question: it may not know how to.
            sleep_until(asked + context.config.timing.poll_interval).await;
        }
    }
}

async fn ask(context: &Context, rest: &Rest<'_>, server: &str, hold: bool) -> Result<Commands, Detached> {
    let timing = &context.config.timing;
    let smart = context.config.transport == TransportKind::Smart;
    let wait = if smart && hold { timing.poll_wait } else { std::time::Duration::ZERO };
    let call =
        rest.get(server, &format!("{COMMANDS}?wait={}", wait.as_secs())).timeout(wait + timing.post_timeout).send();
    let response = call.await.map_err(|error| broken(&error))?;
    match response.status() {
        StatusCode::OK => response.json().await.map_err(|error| broken(&error)),
        StatusCode::NO_CONTENT => Ok(Commands::default()),
        status => Err(super::rest::failure(status)),
    }
}
