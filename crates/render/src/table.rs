//! Server-side Tables, printed like kubectl's human-readable printer.

mod read;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::{
    columns::{Tabs, escape},
    fields::Fields,
    jsonpath::{Error, go, sort},
    object::strings,
    tab::Spaces,
    time,
};

pub use read::{Shown, read};

/// Spaces between columns (kubectl's tab writer: padding 3, minimum width 6).
const PADDING: usize = 3;
const MIN_WIDTH: usize = 6;

/// `meta.k8s.io/v1 Table`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Table {
    /// `Table`, unless the server answered with something else.
    pub kind: String,
    /// The list's own.
    pub metadata: ListMeta,
    /// What the cells of a row are; nothing in a watch after its first table.
    #[serde(deserialize_with = "or_default")]
    pub column_definitions: Vec<Column>,
    /// One per object.
    #[serde(deserialize_with = "or_default")]
    pub rows: Vec<Row>,
}

/// Go writes an empty list as null.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What a list says about itself.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListMeta {
    /// Where the next piece of a list starts; empty at its end.
    #[serde(rename = "continue")]
    pub next: String,
}

/// One column's definition.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default)]
pub struct Column {
    /// The header, before it is put in capitals.
    pub name: String,
    /// `OpenAPI` type: `string`, `integer`…
    #[serde(rename = "type")]
    pub value_type: String,
    /// `name` for the column with the objects' names.
    pub format: String,
    /// Above 0 it is shown in wide tables only.
    pub priority: i32,
}

/// One object's line.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Row {
    /// In the order of the columns.
    pub cells: Vec<Value>,
    /// The object, or as much of it as was asked for.
    pub object: Value,
}

impl Table {
    /// What is shown of an object whose server prints no tables: its name and its age.
    #[must_use]
    pub fn of_object(object: Value, now: Timestamp) -> Self {
        let column = |name: &str, format: &str| Column {
            name: name.to_owned(),
            value_type: "string".to_owned(),
            format: format.to_owned(),
            priority: 0,
        };
        let age = time::age(time::parse(object.text("metadata.creationTimestamp")), now);
        let cells = vec![json!(object.text("metadata.name")), json!(age)];
        Self {
            kind: "Table".to_owned(),
            metadata: ListMeta::default(),
            column_definitions: vec![column("Name", "name"), column("Age", "")],
            rows: vec![Row { cells, object }],
        }
    }

    /// Sorts the rows by a field of their objects.
    ///
    /// # Errors
    /// As [`sort::rows`].
    pub fn sort(&mut self, path: &str) -> Result<(), Error> {
        let objects: Vec<_> = self.rows.iter().map(|row| &row.object).collect();
        let order = sort::rows(path, &objects)?;
        let mut rows: Vec<_> = self.rows.drain(..).map(Some).collect();
        self.rows.extend(order.into_iter().filter_map(|at| rows.get_mut(at)?.take()));
        Ok(())
    }
}

/// How a group of tables is printed.
#[derive(Debug, Clone, Default)]
pub struct Style {
    /// With the columns of lower priority.
    pub wide: bool,
    /// Without the line of headers.
    pub no_headers: bool,
    /// With a last column of all labels.
    pub show_labels: bool,
    /// With a column for each of these labels.
    pub label_columns: Vec<String>,
    /// With a first column of namespaces.
    pub with_namespace: bool,
    /// Put in front of names when several types are printed.
    pub prefix: Option<String>,
}

/// Collects the lines of one type's tables; columns are aligned over all of them.
pub struct Printer {
    style: Style,
    columns: Vec<Column>,
    printed_headers: bool,
    lines: Vec<Vec<String>>,
    tabs: Tabs,
}

impl Printer {
    /// Without any table yet.
    #[must_use]
    pub fn new(style: Style) -> Self {
        Self { style, columns: Vec::new(), printed_headers: false, lines: Vec::new(), tabs: Tabs::default() }
    }

    /// Adds a table, with headers unless they are the ones printed last.
    pub fn add(&mut self, table: Table) {
        self.add_change(table, None);
    }

