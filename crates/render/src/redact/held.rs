//! What one line says about the next: private keys and blocks of several lines, which are held back until they end and
//! then replaced as one.

use std::borrow::Cow;

use super::{
    Rules,
    bytes::{cut, is_blank, run, tail},
    names::Weight,
    pem,
    scan::{self, Block, Found, Look},
};

/// A longer secret is replaced in pieces.
const MAX_HELD: usize = 64 * 1024;
/// A pseudonym may uncover what stood beside the secret; a line is looked at again until nothing is left, this often.
const MAX_ROUNDS: usize = 4;
/// For how many lines after an access key id its secret is looked for.
const NEAR: u8 = 4;

/// What lines before have left.
#[derive(Debug, Default)]
pub(super) struct Lines {
    state: State,
    held: Held,
    /// Lines for which an access key id is near.
    near_id: u8,
    /// What the last line said about the next one's value.
    named: Option<Weight>,
}

/// What the next line may be part of.
#[derive(Debug, Default, Clone, Copy)]
enum State {
    #[default]
    Plain,
    /// The body of a private key, before whose header so many words stood.
    Key(usize),
    Block(Block),
    /// What is below a title and its line of dashes, until a line without anything.
    Entry,
}

/// The secret as far as it was read.
#[derive(Debug, Default)]
struct Held {
    /// What stood before it on its first line.
    before: Vec<u8>,
    /// Words in `before`.
    words: Option<usize>,
    secret: Vec<u8>,
    /// What stood behind it on its last line, and lines without anything since.
    after: Vec<u8>,
}

impl Lines {
    /// Writes `line`, which may have its line end, without its secrets.
    pub(super) fn line(&mut self, line: &[u8], rules: &Rules, pairs: bool, out: &mut Vec<u8>) {
        let taken = match self.state {
            State::Plain => false,
            State::Key(prefix) => self.key_line(line, prefix, rules, out),
            State::Block(Block::Indented(column)) => self.block_line(line, column, rules, out),
            State::Block(Block::Title) => self.title_line(line, out),
            State::Entry => self.entry_line(line, rules, out),
        };
        if taken {
            return;
        }
        self.end(rules, out);
        let found = self.look(line, true, rules, pairs);
        let found = rounds(line, found, rules, pairs, out);
        self.named = found.named;
        if found.key {
            self.state = State::Key(pem::words_before(line));
        } else if let Some(block) = found.block {
            self.state = State::Block(block);
        }
    }

    /// What is secret in `line`; `whole` as in [`Look`].
    pub(super) fn look(&mut self, line: &[u8], whole: bool, rules: &Rules, pairs: bool) -> Found {
        let near_id = self.near_id > 0;
        self.near_id = self.near_id.saturating_sub(1);
        let named = self.named.take();
        let found = scan::line(line, rules, Look { whole, near_id, named, pairs });
        self.named = found.named;
        if found.id {
            self.near_id = NEAR;
        }
        found
    }

    /// Whether the next line belongs to a secret.
    pub(super) fn is_holding(&self) -> bool {
        !matches!(self.state, State::Plain)
    }

    /// Writes what is held; the next line is an ordinary one.
    pub(super) fn end(&mut self, rules: &Rules, out: &mut Vec<u8>) {
        self.state = State::Plain;
        self.flush(rules, out);
        self.held = Held::default();
    }

    /// Writes what is held; more of it may follow.
    pub(super) fn flush(&mut self, rules: &Rules, out: &mut Vec<u8>) {
        let held = &mut self.held;
        if !held.secret.is_empty() {
            let mut line = held.before.clone();
            line.extend_from_slice(rules.pseudonyms.of(held.secret.trim_ascii()).as_bytes());
            // What stood before it was not looked at yet.
            let found = scan::line(&line, rules, Look { whole: true, near_id: false, named: None, pairs: true });
            rounds(&line, found, rules, true, out);
            held.secret.clear();
        }
        out.append(&mut held.after);
    }

    fn key_line(&mut self, line: &[u8], prefix: usize, rules: &Rules, out: &mut Vec<u8>) -> bool {
        if pem::ends(line) {
            return false;
        }
        let Some(body) = pem::body(line, self.held.words) else {
            let header = self.held.secret.is_empty() && pem::is_header(line, prefix);
            if header {
                let found = self.look(line, true, rules, true);
                rounds(line, found, rules, true, out);
            }
            return header;
        };
        if self.held.words.is_none() {
            self.held.words = Some(pem::prefix_words(line));
            self.held.before = cut(line, 0, body.start).to_vec();
        }
        self.hold(cut(line, body.start, body.end), tail(line, body.end), rules, out);
        true
    }

    fn block_line(&mut self, line: &[u8], column: usize, rules: &Rules, out: &mut Vec<u8>) -> bool {
        if line.trim_ascii().is_empty() {
            if self.held.after.len() + line.len() > MAX_HELD {
                self.flush(rules, out);
            }
            self.held.after.extend_from_slice(line);
            return true;
        }
        let indent = run(line, 0, is_blank);
        if indent <= column {
            return false;
        }
        if self.held.secret.is_empty() {
            self.held.before = std::mem::take(&mut self.held.after);
            self.held.before.extend_from_slice(cut(line, 0, indent));
        } else {
            self.held.secret.append(&mut self.held.after);
        }
        let text = tail(line, indent).trim_ascii_end();
        self.hold(text, tail(line, indent + text.len()), rules, out);
        true
    }

    fn title_line(&mut self, line: &[u8], out: &mut Vec<u8>) -> bool {
        let dashes = line.trim_ascii() == b"----";
        if dashes {
            out.extend_from_slice(line);
            self.state = State::Entry;
        }
        dashes
    }

    fn entry_line(&mut self, line: &[u8], rules: &Rules, out: &mut Vec<u8>) -> bool {
        let text = line.trim_ascii_end();
        if text.is_empty() {
            return false;
        }
        self.hold(text, tail(line, text.len()), rules, out);
        true
    }

    fn hold(&mut self, secret: &[u8], after: &[u8], rules: &Rules, out: &mut Vec<u8>) {
        self.held.secret.extend_from_slice(secret);
        self.held.after = after.to_vec();
        if self.held.secret.len() > MAX_HELD {
            self.flush(rules, out);
        }
    }
}

/// Writes `line` with pseudonyms where something was found, and where that uncovers something. What was found on the
/// way counts.
fn rounds(line: &[u8], found: Found, rules: &Rules, pairs: bool, out: &mut Vec<u8>) -> Found {
    let mut found = found;
    let mut redacted = Cow::Borrowed(line);
    for _ in 0..MAX_ROUNDS {
        if found.spans.is_empty() {
            break;
        }
        let mut next = Vec::with_capacity(redacted.len());
        replace(&redacted, &found, rules, &mut next);
        let again = scan::line(&next, rules, Look { whole: true, near_id: false, named: None, pairs });
        found = Found { key: found.key || again.key, block: again.block.or(found.block), ..again };
        redacted = Cow::Owned(next);
    }
    out.extend_from_slice(&redacted);
    found
}

/// Writes `line` with pseudonyms where something was found.
fn replace(line: &[u8], found: &Found, rules: &Rules, out: &mut Vec<u8>) {
    let mut from = 0;
    for span in &found.spans {
        out.extend_from_slice(cut(line, from, span.start));
        out.extend_from_slice(rules.pseudonyms.of(cut(line, span.start, span.end)).as_bytes());
        from = span.end;
    }
    out.extend_from_slice(tail(line, from));
}
