//! Output is untrusted: what a pod prints must not drive a terminal, or hide text from a reader.
//!
//! Kept as it is: `\n`, `\t`, `\r\n`, every other text, and bytes that are not UTF-8.
//! Made visible: C0 controls and DEL as their Unicode pictures (ESC → ␛; a lone `\r`, which lets a line overwrite itself,
//! → ␍), C1 controls, bidirectional controls and the invisible "tag" letters as `\u{202e}`.

use std::borrow::Cow;

/// The most bytes that may have to wait for the next chunk: a four-byte sequence without its end.
const MAX_PENDING: usize = 3;

/// Whether `c` reorders or hides text: bidirectional controls (Unicode UAX #9) and tag characters (U+E0000 block).
pub(crate) const fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        | '\u{e0000}'..='\u{e007f}')
}

/// `bytes` with everything dangerous made visible; borrowed when there is nothing to do.
#[must_use]
pub fn neutralise(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = first_danger(bytes) else { return Cow::Borrowed(bytes) };
    let mut out = Vec::with_capacity(bytes.len() + bytes.len() / 8);
    out.extend_from_slice(&bytes[..first]);
    rewrite(&bytes[first..], &mut out);
    Cow::Owned(out)
}

/// [`neutralise`] for output that comes in chunks, which may split a character or `\r\n`.
#[derive(Debug, Default)]
pub struct Neutraliser {
    /// The end of the last chunk, when it may be the start of something dangerous; at most [`MAX_PENDING`] bytes.
    pending: Vec<u8>,
}

impl Neutraliser {
    /// The next chunk, made harmless; up to three bytes may stay behind until the next call.
    pub fn push<'a>(&mut self, chunk: &'a [u8]) -> Cow<'a, [u8]> {
        if self.pending.is_empty() {
            let (whole, rest) = chunk.split_at(chunk.len() - open_end(chunk));
            self.pending.extend_from_slice(rest);
            return neutralise(whole);
        }
        let mut joined = std::mem::take(&mut self.pending);
        joined.extend_from_slice(chunk);
        self.pending = joined.split_off(joined.len() - open_end(&joined));
        Cow::Owned(neutralise(&joined).into_owned())
    }

    /// What stayed behind, when the output has ended.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        neutralise(&self.pending).into_owned()
    }
}

/// How many bytes at the end of `bytes` could become dangerous, or harmless, by what follows.
fn open_end(bytes: &[u8]) -> usize {
    let longest = bytes.len().min(MAX_PENDING);
    (1..=longest).rev().find(|n| matches!(step(&bytes[bytes.len() - n..]), Step::Open)).unwrap_or(0)
}

/// What to do at the start of some bytes.
enum Step {
    /// Keep so many.
    Keep(usize),
    /// Replace so many by a visible form of this character.
    Show(usize, char),
    /// Not decided: the bytes end inside a sequence.
    Open,
}

/// Decides about the first character of `bytes`, which are not empty.
fn step(bytes: &[u8]) -> Step {
    match bytes {
        [b'\n' | b'\t', ..] => Step::Keep(1),
        [b'\r', b'\n', ..] => Step::Keep(2),
        [b'\r'] => Step::Open,
        [byte @ (0..=0x1f | 0x7f), ..] => Step::Show(1, char::from(*byte)),
        [0xc2 | 0xd8 | 0xe2] | [0xe2, 0x80 | 0x81] | [0xf3] | [0xf3, 0xa0] | [0xf3, 0xa0, 0x80 | 0x81] => Step::Open,
        [0xc2, low @ 0x80..=0x9f, ..] => Step::Show(2, char::from(*low)),
        [0xd8, 0x9c, ..] => Step::Show(2, '\u{61c}'),
        [0xe2, 0x80 | 0x81, _, ..] => decide(&bytes[..3]),
        [0xf3, 0xa0, 0x80 | 0x81, _, ..] => decide(&bytes[..4]),
        _ => Step::Keep(1),
    }
}

/// Decides about one whole sequence of a page that holds deceptive characters.
fn decide(sequence: &[u8]) -> Step {
    let c = std::str::from_utf8(sequence).ok().and_then(|text| text.chars().next());
    match c.filter(|c| is_deceptive(*c)) {
        Some(c) => Step::Show(sequence.len(), c),
        None => Step::Keep(1),
    }
}

/// Bytes that a dangerous sequence can start with; everything else is skipped without a closer look.
const SUSPECT: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = matches!(byte, 0..=8 | 0x0b..=0x1f | 0x7f | 0xc2 | 0xd8 | 0xe2 | 0xf3);
        byte += 1;
    }
    table
};

/// How many bytes at the start need no look.
fn plain_run(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| SUSPECT[usize::from(*byte)]).unwrap_or(bytes.len())
}

/// Where the first thing to replace is.
fn first_danger(bytes: &[u8]) -> Option<usize> {
    let mut at = plain_run(bytes);
    while at < bytes.len() {
        match step(&bytes[at..]) {
            Step::Show(..) => return Some(at),
            Step::Open if bytes[at] == b'\r' => return Some(at),
            Step::Keep(n) => at += n,
            Step::Open => at += 1,
        }
        at += plain_run(&bytes[at..]);
    }
    None
}

/// Appends `bytes`, made harmless, to `out`.
fn rewrite(mut bytes: &[u8], out: &mut Vec<u8>) {
    while !bytes.is_empty() {
        let run = plain_run(bytes);
        out.extend_from_slice(&bytes[..run]);
        bytes = &bytes[run..];
        if bytes.is_empty() {
            return;
        }
        bytes = match step(bytes) {
            Step::Show(n, c) => show(c, &bytes[n..], out),
            Step::Open if bytes[0] == b'\r' => show('\r', &bytes[1..], out),
            Step::Keep(n) => keep(bytes, n, out),
            Step::Open => keep(bytes, 1, out),
        };
    }
}

/// Appends the first `n` of `bytes`; gives the rest.
fn keep<'a>(bytes: &'a [u8], n: usize, out: &mut Vec<u8>) -> &'a [u8] {
    out.extend_from_slice(&bytes[..n]);
    &bytes[n..]
}

/// Appends the visible form of `c`; gives `rest` back.
fn show<'a>(c: char, rest: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    let picture = match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('\u{2421}'),
        _ => None,
    };
    match picture {
        Some(picture) => out.extend_from_slice(picture.encode_utf8(&mut [0; 4]).as_bytes()),
        None => out.extend_from_slice(c.escape_unicode().to_string().as_bytes()),
    }
    rest
}

#[cfg(test)]
mod tests;
