//! Wrapping and indenting as kubectl's templates do.

use std::{iter::repeat_n, mem};

/// A space that never becomes a line break.
const NO_BREAK_SPACE: char = '\u{a0}';

/// `text` with line breaks between words so that lines have at most `limit` characters; a longer word stays whole.
/// Line breaks that are there already stay.
pub(super) fn wrap(limit: usize, text: &str) -> String {
    let mut wrapping = Wrapping { limit, ..Wrapping::default() };
    for c in text.chars() {
        match c {
            '\n' => wrapping.end_line(),
            c if c.is_whitespace() && c != NO_BREAK_SPACE => wrapping.space(c),
            c => wrapping.letter(c),
        }
    }
    wrapping.finish()
}

#[derive(Default)]
struct Wrapping {
    limit: usize,
    out: String,
    /// Characters of the line so far.
    column: usize,
    /// What is not yet known to fit on the line: spaces, then a word.
    spaces: Run,
    word: Run,
}

#[derive(Default)]
struct Run {
    text: String,
    length: usize,
}

impl Run {
    fn push(&mut self, c: char) {
        self.text.push(c);
        self.length += 1;
    }
}

impl Wrapping {
    fn put_word(&mut self) {
        let (spaces, word) = (mem::take(&mut self.spaces), mem::take(&mut self.word));
        self.column += spaces.length + word.length;
        self.out += &spaces.text;
        self.out += &word.text;
    }

    fn end_line(&mut self) {
        if self.word.length == 0 && self.column + self.spaces.length > self.limit {
            self.spaces = Run::default();
        }
        self.put_word();
        self.out.push('\n');
        self.column = 0;
    }

    fn space(&mut self, c: char) {
        if self.spaces.length == 0 || self.word.length > 0 {
            self.put_word();
        }
        self.spaces.push(c);
    }

    fn letter(&mut self, c: char) {
        self.word.push(c);
        if self.column + self.spaces.length + self.word.length > self.limit && self.word.length < self.limit {
            self.out.push('\n');
            self.column = 0;
            self.spaces = Run::default();
        }
    }

    fn finish(mut self) -> String {
        if self.word.length > 0 || self.column + self.spaces.length <= self.limit {
            self.put_word();
        }
        self.out
    }
}

/// `text` with `amount` spaces in front of every line, also of empty ones.
pub(super) fn indent(amount: usize, text: &str) -> String {
    let pad: String = repeat_n(' ', amount).collect();
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_wrap() {
        let cases = [
            ("", ""),
            ("aa bb cc", "aa bb\ncc"),
            ("aa bb\ncc", "aa bb\ncc"),
            ("aaaaaaaa b", "aaaaaaaa\nb"),
            ("a aaaaaaaa b", "a\naaaaaaaa\nb"),
            ("aaaa  bb", "aaaa\nbb"),
            ("aa\n\n  bb", "aa\n\n  bb"),
            ("aaaaa   ", "aaaaa"),
            ("aaa ", "aaa "),
            ("ää öö üü", "ää öö\nüü"),
            ("aa\u{a0}bb cc", "aa\u{a0}bb\ncc"),
        ];
        for (text, expected) in cases {
            assert_eq!(wrap(5, text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_line_is_indented() {
        assert_eq!(indent(2, "a\n\nb\n"), "  a\n  \n  b\n  ");
        assert_eq!(indent(0, "a\nb"), "a\nb");
    }
}
