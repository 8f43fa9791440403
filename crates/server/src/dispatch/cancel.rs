//! Cancelling a command, from any server, on purpose or because its caller went away.

use std::{sync::Arc, time::Duration};

use kubently_core::{
    Error,
    command::{Command, Outcome},
    ids::CommandId,
};
use kubently_proto::bus::v1::cluster_event;

use tokio::time::Instant;

use super::{Dispatch, wait::end};
use crate::{
    auth::Principal,
    journal::{Entry, Fence, State},
};

/// How long a caller that gave an idempotency key may be away before its command is cancelled.
const RETURN_TIME: Duration = Duration::from_secs(5);

impl Dispatch {
    /// Asks for a command of the caller's to be stopped; returns it as it stands then.
    pub(crate) async fn cancel(&self, caller: &Principal, id: &CommandId) -> Result<Command, Error> {
        let entry = self.own_entry(caller, id).await?;
        if self.settled(&entry).await?.is_none() {
            self.stop(&entry).await?;
        }
        self.get(caller, id).await
    }

    /// Ends a command that nobody has; otherwise tells whoever holds its executor.
    async fn stop(&self, entry: &Entry) -> Result<(), Error> {
        let accepted = &entry.accepted;
        if entry.state.as_ref().and_then(State::held).is_none() {
            let end = end(Outcome::Cancelled, "cancelled before an executor took it; nothing was run");
            self.close(accepted, &Fence::Unleased, &end).await?;
        }
        let event = cluster_event::Event::Cancelled(accepted.command.id.to_string());
        self.tell_cluster(&accepted.command.spec.cluster, event).await
    }

    /// Cancels the command when the guard is dropped before it is disarmed; a caller that `may_return` has a
    /// moment for that.
    pub(super) fn cancel_on_drop(self: &Arc<Self>, id: &CommandId, may_return: bool) -> CancelOnDrop {
        CancelOnDrop { dispatch: self.clone(), id: id.clone(), may_return, armed: true }
    }

    async fn abandon(self: Arc<Self>, id: CommandId, may_return: bool) {
        if may_return {
            tokio::select! {
                () = tokio::time::sleep(RETURN_TIME) => {}
                // A server that stops leaves it to whoever comes back elsewhere.
                () = self.draining.cancelled() => return,
            }
        }
        let limit = Instant::now() + self.outage.patience();
        if let Err(error) = self.outage.outlast(limit, || self.stop_abandoned(&id)).await {
            tracing::warn!(command = %id, %error, "could not cancel a command whose caller went away");
        }
    }

    async fn stop_abandoned(&self, id: &CommandId) -> Result<(), Error> {
        match self.parts.journal.entry(id).await? {
            Some(entry) if entry.finished.is_none() && !self.parts.journal.wanted(id).await? => self.stop(&entry).await,
            _ => Ok(()),
        }
    }
}

/// See [`Dispatch::cancel_on_drop`].
pub(super) struct CancelOnDrop {
    dispatch: Arc<Dispatch>,
    id: CommandId,
    may_return: bool,
    armed: bool,
}

impl CancelOnDrop {
    /// The command is done, or may go on.
    pub(super) fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        // A server that stops cuts its callers off; that they go is not their will.
        if self.armed && !self.dispatch.draining.is_cancelled() {
            let work = self.dispatch.clone().abandon(self.id.clone(), self.may_return);
            self.dispatch.tasks.spawn(work);
        }
    }
}
