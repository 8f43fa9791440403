//! Columns as kubectl's tables have them, where values may hold tabs and line breaks: its tab writer remembers how wide a
//! column was, so one that goes on further down is never narrower than before.

use crate::tab::{Layout, Spaces, Writer};

/// Most cells of a line; what is behind them stays as it is. Values are strangers' and could be nothing but tabs.
const MAX_CELLS: usize = 1_024;

/// `text` with its tabs made into aligned columns.
pub(crate) fn align(text: &str) -> String {
    Tabs::default().align(text)
}

/// Columns that go on: what is written later is aligned with what was written before.
#[derive(Debug, Default)]
pub struct Tabs {
    /// The widest that each column was.
    seen: Vec<usize>,
}

impl Tabs {
    /// `text` with its tabs made into aligned columns, none narrower than before.
    #[must_use]
    pub fn align(&mut self, text: &str) -> String {
        let (seen, out) = aligned(text, std::mem::take(&mut self.seen));
        self.seen = seen;
        out
    }
}

/// The text, and how wide columns are now.
fn aligned(text: &str, mut seen: Vec<usize>) -> (Vec<usize>, String) {
    let mut out = String::with_capacity(text.len() * 2);
    let mut spaces = Spaces::new();
    // A form feed is a line break behind which nothing is aligned with what was before.
    for (at, part) in text.split('\u{c}').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let lines = part.split('\n').map(|line| line.splitn(MAX_CELLS, ['\t', '\u{b}']).collect()).collect::<Vec<_>>();
        let (layout, widths) = (Layout::TABLE, Vec::new());
        let mut writer = Writer { layout, lines: &lines, widths, seen: Some(seen), spaces, out };
        writer.write_all();
        (seen, spaces, out) = (writer.seen.unwrap_or_default(), writer.spaces, writer.out);
    }
    (seen, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_goes_on_is_as_wide_as_before() {
        let text = "N\tLONG VALUE\tL\na\tx\ny\tb\nc\tz\u{b}d\n";
        assert_eq!(align(text), "N     LONG VALUE   L\na     x\ny     b\nc     z            d\n");
        assert_eq!(align("A\tB\nlonger\tx\n"), "A        B\nlonger   x\n");
        assert_eq!(align(""), "");
    }

    #[test]
    fn a_line_of_tabs_is_bounded() {
        let text = "\t".repeat(1_000_000);
        assert!(align(&format!("{text}\n{text}\n")).len() < 3_000_000);
    }

    #[test]
    fn a_form_feed_begins_again() {
        assert_eq!(align("a\tb\u{c}long cell\tc\nd\te\n"), "a     b\nlong cell   c\nd           e\n");
    }
}
