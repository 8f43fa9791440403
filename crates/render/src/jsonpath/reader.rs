//! Reading a template character by character.

/// A place in a text, and where the part that is being read began.
pub(super) struct Reader<'a> {
    text: &'a str,
    start: usize,
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, start: 0, at: 0 }
    }

    /// What was not read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character, without reading it.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads one character.
    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Reads characters as long as they are `wanted`.
    pub(super) fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.next();
        }
    }

    /// Reads `prefix`, if it stands there.
    pub(super) fn takes(&mut self, prefix: &str) -> bool {
        let there = self.rest().starts_with(prefix);
        if there {
            self.at += prefix.len();
        }
        there
    }

    /// Whether the character before the one that was read last is a backslash.
    pub(super) fn is_escaped(&self) -> bool {
        self.at.checked_sub(2).and_then(|at| self.text.as_bytes().get(at)) == Some(&b'\\')
    }

    /// What was read since the last time.
    pub(super) fn take(&mut self) -> &'a str {
        let taken = self.text.get(self.start..self.at).unwrap_or_default();
        self.start = self.at;
        taken
    }
}
