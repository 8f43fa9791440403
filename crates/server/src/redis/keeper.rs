//! The task that keeps a connection.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::watch,
    time::{Instant, Interval, sleep},
};

use super::{
    Health,
    failure::within,
    kept::Link,
    target::{Connected, Target},
};

/// How often a connection is asked whether it lives.
const PROBE_EVERY: Duration = Duration::from_secs(2);
/// Shortest pause between two attempts to connect. Short, because a server has only one such connection.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Keeper {
    target: Arc<Target>,
    answer_within: Duration,
    suspected: watch::Receiver<u64>,
    link: watch::Sender<Option<Link>>,
    health: watch::Sender<Health>,
    generation: u64,
    /// How long the next pause may be.
    pause: Duration,
}

impl Keeper {
    /// A keeper of a connection that stands, and what others see of it.
    pub(super) fn new(
        target: Arc<Target>,
        answer_within: Duration,
        suspected: watch::Receiver<u64>,
        first: Connected,
    ) -> (Self, watch::Receiver<Option<Link>>, watch::Receiver<Health>) {
        let generation = 1;
        let (link, seen) = watch::channel(Some(Link::new(first, generation)));
        let (health, told) = watch::channel(Health { up: true, generation, since: Instant::now() });
        (Self { target, answer_within, suspected, link, health, generation, pause: SHORTEST_PAUSE }, seen, told)
    }

    /// Keeps the connection until it is dropped.
    pub(super) async fn keep(mut self) {
        loop {
            let began = Instant::now();
            self.stand().await;
            self.lose();
            if began.elapsed() < LONGEST_PAUSE {
                // It came to stand but was of no use, as one to a replica is: without a pause that would go on and on.
                self.rest().await;
            }
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
        let connected = loop {
            match self.target.connect(self.answer_within).await {
                Ok(connected) => break connected,
                Err(cause) => tracing::debug!(error = %cause, "no connection to Redis yet"),
            }
            self.rest().await;
        };
        self.generation += 1;
        self.pause = SHORTEST_PAUSE;
        self.link.send_replace(Some(Link::new(connected, self.generation)));
        self.tell(true);
        tracing::info!("connected to Redis again");
    }

    /// Pauses; twice as long each time, and at random, so that servers do not all come back at once.
    async fn rest(&mut self) {
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        sleep(SHORTEST_PAUSE + (self.pause - SHORTEST_PAUSE).mul_f64(fastrand::f64())).await;
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
    within(answer_within, target.probe(&mut link.connection)).await.is_ok()
}

/// Waits for a suspicion; whether it is about an older connection than this.
async fn unsuspected(suspected: &mut watch::Receiver<u64>, generation: u64) -> bool {
    if suspected.changed().await.is_err() {
        // Nobody is left to suspect anything.
        std::future::pending::<()>().await;
    }
    *suspected.borrow_and_update() < generation
}
