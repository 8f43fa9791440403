//! Tables as kubectl prints them: upper-case headers, columns three spaces apart, no borders.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use comfy_table::{ContentArrangement, presets};
use kubently_core::sanitize::neutralise;
use kubently_proto::convert::time_from_wire;
use pbjson_types::Timestamp;

/// Spaces between columns.
const GAP: u16 = 3;
/// What stands for a value that is not there.
const NONE: &str = "<none>";

/// Rows under a header.
pub(crate) struct Table {
    table: comfy_table::Table,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(header: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(header.iter().copied());
        for column in table.column_iter_mut() {
            column.set_padding((0, GAP));
        }
        Self { table }
    }

    /// A table of `rows`.
    pub(crate) fn of<const N: usize>(header: [&str; N], rows: impl IntoIterator<Item = [String; N]>) -> Self {
        let mut table = Self::new(&header);
        for row in rows {
            table.table.add_row(row.each_ref().map(|text| cell(text)));
        }
        table
    }

    /// Whether it has no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.table.lines().try_for_each(|line| writeln!(f, "{}", line.trim_end()))
    }
}

/// A cell is one line, and cannot drive the terminal: some of the text comes from executors.
fn cell(text: &str) -> String {
    if text.is_empty() {
        return NONE.to_owned();
    }
    let one_line = text.replace(['\n', '\t'], " ");
    String::from_utf8_lossy(&neutralise(one_line.as_bytes())).into_owned()
}

/// How long ago `time` was, as kubectl's AGE column says it.
pub(crate) fn age(time: Option<&Timestamp>) -> String {
    let since = time.map(|time| SystemTime::now().duration_since(time_from_wire(time)).unwrap_or_default());
    since.map(span).unwrap_or_default()
}

/// How far ahead `time` is.
pub(crate) fn remaining(time: Option<&Timestamp>) -> String {
    let left = time.map(|time| time_from_wire(time).duration_since(SystemTime::now()).unwrap_or_default());
    left.map(span).unwrap_or_default()
}

/// `time` in UTC, to the second.
pub(crate) fn moment(time: Option<&Timestamp>) -> String {
    let moment = time.and_then(|time| jiff::Timestamp::try_from(time_from_wire(time)).ok());
    moment.map(|moment| moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default()
}

/// A length of time in one or two units.
fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0..=1, _) => format!("{seconds}s"),
        (0, 0, minutes @ 2..=9, rest @ 1..) => format!("{minutes}m{rest}s"),
        (0, 0, minutes, _) => format!("{minutes}m"),
        (0, hours @ 1..=7, minutes @ 1.., _) => format!("{hours}h{minutes}m"),
        (0, hours, ..) => format!("{hours}h"),
        (days, hours @ 1.., ..) if days < 8 => format!("{days}d{hours}h"),
        (days, ..) => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(rows: &[[&str; 2]]) -> String {
        Table::of(["ID", "STATE"], rows.iter().map(|row| row.map(str::to_owned))).to_string()
    }

    #[test]
    fn columns_line_up_without_borders_or_trailing_space() {
        let text = rows(&[["prod-eu-1", "up"], ["x", ""]]);
        assert_eq!(text, "ID          STATE\nprod-eu-1   up\nx           <none>\n");
    }

    #[test]
    fn a_cell_cannot_drive_the_terminal_or_break_the_table() {
        let text = rows(&[["a\u{1b}[2Jb\nc\u{9b}", "ok"]]);
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(!text.contains(['\u{1b}', '\u{9b}']), "{text}");
    }

    #[test]
    fn long_cells_are_not_wrapped() {
        let long = "x".repeat(500);
        assert_eq!(rows(&[[&long, "ok"]]).lines().count(), 2);
    }

    #[test]
    fn spans_read_like_kubectl() {
        let cases = [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (660, "11m"),
            (3_600, "1h"),
            (3_720, "1h2m"),
            (36_000, "10h"),
            (90_000, "1d1h"),
            (864_000, "10d"),
        ];
        for (seconds, text) in cases {
            assert_eq!(span(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn moments_are_utc() {
        assert_eq!(moment(Some(&Timestamp { seconds: 60, nanos: 0 })), "1970-01-01T00:01:00Z");
        assert_eq!(moment(None), "");
    }
}
