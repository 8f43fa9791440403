//! What a server does regularly: confirm who is attached, free what never answered, count.

use std::{sync::Arc, time::Duration};

use super::Dispatch;
use crate::journal::RESULT_GRACE;

/// A third of how long presence lasts: two confirmations may fail.
const CONFIRM_EVERY: Duration = Duration::from_secs(10);
/// How often places are looked through and the store is asked whether it answers.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

impl Dispatch {
    /// Does its rounds until it is dropped.
    pub(crate) async fn rounds(self: Arc<Self>) {
        let mut confirm = tokio::time::interval(CONFIRM_EVERY);
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        loop {
            tokio::select! {
                _ = confirm.tick() => self.confirm_attached().await,
                _ = sweep.tick() => self.sweep().await,
            }
        }
    }

    async fn confirm_attached(&self) {
        let attached = self.roster.attached();
        if !attached.is_empty()
            && let Err(error) = self.parts.clusters.confirm(&attached).await
        {
            tracing::warn!(%error, "could not confirm presence");
        }
    }

    async fn sweep(self: &Arc<Self>) {
        for cluster in self.roster.sweep(RESULT_GRACE) {
            self.fill(&cluster);
        }
        let sessions = self.parts.sessions.count().await;
        self.parts.metrics.store_up(sessions.is_ok());
        if let Ok(count) = sessions {
            self.parts.metrics.sessions(count);
        }
    }
}
