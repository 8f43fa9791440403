//! The load: operations at a steady rate, whether or not the ones before have ended. A system that stands
//! still gets as many commands as one that works, so that every fault meets some.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::Semaphore,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    client::Client,
    executions::now,
    history::Kind,
    marker::{Behaviour, Marker},
    operation::Operation,
    recorder::Recorder,
    system::{CLUSTERS, System},
};

/// The server where most operations begin.
pub(crate) const FAVOURITE: usize = 0;
/// Clients, each with connections of its own.
const CLIENTS: usize = 6;
/// Operations under way at once; beyond that the load waits.
const OPEN: usize = 2_000;
/// How long operations may take after the load has ended: more than an operation's own patience.
const TAIL: Duration = Duration::from_secs(90);

/// What a load is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mix {
    /// Operations a second.
    pub(crate) rate: u32,
    /// A command's time.
    pub(crate) timeout: Duration,
    /// Many big outputs, read slowly.
    pub(crate) slow_readers: bool,
}

/// Runs operations until `stop`, and then waits for those that are under way.
pub(crate) async fn run(
    system: &System,
    recorder: Arc<Recorder>,
    mix: Mix,
    seed: u64,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let addrs: Vec<_> = system.servers.iter().map(|server| server.link.addr).collect();
    let clients = (0..CLIENTS).map(|_| Client::new(&addrs).map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
    let (mut random, open, tasks) =
        (fastrand::Rng::with_seed(seed), Arc::new(Semaphore::new(OPEN)), TaskTracker::new());
    let mut ticks = interval(Duration::from_secs(1) / mix.rate.max(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for op in 0.. {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => break,
        }
        let Ok(place) = open.clone().try_acquire_owned() else { continue };
        let client = clients[random.usize(..CLIENTS)].clone();
        let operation = pick(op, client, recorder.clone(), mix, seed, &mut random);
        if operation.kind == Kind::Execute && random.u8(..4) == 0 {
            tasks.spawn(operation.clone().run_beside());
        }
        tasks.spawn(async move {
            operation.run().await;
            drop(place);
        });
    }
    tasks.close();
    timeout(TAIL, tasks.wait()).await.map_err(|_elapsed| anyhow::anyhow!("operations did not end"))
}

fn pick(
    op: u32,
    client: Arc<Client>,
    recorder: Arc<Recorder>,
    mix: Mix,
    seed: u64,
    random: &mut fastrand::Rng,
) -> Operation {
    let kind = kind(mix, random);
    let marker = Marker { number: op, behaviour: behaviour(kind, mix, random) };
    // Two thirds begin at the first server, so that there is one whose death the clients feel most.
    let turn = if random.u8(..3) < 2 { FAVOURITE } else { random.usize(1..) % 1_000 };
    let cluster = random.usize(..CLUSTERS.len());
    Operation { client, recorder, op, marker, kind, cluster, timeout: mix.timeout, turn, run: seed, since: now() }
}

fn kind(mix: Mix, random: &mut fastrand::Rng) -> Kind {
    let slow = if mix.slow_readers { 30 } else { 2 };
    match random.u8(..100) {
        share if share < slow => Kind::SlowStream,
        share if share < 35 => Kind::Execute,
        share if share < 50 => Kind::SubmitWait,
        share if share < 62 => Kind::SubmitGet,
        share if share < 85 => Kind::Stream,
        _ => Kind::Rest,
    }
}

fn behaviour(kind: Kind, mix: Mix, random: &mut fastrand::Rng) -> Behaviour {
    let big = match kind {
        Kind::SlowStream if mix.slow_readers => 30,
        Kind::SlowStream | Kind::Stream => 10,
        Kind::Execute | Kind::SubmitWait | Kind::SubmitGet | Kind::Rest => 1,
    };
    match random.u8(..100) {
        share if share < 10 => Behaviour::Fails,
        share if share < 17 => Behaviour::Slow,
        share if share < 17 + big => Behaviour::Big,
        _ => Behaviour::Plain,
    }
}
