//! How many recorded commands come out the same, and what differs.

use std::fmt::{self, Write};

use super::Printed;

/// Lines shown of a difference.
const SHOWN: usize = 12;

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

#[derive(Default)]
pub(super) struct Score {
    equal: Vec<String>,
    /// Those of them that are equal with the clock a little later.
    late: Vec<String>,
    different: Vec<(String, String)>,
    refused: Vec<(String, String)>,
    not_covered: Vec<String>,
}

impl Score {
    pub(super) fn add(&mut self, line: &str, expected: &Printed, ending: Ending) {
        let line = line.to_owned();
        match ending {
            Ending::Equal { late } => {
                self.late.extend(late.then(|| line.clone()));
                self.equal.push(line);
            }
            Ending::Different(printed) => self.different.push((line, difference(expected, &printed))),
            Ending::Hung => self.different.push((line, "it did not end".to_owned())),
            Ending::Refused(refusal) => self.refused.push((line, refusal)),
            Ending::NotCovered => self.not_covered.push(line),
        }
    }

    pub(super) fn check(&self) {
        assert!(!self.equal.is_empty());
    }
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
        let [equal, different, not_covered, refused] =
            [self.equal.len(), self.different.len(), self.not_covered.len(), self.refused.len()];
        write!(f, "equal {equal}, different {different}, not covered {not_covered}, refused {refused}")
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
