//! Ordinary commands run, and mean what they say.

use kubently_core::kubectl::{self, Command};

use super::{decide, words};

/// Vectors that were typed at a real kubectl 1.33.
const RECORDED: &str = include_str!("recorded.txt");

/// Vectors that a filter by substrings refuses for no reason, and other everyday ones.
const EVERYDAY: &str = include_str!("everyday.txt");

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn assert_accepted(text: &str) {
    for line in lines(text) {
        let command = decide(&words(line));
        assert!(command.is_ok(), "{line}\n{command:?}");
        let again = command.as_ref().map(Command::argv).map(|argv| kubectl::parse(&argv));
        assert_eq!(again, Ok(command.clone()), "{line}");
    }
}

#[test]
fn what_was_recorded_is_accepted() {
    assert!(lines(RECORDED).count() > 150);
    assert_accepted(RECORDED);
}

#[test]
fn everyday_commands_are_accepted() {
    assert_accepted(EVERYDAY);
}

#[test]
fn output_templates_may_hold_line_breaks() {
    let argv = ["get", "pods", "-o", "go-template={{range .items}}\n\t{{.metadata.name}}\n{{end}}"].map(str::to_owned);
    assert!(decide(&argv).is_ok());
}
