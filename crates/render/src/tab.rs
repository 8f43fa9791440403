//! Columns as Go's `text/tabwriter` aligns them.
//!
//! A cell is text that ends in a tab; what follows a line's last tab is no cell and has no width. A column is a block of
//! consecutive lines that all have a cell there, so a line without one ends it.

use std::iter::repeat_n;

/// Most columns of a line; a tab behind them stays a tab. Each column is one call deeper, and an expression of
/// `custom-columns` has room for fewer.
const MAX_COLUMNS: usize = 2_048;
/// Most spaces that align one text, in bytes; texts that people can read have a few megabytes.
const MAX_SPACES: usize = 32 << 20;

/// The spaces that are left for one text: one wide cell among many lines must not fill the memory.
#[derive(Debug)]
pub(crate) struct Spaces(usize);

impl Spaces {
    /// All of them.
    pub(crate) const fn new() -> Self {
        Self(MAX_SPACES)
    }

    /// Adds what `cell` lacks to `width`; when the spaces are used up, only `padding`.
    pub(crate) fn pad(&mut self, out: &mut String, cell: &str, width: usize, padding: usize) {
        let wanted = width.saturating_sub(cell.chars().count());
        let count = if wanted <= self.0 { wanted } else { padding };
        self.0 = self.0.saturating_sub(count);
        out.extend(repeat_n(' ', count));
    }
}

/// How wide columns are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The least width of a column, padding included.
    pub min_width: usize,
    /// Spaces after the longest cell.
    pub padding: usize,
}

impl Layout {
    /// What kubectl's tables have.
    pub const TABLE: Self = Self { min_width: 6, padding: 3 };
    /// What `describe` has.
    pub const DESCRIBE: Self = Self { min_width: 0, padding: 2 };
}

/// `text` with its tabs made into aligned columns.
#[must_use]
pub fn align(text: &str, layout: Layout) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|line| line.splitn(MAX_COLUMNS, '\t').collect()).collect();
    let out = String::with_capacity(text.len() * 2);
    let mut writer = Writer { layout, lines: &lines, widths: Vec::new(), seen: None, spaces: Spaces::new(), out };
    writer.write_all();
    writer.out
}

/// Writes lines of cells.
pub(crate) struct Writer<'a> {
    pub(crate) layout: Layout,
    pub(crate) lines: &'a [Vec<&'a str>],
    /// Of the columns to the left.
    pub(crate) widths: Vec<usize>,
    /// The widest that each column was, where columns remember it.
    pub(crate) seen: Option<Vec<usize>>,
    pub(crate) spaces: Spaces,
    pub(crate) out: String,
}

impl Writer<'_> {
    /// Writes every line but the last: the text after the last line break is no line.
    pub(crate) fn write_all(&mut self) {
        self.block(0, self.lines.len());
        self.out.pop();
    }

    /// Writes the lines from `start` to `end`, whose columns to the left are known.
    fn block(&mut self, start: usize, end: usize) {
        let column = self.widths.len();
        let has_cell = |line: &Vec<&str>| column + 1 < line.len();
        let mut written = start;
        let mut at = start;
        while at < end {
            if !has_cell(&self.lines[at]) {
                at += 1;
                continue;
            }
            self.write(written, at);
            let height = self.lines[at..end].iter().take_while(|line| has_cell(line)).count();
            let width = self.width(column, at, at + height);
            self.widths.push(width);
            self.block(at, at + height);
            self.widths.pop();
            at += height;
            written = at;
        }
        self.write(written, end);
    }

    /// The width of a column; one with only empty cells still has its padding.
    fn width(&mut self, column: usize, start: usize, end: usize) -> usize {
        let cells = self.lines[start..end].iter().map(|line| line[column].chars().count() + self.layout.padding);
        let width = cells.max().unwrap_or_default().max(self.layout.min_width);
        self.remembered(column, width)
    }

    fn remembered(&mut self, column: usize, width: usize) -> usize {
        let Some(seen) = &mut self.seen else { return width };
        if seen.len() <= column {
            seen.resize(column + 1, 0);
        }
        let widest = seen[column].max(width);
        seen[column] = widest;
        widest
    }

    fn write(&mut self, start: usize, end: usize) {
        for line in &self.lines[start..end] {
            for (at, cell) in line.iter().enumerate() {
                self.out.push_str(cell);
                if at + 1 < line.len()
                    && let Some(width) = self.widths.get(at)
                {
                    self.spaces.pad(&mut self.out, cell, *width, self.layout.padding);
                }
            }
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_cells_and_endless_columns_are_bounded() {
        let text = format!("{}\t1\n", "x".repeat(1 << 20)) + &"y\t2\n".repeat(1_000);
        let aligned = align(&text, Layout::TABLE);
        assert!(aligned.len() < MAX_SPACES + (2 << 20), "{}", aligned.len());
        assert!(aligned.ends_with("y   2\n"));
        let aligned = align(&"a\t".repeat(100_000), Layout::TABLE);
        assert!(aligned.starts_with("a     a     a     ") && aligned.ends_with("a\ta\t"));
    }

    #[test]
    fn a_column_ends_where_a_line_has_no_cell() {
        let text = "Name:\tweb\nNamespace:\tshop\nLabels:\n  app:\tx\n";
        assert_eq!(align(text, Layout::DESCRIBE), "Name:       web\nNamespace:  shop\nLabels:\n  app:  x\n");
    }

    #[test]
    fn cells_in_further_columns_are_aligned_among_their_neighbours() {
        let text = "a\tbb\tc\naaaa\tb\tc\nx\ty\n";
        assert_eq!(align(text, Layout::DESCRIBE), "a     bb  c\naaaa  b   c\nx     y\n");
    }

    #[test]
    fn tables_have_a_least_width_and_a_line_may_end_in_a_tab() {
        assert_eq!(align("A\tB\t\nx\t\t\n", Layout::TABLE), "A     B     \nx           \n");
        assert_eq!(align("", Layout::TABLE), "");
        assert_eq!(align("no end", Layout::TABLE), "no end");
    }
}
