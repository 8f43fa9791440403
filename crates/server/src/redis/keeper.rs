//! The task that keeps the command connection.

use std::{sync::Arc, time::Duration};

use redis::aio::MultiplexedConnection;
use tokio::{
    sync::watch,
    time::{Instant, Interval, sleep, timeout},
};

use super::{Health, kept::Link, target::Target};

/// How often a connection is asked whether it lives.
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// First pause between two attempts to connect; doubled each time. Short, because a server has only one such
/// connection.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause.
const LAST_PAUSE: Duration = Duration::from_millis(500);

/// See the module.
pub(super) struct Keeper {
    target: Arc<Target>,
    answer_within: Duration,
    suspected: watch::Receiver<u64>,
    link: watch::Sender<Option<Link>>,
    health: watch::Sender<Health>,
    generation: u64,
}

impl Keeper {
    /// A keeper of a connection that stands, and what others see of it.
    pub(super) fn new(
        target: Arc<Target>,
        answer_within: Duration,
        suspected: watch::Receiver<u64>,
        (connection, address): (MultiplexedConnection, String),
    ) -> (Self, watch::Receiver<Option<Link>>, watch::Receiver<Health>) {
        let generation = 1;
        let (link, seen) = watch::channel(Some(Link { connection, address, generation }));
        let (health, told) = watch::channel(Health { up: true, generation, since: Instant::now() });
        (Self { target, answer_within, suspected, link, health, generation }, seen, told)
    }

    /// Keeps the connection until it is dropped.
    pub(super) async fn keep(mut self) {
        loop {
            self.stand().await;
            self.lose();
            self.reconnect().await;
        }
    }

    /// Returns when the connection is no good any more.
    async fn stand(&mut self) {
        let mut probe = tokio::time::interval(PROBE_EVERY);
        probe.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let good = tokio::select! {
                good = probed(&mut probe, &self.target, &self.link, self.answer_within) => good,
                good = unsuspected(&mut self.suspected, self.generation) => good,
            };
            if !good {
                return;
            }
        }
    }

    fn lose(&mut self) {
        tracing::warn!("the connection to Redis is lost; connecting again");
        self.link.send_replace(None);
        self.tell(false);
    }

    async fn reconnect(&mut self) {
        let mut pause = FIRST_PAUSE;
        let (connection, address) = loop {
            match self.target.connect(self.answer_within).await {
                Ok(connected) => break connected,
                Err(cause) => tracing::debug!(error = %cause, ?pause, "no connection to Redis yet"),
            }
            sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        };
        self.generation += 1;
        self.link.send_replace(Some(Link { connection, address, generation: self.generation }));
        self.tell(true);
        tracing::info!("connected to Redis again");
    }

    fn tell(&self, up: bool) {
        self.health.send_replace(Health { up, generation: self.generation, since: Instant::now() });
    }
}

/// Asks the connection, when it is time; whether it answers.
async fn probed(
    probe: &mut Interval,
    target: &Target,
    link: &watch::Sender<Option<Link>>,
    answer_within: Duration,
) -> bool {
    probe.tick().await;
    let Some(mut link) = link.borrow().clone() else { return false };
    matches!(timeout(answer_within, target.probe(&mut link.connection)).await, Ok(Ok(())))
}

/// Waits for a suspicion; whether it is about an older connection than this.
async fn unsuspected(suspected: &mut watch::Receiver<u64>, generation: u64) -> bool {
    if suspected.changed().await.is_err() {
        // Nobody is left to suspect anything.
        std::future::pending::<()>().await;
    }
    *suspected.borrow_and_update() < generation
}
