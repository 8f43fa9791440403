//! The text of a description while it is written.

use std::fmt::{self, Arguments, Write};

use crate::tab::{Layout, align};

/// Deepest indentation; what is nested deeper stays there.
const MAX_LEVEL: usize = 64;

/// Lines with tabs in them, aligned from one [`Writer::flush`] to the next.
#[derive(Default)]
pub(crate) struct Writer {
    aligned: String,
    open: String,
}

impl Writer {
    /// Writes two spaces a level and then the text, which ends its lines itself.
    pub(crate) fn put(&mut self, level: usize, text: Arguments<'_>) {
        self.open.extend(std::iter::repeat_n("  ", level.min(MAX_LEVEL)));
        // Writing to a String cannot fail.
        let _ = fmt::write(&mut Escaping(&mut self.open), text);
    }

    /// Columns that are open end here.
    pub(crate) fn flush(&mut self) {
        self.aligned += &align(&self.open, Layout::DESCRIBE);
        self.open.clear();
    }

    /// The whole text with its tabs as they are, for where kubectl aligns nothing.
    pub(crate) fn unaligned(self) -> String {
        self.open
    }

    /// The whole text.
    pub(crate) fn finish(mut self) -> String {
        self.flush();
        self.aligned
    }
}

/// Makes what a terminal would obey visible, as kubectl does; texts of a cluster may hold anything.
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '\u{1b}' => self.0.push_str("^["),
                '\r' => self.0.push_str("\\r"),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// Writes a formatted text at a level: `put!(writer, 1, "Name:\t{}\n", name)`.
macro_rules! put {
    ($writer:expr, $level:expr, $($format:tt)*) => { $writer.put($level, format_args!($($format)*)) };
}
pub(crate) use put;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_made_visible() {
        let mut writer = Writer::default();
        put!(writer, 0, "Message:\t{}\n", "\u{1b}[31mred\rover");
        assert_eq!(writer.finish(), "Message:  ^[[31mred\\rover\n");
    }

    #[test]
    fn columns_do_not_reach_over_a_flush() {
        let mut writer = Writer::default();
        put!(writer, 0, "Name:\t{}\n", "web");
        put!(writer, 1, "a:\tb\n");
        writer.flush();
        put!(writer, 0, "A long one:\tx\n");
        assert_eq!(writer.finish(), "Name:  web\n  a:   b\nA long one:  x\n");
    }
}
