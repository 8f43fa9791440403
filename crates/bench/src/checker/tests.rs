//! Histories made by hand: a good one, and for every rule a bad one.

use std::time::Duration;

use kubently_core::command::Outcome;

use super::{Column, Recovery, Rule, Verdict, check};
use crate::{
    executions::{Execution, Phase},
    history::{Digest, Event, Fault, History, Kind, Op, Record, Seen, StoreLoss},
    marker::{Behaviour, Marker},
};

const ID: &str = "id-1";

/// A history in the making.
#[derive(Default)]
struct Tale {
    history: History,
    executions: Vec<Execution>,
}

fn marker(op: Op, behaviour: Behaviour) -> Marker {
    Marker { number: op, behaviour }
}

/// The right result of a marked command.
fn right(marker: Marker) -> Seen {
    let expected = marker.expected();
    Seen {
        outcome: if expected.exit_code == 0 { Outcome::Succeeded } else { Outcome::Failed },
        exit_code: Some(expected.exit_code),
        stdout: Digest::of(expected.stdout.as_bytes()),
        stderr: Digest::of(expected.stderr.as_bytes()),
        finished: Some(5),
        seqs: None,
        torn: false,
        server: 0,
    }
}

/// A result of something that did not run to its end.
fn unfinished(outcome: Outcome) -> Seen {
    let nothing = Digest::of(b"");
    let seen = right(marker(0, Behaviour::Plain));
    Seen { outcome, exit_code: None, stdout: nothing.clone(), stderr: nothing, ..seen }
}

impl Tale {
    fn with(mut self, at: u64, op: Op, event: Event) -> Self {
        self.history.records.push(Record { at, op, event });
        self
    }

    fn asked(self, at: u64, op: Op, kind: Kind) -> Self {
        self.with(at, op, Event::Invoked { marker: marker(op, Behaviour::Plain), kind, cluster: 0, timeout: 0 })
    }

    fn accepted(self, at: u64, op: Op, id: &str) -> Self {
        self.with(at, op, Event::Accepted { id: id.into() })
    }

    fn answered(self, at: u64, op: Op, id: &str, seen: Seen) -> Self {
        self.with(at, op, Event::Answered { id: id.into(), seen })
    }

    fn unsure(self, at: u64, op: Op) -> Self {
        self.with(at, op, Event::Unsure { cause: "reset".into() })
    }

    fn missing(self, at: u64, op: Op, id: &str) -> Self {
        self.with(at, op, Event::Missing { id: id.into(), server: 1 })
    }

    fn ran(mut self, at: u64, op: Op) -> Self {
        for (at, phase) in [(at, Phase::Began), (at + 1, Phase::Ended)] {
            let marker = marker(op, Behaviour::Plain);
            self.executions.push(Execution { at, phase, executor: "c1-e1".into(), marker });
        }
        self
    }

    fn loss(mut self, from: u64, to: u64) -> Self {
        self.history.losses.push(StoreLoss { from, to });
        self
    }

    fn verdict(&self) -> Verdict {
        check(&self.history, &self.executions)
    }

    fn rules(&self) -> Vec<Rule> {
        self.verdict().violations.iter().map(|violation| violation.rule).collect()
    }
}

/// Asked, accepted and run; what the caller saw is up to the test.
fn running() -> Tale {
    Tale::default().asked(10, 1, Kind::SubmitWait).accepted(20, 1, ID).ran(30, 1)
}

/// The same, answered rightly.
fn good() -> Tale {
    running().answered(40, 1, ID, right(marker(1, Behaviour::Plain)))
}

#[test]
fn a_good_run_is_clean_and_counted() {
    let verdict = good().answered(50, 1, ID, right(marker(1, Behaviour::Plain))).verdict();
    assert_eq!(verdict.violations, []);
    assert_eq!((verdict.numbers.accepted, verdict.numbers.rerun), (1, 0));
    assert_eq!(verdict.numbers.p99, Duration::from_nanos(30));
}

