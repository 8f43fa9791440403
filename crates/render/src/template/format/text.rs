//! Texts.

use super::{super::quoting::quoted, Printer};

impl Printer {
    pub(super) fn text(&mut self, text: &[u8], verb: char) {
        match verb {
            'x' | 'X' => self.hexadecimal(text, verb == 'X'),
            'q' => self.quoted(text),
            'v' if self.flags.go_syntax => self.quoted(text),
            _ => self.pad(self.cut(text)),
        }
    }

    /// The first characters, as many as the precision says.
    fn cut<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        let Some(precision) = self.flags.precision else { return text };
        let mut left = precision;
        let mut end = 0;
        for chunk in text.utf8_chunks() {
            for width in chunk.valid().chars().map(char::len_utf8).chain(chunk.invalid().iter().map(|_| 1)) {
                if left == 0 {
                    return text.get(..end).unwrap_or(text);
                }
                left -= 1;
                end += width;
            }
        }
        text
    }

    fn quoted(&mut self, text: &[u8]) {
        let text = self.cut(text);
        let raw = std::str::from_utf8(text).ok().filter(|text| self.flags.sharp && text.chars().all(is_raw));
        match raw {
            Some(text) => self.pad(format!("`{text}`").as_bytes()),
            None => self.pad(quoted(text, '"', self.flags.plus).as_bytes()),
        }
    }

    fn hexadecimal(&mut self, text: &[u8], upper: bool) {
        let flags = self.flags;
        let text = text.get(..flags.precision.unwrap_or(usize::MAX).min(text.len())).unwrap_or(text);
        let prefix = match (flags.sharp, upper) {
            (false, _) => "",
            (true, false) => "0x",
            (true, true) => "0X",
        };
        let mut out = String::new();
        for (at, byte) in text.iter().enumerate() {
            if at > 0 && flags.space {
                out.push(' ');
            }
            if at == 0 || flags.space {
                out += prefix;
            }
            out += &if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        }
        self.pad(out.as_bytes());
    }
}

/// What may stand between backquotes.
fn is_raw(c: char) -> bool {
    c == '\t' || !(c.is_ascii_control() || matches!(c, '`' | '\u{feff}'))
}

/// How many characters Go counts; what is no UTF-8 counts by bytes.
pub(super) fn characters(text: &[u8]) -> usize {
    text.utf8_chunks().map(|chunk| chunk.valid().chars().count() + chunk.invalid().len()).sum()
}
