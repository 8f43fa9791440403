//! Cancelling a command, from any server, on purpose or because its caller went away.

use std::sync::Arc;

use kubently_core::{
    Error,
    command::{Command, Outcome},
    ids::{ClusterId, CommandId},
};
use kubently_proto::bus::v1::{ClusterEvent, cluster_event};
use prost::Message;

use super::{Dispatch, wait::end};
use crate::{
    auth::Principal,
    bus::Topic,
    journal::{Entry, Fence, Finish},
};

impl Dispatch {
    /// Asks for a command of the caller's to be stopped; returns it as it stands then.
    pub(crate) async fn cancel(&self, caller: &Principal, id: &CommandId) -> Result<Command, Error> {
        let entry = self.own_entry(caller, id).await?;
        if self.settle(&entry).await?.is_none() {
            self.stop(&entry).await?;
        }
        self.get(caller, id).await
    }

    /// Ends a command that nobody took; otherwise tells whoever holds its executor.
    async fn stop(&self, entry: &Entry) -> Result<(), Error> {
        let accepted = &entry.accepted;
        let id = &accepted.command.id;
        if entry.lease.is_none() {
            let end = end(Outcome::Cancelled, "cancelled before an executor took it; nothing was run");
            if self.parts.journal.finish(id, &Fence::Unleased, &end).await? == Finish::First {
                self.ended(accepted, &end).await;
            }
        }
        let event = cluster_event::Event::Cancelled(id.to_string());
        self.tell_cluster(&accepted.command.spec.cluster, event).await
    }

    /// Tells every server that holds an executor of `cluster`.
    pub(super) async fn tell_cluster(&self, cluster: &ClusterId, event: cluster_event::Event) -> Result<(), Error> {
        let payload = ClusterEvent { event: Some(event) }.encode_to_vec().into();
        self.parts.bus.publish(&Topic::commands(cluster.as_str()), payload).await.map(|_reached| ())
    }

    /// Cancels the command when the guard is dropped before it is disarmed.
    pub(super) fn cancel_on_drop(self: &Arc<Self>, id: &CommandId) -> CancelOnDrop {
        CancelOnDrop { dispatch: self.clone(), id: id.clone(), armed: true }
    }

    async fn abandon(self: Arc<Self>, id: CommandId) {
        let work = async {
            match self.parts.journal.entry(&id).await? {
                Some(entry) if entry.finished.is_none() => self.stop(&entry).await,
                _ => Ok(()),
            }
        };
        if let Err(error) = work.await {
            tracing::warn!(command = %id, %error, "could not cancel a command whose caller went away");
        }
    }
}

/// See [`Dispatch::cancel_on_drop`].
pub(super) struct CancelOnDrop {
    dispatch: Arc<Dispatch>,
    id: CommandId,
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
        if self.armed {
            let work = self.dispatch.clone().abandon(self.id.clone());
            self.dispatch.tasks.spawn(work);
        }
    }
}
