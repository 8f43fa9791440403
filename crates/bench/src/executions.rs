//! The executions log: what really ran, written by the stand-in for kubectl and by nobody else.

use std::{fmt, str::FromStr};

use crate::marker::Marker;

/// Which end of an execution a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The process started.
    Began,
    /// It printed everything and is about to exit.
    Ended,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// Nanoseconds of the machine's monotonic clock, which the history uses too.
    pub at: u64,
    /// Which end.
    pub phase: Phase,
    /// The executor that ran it.
    pub executor: String,
    /// The command.
    pub marker: Marker,
}

/// The machine's monotonic clock: the same in every process, and never set back.
#[must_use]
pub fn now() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

impl fmt::Display for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = if self.phase == Phase::Began { "began" } else { "ended" };
        write!(f, "{} {phase} {} {}", self.at, self.executor, self.marker)
    }
}

/// The line is not one of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct NotALine;

impl FromStr for Execution {
    type Err = NotALine;

    fn from_str(line: &str) -> Result<Self, NotALine> {
        let words: Vec<&str> = line.split(' ').collect();
        let [at, phase, executor, marker] = words[..] else { return Err(NotALine) };
        let phase = match phase {
            "began" => Phase::Began,
            "ended" => Phase::Ended,
            _ => return Err(NotALine),
        };
        let at = at.parse().map_err(|_not_a_number| NotALine)?;
        let marker = marker.parse().map_err(|_not_a_marker| NotALine)?;
        Ok(Self { at, phase, executor: executor.to_owned(), marker })
    }
}

/// Reads the whole log; a line that cannot be read is an error, because it may hide an execution.
pub fn parse(log: &str) -> Result<Vec<Execution>, NotALine> {
    log.lines().map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker::Behaviour;

    #[test]
    fn a_line_survives_its_text() {
        let marker = Marker { number: 7, behaviour: Behaviour::Fails };
        let line = Execution { at: 12, phase: Phase::Ended, executor: "c1-e1".into(), marker };
        assert_eq!(parse(&format!("{line}\n")), Ok(vec![line]));
        assert_eq!(parse("12 ended c1-e1\n"), Err(NotALine));
    }

    #[test]
    fn the_clock_does_not_go_back() {
        assert!(now() <= now());
    }
}
