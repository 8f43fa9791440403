//! What the bus brings. Routing only: nothing here waits for a peer or the store.

use std::sync::Arc;

use bytes::Bytes;
use kubently_core::ids::{ClusterId, CommandId, ExecutorId};
use kubently_proto::{
    bus::v1::{ClusterEvent, CommandEvent, Offer, cluster_event, command_event},
    convert::{command::chunk_from_wire, journal::Finished},
};
use prost::Message as _;

use super::{Dispatch, attach::Order, roster::Queued, seat::Waiting};
use crate::{
    bus::{Inbox, Message},
    journal::decode_offer,
};

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
            cluster_event::Event::Offer(offer) => self.offered(cluster, offer)?,
            cluster_event::Event::Cancelled(id) => self.cancelled(cluster, &CommandId::new(&id).ok()?),
            cluster_event::Event::Released(id) => {
                self.roster.release(cluster, &CommandId::new(&id).ok()?);
                self.fill(cluster);
            }
            cluster_event::Event::Revoked(_) => self.roster.expel(cluster),
            cluster_event::Event::Seen(seen) => {
                self.roster.heard(cluster, &ExecutorId::new(&seen.executor_id).ok()?);
            }
        }
        Some(())
    }

    fn offered(self: &Arc<Self>, cluster: &ClusterId, offer: Offer) -> Option<()> {
        let (accepted, found) = decode_offer(offer)?;
        if self.roster.queue(Waiting { accepted, found }) == Queued::Full {
            tracing::warn!(%cluster, "many commands wait for this cluster; the newest stay in the journal");
        }
        self.fill(cluster);
        Some(())
    }

    fn cancelled(&self, cluster: &ClusterId, id: &CommandId) {
        self.roster.unqueue(cluster, id);
        if let Some((seat, running)) = self.roster.find(cluster, id) {
            let order = Order::Cancel { id: id.clone(), epoch: running.lease.epoch };
            if seat.orders.try_send(order).is_err() {
                // It does not read its orders, so the command ends by its deadline.
                tracing::warn!(command = %id, "an executor could not be told to cancel");
            }
        }
    }

    fn command_event(&self, id: &CommandId, payload: Bytes) -> Option<()> {
        match CommandEvent::decode(payload).ok()?.event? {
            command_event::Event::Output(chunk) => {
                let chunk = chunk_from_wire(chunk).ok()?;
                self.waiters.output(id, &chunk);
                self.ledger.output(id, &chunk);
            }
            command_event::Event::Done(record) => self.heard_end(id, &Finished::from_record(record).ok()?.1),
        }
        Some(())
    }

    /// A command ended: whoever waits for it here is told, and it is not open any more.
    pub(super) fn heard_end(&self, id: &CommandId, finished: &Finished) {
        self.waiters.done(id, finished);
        self.ledger.end(id, finished);
    }
}
