//! What containers wrote, made on demand: a long log costs nothing until it is read.

use std::time::Duration;

use jiff::Timestamp;

use super::{Fate, Script, container::Container, secs};
use crate::clock::{earlier, later, since};

/// How long a container that keeps ending runs each time.
const SHORT_RUN: Duration = secs(6);

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
    /// A run that is over, or one still going: see [`Script`].
    Scripted { start: Timestamp, script: Script, ended: bool },
    /// This many numbered lines, a millisecond apart, the last one at `end`.
    Firehose { end: Timestamp, lines: u64 },
    /// A line every so often, counted from the moment the log is asked for; this many unless it is followed.
    Paced { every: Duration, lines: u64 },
}

impl LogSource {
    /// The log of a container that started at `start` and met its fate, and the one of the run before, if there are any.
    pub(crate) fn of(container: &Container, start: Timestamp, now: Timestamp) -> (Option<Self>, Option<Self>) {
        let script = container.script;
        let ended = |start| Self::Scripted { start, script: script_of_end(container), ended: true };
        match container.fate {
            Fate::Running | Fate::Unready { .. } => (Some(Self::Scripted { start, script, ended: false }), None),
            Fate::Restarted { ago, .. } => {
                let restarted = earlier(now, ago);
                let before = ended(earlier(restarted, SHORT_RUN));
                (Some(Self::Scripted { start: restarted, script, ended: false }), Some(before))
            }
            Fate::Crashing { .. } => {
                let last = ended(earlier(now, super::mins(2)));
                (Some(last.clone()), Some(last))
            }
            Fate::Completed | Fate::Failed { .. } => (Some(ended(start)), None),
            Fate::ImageMissing => (None, None),
        }
    }

    /// How many lines there are at `now`.
    pub(crate) fn len(&self, now: Timestamp) -> u64 {
        match self {
            Self::Scripted { start, script, ended } => {
                let opening = script.opening.len() as u64;
                if *ended || script.cycle.is_empty() {
                    return opening;
                }
                let alive = since(now, later(*start, opening_time(script)));
                let ticks = alive.as_millis() / script.every.as_millis().max(1);
                opening + u64::try_from(ticks).unwrap_or_default()
            }
            Self::Firehose { lines, .. } | Self::Paced { lines, .. } => *lines,
        }
    }

    /// Line number `index`, also one that is still to be written.
    pub(crate) fn line(&self, index: u64, asked: Timestamp) -> Line {
        match self {
            Self::Scripted { start, script, .. } => scripted_line(*start, script, index),
            Self::Firehose { end, lines } => {
                let at = earlier(*end, Duration::from_millis(lines.saturating_sub(index + 1)));
                Line { at, text: firehose_text(index) }
            }
            Self::Paced { every, .. } => {
                let at = later(asked, every.saturating_mul(u32::try_from(index + 1).unwrap_or(u32::MAX)));
                Line { at, text: format!("tick {:05} still working, next line in {} ms", index + 1, every.as_millis()) }
            }
        }
    }

    /// Whether more lines may come after those there are.
    pub(crate) fn goes_on(&self) -> bool {
        match self {
            Self::Scripted { script, ended, .. } => !ended && !script.cycle.is_empty(),
            Self::Firehose { .. } => false,
            Self::Paced { .. } => true,
        }
    }

    /// Whether following ends by itself: the container is over.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Scripted { ended: true, .. })
    }
}

fn script_of_end(container: &Container) -> Script {
    let opening = if container.last_words.is_empty() { container.script.opening } else { container.last_words };
    Script { opening, ..container.script }
}

/// The opening's lines come 220 ms apart.
fn opening_time(script: &Script) -> Duration {
    Duration::from_millis(220 * script.opening.len() as u64)
}

fn scripted_line(start: Timestamp, script: &Script, index: u64) -> Line {
    let opening = script.opening.len() as u64;
    let (text, offset) = if index < opening {
        (pick(script.opening, index), Duration::from_millis(220 * (index + 1)))
    } else {
        let tick = index - opening;
        let times = u32::try_from(tick + 1).unwrap_or(u32::MAX);
        (pick(script.cycle, tick), opening_time(script) + script.every.saturating_mul(times))
    };
    let number = 100 + (index * 7919) % 900;
    Line { at: later(start, offset), text: text.replace("{n}", &number.to_string()) }
}

fn pick(lines: &'static [&'static str], index: u64) -> &'static str {
    let at = index.checked_rem(lines.len() as u64).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| lines.get(at)).copied().unwrap_or_default()
}

/// 128 bytes with the line feed, so that a test can tell a cut line from a whole one.
fn firehose_text(index: u64) -> String {
    let head = format!("line {index:07} level=info msg=\"parcel scanned\" belt={:02} parcel={:08x} ", index % 16, index * 2_654_435);
    format!("{head:.<127}")
}
