//! The journal contract, on every implementation.

use std::time::{Duration, SystemTime};

use kubently_core::{
    command::{Command, CommandResult, CommandSpec, CommandState, Outcome, OutputChunk, OutputStream},
    ids::{ClusterId, CommandId, ExecutorId},
};
use kubently_proto::convert::journal::{Accepted, Caller, Finished};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Acceptance, Fence, Finish, Idempotency, Journal, Lease, MemoryJournal, RedisJournal};
use crate::{
    bus::{Bus, Inbox, MemoryHub, RedisBus, Subscription, Topic},
    ids::CommandIds,
    redis::Redis,
    test_redis::TestRedis,
};

const RETENTION: Duration = Duration::from_secs(60);
const LIFETIME: Duration = Duration::from_secs(10);

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
    let journal = Journal::Memory(MemoryJournal::new(bus.clone(), RETENTION));
    bench(journal, bus, inbox, (CancellationToken::new().drop_guard(), None)).await
}

async fn redis() -> Bench {
    let server = TestRedis::start().await;
    let stop = CancellationToken::new();
    let redis = Redis::connect(&server.url(), "pre:").await.unwrap();
    let (bus, inbox) = RedisBus::start(redis.clone(), stop.clone());
    let journal = Journal::Redis(RedisJournal::new(redis, RETENTION));
    bench(journal, Bus::Redis(bus), inbox, (stop.drop_guard(), Some(server))).await
}

impl Bench {
    fn command(&self, cluster: &str) -> Accepted {
        let spec = CommandSpec::new(ClusterId::new(cluster).unwrap(), vec!["get".into(), "pods".into()]);
        let accepted_at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
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

    async fn accepted(&self) -> CommandId {
        let accepted = self.command("c");
        assert_eq!(self.journal.accept(&accepted, None).await, Ok(Acceptance::New));
        accepted.command.id
    }

    async fn next(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(5), self.inbox.recv());
        next.await.unwrap().unwrap().channel
    }
}

fn lease(executor: &str) -> Lease {
    Lease { epoch: 1, cluster: ClusterId::new("c").unwrap(), executor: ExecutorId::new(executor).unwrap() }
}

fn end(outcome: Outcome) -> Finished {
    Finished { result: CommandResult::unfinished(outcome, "m", SystemTime::UNIX_EPOCH), chunks: 0 }
}

fn chunk(seq: u64) -> OutputChunk {
    OutputChunk { seq, stream: OutputStream::Stdout, data: format!("piece {seq}").into() }
}

