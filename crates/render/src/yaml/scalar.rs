//! Writes one string in its style, folded where go-yaml folds it.

use super::{
    INDENT, Writer,
    style::{Style, is_break, is_printable, style},
};

/// A line that is longer is folded at its next space.
const BEST_WIDTH: usize = 80;

/// A string on its way out.
pub(super) struct Scalar<'a> {
    pub(super) text: &'a str,
    /// How deep its further lines are.
    pub(super) indent: usize,
    /// Keys are never folded.
    pub(super) is_key: bool,
}

impl Scalar<'_> {
    pub(super) fn write(&self, writer: &mut Writer) {
        match style(self.text, self.is_key) {
            // An empty key would be no key.
            Style::Plain if self.text.is_empty() => writer.text("''"),
            Style::Plain => self.folded(writer, false),
            Style::Single => {
                writer.put('\'');
                self.folded(writer, true);
                writer.put('\'');
            }
            Style::Double => self.double(writer),
            Style::Literal => self.literal(writer),
        }
    }

    /// Plain text and the inside of single quotes.
    fn folded(&self, writer: &mut Writer, quoted: bool) {
        let chars: Vec<_> = self.text.chars().collect();
        let (mut spaces, mut breaks) = (false, false);
        for (at, c) in chars.iter().copied().enumerate() {
            let next_is_space = chars.get(at + 1) == Some(&' ');
            let inside = !quoted || (at > 0 && at + 1 < chars.len());
            if c == ' ' {
                if !spaces && inside && !next_is_space && self.is_too_wide(writer) {
                    writer.line(self.indent);
                } else {
                    writer.put(c);
                }
                spaces = true;
            } else if is_break(c) {
                if !breaks && c == '\n' {
                    writer.put('\n');
                }
                writer.put(c);
                breaks = true;
            } else {
                if breaks {
                    writer.line(self.indent);
                }
                if quoted && c == '\'' {
                    writer.put(c);
                }
                writer.put(c);
                (spaces, breaks) = (false, false);
            }
        }
    }

    fn double(&self, writer: &mut Writer) {
        writer.put('"');
        let chars: Vec<_> = self.text.chars().collect();
        let mut spaces = false;
        for (at, c) in chars.iter().copied().enumerate() {
            if !is_printable(c) || is_break(c) || matches!(c, '"' | '\\') {
                escape(writer, c);
                spaces = false;
            } else if c == ' ' {
                if !spaces && at > 0 && at + 1 < chars.len() && self.is_too_wide(writer) {
                    writer.line(self.indent);
                    if chars.get(at + 1) == Some(&' ') {
                        writer.put('\\');
                    }
                } else {
                    writer.put(c);
                }
                spaces = true;
            } else {
                writer.put(c);
                spaces = false;
            }
        }
        writer.put('"');
    }

    fn literal(&self, writer: &mut Writer) {
        writer.put('|');
        if self.text.starts_with(|c| c == ' ' || is_break(c)) {
            writer.text(&INDENT.to_string());
        }
        let mut from_end = self.text.chars().rev();
        match (from_end.next().is_some_and(is_break), from_end.next().is_none_or(is_break)) {
            (false, _) => writer.put('-'),
            (true, true) => writer.put('+'),
            (true, false) => {}
        }
        writer.put('\n');
        let mut breaks = true;
        for c in self.text.chars() {
            if !is_break(c) && breaks {
                writer.spaces(self.indent);
            }
            writer.put(c);
            breaks = is_break(c);
        }
    }

    const fn is_too_wide(&self, writer: &Writer) -> bool {
        !self.is_key && writer.column > BEST_WIDTH
    }
}

fn escape(writer: &mut Writer, c: char) {
    let short = match c {
        '\0' => '0',
        '\u{7}' => 'a',
        '\u{8}' => 'b',
        '\t' => 't',
        '\n' => 'n',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\r' => 'r',
        '\u{1b}' => 'e',
        '"' => '"',
        '\\' => '\\',
        '\u{85}' => 'N',
        '\u{a0}' => '_',
        '\u{2028}' => 'L',
        '\u{2029}' => 'P',
        _ => return long_escape(writer, u32::from(c)),
    };
    writer.put('\\');
    writer.put(short);
}

fn long_escape(writer: &mut Writer, code: u32) {
    let text = match code {
        0..=0xff => format!("\\x{code:02X}"),
        0x100..=0xffff => format!("\\u{code:04X}"),
        _ => format!("\\U{code:08X}"),
    };
    writer.text(&text);
}
