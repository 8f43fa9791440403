//! Text in pieces: lines are put together first, so a secret that two pieces share is found. What comes out depends on
//! the text only, not on how it was cut.

use std::{borrow::Cow, string::FromUtf8Error, sync::Arc};

use super::{
    Rules,
    bytes::{cut, run, tail},
    held::Lines,
};

/// A longer line is looked at in windows of this size.
const WINDOW: usize = 256 * 1024;
/// How much two windows share, so that what stands on their border is seen whole by one of them.
const OVERLAP: usize = 16 * 1024;

/// Redacts text that comes in pieces. Holds back what could still become part of a secret: at most a line, or a private
/// key or block that has begun.
#[derive(Debug)]
pub struct TextRedactor {
    rules: Arc<Rules>,
    /// Values of names count.
    pairs: bool,
    lines: Lines,
    /// The line so far; of a long one, its last part.
    line: Vec<u8>,
    /// Bytes at the start of `line` that were written already.
    written: usize,
    /// Whether `line` is the later part of a long one.
    part: bool,
    skip: Skip,
}

/// What is left out because it belongs to a secret longer than a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Skip {
    Nothing,
    /// Until a blank or a quote.
    Word,
    /// Until the line ends.
    Line,
}

impl TextRedactor {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            pairs: true,
            lines: Lines::default(),
            line: Vec::new(),
            written: 0,
            part: false,
            skip: Skip::Nothing,
        }
    }

    /// Documentation: what looks like `name: value` is an example.
    pub(super) fn without_pairs(mut self) -> Self {
        self.pairs = false;
        self
    }

    /// Takes the next piece; returns what can be sent on by now, which may be less or more.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        if !self.rules.enabled {
            return piece.to_vec();
        }
        let mut out = Vec::with_capacity(piece.len());
        let mut rest = piece;
        while !rest.is_empty() {
            let room = cut(rest, 0, WINDOW.saturating_sub(self.line.len()).max(1));
            let end = room.iter().position(|&byte| byte == b'\n').map(|at| at + 1);
            let taken = cut(room, 0, end.unwrap_or(room.len()));
            self.take(taken, end.is_some(), &mut out);
            rest = tail(rest, taken.len());
        }
        out
    }

    /// No more pieces come: returns what was held back.
    pub fn finish(&mut self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.rules.enabled {
            self.end_line(&mut out);
            self.lines.end(&self.rules, &mut out);
        }
        out
    }

    /// All of `text` at once.
    pub(super) fn whole(mut self, text: &str) -> Cow<'_, str> {
        let mut out = self.push(text.as_bytes());
        out.append(&mut self.finish());
        if out == text.as_bytes() {
            return Cow::Borrowed(text);
        }
        // Replacements end where a character does; should one not, an odd character is better than an error.
        let lossy = |error: FromUtf8Error| String::from_utf8_lossy(error.as_bytes()).into_owned();
        Cow::Owned(String::from_utf8(out).unwrap_or_else(lossy))
    }

    fn take(&mut self, taken: &[u8], ends: bool, out: &mut Vec<u8>) {
        if ends && self.line.is_empty() && !self.part {
            self.lines.line(taken, &self.rules, self.pairs, out);
            return;
        }
        self.line.extend_from_slice(taken);
        if ends {
            self.end_line(out);
        } else if self.line.len() >= WINDOW {
            self.window(false, out);
        }
    }

    fn end_line(&mut self, out: &mut Vec<u8>) {
        if self.part {
            self.window(true, out);
        } else if !self.line.is_empty() {
            self.lines.line(&self.line, &self.rules, self.pairs, out);
        }
        self.line.clear();
        self.written = 0;
        self.part = false;
        self.skip = Skip::Nothing;
    }

    /// Writes what is sure of a long line; all that is left of it when it is the `last` window.
    fn window(&mut self, last: bool, out: &mut Vec<u8>) {
        if !self.part && self.lines.is_holding() {
            // Nobody writes a key so; the block it stands in does not let it through.
            self.lines.flush(&self.rules, out);
            out.extend_from_slice(self.rules.pseudonyms.of(&self.line).as_bytes());
            self.written = self.line.len();
            self.skip = Skip::Line;
        }
        self.skip();
        let spans = self.lines.look(&self.line, !self.part, &self.rules, self.pairs).spans;
        self.part = true;
        let mut sure = if last { self.line.len() } else { (WINDOW - OVERLAP).max(self.written) };
        for span in spans {
            if span.end <= self.written {
                continue;
            }
            if span.start >= sure {
                break;
            }
            if span.end > sure && span.start > WINDOW / 2 {
                // The next window sees it whole.
                sure = span.start.max(self.written);
                break;
            }
            let start = span.start.max(self.written);
            out.extend_from_slice(cut(&self.line, self.written, start));
            out.extend_from_slice(self.rules.pseudonyms.of(cut(&self.line, start, span.end)).as_bytes());
            self.written = span.end;
            if span.end >= sure {
                sure = span.end;
                self.skip = if span.end == self.line.len() { Skip::Word } else { Skip::Nothing };
            }
        }
        out.extend_from_slice(cut(&self.line, self.written, sure));
        self.line.drain(..sure.saturating_sub(OVERLAP).min(self.line.len()));
        self.written = sure.min(OVERLAP);
    }

    /// Counts as written what belongs to a secret that has been replaced already.
    fn skip(&mut self) {
        let end = run(&self.line, self.written, |byte| match self.skip {
            Skip::Nothing => false,
            Skip::Word => !matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\''),
            Skip::Line => byte != b'\n',
        });
        self.written = end;
        if end < self.line.len() {
            self.skip = Skip::Nothing;
        }
    }
}

#[cfg(test)]
mod tests;
