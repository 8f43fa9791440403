//! The journal's bytes: what is stored is, as far as it is announced, the very event.

use bytes::Bytes;
use kubently_core::{
    Error,
    command::{OutputChunk, OutputStream},
};
use kubently_proto::{
    bus::v1::{ClusterEvent, CommandEvent, Offer, cluster_event, command_event},
    convert::{
        command::{chunk_from_wire, chunk_to_wire},
        journal::{Accepted, Finished},
    },
};
use prost::Message;

use super::{Standing, State};

/// The first byte of every stored result: the tag of [`CommandEvent`]'s field `done`. No state begins so.
pub(super) const DONE: u8 = 0x12;

/// What a watcher reads where an executor that is gone left output, and another one begins.
const BEGINS_ANEW: &str = "\n[the executor is gone; another one runs the command again, and its output follows]\n";

/// What stands under a command's key.
pub(super) struct Raw(pub(super) Bytes);

impl Raw {
    pub(super) fn decode(self) -> Result<Standing, Error> {
        if self.0.first() == Some(&DONE) {
            return decode_done(self.0).map(|ended| Standing::Ended(Box::new(ended)));
        }
        let state = std::str::from_utf8(&self.0).ok().and_then(State::parse);
        state.map(Standing::Open).ok_or_else(|| unreadable("state"))
    }
}

/// The announcement of a command that wants an executor, in the state in which it is to be taken.
pub(crate) fn encode_offer(accepted: &Accepted, state: Option<&State>) -> Bytes {
    let state = state.map(ToString::to_string).unwrap_or_default();
    let offer = Offer { command: Some(accepted.to_record()), state };
    ClusterEvent { event: Some(cluster_event::Event::Offer(offer)) }.encode_to_vec().into()
}

/// Reads an announcement.
pub(crate) fn decode_offer(offer: Offer) -> Option<(Accepted, Option<State>)> {
    let accepted = Accepted::from_record(offer.command?).ok()?;
    let state = if offer.state.is_empty() { None } else { Some(State::parse(&offer.state)?) };
    Some((accepted, state))
}

pub(super) fn encode_chunk(chunk: &OutputChunk) -> Bytes {
    let event = CommandEvent { event: Some(command_event::Event::Output(chunk_to_wire(chunk))) };
    event.encode_to_vec().into()
}

pub(super) fn decode_chunk(bytes: Bytes) -> Result<OutputChunk, Error> {
    match CommandEvent::decode(bytes).ok().and_then(|event| event.event) {
        Some(command_event::Event::Output(chunk)) => chunk_from_wire(chunk),
        Some(command_event::Event::Done(_)) | None => Err(unreadable("output")),
    }
}

/// The piece that says that what follows is another run's.
pub(super) fn begins_anew(seq: u64) -> Bytes {
    encode_chunk(&OutputChunk { restarted: true, ..OutputChunk::new(seq, OutputStream::Stderr, BEGINS_ANEW.into()) })
}

pub(super) fn encode_done(accepted: &Accepted, finished: &Finished) -> Bytes {
    let event = CommandEvent { event: Some(command_event::Event::Done(finished.to_record(accepted))) };
    event.encode_to_vec().into()
}

fn decode_done(bytes: Bytes) -> Result<(Accepted, Finished), Error> {
    match CommandEvent::decode(bytes).ok().and_then(|event| event.event) {
        Some(command_event::Event::Done(record)) => Finished::from_record(record),
        Some(command_event::Event::Output(_)) | None => Err(unreadable("result")),
    }
}

fn unreadable(what: &str) -> Error {
    tracing::error!(what, "a journal record does not read back");
    Error::internal()
}
