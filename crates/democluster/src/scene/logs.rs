//! What containers wrote, made on demand: a long log costs nothing until it is read.

use std::time::Duration;

use jiff::Timestamp;

use super::{Fate, Script, container::Container, identity, mins, secs};
use crate::clock::{earlier, later, since};

/// How long a container ran before it was killed for its memory.
pub(super) const LONG_RUN: Duration = mins(7);
/// How far apart the lines of a script's opening are, in a run that begins quickly and in a [`LONG_RUN`].
const QUICK: Duration = Duration::from_millis(220);
const SLOW: Duration = secs(65);

/// Whose log, and which run's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LogKey {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
    pub(crate) previous: bool,
}

/// One line and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) at: Timestamp,
    pub(crate) text: String,
}

/// A log that can be read from any line.
#[derive(Clone, Debug)]
pub(crate) enum LogSource {
    /// What a [`Script`] says.
    Scripted(Run),
    /// This many numbered lines, a millisecond apart, the last one at `end`.
    Firehose { end: Timestamp, lines: u64 },
    /// A line every so often, counted from the moment the log is asked for; this many unless it is followed.
    Paced { every: Duration, lines: u64 },
}

/// One run of a container, over or still going.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    start: Timestamp,
    script: Script,
    ended: bool,
    /// How far apart the opening's lines are.
    pace: Duration,
    /// Makes the pods of one template differ.
    seed: u64,
}

impl LogSource {
    /// The log of a container that started at `start` and met its fate, and the one of the run before, if there are any.
    pub(crate) fn of(
        container: &Container,
        pod: &str,
        start: Timestamp,
        now: Timestamp,
    ) -> (Option<Self>, Option<Self>) {
        let seed = identity::number(pod);
        // Pods of one age did not start in the same millisecond.
        let start = later(start, Duration::from_millis(seed % 1700));
        let run = Run { start, script: container.script, ended: false, pace: QUICK, seed };
        let ended = Run { script: container.script_of_end(), ended: true, ..run };
        let (current, previous) = match container.fate {
            Fate::Running | Fate::Unready { .. } => (Some(run), None),
            Fate::Restarted { ago, .. } => {
                let restarted = earlier(now, ago);
                let before = Run { start: earlier(restarted, LONG_RUN), pace: SLOW, ..ended };
                (Some(Run { start: restarted, ..run }), Some(before))
            }
            Fate::Crashing { .. } => {
                let last = Run { start: earlier(now, mins(2)), ..ended };
                (Some(last), Some(last))
            }
            Fate::Completed | Fate::Failed { .. } => (Some(ended), None),
            Fate::ImageMissing => (None, None),
        };
        (current.map(Self::Scripted), previous.map(Self::Scripted))
    }

    /// How many lines there are at `now`.
    pub(crate) fn len(&self, now: Timestamp) -> u64 {
        match self {
            Self::Scripted(run) => run.len(now),
            Self::Firehose { lines, .. } | Self::Paced { lines, .. } => *lines,
        }
    }

    /// Line number `index`, also one that is still to be written.
    pub(crate) fn line(&self, index: u64, asked: Timestamp) -> Line {
        match self {
            Self::Scripted(run) => run.line(index),
            Self::Firehose { end, lines } => {
                let at = earlier(*end, Duration::from_millis(lines.saturating_sub(index + 1)));
                Line { at, text: firehose_text(index) }
            }
            Self::Paced { every, .. } => {
                let text = format!("tick {:05} still working, next line in {} ms", index + 1, every.as_millis());
                Line { at: later(asked, times(*every, index + 1)), text }
            }
        }
    }

    /// Whether more lines may come after those there are.
    pub(crate) fn goes_on(&self) -> bool {
        match self {
            Self::Scripted(run) => run.goes_on(),
            Self::Firehose { .. } => false,
            Self::Paced { .. } => true,
        }
    }

    /// Whether following ends by itself: the container is over.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Scripted(run) if run.ended)
    }
}

impl Run {
    fn goes_on(&self) -> bool {
        !self.ended && !self.script.cycle.is_empty()
    }

    fn len(&self, now: Timestamp) -> u64 {
        let opening = self.script.opening.len() as u64;
        if !self.goes_on() {
            return opening;
        }
        let alive = since(now, later(self.start, self.opening_time()));
        let ticks = alive.as_millis() / self.script.every.as_millis().max(1);
        opening + u64::try_from(ticks).unwrap_or_default()
    }

    fn opening_time(&self) -> Duration {
        times(self.pace, self.script.opening.len() as u64)
    }

    fn line(&self, index: u64) -> Line {
        let opening = self.script.opening.len() as u64;
        let (text, offset) = if index < opening {
            (pick(self.script.opening, index), times(self.pace, index + 1))
        } else {
            let tick = index - opening;
            let offset = self.opening_time() + times(self.script.every, tick + 1);
            (pick(self.script.cycle, tick + self.seed % 7), offset)
        };
        let number = 100 + (index * 7919 + self.seed % 1000) % 900;
        Line { at: later(self.start, offset), text: text.replace("{n}", &number.to_string()) }
    }
}

fn times(duration: Duration, factor: u64) -> Duration {
    duration.saturating_mul(u32::try_from(factor).unwrap_or(u32::MAX))
}

fn pick(lines: &'static [&'static str], index: u64) -> &'static str {
    let at = index.checked_rem(lines.len() as u64).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| lines.get(at)).copied().unwrap_or_default()
}

/// 128 bytes with the line feed, so that a test can tell a cut line from a whole one.
fn firehose_text(index: u64) -> String {
    let parcel = index.wrapping_mul(2_654_435_761) & 0xffff_ffff;
    let head = format!("line {index:07} level=info msg=\"parcel scanned\" belt={:02} parcel={parcel:08x} ", index % 16);
    format!("{head:.<127}")
}
