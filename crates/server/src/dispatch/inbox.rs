//! What the bus brings. Routing only: nothing here waits for a peer or the store.

use std::sync::Arc;

use bytes::Bytes;
use kubently_core::ids::{ClusterId, CommandId};
use kubently_proto::{
    bus::v1::{ClusterEvent, CommandEvent, CommandRecord, cluster_event, command_event},
    convert::{
        command::chunk_from_wire,
        journal::{Accepted, Finished},
    },
};
use prost::Message as _;

use super::{Dispatch, attach::Order};
use crate::bus::{Inbox, Message};

impl Dispatch {
    /// Routes until the bus ends.
    pub(crate) async fn route(self: Arc<Self>, mut inbox: Inbox) {
        while let Some(message) = inbox.recv().await {
            self.receive(message);
        }
    }

    fn receive(self: &Arc<Self>, message: Message) {
        let Message { channel, payload } = message;
        let understood = match channel.split_once(':') {
            Some(("executor-commands", cluster)) => {
                ClusterId::new(cluster).ok().and_then(|cluster| self.cluster_event(&cluster, payload))
            }
            Some(("executor-results", id)) => CommandId::new(id).ok().and_then(|id| self.command_event(&id, payload)),
            _ => None,
        };
        if understood.is_none() {
            tracing::warn!(channel, "a message on the bus is not understood");
        }
    }

    fn cluster_event(self: &Arc<Self>, cluster: &ClusterId, payload: Bytes) -> Option<()> {
        match ClusterEvent::decode(payload).ok()?.event? {
            cluster_event::Event::Command(record) => self.announced(cluster, record)?,
            cluster_event::Event::Cancelled(id) => self.cancelled(cluster, &CommandId::new(&id).ok()?),
            cluster_event::Event::Released(id) => {
                self.roster.release(cluster, &CommandId::new(&id).ok()?);
                self.fill(cluster);
            }
            cluster_event::Event::Revoked(_) => self.roster.expel(cluster),
        }
        Some(())
    }

    fn announced(self: &Arc<Self>, cluster: &ClusterId, record: CommandRecord) -> Option<()> {
        let accepted = Accepted::from_record(record).ok()?;
        if !self.roster.queue(accepted) {
            tracing::warn!(%cluster, "too many commands wait for this cluster; the newest expires");
        }
        self.fill(cluster);
        Some(())
    }

    fn cancelled(&self, cluster: &ClusterId, id: &CommandId) {
        self.roster.unqueue(cluster, id);
        if let Some(found) = self.roster.find(cluster, id) {
            let order = Order::Cancel { id: id.clone(), epoch: found.running.lease.epoch };
            if found.seat.orders.try_send(order).is_err() {
                // It does not read its orders, so the command ends by its deadline.
                tracing::warn!(command = %id, "an executor could not be told to cancel");
            }
        }
    }

    fn command_event(&self, id: &CommandId, payload: Bytes) -> Option<()> {
        match CommandEvent::decode(payload).ok()?.event? {
            command_event::Event::Output(chunk) => self.waiters.output(id, &chunk_from_wire(chunk).ok()?),
            command_event::Event::Done(record) => self.waiters.done(id, &Finished::from_record(record).ok()?),
        }
        Some(())
    }
}