#[test]
fn a_refusal_is_an_end() {
    let refused = Event::Refused { reason: "CLUSTER_OFFLINE".into(), since: 15 };
    let verdict = Tale::default().asked(10, 1, Kind::Execute).with(20, 1, refused).verdict();
    assert_eq!(verdict.violations, []);
    assert_eq!(verdict.numbers.refused["CLUSTER_OFFLINE"], 1);
}

#[test]
fn an_accepted_command_without_a_result_is_lost() {
    assert_eq!(running().missing(60, 1, ID).rules(), [Rule::Lost]);
    assert_eq!(running().missing(60, 1, ID).verdict().count(Column::Lost), 1);
}

#[test]
fn a_result_that_is_gone_later_is_lost() {
    assert_eq!(good().missing(60, 1, ID).rules(), [Rule::Lost]);
    let seen = right(marker(1, Behaviour::Plain));
    assert_eq!(running().missing(35, 1, ID).answered(40, 1, ID, seen).rules(), [], "it was found after all");
}

#[test]
fn a_result_does_not_go_away_again() {
    let open = || Event::Open { id: ID.into(), server: 2 };
    assert_eq!(good().with(60, 1, open()).rules(), [Rule::Undone]);
    assert_eq!(good().with(35, 1, open()).rules(), []);
    assert_eq!(good().with(60, 1, open()).loss(39, 41).rules(), []);
}

#[test]
fn nothing_is_given_up_before_its_deadline() {
    let timeout = 30_000_000_000;
    let asked = Event::Invoked { marker: marker(1, Behaviour::Plain), kind: Kind::Execute, cluster: 0, timeout };
    let given_up = |at, outcome| {
        Tale::default().with(0, 1, asked.clone()).accepted(20, 1, ID).answered(at, 1, ID, unfinished(outcome)).rules()
    };
    for outcome in [Outcome::Lost, Outcome::Expired, Outcome::TimedOut] {
        assert_eq!(given_up(timeout - 300_000_000, outcome), [Rule::TooEarly]);
        assert_eq!(given_up(timeout, outcome), []);
    }
}

#[test]
fn what_has_no_end_is_unresolved() {
    assert_eq!(running().with(60, 1, Event::Pending { id: ID.into() }).rules(), [Rule::Unresolved, Rule::Unresolved]);
    let abandoned = Tale::default().asked(10, 1, Kind::Execute).unsure(20, 1).with(90, 1, Event::Abandoned);
    assert_eq!(abandoned.rules(), [Rule::Unresolved]);
    assert_eq!(Tale::default().asked(10, 1, Kind::Execute).rules(), [Rule::Unresolved]);
}

#[test]
fn two_results_of_one_id_are_seen_in_every_field() {
    let seen = right(marker(1, Behaviour::Plain));
    assert_eq!(good().answered(50, 1, ID, unfinished(Outcome::Lost)).rules(), [Rule::DuplicateVisible]);
    let later = Seen { finished: Some(6), ..seen.clone() };
    assert_eq!(good().answered(50, 1, ID, later).rules(), [Rule::DuplicateVisible]);
    let other = Seen { stdout: Digest::of(b"other"), ..seen.clone() };
    assert_eq!(good().answered(50, 1, ID, other).rules(), [Rule::DuplicateVisible, Rule::WrongResult]);
    let elsewhere = Seen { finished: None, server: 2, seqs: Some(vec![1]), ..seen };
    assert_eq!(good().answered(50, 1, ID, elsewhere).rules(), []);
}

#[test]
fn one_key_stands_for_one_id() {
    let seen = right(marker(1, Behaviour::Plain));
    let tale = good().unsure(45, 1).accepted(50, 1, "id-2").answered(55, 1, "id-2", seen);
    assert_eq!(tale.rules(), [Rule::TwoIds]);
}

#[test]
fn one_id_stands_for_one_operation() {
    let seen = right(marker(2, Behaviour::Plain));
    let tale = good().asked(50, 2, Kind::Execute).accepted(60, 2, ID).ran(52, 2).answered(61, 2, ID, seen);
    assert_eq!(tale.rules(), [Rule::SharedId]);
}

