//! The journal contract, on every implementation.

use std::time::{Duration, SystemTime};

use kubently_core::{
    command::{Command, CommandResult, CommandSpec, CommandState, Outcome, OutputChunk, OutputStream},
    ids::ClusterId,
};
use kubently_proto::convert::{
    from_millis,
    journal::{Accepted, Caller, Finished},
    to_millis,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{
    Acceptance, Append, Beat, Fence, Finish, Idempotency, Journal, Lease, MemoryJournal, Note, RedisJournal, State,
    state::tests::lease, wire::begins_anew,
};
use crate::{
    bus::{Bus, Inbox, MemoryHub, RedisBus, Subscription, Topic},
    ids::CommandIds,
    redis::{Redis, tests::settings},
    store::{MemoryStore, Store},
    test_redis::TestRedis,
};

const RETENTION: Duration = Duration::from_secs(60);

/// A journal whose cluster "c" is listened to.
struct Bench {
    journal: Journal,
    inbox: Inbox,
    ids: CommandIds,
    _heard: (Subscription, Subscription),
    _alive: (DropGuard, Option<TestRedis>),
}

async fn bench(journal: Journal, bus: Bus, inbox: Inbox, alive: (DropGuard, Option<TestRedis>)) -> Bench {
    let ids = CommandIds::new();
    let commands = bus.subscribe(Topic::commands("c")).await.unwrap();
    let results = bus.subscribe(Topic::results_of(&ids.tag())).await.unwrap();
    Bench { journal, inbox, ids, _heard: (commands, results), _alive: alive }
}

async fn memory() -> Bench {
    let (bus, inbox) = MemoryHub::default().join();
    let bus = Bus::Memory(bus);
    let store = Store::Memory(MemoryStore::default());
    let journal = Journal::Memory(MemoryJournal::new(bus.clone(), store, RETENTION));
    bench(journal, bus, inbox, (CancellationToken::new().drop_guard(), None)).await
}

async fn redis() -> Bench {
    let server = TestRedis::start().await;
    let stop = CancellationToken::new();
    let redis = Redis::connect(&settings(&server).await).await.unwrap();
    let (bus, inbox) = RedisBus::start(redis.clone(), stop.clone());
    let journal = Journal::Redis(RedisJournal::new(redis, RETENTION));
    bench(journal, Bus::Redis(bus), inbox, (stop.drop_guard(), Some(server))).await
}

impl Bench {
    fn command(&self, cluster: &str) -> Accepted {
        let spec = CommandSpec::new(ClusterId::new(cluster).unwrap(), vec!["get".into(), "pods".into()]);
        let accepted_at = from_millis(to_millis(SystemTime::now()));
        let command = Command {
            id: self.ids.next().unwrap(),
            deadline: accepted_at + spec.timeout,
            spec,
            state: CommandState::Accepted,
            accepted_at,
            result: None,
        };
        let caller = Caller { principal_id: "service:x".into(), service: Some("x".into()) };
        Accepted { command, caller, live: false }
    }

    async fn accepted(&self) -> Accepted {
        let accepted = self.command("c");
        assert_eq!(self.journal.accept(&accepted, None).await, Ok(Acceptance::New(1)));
        accepted
    }

    /// An accepted command that executor "e" has.
    async fn taken(&self) -> Accepted {
        let accepted = self.accepted().await;
        assert!(self.take(&accepted, None, lease("e")).await.is_some());
        accepted
    }

    async fn take(&self, accepted: &Accepted, found: Option<&State>, lease: Lease) -> Option<Lease> {
        self.journal.take(accepted, found, lease).await.unwrap()
    }

    async fn append(&self, accepted: &Accepted, lease: &Lease, seq: u64) -> Append {
        self.journal.append(accepted, lease, &chunk(seq)).await.unwrap()
    }

    async fn finish(&self, accepted: &Accepted, fence: Fence, outcome: Outcome) -> Finish {
        self.journal.finish(accepted, &fence, &end(outcome), &note()).await.unwrap()
    }

    async fn outcome(&self, accepted: &Accepted) -> Option<Outcome> {
        let entry = self.journal.entry(&accepted.command.id).await.unwrap().unwrap();
        assert_eq!(entry.accepted, *accepted);
        entry.finished.map(|finished| finished.result.outcome)
    }

    async fn next(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(5), self.inbox.recv());
        next.await.unwrap().unwrap().channel
    }
}

