//! What a command prints: made harmless, counted, and cut at its limit.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use kubently_core::{
    command::{CommandResult, MAX_CHUNK_BYTES, OutputChunk, OutputStream},
    sanitize::Neutraliser,
};

use crate::spool::Spool;

/// Whether more output would be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// Go on.
    Left,
    /// Everything from now on is only counted; an engine that can stop early should.
    Full,
}

/// Where live output goes while it is produced.
pub(crate) type Tap = (Arc<Spool>, Arc<str>);

/// Collects a command's output. Engines write; the runner closes it.
pub(crate) struct Output {
    limit: u64,
    tap: Option<Tap>,
    tape: Mutex<Tape>,
}

#[derive(Default)]
struct Tape {
    stdout: Track,
    stderr: Track,
    kept: u64,
    total: u64,
    truncated: bool,
    next_seq: u64,
}

#[derive(Default)]
struct Track {
    neutraliser: Neutraliser,
    kept: BytesMut,
}

impl Output {
    pub(crate) fn new(limit: u64, tap: Option<Tap>) -> Self {
        Self { limit, tap, tape: Mutex::new(Tape { next_seq: 1, ..Tape::default() }) }
    }

    /// The command wrote `bytes`.
    pub(crate) fn write(&self, stream: OutputStream, bytes: &[u8]) -> Room {
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        tape.total += bytes.len() as u64;
        if tape.truncated {
            return Room::Full;
        }
        let harmless = tape.track(stream).neutraliser.push(bytes);
        self.keep(&mut tape, stream, &harmless);
        if tape.truncated { Room::Full } else { Room::Left }
    }

    /// The command wrote text to its standard output.
    pub(crate) fn out(&self, text: &str) -> Room {
        self.write(OutputStream::Stdout, text.as_bytes())
    }

    /// The command wrote text to its standard error.
    pub(crate) fn err(&self, text: &str) -> Room {
        self.write(OutputStream::Stderr, text.as_bytes())
    }

    /// Waits while the link has much of the live output still to take: a source that may never end is read no faster
    /// than its output leaves. Output that nobody watches is only kept, so there is nothing to wait for.
    pub(crate) async fn drained(&self) {
        if let Some((spool, id)) = &self.tap {
            spool.caught_up(id).await;
        }
    }

    fn keep(&self, tape: &mut Tape, stream: OutputStream, bytes: &[u8]) {
        let room = usize::try_from(self.limit - tape.kept).unwrap_or(usize::MAX);
        let fits = &bytes[..bytes.len().min(room)];
        tape.truncated |= fits.len() < bytes.len();
        tape.kept += fits.len() as u64;
        match &self.tap {
            Some((spool, id)) => {
                let mut seq = tape.next_seq;
                split(&mut seq, stream, &Bytes::copy_from_slice(fits)).for_each(|chunk| spool.add_chunk(id, chunk));
                tape.next_seq = seq;
            }
            None => tape.track(stream).kept.extend_from_slice(fits),
        }
    }

    /// The command ended: writes totals into `result`, and its output too where that fits `inline_limit`.
    /// Output that does not fit comes back in chunks.
    pub(crate) fn close(self, result: &mut CommandResult, inline_limit: usize) -> Vec<OutputChunk> {
        self.flush();
        let Self { tap, tape, .. } = self;
        let tape = tape.into_inner().unwrap_or_else(PoisonError::into_inner);
        result.truncated = tape.truncated;
        result.bytes_total = tape.total;
        let (stdout, stderr) = (tape.stdout.kept.freeze(), tape.stderr.kept.freeze());
        if tap.is_none() && stdout.len() + stderr.len() <= inline_limit {
            (result.stdout, result.stderr) = (stdout, stderr);
            return Vec::new();
        }
        let mut seq = tape.next_seq;
        let mut chunks: Vec<_> = split(&mut seq, OutputStream::Stdout, &stdout).collect();
        chunks.extend(split(&mut seq, OutputStream::Stderr, &stderr));
        chunks
    }

