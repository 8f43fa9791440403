//! How many recorded commands come out the same, and what differs.

use std::{
    collections::BTreeMap,
    env,
    fmt::{self, Write},
    path::Path,
};

use super::Printed;

/// Lines shown of a difference.
const SHOWN: usize = 12;
/// The table for readers. A test writes it when this is set, and else compares it.
const UPDATE: &str = "UPDATE_DOCS";
/// The least part of the commands whose verb is allowed that must come out the same, in percent.
const LEAST: usize = 95;

/// Why a command comes out differently, for the beginnings of command lines.
const REASONS: &[(&str, &str)] = &[
    ("version", "kubectl names its own version and build; this engine names itself, because it is no kubectl"),
    (
        "logs -l app=api -n shop --all-containers",
        "kubectl reads the logs of several containers in the order of a Go map, which changes from run to run; here they come in the order of the pod: init containers first",
    ),
];

/// What became of one vector here.
pub(super) enum Ending {
    /// The same bytes and exit code, maybe with the clock a little later than kubectl's start.
    Equal {
        late: bool,
    },
    Different(Printed),
    Refused(String),
    NotCovered,
    Hung,
}

/// How one verb fares.
#[derive(Default)]
struct Count {
    vectors: usize,
    equal: usize,
}

#[derive(Default)]
pub(super) struct Score {
    verbs: BTreeMap<String, Count>,
    /// Those that are equal with the clock a little later.
    late: Vec<String>,
    different: Vec<(String, String)>,
    refused: Vec<(String, String)>,
    not_covered: Vec<String>,
}

impl Score {
    pub(super) fn add(&mut self, line: &str, expected: &Printed, ending: Ending) {
        let verb = self.verbs.entry(line.split(' ').next().unwrap_or_default().to_owned()).or_default();
        verb.vectors += usize::from(!matches!(ending, Ending::Refused(_)));
        verb.equal += usize::from(matches!(ending, Ending::Equal { .. }));
        let line = line.to_owned();
        match ending {
            Ending::Equal { late } => self.late.extend(late.then_some(line)),
            Ending::Different(printed) => self.different.push((line, difference(expected, &printed))),
            Ending::Hung => self.different.push((line, "it did not end".to_owned())),
            Ending::Refused(refusal) => self.refused.push((line, refusal)),
            Ending::NotCovered => self.not_covered.push(line),
        }
    }

    fn equal(&self) -> usize {
        self.verbs.values().map(|verb| verb.equal).sum()
    }

    fn vectors(&self) -> usize {
        self.verbs.values().map(|verb| verb.vectors).sum()
    }

    /// Nothing differs, and nothing is left out.
    pub(super) fn check_all_equal(&self) {
        assert!(self.different.is_empty() && self.not_covered.is_empty() && self.refused.is_empty(), "{self}");
    }

    /// Every difference has a reason, and nothing is left out.
    pub(super) fn check(&self) {
        for (line, difference) in &self.different {
            assert!(reason(line).is_some(), "{line}\n{difference}");
        }
        assert!(self.not_covered.is_empty(), "{:?}", self.not_covered);
        assert!(self.equal() * 100 >= self.vectors() * LEAST, "{} of {}", self.equal(), self.vectors());
    }

    /// The table for readers is true.
    pub(super) fn check_document(&self, odd: &Self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/kubectl-compat.md");
        if env::var_os(UPDATE).is_some() {
            std::fs::write(&path, self.document(odd)).unwrap();
        }
        let document = std::fs::read_to_string(&path).unwrap();
        assert_eq!(document, self.document(odd), "docs/kubectl-compat.md is old; {UPDATE}=1 writes it");
    }

    fn document(&self, odd: &Self) -> String {
        let (equal, vectors) = (self.equal(), self.vectors());
        let mut text = format!(
            "# Native engine and kubectl\n\n\
             This page is written by a test (`UPDATE_DOCS=1 cargo test -p kubently-executor golden`). It runs argument vectors that a real\n\
             kubectl 1.33 ran against a real API server through grammar and native engine, against the same answers, and compares standard\n\
             output, standard error and exit code byte for byte. Redaction is off there, and nothing is restricted: what policy and redaction\n\
             change is described in `docs/redaction.md` and is meant.\n\n\
             **{equal} of {vectors}** command lines whose verb is allowed come out the same.\n\n\
             So do all of {} more, about objects that were made up to have every field and every gap, and about answers that are errors\n\
             (`crates/executor/testdata/odd`).\n\n\
             | verb | command lines | the same |\n|---|---|---|\n",
            odd.equal()
        );
        for (verb, Count { vectors, equal }) in self.verbs.iter().filter(|(_, count)| count.vectors > 0) {
            let _ = writeln!(text, "| `{verb}` | {vectors} | {equal} |");
        }
        text += "\n## What differs, and why\n\n";
        for (line, _) in &self.different {
            let _ = writeln!(text, "- `{line}`: {}.", reason(line).unwrap_or("not explained"));
        }
        text += "\n## What is refused\n\n";
        for (line, refusal) in &self.refused {
            let rule = refusal.split(" (argument").next().unwrap_or(refusal);
            let _ = writeln!(text, "- `{line}`: {rule}.");
        }
        let _ = writeln!(
            text,
            "\n## Clocks\n\nAges are counted to the moment at which kubectl was started. It asks for the time when it prints, which is some tenths of\n\
             a second later; {} command lines are the same only with the clock up to a second later:\n",
            self.late.len()
        );
        for line in &self.late {
            let _ = writeln!(text, "- `{line}`");
        }
        text
    }
}

fn reason(line: &str) -> Option<&'static str> {
    REASONS.iter().find(|(start, _)| line.starts_with(start)).map(|(_, reason)| *reason)
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, difference) in &self.different {
            writeln!(f, "== {line}\n{difference}")?;
        }
        for line in &self.not_covered {
            writeln!(f, "-- not covered: {line}")?;
        }
        for (line, refusal) in &self.refused {
            writeln!(f, "-- refused: {line}: {refusal}")?;
        }
        for line in &self.late {
            writeln!(f, "-- equal a little later: {line}")?;
        }
        let [different, not_covered, refused] = [self.different.len(), self.not_covered.len(), self.refused.len()];
        write!(f, "equal {}, different {different}, not covered {not_covered}, refused {refused}", self.equal())
    }
}

/// The first lines that differ, and what stands around them.
fn difference(expected: &Printed, printed: &Printed) -> String {
    let mut text = String::new();
    if expected.exit_code != printed.exit_code {
        let _ = writeln!(text, "exit code: kubectl {}, native {}", expected.exit_code, printed.exit_code);
    }
    text += &of_stream("stdout", &expected.stdout, &printed.stdout);
    text += &of_stream("stderr", &expected.stderr, &printed.stderr);
    text
}

fn of_stream(name: &str, expected: &str, printed: &str) -> String {
    if expected == printed {
        return String::new();
    }
    let (theirs, ours): (Vec<_>, Vec<_>) = (expected.split('\n').collect(), printed.split('\n').collect());
    let same = theirs.iter().zip(&ours).take_while(|(one, other)| one == other).count();
    let from = |lines: &[&str], sign: &str| -> String {
        lines.iter().skip(same).take(SHOWN).map(|line| format!("{sign} {line:?}\n")).collect()
    };
    format!("{name} differs from line {}:\n{}{}", same + 1, from(&theirs, "kubectl"), from(&ours, "native "))
}
