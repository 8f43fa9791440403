//! Copies one log to the output, whole lines at a time.

use bytes::BytesMut;
use futures::{StreamExt, pin_mut};
use kubently_core::{command::OutputStream, kubectl::LogsCommand};

use super::super::{api::Api, fault::Fault};
use super::source::Source;
use crate::runner::{Output, Room};

/// A line that is longer is passed on in pieces; a program that never ends its line must not fill the memory.
const MAX_LINE: usize = 256 << 10;

/// Copies until the log ends or nothing more is kept.
pub(super) async fn copy(api: &Api<'_>, logs: &LogsCommand, source: &Source, output: &Output) -> Result<(), Fault> {
    let pieces = api.stream(&source.path(logs), "*/*").await?;
    pin_mut!(pieces);
    let prefix = if logs.prefix || logs.all_pods { source.prefix() } else { String::new() };
    let mut lines = Lines { prefix, rest: BytesMut::new() };
    let mut redactor = api.redactor().stream();
    while let Some(piece) = pieces.next().await {
        if lines.push(&redactor.push(&piece?), output) == Room::Full {
            return Ok(());
        }
        output.drained().await;
    }
    lines.push(&redactor.finish(), output);
    lines.finish(output);
    Ok(())
}

/// Cuts pieces into lines, so that several logs do not mix inside a line.
struct Lines {
    prefix: String,
    rest: BytesMut,
}

impl Lines {
    fn push(&mut self, piece: &[u8], output: &Output) -> Room {
        self.rest.extend_from_slice(piece);
        let whole = match self.rest.iter().rposition(|byte| *byte == b'\n') {
            Some(end) => self.rest.split_to(end + 1),
            None if self.rest.len() > MAX_LINE => self.rest.split(),
            None => return Room::Left,
        };
        self.write(&whole, output)
    }

    fn finish(mut self, output: &Output) {
        let rest = self.rest.split();
        if !rest.is_empty() {
            self.write(&rest, output);
        }
    }

    fn write(&self, lines: &[u8], output: &Output) -> Room {
        if self.prefix.is_empty() {
            return output.write(OutputStream::Stdout, lines);
        }
        let mut marked = Vec::with_capacity(lines.len() + self.prefix.len());
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            marked.extend_from_slice(self.prefix.as_bytes());
            marked.extend_from_slice(line);
        }
        output.write(OutputStream::Stdout, &marked)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use kubently_core::command::{CommandResult, Outcome};

    use super::*;

    #[test]
    fn every_line_gets_its_prefix_once() {
        let output = Output::new(1_000, None);
        let mut lines = Lines { prefix: "[p] ".to_owned(), rest: BytesMut::new() };
        for piece in ["on", "e\ntwo\nth", "ree"] {
            lines.push(piece.as_bytes(), &output);
        }
        lines.finish(&output);
        let mut result = CommandResult::unfinished(Outcome::Succeeded, "", UNIX_EPOCH);
        output.close(&mut result, 1_000);
        assert_eq!(&result.stdout[..], b"[p] one\n[p] two\n[p] three");
    }
}
