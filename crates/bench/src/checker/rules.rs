//! One function for each rule. Each looks at one operation, and says what is wrong with it.

use std::collections::{HashMap, HashSet};

use kubently_core::command::Outcome;

use super::{
    Rule, Violation,
    case::{Case, Read},
};
use crate::{
    executions::{Execution, Phase},
    history::{Digest, History, Op, Seen, StoreLoss},
    marker::Marker,
};

/// The reason of a refusal that the same request under the same key must never meet.
const KEY_CONFLICT: &str = "IDEMPOTENCY_CONFLICT";
/// How much sooner than its deadline a command may be given up: clocks of one machine, read at different times.
const SLACK: u64 = 200_000_000;

/// What is wrong with one operation.
pub(super) fn broken(case: &Case<'_>, history: &History) -> Vec<Violation> {
    let rules = [
        lost, undone, unresolved, duplicate, two_ids, unaccepted, wrong, too_early, ran_anyway, cancelled, gaps, torn,
        refused,
    ];
    let mut found: Vec<Violation> = rules.iter().flat_map(|rule| rule(case, &history.losses)).collect();
    found.extend(case.malformed().map(|what| violation(case, Rule::Malformed, what.to_owned())));
    found
}

fn violation(case: &Case<'_>, rule: Rule, what: String) -> Violation {
    Violation { rule, op: case.op, what }
}

/// Whether the store may, by its nature, have forgotten what was written between these two times.
pub(super) fn forgiven(losses: &[StoreLoss], from: u64, to: u64) -> bool {
    losses.iter().any(|loss| loss.from <= to && from <= loss.to)
}

/// When the operation began; 0 when nobody knows.
fn start(case: &Case<'_>) -> u64 {
    case.asked.map_or(0, |asked| asked.at)
}

/// Whether the store may have forgotten that this command was accepted.
pub(super) fn may_be_forgotten(case: &Case<'_>, accepted: u64, losses: &[StoreLoss]) -> bool {
    forgiven(losses, start(case), accepted)
}

fn lost(case: &Case<'_>, losses: &[StoreLoss]) -> Vec<Violation> {
    let reads = case.reads();
    let kept = |(accepted, _): &(u64, &str)| !may_be_forgotten(case, *accepted, losses);
    let missing = |(_, id): (u64, &str)| {
        let first = reads.iter().find(|read| read.id == id).map(|read| read.at);
        match first {
            None if case.pending(id) => None,
            None => Some(format!("{id} was accepted and has no result")),
            Some(at) => case
                .missing(id)
                .iter()
                .any(|gone| *gone > at)
                .then(|| format!("{id} had a result that a later read did not find")),
        }
    };
    let found = case.ids().into_iter().filter(kept).filter_map(missing);
    found.map(|what| violation(case, Rule::Lost, what)).collect()
}

/// A result that is final does not go away again.
fn undone(case: &Case<'_>, losses: &[StoreLoss]) -> Vec<Violation> {
    let reads = case.reads();
    let open_again = |(_, id): &(u64, &str)| {
        let first = reads.iter().find(|read| read.id == *id).map(|read| read.at);
        first.is_some_and(|first| {
            case.open(id).iter().any(|open| *open > first) && !forgiven(losses, start(case), first)
        })
    };
    let what = |id| violation(case, Rule::Undone, format!("{id} had a result and then had not ended"));
    case.ids().into_iter().filter(open_again).map(|(_, id)| what(id)).collect()
}

/// A command is run again while its deadline has not passed, so nothing is given up before.
fn too_early(case: &Case<'_>, _losses: &[StoreLoss]) -> Vec<Violation> {
    let Some(asked) = case.asked else { return Vec::new() };
    let early = |read: &Read<'_>| {
        let given_up = matches!(read.seen.outcome, Outcome::Lost | Outcome::Expired | Outcome::TimedOut);
        given_up && read.at + SLACK < asked.at + asked.timeout
    };
    let what = |read: Read<'_>| {
        let what = format!("{} is {} before its deadline", read.id, read.seen.outcome.as_str());
        violation(case, Rule::TooEarly, what)
    };
    case.reads().into_iter().find(early).map(what).into_iter().collect()
}

