//! One stream to one server, after its Welcome.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kubently_core::{
    command::{INLINE_OUTPUT_BYTES, MAX_TIMEOUT},
    policy::Policy,
};
use kubently_proto::{
    convert::{cluster::capabilities_to_wire, duration_from_wire},
    v1::{self, attach_request, attach_response::Message},
};
use tokio::{
    sync::mpsc,
    time::{Instant, interval_at, timeout},
};
use tonic::Streaming;

use super::{Context, DEFAULT_HEARTBEAT, Detached, failure};
use crate::{
    runner::{Job, Runner},
    spool::LinkId,
};

/// Longest time an abandoned link may linger: then every deadline is past.
const MAX_LINGER: Duration = MAX_TIMEOUT;

/// Why a link stops taking its server's commands.
pub(super) enum Departure {
    /// It is over.
    Ended(Detached),
    /// We are about to stop, the server knows, and everything is said.
    Settled,
    /// The server wants us elsewhere after a part of this time; the stream still stands.
    Drain(Duration),
}

/// A standing attachment. Dropping it hands everything unacknowledged to the next link.
pub(super) struct Link {
    local: Local,
    incoming: Streaming<v1::AttachResponse>,
}

/// Our side of the stream.
struct Local {
    context: Arc<Context>,
    id: LinkId,
    server_id: String,
    outbox: mpsc::Sender<v1::AttachRequest>,
    heartbeat: Duration,
    /// The policy that the server was told of first.
    reported: Arc<Policy>,
    /// Whether the server was told that we are about to stop.
    took_leave: AtomicBool,
}

impl Link {
    pub(super) fn new(
        context: Arc<Context>,
        outbox: mpsc::Sender<v1::AttachRequest>,
        incoming: Streaming<v1::AttachResponse>,
        welcome: &v1::Welcome,
        reported: Arc<Policy>,
    ) -> Self {
        let local = Local {
            id: context.new_link(),
            context,
            server_id: welcome.server_id.clone(),
            outbox,
            heartbeat: super::heartbeat(welcome),
            reported,
            took_leave: AtomicBool::new(false),
        };
        Self { local, incoming }
    }

    pub(super) fn server_id(&self) -> &str {
        &self.local.server_id
    }

    /// Takes commands and sends answers until the link ends, the server drains, or we stop and everything is said.
    pub(super) async fn work(&mut self) -> Departure {
        let Self { local, incoming } = self;
        tokio::select! {
            // On a link that comes up while we stop, the server is to know before anything else is said.
            biased;
            departure = local.take_leave() => departure,
            departure = local.listen(incoming) => departure,
            end = local.send_answers() => Departure::Ended(end),
            end = local.send_heartbeats() => Departure::Ended(end),
            end = local.report_changes() => Departure::Ended(end),
        }
    }

    /// Sends the answers of what still runs, then goes.
    pub(super) async fn leave(mut self) {
        let runner = Arc::clone(&self.local.context.runner);
        let idle = runner.spool().idle(self.local.id);
        tokio::select! {
            () = self.work_to_the_end() => {}
            _ = timeout(MAX_LINGER, idle) => {}
        }
    }

    /// Ends our side of the stream, so that what was said arrives, and waits until the server ends its own.
    pub(super) async fn part(self) -> Detached {
        let Self { local, mut incoming } = self;
        drop(local);
        while let Ok(Some(_)) = incoming.message().await {}
        Detached::Settled
    }

    async fn work_to_the_end(&mut self) {
        while let Departure::Drain(_) = self.work().await {}
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.context.runner.spool().release(self.id);
    }
}

impl Local {
    fn runner(&self) -> &Arc<Runner> {
        &self.context.runner
    }