fn end(outcome: Outcome) -> Finished {
    Finished { result: CommandResult::unfinished(outcome, "m", SystemTime::UNIX_EPOCH), chunks: 0, skipped: 0 }
}

fn note() -> Note {
    Note { log: "audit:x".into(), entry: "{}".into(), keep: 10 }
}

fn chunk(seq: u64) -> OutputChunk {
    OutputChunk::new(seq, OutputStream::Stdout, format!("piece {seq}").into())
}

macro_rules! on_every_journal {
    ($($name:ident),*) => {
        mod memory_journal { $(#[tokio::test] async fn $name() { super::$name(super::memory().await).await; })* }
        mod redis_journal { $(#[tokio::test] async fn $name() { super::$name(super::redis().await).await; })* }
    };
}

on_every_journal!(
    accepting_writes_and_announces,
    accepting_again_changes_nothing,
    a_withdrawn_command_is_nobodys,
    one_holder_wins_the_lease,
    taking_over_needs_the_present_state,
    a_watcher_is_told_when_output_begins_anew,
    output_needs_the_lease_and_the_next_number,
    the_first_end_wins,
    only_the_newest_lease_may_end_a_command,
    an_executor_that_lost_its_lease_to_nobody_may_still_answer,
    a_result_without_all_its_output_is_not_taken,
    a_command_closed_without_a_lease_is_never_leased,
    an_ended_command_is_not_open,
    an_idempotency_key_stands_for_one_request
);

async fn accepting_writes_and_announces(mut bench: Bench) {
    let accepted = bench.accepted().await;
    assert_eq!(bench.next().await, "executor-commands:c");
    let entry = bench.journal.entry(&accepted.command.id).await.unwrap().unwrap();
    assert_eq!((entry.accepted, entry.state), (accepted.clone(), None));
    assert!(entry.finished.is_none());
    assert_eq!(bench.journal.open(&bench.ids.tag()).await, Ok(vec![accepted]));
}

async fn accepting_again_changes_nothing(bench: Bench) {
    let key = Idempotency { key: "k".into(), request_hash: "h".into() };
    for key in [None, Some(&key)] {
        let accepted = bench.command("c");
        for _ in 0..2 {
            assert_eq!(bench.journal.accept(&accepted, key).await, Ok(Acceptance::New(1)));
        }
        bench.take(&accepted, None, lease("e")).await.unwrap();
        assert_eq!(bench.finish(&accepted, Fence::Lease(lease("e")), Outcome::Succeeded).await, Finish::First);
        assert_eq!(bench.journal.accept(&accepted, key).await, Ok(Acceptance::New(1)));
        assert_eq!(bench.outcome(&accepted).await, Some(Outcome::Succeeded));
        assert_eq!(bench.take(&accepted, None, lease("f")).await, None);
    }
}

async fn a_withdrawn_command_is_nobodys(bench: Bench) {
    let accepted = bench.command("elsewhere");
    let key = Idempotency { key: "k".into(), request_hash: "h".into() };
    assert_eq!(bench.journal.accept(&accepted, Some(&key)).await, Ok(Acceptance::New(0)));
    assert_eq!(bench.journal.withdraw(&accepted, Some(&key)).await, Ok(true));
    assert!(bench.journal.entry(&accepted.command.id).await.unwrap().is_none());
    assert_eq!(bench.take(&accepted, None, lease("e")).await, None);
    let again = bench.command("elsewhere");
    assert_eq!(bench.journal.accept(&again, Some(&key)).await, Ok(Acceptance::New(0)));
    let taken = bench.taken().await;
    assert_eq!(bench.journal.withdraw(&taken, None).await, Ok(false));
}

async fn one_holder_wins_the_lease(bench: Bench) {
    let accepted = bench.accepted().await;
    let racers = (0..16).map(|i| {
        let (journal, accepted) = (bench.journal.clone(), accepted.clone());
        tokio::spawn(async move { journal.take(&accepted, None, lease(&format!("e{i}"))).await.unwrap() })
    });
    let won: Vec<_> = futures::future::join_all(racers).await.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(won.len(), 1);
    let entry = bench.journal.entry(&accepted.command.id).await.unwrap().unwrap();
    assert_eq!(entry.state, Some(State::Leased(won[0].clone())));
}

async fn taking_over_needs_the_present_state(bench: Bench) {
    let accepted = bench.taken().await;
    let id = &accepted.command.id;
    let (held, free) = (State::Leased(lease("e")), State::Free(lease("e")));
    let next = Lease { epoch: 2, ..lease("f") };
    assert_eq!(bench.take(&accepted, Some(&free), next.clone()).await, None);
    assert_eq!(bench.journal.swap(id, &held, &free).await, Ok(true));
    assert_eq!(bench.journal.swap(id, &held, &free).await, Ok(false));
    assert_eq!(bench.take(&accepted, None, lease("g")).await, None);
    assert_eq!(bench.take(&accepted, Some(&free), next.clone()).await, Some(next.clone()));
    assert_eq!(bench.take(&accepted, Some(&free), Lease { epoch: 2, ..lease("g") }).await, None);
    let entry = bench.journal.entry(id).await.unwrap().unwrap();
    assert_eq!(entry.state, Some(State::Leased(next)));
}

async fn a_watcher_is_told_when_output_begins_anew(bench: Bench) {
    for live in [false, true] {
        let accepted = Accepted { live, ..bench.command("c") };
        bench.journal.accept(&accepted, None).await.unwrap();
        bench.take(&accepted, None, lease("e")).await.unwrap();
        for seq in 1..=2 {
            assert_eq!(bench.append(&accepted, &lease("e"), seq).await, Append::Next);
        }
        let taken =
            bench.take(&accepted, Some(&State::Leased(lease("e"))), Lease { epoch: 2, ..lease("f") }).await.unwrap();
        assert_eq!(taken.skipped, 2 + u64::from(live));
        assert_eq!(bench.append(&accepted, &lease("e"), 3).await, Append::Repeated, "the old holder's is refused");
        assert_eq!(bench.append(&accepted, &taken, 1).await, Append::Next);
        let pieces = bench.journal.chunks(&accepted.command.id, 2, 10).await.unwrap();
        let numbers: Vec<u64> = pieces.iter().map(|piece| piece.seq).collect();
        assert_eq!(numbers, if live { vec![3, 4] } else { vec![3] });
        assert_eq!(super::wire::encode_chunk(&pieces[0]) == begins_anew(3), live);
    }
}

async fn output_needs_the_lease_and_the_next_number(mut bench: Bench) {
    let accepted = bench.accepted().await;
    let id = &accepted.command.id;
    bench.take(&accepted, None, lease("e")).await.unwrap();
    for (seq, append) in
        [(1, Append::Next), (2, Append::Next), (2, Append::Repeated), (4, Append::Gap), (3, Append::Next)]
    {
        assert_eq!(bench.append(&accepted, &lease("e"), seq).await, append, "{seq}");
    }
    assert_eq!(bench.append(&accepted, &lease("other"), 4).await, Append::Repeated);
    assert_eq!(bench.journal.chunks(id, 1, 10).await, Ok(vec![chunk(2), chunk(3)]));
    assert_eq!(bench.journal.chunks(id, 0, 1).await, Ok(vec![chunk(1)]));
    assert_eq!(bench.next().await, "executor-commands:c");
    for _ in 0..3 {
        assert_eq!(bench.next().await, format!("executor-results:{id}"));
    }
}

async fn the_first_end_wins(mut bench: Bench) {
    let accepted = bench.taken().await;
    let fence = || Fence::Lease(lease("e"));
    assert_eq!(bench.finish(&accepted, fence(), Outcome::Succeeded).await, Finish::First);
    assert_eq!(bench.finish(&accepted, fence(), Outcome::Failed).await, Finish::Late);
    assert_eq!(bench.finish(&accepted, Fence::Overdue, Outcome::Lost).await, Finish::Late);
    assert_eq!(bench.outcome(&accepted).await, Some(Outcome::Succeeded));
    assert_eq!(bench.next().await, "executor-commands:c");
    assert_eq!(bench.next().await, format!("executor-results:{}", accepted.command.id));
}

async fn only_the_newest_lease_may_end_a_command(bench: Bench) {
    let accepted = bench.taken().await;
    let older = Lease { epoch: 0, ..lease("e") };
    for fence in [Fence::Lease(lease("other")), Fence::Lease(older), Fence::Unleased] {
        assert_eq!(bench.finish(&accepted, fence, Outcome::Failed).await, Finish::Fenced);
    }
    assert_eq!(bench.outcome(&accepted).await, None);
    let next = Lease { epoch: 2, ..lease("f") };
    bench.take(&accepted, Some(&State::Leased(lease("e"))), next.clone()).await.unwrap();
    assert_eq!(bench.finish(&accepted, Fence::Lease(lease("e")), Outcome::Failed).await, Finish::Fenced);
    assert_eq!(bench.finish(&accepted, Fence::Lease(next), Outcome::Succeeded).await, Finish::First);
    assert_eq!(bench.outcome(&accepted).await, Some(Outcome::Succeeded));
}

async fn an_executor_that_lost_its_lease_to_nobody_may_still_answer(bench: Bench) {
    let accepted = bench.taken().await;
    let free = State::Free(lease("e"));
    bench.journal.swap(&accepted.command.id, &State::Leased(lease("e")), &free).await.unwrap();
    assert_eq!(bench.append(&accepted, &lease("e"), 1).await, Append::Next);
    let elsewhere = Lease { holder: "ffffffffffff/1".into(), ..lease("e") };
    assert_eq!(bench.finish(&accepted, Fence::Lease(elsewhere), Outcome::Succeeded).await, Finish::First);
}

async fn a_result_without_all_its_output_is_not_taken(bench: Bench) {
    let accepted = bench.taken().await;
    bench.append(&accepted, &lease("e"), 1).await;
    let result = Finished { chunks: 2, ..end(Outcome::Succeeded) };
    let (fence, note) = (Fence::Lease(lease("e")), note());
    let finish = || bench.journal.finish(&accepted, &fence, &result, &note);
    assert_eq!(finish().await, Ok(Finish::Incomplete));
    assert_eq!(bench.outcome(&accepted).await, None);
    assert_eq!(bench.append(&accepted, &lease("e"), 2).await, Append::Next);
    assert_eq!(finish().await, Ok(Finish::First));
}

async fn a_command_closed_without_a_lease_is_never_leased(bench: Bench) {
    let accepted = bench.accepted().await;
    assert_eq!(bench.finish(&accepted, Fence::Unleased, Outcome::Cancelled).await, Finish::First);
    assert_eq!(bench.take(&accepted, None, lease("e")).await, None);
    assert_eq!(bench.finish(&accepted, Fence::Lease(lease("e")), Outcome::Succeeded).await, Finish::Late);
}

async fn an_ended_command_is_not_open(bench: Bench) {
    let accepted = bench.taken().await;
    let ids = [accepted.command.id.clone()];
    bench.finish(&accepted, Fence::Overdue, Outcome::Lost).await;
    bench.journal.retire(&ids).await.unwrap();
    assert_eq!(bench.journal.open(&bench.ids.tag()).await, Ok(vec![]));
    assert_eq!(bench.outcome(&accepted).await, Some(Outcome::Lost));
    let standing = bench.journal.standings(&ids).await.unwrap().remove(0);
    assert!(matches!(standing, super::Standing::Ended(ended) if ended.0 == accepted));
}

async fn an_idempotency_key_stands_for_one_request(bench: Bench) {
    let (first, second) = (bench.command("c"), bench.command("c"));
    let key = |hash: &str| Idempotency { key: "k".into(), request_hash: hash.into() };
    assert_eq!(bench.journal.accept(&first, Some(&key("h"))).await, Ok(Acceptance::New(1)));
    let known = Acceptance::Known(first.command.id.clone());
    assert_eq!(bench.journal.accept(&second, Some(&key("h"))).await, Ok(known));
    assert_eq!(bench.journal.accept(&second, Some(&key("other"))).await, Ok(Acceptance::Conflict));
    assert!(bench.journal.entry(&second.command.id).await.unwrap().is_none());
}

#[tokio::test]
async fn servers_know_of_each_other_and_of_what_redis_lost() {
    let bench = redis().await;
    let (one, two) = (bench.ids.tag(), CommandIds::new().tag());
    assert!(bench.journal.beat(&one).await.unwrap().forgotten, "the first beat makes the table");
    let mut both = vec![one.clone(), two.clone()];
    both.sort();
    let sorted = |mut beat: Beat| {
        beat.alive.sort();
        beat
    };
    bench.journal.beat(&two).await.unwrap();
    let beat = sorted(bench.journal.beat(&one).await.unwrap());
    assert_eq!(beat, Beat { forgotten: false, alive: both, dead: vec![] });
    bench.journal.farewell(&two).await.unwrap();
    let beat = bench.journal.beat(&one).await.unwrap();
    assert_eq!(beat, Beat { forgotten: false, alive: vec![one.clone()], dead: vec![two] });

    let (open, ended) = (bench.accepted().await, bench.taken().await);
    bench._alive.1.as_ref().unwrap().ask("FLUSHALL").await;
    assert!(bench.journal.beat(&one).await.unwrap().forgotten);
    bench.journal.restore(std::slice::from_ref(&open)).await.unwrap();
    let result = Finished { chunks: 2, ..end(Outcome::Succeeded) };
    for _ in 0..2 {
        bench.journal.restore_ended(&ended, &result, &[chunk(1), chunk(2)]).await.unwrap();
    }
    assert_eq!(bench.journal.chunks(&ended.command.id, 0, 10).await, Ok(vec![chunk(1), chunk(2)]));
    assert_eq!(bench.outcome(&open).await, None);
    assert_eq!(bench.outcome(&ended).await, Some(Outcome::Succeeded));
    assert_eq!(bench.take(&ended, None, lease("e")).await, None);
}

#[tokio::test]
async fn an_undisturbed_command_costs_seven_redis_commands() {
    let bench = redis().await;
    let server = bench._alive.1.as_ref().unwrap();
    bench.finish(&bench.taken().await, Fence::Lease(lease("e")), Outcome::Succeeded).await;
    server.ask("CONFIG RESETSTAT").await;
    for _ in 0..10 {
        let accepted = bench.taken().await;
        assert_eq!(bench.finish(&accepted, Fence::Lease(lease("e")), Outcome::Succeeded).await, Finish::First);
    }
    let stats = server.ask("INFO commandstats").await;
    let calls = |name: &str| {
        let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:"))).unwrap_or_default();
        line.split_once("calls=").map_or(0, |(_, rest)| rest.split(',').next().unwrap().parse::<u32>().unwrap())
    };
    let counted = ["hset", "publish", "set", "evalsha", "xadd"].map(|name| (name, calls(name)));
    assert_eq!(counted, [("hset", 10), ("publish", 20), ("set", 20), ("evalsha", 10), ("xadd", 10)]);
    assert_eq!(calls("get") + calls("script|load") + calls("eval"), 0);
}
