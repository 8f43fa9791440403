//! SIGINT and SIGTERM: the first asks to stop, the second stops at once.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::exit;

/// A token that the first signal cancels.
pub(crate) fn stop_token() -> anyhow::Result<CancellationToken> {
    let interrupt = signal(SignalKind::interrupt()).context("watch for SIGINT")?;
    let terminate = signal(SignalKind::terminate()).context("watch for SIGTERM")?;
    let stop = CancellationToken::new();
    tokio::spawn(watch(interrupt, terminate, stop.clone()));
    Ok(stop)
}

/// Runs in a task of its own, so that it works also while the main task is held up by a slow reader.
async fn watch(mut interrupt: Signal, mut terminate: Signal, stop: CancellationToken) {
    any(&mut interrupt, &mut terminate).await;
    stop.cancel();
    any(&mut interrupt, &mut terminate).await;
    std::process::exit(i32::from(exit::INTERRUPTED));
}

async fn any(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
