//! A result as a file holds it: a checksum, then the messages that a link would send, each after its length.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kubently_core::command::{CommandResult, OutputChunk, OutputStream};
use kubently_proto::{
    convert::command::{chunk_from_wire, result_from_wire},
    v1::{AttachRequest, CommandDone, CommandOutput, attach_request::Message},
};
use prost::Message as _;

use super::parcel::Parcel;
use crate::runner::split;

/// Bytes of the checksum, CRC-32 in network order, at the beginning.
const CHECKSUM: usize = 4;

/// A finished command's answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Record {
    pub(super) id: Arc<str>,
    pub(super) epoch: u64,
    pub(super) chunks: Vec<OutputChunk>,
    pub(super) result: Arc<CommandResult>,
}

impl Record {
    /// The content of its file.
    pub(super) fn encode(&self) -> BytesMut {
        let mut file = BytesMut::from(&[0; CHECKSUM][..]);
        self.parcels().for_each(|parcel| append(&mut file, &parcel.into_wire()));
        let checksum = crc32fast::hash(&file[CHECKSUM..]);
        (&mut file[..CHECKSUM]).put_u32(checksum);
        file
    }

    fn parcels(&self) -> impl Iterator<Item = Parcel> {
        let chunk = |chunk: &OutputChunk| {
            let (id, epoch) = (Arc::clone(&self.id), self.epoch);
            Parcel::Chunk { id, epoch, chunk: chunk.clone() }
        };
        let (id, epoch, result) = (Arc::clone(&self.id), self.epoch, Arc::clone(&self.result));
        let done = Parcel::Done { id, epoch, result, chunks: self.chunks.len() as u64 };
        self.chunks.iter().map(chunk).chain([done])
    }

    /// Reads a file; an error when it is torn or none of ours.
    pub(super) fn decode(mut file: Bytes) -> Result<Self, String> {
        if file.len() < CHECKSUM || file.get_u32() != crc32fast::hash(&file) {
            return Err("the checksum does not match".to_owned());
        }
        let mut chunks = Vec::new();
        loop {
            let message = AttachRequest::decode_length_delimited(&mut file).map_err(|error| error.to_string())?;
            match message.message {
                Some(Message::Output(output)) => chunks.push(chunk(output, chunks.len())?),
                Some(Message::Done(done)) => return finished(done, chunks),
                _ => return Err("it holds something else".to_owned()),
            }
        }
    }

    /// The same answer with its output where the transport takes it: inside the result up to `inline_limit` bytes,
    /// else ahead of it. A process before this one may have used another transport.
    pub(super) fn fit(mut self, inline_limit: usize) -> Self {
        let inside = self.result.stdout.len() + self.result.stderr.len();
        let ahead: usize = self.chunks.iter().map(|chunk| chunk.data.len()).sum();
        if inside > inline_limit {
            self.send_ahead();
        } else if ahead > 0 && inline_limit == usize::MAX {
            self.put_inside();
        }
        self
    }

    fn send_ahead(&mut self) {
        let mut result = CommandResult::clone(&self.result);
        let mut seq = self.chunks.len() as u64 + 1;
        for (stream, text) in [(OutputStream::Stdout, &mut result.stdout), (OutputStream::Stderr, &mut result.stderr)] {
            self.chunks.extend(split(&mut seq, stream, &std::mem::take(text)));
        }
        self.result = Arc::new(result);
    }

    fn put_inside(&mut self) {
        let mut result = CommandResult::clone(&self.result);
        for (stream, text) in [(OutputStream::Stdout, &mut result.stdout), (OutputStream::Stderr, &mut result.stderr)] {
            let ahead = self.chunks.iter().filter(|chunk| chunk.stream == stream).map(|chunk| &chunk.data);
            *text = ahead.chain([&*text]).flatten().copied().collect();
        }
        self.chunks.clear();
        self.result = Arc::new(result);
    }
}

fn append(file: &mut BytesMut, message: &AttachRequest) {
    let length = message.encoded_len();
    file.reserve(length + prost::length_delimiter_len(length));
    // A BytesMut has room for whatever is put into it, and room is all that can be missing.
    let _ = message.encode_length_delimited(file);
}

fn chunk(output: CommandOutput, before: usize) -> Result<OutputChunk, String> {
    let chunk = output.chunk.ok_or("a chunk is empty")?;
    let chunk = chunk_from_wire(chunk).map_err(|error| error.to_string())?;
    if chunk.seq == before as u64 + 1 { Ok(chunk) } else { Err("a chunk is missing".to_owned()) }
}

fn finished(done: CommandDone, chunks: Vec<OutputChunk>) -> Result<Record, String> {
    if done.chunks != chunks.len() as u64 {
        return Err("a chunk is missing".to_owned());
    }
    let result = result_from_wire(done.result.ok_or("the result is empty")?).map_err(|error| error.to_string())?;
    Ok(Record { id: done.command_id.into(), epoch: done.epoch, chunks, result: Arc::new(result) })
}