fn unresolved(case: &Case<'_>, _losses: &[StoreLoss]) -> Vec<Violation> {
    let pending = case.ids().into_iter().filter(|(_, id)| case.pending(id));
    let mut found: Vec<String> = pending.map(|(_, id)| format!("{id} had not ended when the run was over")).collect();
    if case.abandoned() {
        found.push("the caller had no answer, long after the deadline".to_owned());
    } else if !case.ended() {
        found.push("the history has no end for it".to_owned());
    }
    found.into_iter().map(|what| violation(case, Rule::Unresolved, what)).collect()
}

fn duplicate(case: &Case<'_>, losses: &[StoreLoss]) -> Vec<Violation> {
    let reads = case.reads();
    let different = |read: &&Read<'_>| {
        let first = reads.iter().find(|first| first.id == read.id);
        first.is_some_and(|first| {
            !same(first.seen, read.seen) && !forgiven(losses, start(case), first.at) && first.at <= read.at
        })
    };
    let Some(other) = reads.iter().find(different) else { return Vec::new() };
    let first = reads.iter().find(|first| first.id == other.id).unwrap_or(other);
    let what = format!("{} was read as {:?}, and then as {:?}", other.id, first.seen, other.seen);
    vec![violation(case, Rule::DuplicateVisible, what)]
}

/// Whether two reads can be of one result. The time of its end tells a repeated run from a repeated read.
fn same(one: &Seen, other: &Seen) -> bool {
    let time = one.finished.zip(other.finished).is_none_or(|(one, other)| one == other);
    // A torn stream has a rule of its own.
    let output = one.torn || other.torn || (one.stdout == other.stdout && one.stderr == other.stderr);
    time && output && one.outcome == other.outcome && one.exit_code == other.exit_code
}

fn two_ids(case: &Case<'_>, losses: &[StoreLoss]) -> Vec<Violation> {
    let ids = case.ids();
    let [(first, one), (_, other), ..] = ids[..] else { return Vec::new() };
    if may_be_forgotten(case, first, losses) {
        return Vec::new();
    }
    vec![violation(case, Rule::TwoIds, format!("one key led to {one} and to {other}"))]
}

fn unaccepted(case: &Case<'_>, _losses: &[StoreLoss]) -> Vec<Violation> {
    let accepted: HashSet<&str> = case.ids().into_iter().map(|(_, id)| id).collect();
    let reads = case.reads();
    let strange = reads.iter().filter(|read| !accepted.contains(read.id) || case.asked.is_none());
    let strange: HashSet<&str> = strange.map(|read| read.id).collect();
    let what = |id| violation(case, Rule::Unaccepted, format!("{id} has a result and was never accepted"));
    strange.into_iter().map(what).collect()
}

/// What the command answers, as a read shows it.
fn right(marker: Marker) -> (i32, Digest, Digest) {
    let expected = marker.expected();
    (expected.exit_code, Digest::of(expected.stdout.as_bytes()), Digest::of(expected.stderr.as_bytes()))
}

fn wrong(case: &Case<'_>, _losses: &[StoreLoss]) -> Vec<Violation> {
    let Some(asked) = case.asked else { return Vec::new() };
    let (exit_code, stdout, stderr) = right(asked.marker);
    let outcome = if exit_code == 0 { Outcome::Succeeded } else { Outcome::Failed };
    let ended = |read: &&Read<'_>| matches!(read.seen.outcome, Outcome::Succeeded | Outcome::Failed);
    let judge = |read: &Read<'_>| {
        let seen = read.seen;
        let good = seen.outcome == outcome && seen.exit_code == Some(exit_code);
        if !good || !(seen.torn || (seen.stdout == stdout && seen.stderr == stderr)) {
            let what = format!("{} should have exited with {exit_code} and {stdout:?}, but is {seen:?}", asked.marker);
            return Some(violation(case, Rule::WrongResult, what));
        }
        let never = || violation(case, Rule::NeverRan, format!("{} has a result before it had run", asked.marker));
        (!case.had_run(read.at)).then(never)
    };
    case.reads().iter().filter(ended).find_map(judge).into_iter().collect()
}

