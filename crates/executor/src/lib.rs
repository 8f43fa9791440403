//! The executor: dials a server from inside a cluster, runs the read-only commands that come back, and answers.
//!
//! ```text
//! connection (grpc | sse | poll) ──Job──▶ runner ──▶ engine (native | kubectl)
//!            ▲                              │
//!            └──────Parcel────── spool ◀────┘
//! ```
//!
//! `Config` → [`bind`] → [`Bound::serve`]. Everything that can fail at start fails in [`bind`]; afterwards
//! failures are retried and logged. Nothing here is process-global. The crypto provider for servers is named
//! explicitly; kube takes rustls' default provider, so a binary that links more than one provider must
//! install one (ring) before [`bind`].

mod backoff;
mod config;
mod connection;
mod engine;
mod error;
mod reload;
mod runner;
mod spool;
#[cfg(test)]
mod testing;

use std::{sync::Arc, time::Duration};

use kubently_core::ids::ExecutorId;
use kubently_policy::Source;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

pub use backoff::BackoffSettings;
pub use config::{
    Clock, Config, DEFAULT_GRACE, DEFAULT_MAX_IN_FLIGHT, EngineKind, MAX_MAX_IN_FLIGHT, Timing, TlsSettings,
    TransportKind,
};
pub use connection::AttachedTo;
pub use error::Error;

use connection::Context;
use runner::{Footing, Runner};
use spool::Keeper;

/// Time that a server gets to end a stream on which everything is said.
const FAREWELL: Duration = Duration::from_secs(1);

/// An executor that is ready to attach.
pub struct Bound {
    context: Arc<Context>,
    /// Where the policy comes from.
    policy: Source,
    /// With a spool directory.
    keeper: Option<Keeper>,
}

/// Checks the settings and makes the engines ready.
///
/// # Errors
/// When a setting breaks a rule, no engine can be had, or the policy file, the TLS settings or the spool directory cannot
/// be used.
pub async fn bind(mut config: Config) -> Result<Bound, Error> {
    config.check()?;
    let policy = Source::open(config.policy.clone(), config.policy_file.clone()).await.map_err(Error::Policy)?;
    config.policy = (*policy.live().current()).clone();
    let footing = Footing::bind(&config).await?;
    let (spool, keeper) = spool::open(&mut config).await?;
    let runner = Runner::new(footing, config.max_in_flight, config.max_output_bytes, spool);
    let context = Context::new(config, Arc::new(runner))?;
    Ok(Bound { context: Arc::new(context), policy, keeper })
}

impl Bound {
    /// The server this executor is attached to, as it changes. Take it before [`Self::serve`].
    #[must_use]
    pub fn attached(&self) -> watch::Receiver<Option<AttachedTo>> {
        self.context.attached.subscribe()
    }

    /// The id it attaches with: [`Config::executor_id`], or the one that the spool directory keeps.
    #[must_use]
    pub fn executor_id(&self) -> &ExecutorId {
        &self.context.config.executor_id
    }

    /// Attaches and runs commands until `shutdown`. Then no new commands are taken, running ones get
    /// [`Config::grace`] to finish and to be delivered, and what is left goes back to the server unanswered.
    pub async fn serve(mut self, shutdown: CancellationToken) {
        let context = Arc::clone(&self.context);
        let runner = &context.runner;
        let grace = context.config.grace;
        tokio::select! {
            () = connection::run(self.context) => {}
            () = reload::follow(self.policy, &context.config, runner) => {}
            () = wind_down(runner, grace, shutdown) => {}
            () = keep(&mut self.keeper) => {}
        }
        runner.abandon().await;
        if let Some(keeper) = self.keeper {
            keeper.flush().await;
        }
    }
}

/// Keeps the spool directory, if there is one, until dropped.
async fn keep(keeper: &mut Option<Keeper>) {
    match keeper {
        Some(keeper) => keeper.run().await,
        None => std::future::pending().await,
    }
}

/// Waits for the end, and then until everything is answered or the grace time is over.
async fn wind_down(runner: &Runner, grace: Duration, shutdown: CancellationToken) {
    shutdown.cancelled().await;
    runner.close();
    if timeout(grace, runner.settled()).await.is_err() {
        tracing::warn!("grace time is over; unfinished commands go back to the server");
        return;
    }
    // The connection ends by itself when it has taken its leave.
    sleep(FAREWELL).await;
}