    /// Adds a table whose rows are what became of objects: `ADDED`, `MODIFIED`, `DELETED`. With `change` there is a first
    /// column that says so.
    pub fn add_change(&mut self, table: Table, change: Option<&str>) {
        if !table.column_definitions.is_empty() && table.column_definitions != self.columns {
            self.columns = table.column_definitions;
            self.printed_headers = false;
        }
        if table.rows.is_empty() {
            return;
        }
        if !self.printed_headers && !self.style.no_headers {
            let event = change.map(|_| "EVENT".to_owned());
            let headers = event.into_iter().chain(self.headers()).collect();
            self.lines.push(headers);
        }
        self.printed_headers = true;
        let event = || change.map(|change| format!("{change:<8}"));
        let lines: Vec<_> = table.rows.iter().map(|row| event().into_iter().chain(self.line(row)).collect()).collect();
        self.lines.extend(lines);
    }

    fn shown(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate().filter(|(_, column)| self.style.wide || column.priority == 0)
    }

    fn headers(&self) -> Vec<String> {
        let namespace = self.style.with_namespace.then(|| "NAMESPACE".to_owned());
        let own = self.shown().map(|(_, column)| column.name.to_uppercase());
        let labels = self.style.label_columns.iter().map(|label| label_header(label));
        let all_labels = self.style.show_labels.then(|| "LABELS".to_owned());
        namespace.into_iter().chain(own).chain(labels).chain(all_labels).collect()
    }

    fn line(&self, row: &Row) -> Vec<String> {
        let namespace = row.object.text("metadata.namespace").to_owned();
        let labels = strings(row.object.at("metadata.labels").as_object());
        let name_column =
            self.columns.iter().position(|column| column.format == "name" && column.value_type == "string");
        let cell = |at: usize| {
            let text = row.cells.get(at).map(text).unwrap_or_default();
            match &self.style.prefix {
                Some(prefix) if Some(at) == name_column => format!("{prefix}/{text}"),
                _ => text,
            }
        };
        let own = self.shown().map(|(at, _)| cell(at));
        let chosen = self.style.label_columns.iter();
        let chosen = chosen.map(|label| value_of(label, &labels).to_owned());
        let all_labels = self.style.show_labels.then(|| all_labels(&labels));
        let namespace = self.style.with_namespace.then_some(namespace);
        namespace.into_iter().chain(own).chain(chosen).chain(all_labels).collect()
    }

    /// Everything that was added, aligned.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.flush()
    }

    /// What was added since the last time, in columns that go on.
    pub fn flush(&mut self) -> String {
        let lines = self.lines.drain(..).map(|cells| cells.join("\t") + "\n");
        self.tabs.align(&lines.collect::<String>())
    }
}

fn label_header(label: &str) -> String {
    label.rsplit('/').next().unwrap_or(label).to_uppercase()
}

fn value_of<'a>(label: &str, labels: &[(&str, &'a str)]) -> &'a str {
    labels.iter().find(|(name, _)| *name == label).map_or("", |(_, value)| value)
}

fn all_labels(labels: &[(&str, &str)]) -> String {
    if labels.is_empty() {
        return "<none>".to_owned();
    }
    labels.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(",")
}

/// A cell as Go prints it; strings end at their first line.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => match text.split_once(['\u{c}', '\n', '\r']) {
            Some((first, _)) => escape(first) + "...",
            None => escape(text),
        },
        other => escape(&go::plain(other)),
    }
}