fn ran_anyway(case: &Case<'_>, losses: &[StoreLoss]) -> Vec<Violation> {
    if case.runs() == 0 {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some((since, reason)) = case.refusal()
        && !case.ever_unsure()
        && case.ids().is_empty()
        && !forgiven(losses, start(case), since)
    {
        found.push(format!("it was refused with {reason} and ran"));
    }
    let nothing_ran = |read: &Read<'_>| matches!(read.seen.outcome, Outcome::Expired | Outcome::Denied);
    if let Some(read) = case.reads().into_iter().find(nothing_ran)
        && !forgiven(losses, start(case), read.at)
    {
        found.push(format!("{} is {}, which says that nothing ran", read.id, read.seen.outcome.as_str()));
    }
    found.into_iter().map(|what| violation(case, Rule::RanAnyway, what)).collect()
}

fn cancelled(case: &Case<'_>, _losses: &[StoreLoss]) -> Vec<Violation> {
    let left = |at| case.unsure_before(at) && case.asked.is_some_and(|asked| asked.kind.cancels_by_leaving());
    let cancelled = |read: &Read<'_>| read.seen.outcome == Outcome::Cancelled && !left(read.at);
    let found = case.reads().into_iter().find(cancelled);
    let what = |read: Read<'_>| violation(case, Rule::CancelledByNobody, format!("{} is cancelled", read.id));
    found.map(what).into_iter().collect()
}

fn gaps(case: &Case<'_>, _losses: &[StoreLoss]) -> Vec<Violation> {
    let gap = |read: &Read<'_>| {
        let seqs = read.seen.seqs.as_deref()?;
        let whole = seqs.iter().zip(1..).all(|(seq, expected)| *seq == expected);
        (!whole).then(|| violation(case, Rule::StreamGap, format!("the chunks came as {seqs:?}")))
    };
    case.reads().iter().find_map(gap).into_iter().collect()
}

fn torn(case: &Case<'_>, _losses: &[StoreLoss]) -> Vec<Violation> {
    let what = |read: Read<'_>| {
        let what = format!("the stream of {} held output of a run that was given up: {:?}", read.id, read.seen);
        violation(case, Rule::StreamTorn, what)
    };
    case.reads().into_iter().find(|read| read.seen.torn).map(what).into_iter().collect()
}

fn refused(case: &Case<'_>, losses: &[StoreLoss]) -> Vec<Violation> {
    let Some((since, reason)) = case.refusal() else { return Vec::new() };
    let accepted = case.ids().into_iter().find(|(accepted, _)| *accepted < since);
    let after = accepted.is_some_and(|(accepted, _)| !may_be_forgotten(case, accepted, losses));
    if !after && reason != KEY_CONFLICT {
        return Vec::new();
    }
    vec![violation(case, Rule::KeyRefused, format!("the same request under the same key was refused: {reason}"))]
}

/// Ids that stand for two operations.
pub(super) fn shared_ids(cases: &[Case<'_>]) -> Vec<Violation> {
    let mut owners: HashMap<&str, Op> = HashMap::new();
    let mut found = Vec::new();
    for case in cases {
        for (_, id) in case.ids() {
            let owner = *owners.entry(id).or_insert(case.op);
            if owner != case.op {
                found.push(violation(case, Rule::SharedId, format!("{id} belongs to operation {owner}")));
            }
        }
    }
    found
}

/// Executions of what nobody asked for.
pub(super) fn strays(cases: &[Case<'_>], executions: &[Execution]) -> Vec<Violation> {
    let asked: HashSet<Marker> = cases.iter().filter_map(|case| case.asked.map(|asked| asked.marker)).collect();
    let stray = |execution: &&Execution| execution.phase == Phase::Began && !asked.contains(&execution.marker);
    let what = |execution: &Execution| Violation {
        rule: Rule::RanAnyway,
        op: execution.marker.number,
        what: format!("{} ran on {} and nobody asked for it", execution.marker, execution.executor),
    };
    executions.iter().filter(stray).map(what).collect()
}
