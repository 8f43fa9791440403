//! Labelled cases: how many secrets are found, and how much else is taken for one.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use serde::Deserialize;
use serde_json::Value;

use super::{Redactor, Settings};

/// Secrets that no rule is meant to find: counted, and not part of the whole.
const OUTSIDE: &str = "outside";

/// One labelled input.
#[derive(Deserialize)]
struct Case {
    class: String,
    kind: String,
    input: Value,
    /// What must not be in the output.
    gone: Vec<String>,
    /// What must be in it.
    stay: Vec<String>,
}

/// How one class did.
#[derive(Default, Clone, Copy)]
struct Score {
    cases: usize,
    secrets: usize,
    found: usize,
    others: usize,
    lost: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.secrets += other.secrets;
        self.found += other.found;
        self.others += other.others;
        self.lost += other.lost;
    }

    fn recall(&self) -> f64 {
        ratio(self.found, self.secrets)
    }

    fn precision(&self) -> f64 {
        ratio(self.found, self.found + self.lost)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap());
    if whole == 0 { 1.0 } else { float(part) / float(whole) }
}

fn cases() -> Vec<Case> {
    let text = include_str!("../../testdata/redaction/cases.jsonl");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Everything a reader could see of the redacted input.
fn output(case: &Case) -> String {
    let redactor = Redactor::new(&[9; 32], &Settings::default());
    match &case.input {
        Value::String(text) if case.kind == "text" => redactor.text(text).into_owned(),
        object => {
            let mut object = object.clone();
            redactor.object(&mut object);
            let mut out = object.to_string();
            leaves(&object, &mut out);
            out
        }
    }
}

fn leaves(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| leaves(item, out)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, out)),
        _ => {}
    }
}

fn judge(case: &Case) -> Score {
    let output = output(case);
    let missed: Vec<_> = case.gone.iter().filter(|secret| output.contains(secret.as_str())).collect();
    let lost: Vec<_> = case.stay.iter().filter(|text| !output.contains(text.as_str())).collect();
    if !missed.is_empty() || !lost.is_empty() {
        println!("{}: missed {missed:?}, lost {lost:?} in\n{output}\n", case.class);
    }
    Score {
        cases: 1,
        secrets: case.gone.len(),
        found: case.gone.len() - missed.len(),
        others: case.stay.len(),
        lost: lost.len(),
    }
}

fn table(scores: &BTreeMap<String, Score>, all: &Score) -> String {
    let mut out = String::from("| class | cases | secrets | found | other texts | lost | recall | precision |\n");
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    for (class, score) in scores.iter().map(|(class, score)| (class.as_str(), score)).chain([("all", all)]) {
        let Score { cases, secrets, found, others, lost } = score;
        let (recall, precision) = (score.recall(), score.precision());
        writeln!(out, "| {class} | {cases} | {secrets} | {found} | {others} | {lost} | {recall:.3} | {precision:.3} |")
            .unwrap();
    }
    out
}

#[test]
fn finds_what_it_should_and_leaves_the_rest() {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let mut all = Score::default();
    for case in cases() {
        let score = judge(&case);
        if case.class != OUTSIDE {
            all.add(score);
        }
        scores.entry(case.class).or_default().add(score);
    }
    let table = table(&scores, &all);
    println!("{table}");
    assert!(all.cases >= 200);
    assert!(all.recall() >= 0.99 && all.precision() >= 0.98, "{table}");
    assert_eq!(
        (scores["secret-data"].found, scores["embedded"].found),
        (scores["secret-data"].secrets, scores["embedded"].secrets)
    );
    compare_docs(&table);
}

/// The table in the documentation is what this test measured.
fn compare_docs(table: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/redaction.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once("<!-- measured -->\n").unwrap();
    let (old, tail) = rest.split_once("<!-- end -->").unwrap();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{head}<!-- measured -->\n{table}<!-- end -->{tail}")).unwrap();
    } else {
        assert_eq!(old, table, "run the tests of this crate with UPDATE_DOCS=1");
    }
}

#[test]
fn redacting_twice_changes_nothing() {
    let redactor = Redactor::new(&[9; 32], &Settings::default());
    for case in cases() {
        let mut once = case.input;
        if let Value::String(text) = &once {
            once = Value::from(redactor.text(text));
            assert_eq!(redactor.text(once.as_str().unwrap()), once.as_str().unwrap());
        } else {
            redactor.object(&mut once);
            let mut twice = once.clone();
            redactor.object(&mut twice);
            assert_eq!(once, twice);
        }
    }
}