/// Lines of cells as text; the last cell of a line is never padded.
pub fn align(lines: &[Vec<String>]) -> String {
    let count = lines.iter().map(Vec::len).max().unwrap_or_default();
    let mut widths = vec![MIN_WIDTH; count];
    for line in lines {
        for (cell, width) in line.iter().zip(&mut widths) {
            *width = (*width).max(cell.chars().count() + PADDING);
        }
    }
    let mut out = String::new();
    let mut spaces = Spaces::new();
    for line in lines {
        for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
            out.push_str(cell);
            if at + 1 < line.len() {
                spaces.pad(&mut out, cell, *width, PADDING);
            }
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_wide_cell_does_not_widen_everything_without_end() {
        let mut lines = vec![vec!["x".repeat(1 << 20), "1".to_owned()]];
        lines.resize(1_000, vec!["y".to_owned(), "2".to_owned()]);
        let text = align(&lines);
        assert!(text.len() < (34 << 20), "{}", text.len());
        assert!(text.starts_with("xxx") && text.ends_with("y   2\n"));
    }

    fn table() -> Table {
        serde_json::from_value(json!({
            "kind": "Table",
            "columnDefinitions": [
                {"name": "Name", "type": "string", "format": "name", "priority": 0},
                {"name": "Ready", "type": "string", "priority": 0},
                {"name": "IP", "type": "string", "priority": 1},
                {"name": "Age", "type": "string", "priority": 0},
            ],
            "rows": [
                {"cells": ["web-1", "1/1", "10.0.0.1", "5d"],
                 "object": {"metadata": {"name": "web-1", "namespace": "shop", "labels": {"b": "2", "a": "1"}}}},
                {"cells": ["x", 3, null, "a\nb"],
                 "object": {"metadata": {"name": "x", "namespace": "shop"}}},
            ],
        }))
        .unwrap()
    }

    fn print(style: Style) -> String {
        let mut printer = Printer::new(style);
        printer.add(table());
        printer.finish()
    }

    #[test]
    fn columns_are_three_spaces_apart_and_at_least_six_wide() {
        assert_eq!(print(Style::default()), "NAME    READY   AGE\nweb-1   1/1     5d\nx       3       a...\n");
    }

    #[test]
    fn wide_shows_columns_of_lower_priority() {
        let wide = Style { wide: true, no_headers: true, ..Style::default() };
        assert_eq!(print(wide), "web-1   1/1   10.0.0.1   5d\nx       3                a...\n");
    }

    #[test]
    fn namespace_labels_and_prefix_are_added() {
        let style = Style {
            with_namespace: true,
            show_labels: true,
            label_columns: vec!["x.io/a".into(), "a".into()],
            prefix: Some("pod".into()),
            ..Style::default()
        };
        let expected = "\
NAMESPACE   NAME        READY   AGE    A     A     LABELS
shop        pod/web-1   1/1     5d           1     a=1,b=2
shop        pod/x       3       a...               <none>
";
        assert_eq!(print(style), expected);
    }

    #[test]
    fn rows_are_sorted_by_their_objects() {
        let mut table = table();
        table.sort(".metadata.labels.a").unwrap();
        assert_eq!(table.rows[0].object["metadata"]["name"], "x");
        assert!(table.sort(".nope").unwrap_err().to_string().contains("couldn't find any field with path \"{.nope}\""));
        assert_eq!(table.rows.len(), 2);
    }

    #[test]
    fn an_object_without_a_table_has_a_name_and_an_age() {
        let now = "2026-11-02T00:00:00Z".parse().unwrap();
        let object = |time: &str| json!({"metadata": {"name": "a\u{1b}[1m", "creationTimestamp": time}});
        let mut printer = Printer::new(Style { prefix: Some("thing.x.io".into()), ..Style::default() });
        printer.add(Table::of_object(object("2026-11-01T00:00:00Z"), now));
        printer.add(Table::of_object(object(""), now));
        let expected = "NAME                AGE\nthing.x.io/a^[[1m   24h\nthing.x.io/a^[[1m   <unknown>\n";
        assert_eq!(printer.finish(), expected);
    }

    #[test]
    fn the_same_headers_are_printed_once_and_empty_tables_not_at_all() {
        let mut printer = Printer::new(Style::default());
        printer.add(Table { rows: Vec::new(), ..table() });
        printer.add(table());
        printer.add(table());
        assert_eq!(printer.finish().matches("NAME").count(), 1);
        let mut printer = Printer::new(Style::default());
        printer.add(Table { rows: Vec::new(), ..table() });
        assert_eq!(printer.finish(), "");
    }
}
