//! A changed policy file becomes what commands are judged and run by.

use std::sync::Arc;

use kubently_policy::{Live, PERIOD, Source};
use tokio::time::sleep;

use crate::{
    Config,
    runner::{Footing, Runner},
};

/// Follows the policy file until dropped.
pub(crate) async fn follow(source: Source, config: &Config, runner: &Runner) {
    let live = source.live();
    tokio::join!(source.keep(), renew(live, config, runner));
}

/// Puts every policy that differs from the one in force into its place.
async fn renew(mut live: Live, config: &Config, runner: &Runner) {
    loop {
        live.changed().await;
        let policy = live.current();
        if *policy == *runner.policy() {
            continue;
        }
        // Judged by it at once; an engine that knows it too follows.
        runner.stand_on(runner.footing().with_policy(policy));
        tokio::select! {
            () = renew_engine(&live, config, runner) => {}
            // A newer policy does not wait for an engine with an old one.
            () = changed_again(&live) => {}
        }
    }
}

/// Makes an engine that has the policy too, however often it takes.
async fn renew_engine(live: &Live, config: &Config, runner: &Runner) {
    loop {
        let config = Config { policy: (*live.current()).clone(), ..config.clone() };
        match Footing::bind(&config).await {
            Ok(footing) => return runner.stand_on(footing),
            Err(error) => {
                tracing::error!(%error, "no engine with the new policy yet; short names and categories are judged by the old one");
                sleep(PERIOD).await;
            }
        }
    }
}

/// Waits for a policy newer than the one in force, and leaves it to the next round.
async fn changed_again(live: &Live) {
    let mut live = live.clone();
    let before = Arc::clone(&live.current());
    while Arc::ptr_eq(&before, &live.current()) {
        live.changed().await;
    }
}

#[cfg(test)]
mod tests;