#[test]
fn a_result_needs_an_acceptance() {
    let seen = right(marker(1, Behaviour::Plain));
    let tale = Tale::default().asked(10, 1, Kind::Execute).ran(20, 1).answered(40, 1, ID, seen);
    assert_eq!(tale.rules(), [Rule::Unaccepted]);
}

#[test]
fn success_for_a_failed_command_is_wrong() {
    let fails = marker(1, Behaviour::Fails);
    let asked = Event::Invoked { marker: fails, kind: Kind::Execute, cluster: 0, timeout: 0 };
    let tale = |seen: Seen| {
        let mut tale = Tale::default().with(10, 1, asked.clone()).accepted(20, 1, ID).answered(40, 1, ID, seen);
        tale.executions.push(Execution { at: 30, phase: Phase::Ended, executor: "c1-e1".into(), marker: fails });
        tale.rules()
    };
    assert_eq!(tale(right(fails)), []);
    let lie = Seen { outcome: Outcome::Succeeded, exit_code: Some(0), ..right(fails) };
    assert_eq!(tale(lie), [Rule::WrongResult]);
    assert_eq!(tale(Seen { exit_code: Some(1), ..right(fails) }), [Rule::WrongResult]);
    assert_eq!(tale(Seen { exit_code: None, ..right(fails) }), [Rule::WrongResult]);
}

#[test]
fn another_commands_output_is_wrong() {
    let other = right(marker(2, Behaviour::Plain));
    assert_eq!(running().answered(40, 1, ID, other).rules(), [Rule::WrongResult]);
}

#[test]
fn success_needs_an_execution_that_had_ended() {
    let seen = right(marker(1, Behaviour::Plain));
    let asked = Tale::default().asked(10, 1, Kind::Execute).accepted(20, 1, ID);
    assert_eq!(asked.answered(40, 1, ID, seen.clone()).rules(), [Rule::NeverRan]);
    let late = Tale::default().asked(10, 1, Kind::Execute).accepted(20, 1, ID).ran(50, 1).answered(40, 1, ID, seen);
    assert_eq!(late.rules(), [Rule::NeverRan]);
}

#[test]
fn what_was_refused_must_not_run() {
    let refused = || Event::Refused { reason: "CLUSTER_OFFLINE".into(), since: 15 };
    let asked = || Tale::default().asked(10, 1, Kind::Execute);
    assert_eq!(asked().with(20, 1, refused()).ran(30, 1).rules(), [Rule::RanAnyway]);
    assert_eq!(asked().with(20, 1, refused()).ran(30, 1).loss(0, 12).rules(), []);
    let unsure = asked().unsure(15, 1).with(20, 1, refused()).ran(30, 1);
    assert_eq!(unsure.rules(), [], "the attempt before may have arrived late");
}

#[test]
fn what_says_that_nothing_ran_must_not_have_run() {
    for outcome in [Outcome::Expired, Outcome::Denied] {
        assert_eq!(running().answered(40, 1, ID, unfinished(outcome)).rules(), [Rule::RanAnyway]);
    }
    assert_eq!(running().answered(40, 1, ID, unfinished(Outcome::Lost)).rules(), []);
}

#[test]
fn what_nobody_asked_for_must_not_run() {
    assert_eq!(good().ran(50, 7).rules(), [Rule::RanAnyway]);
}

#[test]
fn only_a_caller_that_may_cancel_by_leaving_is_cancelled() {
    let cancelled = || unfinished(Outcome::Cancelled);
    assert_eq!(running().answered(40, 1, ID, cancelled()).rules(), [Rule::CancelledByNobody]);
    let rest = || Tale::default().asked(10, 1, Kind::Rest);
    let left = rest().unsure(15, 1).accepted(20, 1, ID).answered(40, 1, ID, cancelled());
    assert_eq!(left.rules(), []);
    assert_eq!(left.verdict().numbers.others["cancelled"], 1);
    let stayed = rest().accepted(20, 1, ID).answered(40, 1, ID, cancelled());
    assert_eq!(stayed.rules(), [Rule::CancelledByNobody]);
}

