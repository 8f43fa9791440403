//! What people read: one table, and the story of each of the first violations.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use comfy_table::{Cell, CellAlignment, Table, presets};

use crate::{
    checker::{Column, Recovery, Violation},
    history::{Event, Op},
    scenario::{Run, Scenario},
};

/// Stories told in full for one run.
const STORIES: usize = 5;

const HEADER: [&str; 13] = [
    "fault",
    "seed",
    "commands",
    "lost",
    "duplicate",
    "wrong",
    "re-run",
    "other ends",
    "forgotten",
    "refused",
    "p50",
    "p99",
    "recovery",
];

/// The table, a row for each run.
pub(crate) struct Report {
    table: Table,
}

impl Report {
    pub(crate) fn new() -> Self {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(HEADER);
        Self { table }
    }

    pub(crate) fn add(&mut self, scenario: &Scenario, run: &Run) {
        let (verdict, numbers) = (&run.verdict, &run.verdict.numbers);
        let count = |column| verdict.count(column).to_string();
        let refused: BTreeMap<&str, usize> = numbers.refused.iter().map(|(why, n)| (why.as_str(), *n)).collect();
        let cells = [
            scenario.fault.name().to_owned(),
            scenario.seed.to_string(),
            numbers.accepted.to_string(),
            count(Column::Lost),
            count(Column::Duplicate),
            count(Column::Wrong),
            numbers.rerun.to_string(),
            counts(&numbers.others),
            numbers.forgotten.to_string(),
            counts(&refused),
            millis(numbers.p50),
            millis(numbers.p99),
            recovery(numbers.recovery),
        ];
        let aligned = |(column, text): (usize, String)| {
            let numeric = !matches!(column, 0 | 7 | 9);
            Cell::new(text).set_alignment(if numeric { CellAlignment::Right } else { CellAlignment::Left })
        };
        self.table.add_row(cells.into_iter().enumerate().map(aligned));
    }

    pub(crate) fn text(&self) -> String {
        self.table.to_string()
    }
}

fn counts(counts: &BTreeMap<&str, usize>) -> String {
    if counts.is_empty() {
        return "0".to_owned();
    }
    let each: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    each.join("\n")
}

fn millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}

fn recovery(recovery: Recovery) -> String {
    match recovery {
        Recovery::NoFault => "-".to_owned(),
        Recovery::Within(time) => millis(time),
        Recovery::Never => "never".to_owned(),
    }
}

/// What went wrong in a run, told in full for the first few.
pub(crate) fn stories(run: &Run) -> String {
    let mut text = String::new();
    for violation in run.verdict.violations.iter().take(STORIES) {
        tell(&mut text, run, violation);
    }
    let more = run.verdict.violations.len().saturating_sub(STORIES);
    if more > 0 {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "and {more} more violations");
    }
    text
}

fn tell(text: &mut String, run: &Run, violation: &Violation) {
    let _ = writeln!(text, "{violation}");
    for (at, line) in story(run, violation.op) {
        let _ = writeln!(text, "  {:>9.3} s  {line}", seconds(run, at));
    }
}

fn seconds(run: &Run, at: u64) -> f64 {
    let start = run.history.records.iter().map(|record| record.at).min().unwrap_or(at);
    Duration::from_nanos(at.saturating_sub(start)).as_secs_f64()
}

/// Everything that is known about an operation, and the faults around it.
fn story(run: &Run, op: Op) -> Vec<(u64, String)> {
    let records = run.history.records.iter().filter(|record| record.op == op);
    let mut lines: Vec<(u64, String)> = records.map(|record| (record.at, format!("{:?}", record.event))).collect();
    let marker = run.history.records.iter().find_map(|record| match &record.event {
        Event::Invoked { marker, .. } if record.op == op => Some(*marker),
        _ => None,
    });
    let runs = run.executions.iter().filter(|execution| Some(execution.marker) == marker);
    lines.extend(runs.map(|execution| (execution.at, format!("{:?} on {}", execution.phase, execution.executor))));
    let span = lines.iter().map(|(at, _)| *at).min().zip(lines.iter().map(|(at, _)| *at).max());
    if let Some((from, to)) = span {
        let around = run.history.faults.iter().filter(|fault| fault.from <= to && fault.to >= from);
        lines.extend(
            around.flat_map(|fault| [(fault.from, "a fault begins".to_owned()), (fault.to, "it is over".to_owned())]),
        );
    }
    lines.sort();
    lines
}