    async fn listen(&self, incoming: &mut Streaming<v1::AttachResponse>) -> Departure {
        loop {
            let message = match timeout(self.heartbeat * 2, incoming.message()).await {
                Ok(Ok(Some(response))) => response.message,
                Ok(Ok(None)) => return broken("the server closed the stream"),
                Ok(Err(status)) => return Departure::Ended(failure(&status)),
                Err(_) => return broken("the server was silent for two heartbeat intervals"),
            };
            if let Some(spread) = message.and_then(|message| self.take(message)) {
                return Departure::Drain(spread);
            }
        }
    }

    /// Acts on one message; a drain's spread is for the caller.
    fn take(&self, message: Message) -> Option<Duration> {
        match message {
            Message::Run(run) => self.runner().start(job(run), self.id),
            Message::Cancel(cancel) => self.runner().cancel(&cancel.command_id.into(), cancel.epoch, self.id),
            Message::Ack(ack) => self.runner().spool().acknowledge(&ack.command_id, ack.epoch),
            Message::Drain(drain) => return Some(length(drain.spread.as_ref()).unwrap_or_default()),
            // A sign of life needs no answer; a second Welcome says nothing new.
            Message::Heartbeat(_) | Message::Welcome(_) => {}
        }
        None
    }

    /// Tells the server once when no new commands are taken; it gives what it sends us afterwards to another
    /// executor.
    async fn take_leave(&self) -> Departure {
        self.runner().closed().await;
        if !self.took_leave.load(Ordering::Relaxed) {
            let leaving = attach_request::Message::Leaving(v1::Leaving {});
            if self.outbox.send(v1::AttachRequest { message: Some(leaving) }).await.is_err() {
                return Departure::Ended(closed());
            }
            self.took_leave.store(true, Ordering::Relaxed);
        }
        self.runner().settled().await;
        Departure::Settled
    }

    async fn send_answers(&self) -> Detached {
        // First a place in the outbox, then a parcel: a parcel in hand would be lost if this future is dropped.
        while let Ok(place) = self.outbox.reserve().await {
            let parcel = self.runner().spool().next(self.id).await;
            place.send(parcel.into_wire());
        }
        closed()
    }

    /// Tells the server what we let through whenever that has changed.
    async fn report_changes(&self) -> Detached {
        let mut changes = self.runner().changes();
        let mut reported = Arc::clone(&self.reported);
        loop {
            let policy = self.runner().policy();
            if *policy != *reported {
                let capabilities = capabilities_to_wire(&self.context.capabilities());
                let message = Some(attach_request::Message::Capabilities(capabilities));
                if self.outbox.send(v1::AttachRequest { message }).await.is_err() {
                    return closed();
                }
                reported = policy;
            }
            if changes.changed().await.is_err() {
                return closed();
            }
        }
    }

    async fn send_heartbeats(&self) -> Detached {
        let mut beats = interval_at(Instant::now() + self.heartbeat, self.heartbeat);
        let heartbeat = attach_request::Message::Heartbeat(v1::Heartbeat {});
        let heartbeat = v1::AttachRequest { message: Some(heartbeat) };
        loop {
            beats.tick().await;
            if self.outbox.send(heartbeat.clone()).await.is_err() {
                return closed();
            }
        }
    }
}

fn broken(cause: &str) -> Departure {
    Departure::Ended(Detached::Broken(cause.to_owned()))
}

fn closed() -> Detached {
    Detached::Broken("the stream to the server is closed".to_owned())
}

fn job(run: v1::RunCommand) -> Job {
    Job {
        id: run.command_id.into(),
        epoch: run.epoch,
        argv: run.argv,
        // A server that names no time is broken; its heartbeat interval is as good a guess as any.
        timeout: length(run.timeout.as_ref()).unwrap_or(DEFAULT_HEARTBEAT).min(MAX_TIMEOUT),
        max_output: run.max_output_bytes,
        live: run.live,
        inline_limit: INLINE_OUTPUT_BYTES,
    }
}

fn length(wire: Option<&pbjson_types::Duration>) -> Option<Duration> {
    wire.and_then(|wire| duration_from_wire("duration", wire).ok())
}