#[test]
fn chunks_come_once_and_in_order() {
    let streamed = |seqs: &[u64]| {
        let seen = Seen { seqs: Some(seqs.to_vec()), ..right(marker(1, Behaviour::Plain)) };
        running().answered(40, 1, ID, seen).rules()
    };
    assert_eq!(streamed(&[1, 2, 3]), []);
    assert_eq!(streamed(&[]), []);
    for bad in [&[1, 3][..], &[2], &[1, 2, 2], &[1, 3, 2], &[1, 2, 1]] {
        assert_eq!(streamed(bad), [Rule::StreamGap], "{bad:?}");
    }
}

#[test]
fn a_stream_that_began_anew_is_told_apart() {
    let torn =
        Seen { torn: true, seqs: Some(vec![1, 2]), stdout: Digest::of(b"m-m-"), ..right(marker(1, Behaviour::Plain)) };
    assert_eq!(running().answered(40, 1, ID, torn.clone()).rules(), [Rule::StreamTorn]);
    let then = running().answered(40, 1, ID, torn.clone()).answered(50, 1, ID, right(marker(1, Behaviour::Plain)));
    assert_eq!(then.rules(), [Rule::StreamTorn]);
    assert_eq!(good().answered(50, 1, ID, unfinished(Outcome::Lost)).rules(), [Rule::DuplicateVisible]);
    let lie = Seen { exit_code: Some(3), outcome: Outcome::Failed, ..torn };
    assert_eq!(good().answered(50, 1, ID, lie).rules(), [Rule::DuplicateVisible, Rule::WrongResult, Rule::StreamTorn]);
}

#[test]
fn the_same_request_under_its_key_is_not_refused() {
    let refused = |reason: &str| Event::Refused { reason: reason.into(), since: 30 };
    let conflict = Tale::default().asked(10, 1, Kind::Execute).with(20, 1, refused("IDEMPOTENCY_CONFLICT"));
    assert_eq!(conflict.rules(), [Rule::KeyRefused]);
    let after =
        running().with(35, 1, refused("CLUSTER_OFFLINE")).answered(40, 1, ID, right(marker(1, Behaviour::Plain)));
    assert_eq!(after.rules(), [Rule::KeyRefused]);
    let at_once = running().with(35, 1, Event::Refused { reason: "CLUSTER_OFFLINE".into(), since: 19 });
    let at_once = at_once.answered(40, 1, ID, right(marker(1, Behaviour::Plain)));
    assert_eq!(at_once.rules(), [], "it may have been judged before the other one was accepted");
}

#[test]
fn a_malformed_answer_is_wrong() {
    assert_eq!(good().with(45, 1, Event::Malformed { what: "no command".into() }).rules(), [Rule::Malformed]);
}

#[test]
fn a_store_may_forget_only_what_it_was_told_in_its_bad_time() {
    assert_eq!(running().missing(60, 1, ID).loss(0, 50).rules(), []);
    assert_eq!(running().missing(60, 1, ID).loss(0, 50).verdict().numbers.forgotten, 1);
    assert_eq!(running().missing(60, 1, ID).loss(21, 50).rules(), [Rule::Lost]);
    assert_eq!(
        good().accepted(50, 1, "id-2").answered(60, 1, "id-2", right(marker(1, Behaviour::Plain))).loss(0, 45).rules(),
        []
    );
    let lie = right(marker(2, Behaviour::Plain));
    assert_eq!(running().answered(40, 1, ID, lie).loss(0, 99).rules(), [Rule::WrongResult], "never a lie");
}

#[test]
fn recovery_is_the_longest_over_faults_and_clusters() {
    let mut tale = good();
    tale.history.faults = vec![Fault { from: 1, to: 5 }];
    assert_eq!(tale.verdict().numbers.recovery, Recovery::Within(Duration::from_nanos(35)));
    tale.history.faults.push(Fault { from: 11, to: 12 });
    assert_eq!(tale.verdict().numbers.recovery, Recovery::Never, "nothing was asked for after it");
}

#[test]
fn runs_are_counted() {
    assert_eq!(good().ran(35, 1).verdict().numbers.rerun, 1);
    assert_eq!(good().ran(35, 1).rules(), []);
}