    /// Keeps what the neutralisers still hold: at most three bytes of an unfinished character each.
    fn flush(&self) {
        let mut tape = self.tape.lock().unwrap_or_else(PoisonError::into_inner);
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let rest = std::mem::take(&mut tape.track(stream).neutraliser).finish();
            if !tape.truncated {
                self.keep(&mut tape, stream, &rest);
            }
        }
    }
}

impl Tape {
    const fn track(&mut self, stream: OutputStream) -> &mut Track {
        match stream {
            OutputStream::Stdout => &mut self.stdout,
            OutputStream::Stderr => &mut self.stderr,
        }
    }
}

/// `bytes` as numbered chunks of allowed size.
pub(crate) fn split(seq: &mut u64, stream: OutputStream, bytes: &Bytes) -> impl Iterator<Item = OutputChunk> {
    (0..bytes.len()).step_by(MAX_CHUNK_BYTES).map(move |start| {
        let data = bytes.slice(start..bytes.len().min(start + MAX_CHUNK_BYTES));
        let chunk = OutputChunk::new(*seq, stream, data);
        *seq += 1;
        chunk
    })
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use kubently_core::command::Outcome;

    use super::*;

    fn close(output: Output, inline: usize) -> (CommandResult, Vec<OutputChunk>) {
        let mut result = CommandResult::unfinished(Outcome::Succeeded, "", UNIX_EPOCH);
        let chunks = output.close(&mut result, inline);
        (result, chunks)
    }

    #[test]
    fn small_output_goes_inside_the_result() {
        let output = Output::new(100, None);
        assert_eq!(output.out("a\n"), Room::Left);
        output.err("b\n");
        let (result, chunks) = close(output, 100);
        assert_eq!((&result.stdout[..], &result.stderr[..]), (&b"a\n"[..], &b"b\n"[..]));
        assert_eq!((result.bytes_total, result.truncated, chunks.len()), (4, false, 0));
    }

    #[test]
    fn more_output_is_split_into_numbered_chunks() {
        let output = Output::new(u64::MAX, None);
        output.out(&"x".repeat(MAX_CHUNK_BYTES + 1));
        output.err("e");
        let (result, chunks) = close(output, 128);
        assert!(result.stdout.is_empty() && result.stderr.is_empty());
        let shape: Vec<_> = chunks.iter().map(|chunk| (chunk.seq, chunk.stream, chunk.data.len())).collect();
        let expected =
            [(1, OutputStream::Stdout, MAX_CHUNK_BYTES), (2, OutputStream::Stdout, 1), (3, OutputStream::Stderr, 1)];
        assert_eq!(shape, expected);
    }

    #[test]
    fn the_limit_cuts_both_streams_together_and_counting_goes_on() {
        let output = Output::new(5, None);
        assert_eq!(output.out("abc"), Room::Left);
        assert_eq!(output.err("defg"), Room::Full);
        assert_eq!(output.out("hij"), Room::Full);
        let (result, _) = close(output, 100);
        assert_eq!((&result.stdout[..], &result.stderr[..]), (&b"abc"[..], &b"de"[..]));
        assert_eq!((result.bytes_total, result.truncated), (10, true));
    }

    #[test]
    fn output_that_just_fits_is_not_truncated() {
        let output = Output::new(3, None);
        assert_eq!(output.out("abc"), Room::Left);
        assert!(!close(output, 100).0.truncated);
    }

    #[test]
    fn escapes_are_made_visible_across_writes() {
        let output = Output::new(100, None);
        output.write(OutputStream::Stdout, b"\x1b[31mred\xe2\x80");
        output.write(OutputStream::Stdout, b"\xaeend");
        let (result, _) = close(output, 100);
        assert_eq!(std::str::from_utf8(&result.stdout), Ok("\u{241b}[31mred\\u{202e}end"));
    }
}
