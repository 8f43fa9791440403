//! What is sent of a command's answer, in the order in which it is sent.

use std::sync::Arc;

use kubently_core::command::{CommandResult, OutputChunk};
use kubently_proto::{
    convert::command::{chunk_to_wire, result_to_wire},
    v1::{self, attach_request::Message},
};

/// Something to send.
#[derive(Debug, Clone)]
pub(crate) enum Parcel {
    /// Output of a command.
    Chunk { id: Arc<str>, epoch: u64, chunk: OutputChunk },
    /// A command's end.
    Done { id: Arc<str>, epoch: u64, result: Arc<CommandResult>, chunks: u64 },
}

impl Parcel {
    /// The parcel as the gRPC stream and the spool directory hold it.
    pub(crate) fn into_wire(self) -> v1::AttachRequest {
        let message = match self {
            Self::Chunk { id, epoch, chunk } => Message::Output(v1::CommandOutput {
                command_id: id.as_ref().to_owned(),
                epoch,
                chunk: Some(chunk_to_wire(&chunk)),
            }),
            Self::Done { id, epoch, result, chunks } => Message::Done(v1::CommandDone {
                command_id: id.as_ref().to_owned(),
                epoch,
                result: Some(result_to_wire(&result)),
                chunks,
            }),
        };
        v1::AttachRequest { message: Some(message) }
    }
}