macro_rules! on_every_journal {
    ($($name:ident),*) => {
        mod memory_journal { $(#[tokio::test] async fn $name() { super::$name(super::memory().await).await; })* }
        mod redis_journal { $(#[tokio::test] async fn $name() { super::$name(super::redis().await).await; })* }
    };
}

on_every_journal!(
    accepting_writes_and_announces,
    nobody_there_leaves_nothing_behind,
    one_holder_wins_the_lease,
    output_needs_the_lease_and_the_next_number,
    the_first_end_wins,
    only_the_holder_may_end_a_leased_command,
    a_command_closed_without_a_lease_is_never_leased,
    an_idempotency_key_stands_for_one_request
);

async fn accepting_writes_and_announces(mut bench: Bench) {
    let accepted = bench.command("c");
    assert_eq!(bench.journal.accept(&accepted, None).await, Ok(Acceptance::New));
    assert_eq!(bench.next().await, "executor-commands:c");
    let entry = bench.journal.entry(&accepted.command.id).await.unwrap().unwrap();
    assert_eq!(entry.accepted, accepted);
    assert!(entry.lease.is_none() && entry.finished.is_none());
}

async fn nobody_there_leaves_nothing_behind(bench: Bench) {
    let accepted = bench.command("elsewhere");
    let key = Idempotency { key: "k".into(), request_hash: "h".into() };
    for _ in 0..2 {
        assert_eq!(bench.journal.accept(&accepted, Some(&key)).await, Ok(Acceptance::NobodyThere));
    }
    assert!(bench.journal.entry(&accepted.command.id).await.unwrap().is_none());
}

async fn one_holder_wins_the_lease(bench: Bench) {
    let id = bench.accepted().await;
    let racers = (0..16).map(|i| {
        let (journal, id) = (bench.journal.clone(), id.clone());
        tokio::spawn(async move { journal.lease(&id, &lease(&format!("e{i}")), LIFETIME).await.unwrap() })
    });
    let won = futures::future::join_all(racers).await.into_iter().filter(|won| *won.as_ref().unwrap()).count();
    assert_eq!(won, 1);
    assert!(bench.journal.entry(&id).await.unwrap().unwrap().lease.is_some());
}

async fn output_needs_the_lease_and_the_next_number(mut bench: Bench) {
    let id = bench.accepted().await;
    assert_eq!(bench.journal.append(&id, &lease("e"), &chunk(1)).await, Ok(false));
    bench.journal.lease(&id, &lease("e"), LIFETIME).await.unwrap();
    for (seq, is_next) in [(1, true), (2, true), (2, false), (4, false), (3, true)] {
        assert_eq!(bench.journal.append(&id, &lease("e"), &chunk(seq)).await, Ok(is_next), "{seq}");
    }
    assert_eq!(bench.journal.append(&id, &lease("other"), &chunk(4)).await, Ok(false));
    assert_eq!(bench.journal.chunks(&id, 1, 10).await, Ok(vec![chunk(2), chunk(3)]));
    assert_eq!(bench.journal.chunks(&id, 0, 1).await, Ok(vec![chunk(1)]));
    assert_eq!(bench.next().await, "executor-commands:c");
    for _ in 0..3 {
        assert_eq!(bench.next().await, format!("executor-results:{id}"));
    }
}

async fn the_first_end_wins(mut bench: Bench) {
    let id = bench.accepted().await;
    bench.journal.lease(&id, &lease("e"), LIFETIME).await.unwrap();
    let fence = Fence::Lease(lease("e"));
    assert_eq!(bench.journal.finish(&id, &fence, &end(Outcome::Succeeded)).await, Ok(Finish::First));
    assert_eq!(bench.journal.finish(&id, &fence, &end(Outcome::Failed)).await, Ok(Finish::Late));
    assert_eq!(bench.journal.finish(&id, &Fence::Overdue, &end(Outcome::Lost)).await, Ok(Finish::Late));
    let finished = bench.journal.entry(&id).await.unwrap().unwrap().finished.unwrap();
    assert_eq!(finished.result.outcome, Outcome::Succeeded);
    assert_eq!(bench.next().await, "executor-commands:c");
    assert_eq!(bench.next().await, format!("executor-results:{id}"));
}

async fn only_the_holder_may_end_a_leased_command(bench: Bench) {
    let id = bench.accepted().await;
    bench.journal.lease(&id, &lease("e"), LIFETIME).await.unwrap();
    let older = Lease { epoch: 0, ..lease("e") };
    for fence in [Fence::Lease(lease("other")), Fence::Lease(older), Fence::Unleased] {
        assert_eq!(bench.journal.finish(&id, &fence, &end(Outcome::Failed)).await, Ok(Finish::Fenced));
    }
    assert!(bench.journal.entry(&id).await.unwrap().unwrap().finished.is_none());
}

async fn a_command_closed_without_a_lease_is_never_leased(bench: Bench) {
    let id = bench.accepted().await;
    let closed = bench.journal.finish(&id, &Fence::Unleased, &end(Outcome::Cancelled)).await;
    assert_eq!(closed, Ok(Finish::First));
    assert_eq!(bench.journal.lease(&id, &lease("e"), LIFETIME).await, Ok(false));
    let late = bench.journal.finish(&id, &Fence::Lease(lease("e")), &end(Outcome::Succeeded)).await;
    assert_eq!(late, Ok(Finish::Fenced));
}

async fn an_idempotency_key_stands_for_one_request(bench: Bench) {
    let (first, second) = (bench.command("c"), bench.command("c"));
    let key = |hash: &str| Idempotency { key: "k".into(), request_hash: hash.into() };
    assert_eq!(bench.journal.accept(&first, Some(&key("h"))).await, Ok(Acceptance::New));
    let known = Acceptance::Known(first.command.id.clone());
    assert_eq!(bench.journal.accept(&second, Some(&key("h"))).await, Ok(known));
    assert_eq!(bench.journal.accept(&second, Some(&key("other"))).await, Ok(Acceptance::Conflict));
    assert!(bench.journal.entry(&second.command.id).await.unwrap().is_none());
}
