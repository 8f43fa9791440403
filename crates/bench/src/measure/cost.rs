//! `kubently-bench redis`: what a command costs Redis.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use tokio::time::sleep;

use super::{
    calls::{Asking, Callers, Until, count},
    commandstats::CommandStats,
    connections::{self, Moment},
    hands::{Hands, Manner},
    judged,
    stand::{CLUSTER, Stand},
    table,
    trips::Trips,
};
use crate::{
    cli::{beside, say},
    ports::Ports,
};

/// Redis commands that one command may cost.
const MOST_COMMANDS: f64 = 8.0;
/// Round trips, one after another, that it may cost.
const MOST_TRIPS: usize = 3;
/// How far a measured number of round trips may be above that: delays are timers, and machines are busy.
const TRIPS_NOISE: f64 = 0.5;
/// Connections to Redis that a server has.
const CONNECTIONS: usize = 2;
/// Commands before anything is counted, so that scripts are loaded and connections stand.
const WARM_UP: usize = 200;
/// How long servers may take to tidy up after commands.
const SETTLE: Duration = Duration::from_secs(3);
/// Background is watched for at least this long: servers do most of it every second.
const IDLE: Duration = Duration::from_secs(5);

/// What is measured, and how much of it.
#[derive(Args)]
pub(crate) struct RedisArgs {
    /// Commands with one in flight
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    sequential: usize,
    /// Commands with 64 in flight
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    parallel: usize,
    /// Commands for each measurement of round trips
    #[arg(long, value_name = "N", default_value_t = 50)]
    trips: usize,
    /// What one way to Redis takes while round trips are measured, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 10)]
    delay: u64,
    /// Executors that are attached while connections are counted
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    executors: usize,
    /// Commands that wait meanwhile
    #[arg(long, value_name = "N", default_value_t = 200)]
    waiting: usize,
    /// Give each command an idempotency key, which costs more
    #[arg(long)]
    keyed: bool,
    /// Run the commands in a session, which costs more
    #[arg(long)]
    session: bool,
    /// The kubently binary [default: the one beside this executable]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

impl RedisArgs {
    /// Measures, prints, and says whether everything is within its bounds.
    pub(crate) async fn run(&self) -> anyhow::Result<ExitCode> {
        let binary = self.binary.clone().map_or_else(beside, Ok)?;
        judged(async |dir| self.measure(&binary, dir).await).await
    }

    async fn measure(&self, binary: &Path, dir: &Path) -> anyhow::Result<Vec<String>> {
        let mut ports = Ports::new();
        // Of its own, so that what a thousand executors leave behind is in no other number.
        let stand = Stand::start(binary, &dir.join("crowded"), &mut ports, true).await?;
        let mut broken = self.connections(&stand).await?;
        stand.stop().await;
        let stand = Stand::start(binary, &dir.join("quiet"), &mut ports, true).await?;
        broken.extend(self.commands(&stand).await?);
        stand.stop().await;
        Ok(broken)
    }

    async fn commands(&self, stand: &Stand) -> anyhow::Result<Vec<String>> {
        let mut hands = Hands::new(stand.b.addr, Manner::Answers);
        hands.attach(CLUSTER).await?;
        let mut callers = Callers::new(stand.a.addr, Asking { keyed: self.keyed, ..Asking::of(CLUSTER) })?;
        if self.session {
            callers = callers.in_session().await?;
        }
        callers.run(WARM_UP / 10, Until::Commands(WARM_UP)).await?;
        let mut broken = Vec::new();
        for (in_flight, commands) in [(1, self.sequential), (64, self.parallel)] {
            broken.extend(commands_of(stand, &callers, in_flight, commands).await?);
        }
        broken.extend(self.round_trips(stand, &callers).await?);
        Ok(broken)
    }

    async fn connections(&self, stand: &Stand) -> anyhow::Result<Vec<String>> {
        let moments = connections::measure(stand, self.executors, self.waiting).await?;
        say("\nConnections to Redis, as CLIENT LIST tells, and the servers' memory")?;
        let row = |moment: &Moment| {
            let numbers = moment.connections.iter().map(ToString::to_string);
            let memory = moment.resident.iter().map(|kilobytes| format!("{kilobytes} KiB"));
            [moment.name.clone()].into_iter().chain(numbers).chain(memory).collect()
        };
        let header = ["", "server A", "server B", "others", "RSS A", "RSS B"];
        say(&table(&header, moments.iter().map(row)))?;
        if let [before, crowded, ..] = &moments[..] {
            let more = crowded.resident[1].saturating_sub(before.resident[1]);
            say(&format!("each idle executor: {} KiB of server B", more / self.executors.max(1) as u64))?;
        }
        let wrong = moments.iter().filter(|moment| moment.connections != [CONNECTIONS, CONNECTIONS, 0]);
        Ok(wrong.map(|moment| format!("connections {}: {:?}", moment.name, moment.connections)).collect())
    }

    async fn round_trips(&self, stand: &Stand, callers: &Callers) -> anyhow::Result<Vec<String>> {
        let one_way = Duration::from_millis(self.delay);
        let trips = Trips::measure(stand, callers, self.trips, one_way).await?;
        say(&told(&trips, one_way))?;
        let mut broken = Vec::new();
        if trips.bursts() > MOST_TRIPS {
            broken.push(format!("{} request bursts in one command", trips.bursts()));
        }
        if trips.sequential() > count(MOST_TRIPS) + TRIPS_NOISE {
            broken.push(format!("{:.2} round trips one after another", trips.sequential()));
        }
        Ok(broken)
    }
}

/// Counts what `commands` commands cost, and what the same time costs without any.
async fn commands_of(
    stand: &Stand,
    callers: &Callers,
    in_flight: usize,
    commands: usize,
) -> anyhow::Result<Option<String>> {
    stand.reset_stats().await?;
    let seen = callers.run(in_flight, Until::Commands(commands)).await?;
    let busy = stand.stats().await?;
    // What is done about these commands a moment later is not background.
    sleep(SETTLE).await;
    stand.reset_stats().await?;
    sleep(seen.time.max(IDLE)).await;
    let idle = stand.stats().await?;
    let scale = seen.time.as_secs_f64() / seen.time.max(IDLE).as_secs_f64();
    let bill = Bill { busy, idle, scale, commands };
    say(&format!(
        "\nRedis commands for one command, {in_flight} in flight, {commands} commands, {:.0}/s",
        seen.rate()
    ))?;
    say(&bill.table())?;
    say(&bill.verdict())?;
    let keys = bill.busy.calls("keys") + bill.idle.calls("keys");
    let much = bill.all() > MOST_COMMANDS;
    let much = much.then(|| format!("{:.2} Redis commands for one at {in_flight} in flight", bill.all()));
    Ok(much.or_else(|| (keys > 0).then(|| format!("KEYS was used {keys} times"))))
}

/// What was counted.
struct Bill {
    busy: CommandStats,
    idle: CommandStats,
    /// By what `idle` is multiplied to be about the same time as `busy`.
    scale: f64,
    commands: usize,
}

impl Bill {
    /// Everything, background included, by command.
    fn all(&self) -> f64 {
        count(self.busy.total()) / count(self.commands)
    }

    /// Background, by command.
    fn background(&self) -> f64 {
        count(self.idle.total()) * self.scale / count(self.commands)
    }

    fn table(&self) -> String {
        let row = |name: &str| {
            let (busy, idle) = (count(self.busy.calls(name)), count(self.idle.calls(name)) * self.scale);
            // Background varies by a call or two; below none is none.
            let each = |calls: f64| format!("{:.3}", calls.max(0.0) / count(self.commands));
            vec![name.to_owned(), format!("{busy:.0}"), format!("{idle:.0}"), each(busy), each(busy - idle)]
        };
        let rows = self.busy.names(&self.idle).into_iter().map(row);
        table(&["Redis command", "calls", "background", "for one", "without background"], rows)
    }

    fn verdict(&self) -> String {
        let (all, net) = (self.all(), self.all() - self.background());
        format!("in all {all:.3} for one command, without background {net:.3}; at most {MOST_COMMANDS}")
    }
}

fn told(trips: &Trips, one_way: Duration) -> String {
    let millis = |time: Duration| format!("{:.2} ms", time.as_secs_f64() * 1e3);
    let rows = [("PING", trips.near_ping, trips.far_ping), ("command, one in flight", trips.near, trips.far)];
    let rows = rows.map(|(name, near, far)| vec![name.to_owned(), millis(near), millis(far), millis(far - near)]);
    let header = ["p50", "near", "far", "difference"];
    let each = |bursts| count(bursts) / count(trips.counted.len().max(1));
    format!(
        "\nRound trips to Redis, {one_way:?} more in each direction\n{}\n\
        {:.2} round trips = {:.2} ways, one after another: 2 deliveries by pub/sub (the offer to server B, the result to\n\
        server A) and {:.2} ways of requests and answers. Expected for three steps that each begin with a delivery or an\n\
        answer: accept 1 + offer 1 + lease 1 + its answer 1 + finish 1 + result 1 = 6 ways = 3 round trips.\n\
        Counted with one command in flight: {} request bursts that name it, at most {}: {}.\n\
        Bursts that do not name it in the same time: {:.2} for one command, in as much time without any {:.2}: so each\n\
        has {} of them on its way. Counted in all: {}; at most {MOST_TRIPS}.",
        table(&header, rows),
        trips.sequential(),
        trips.ways(),
        trips.ways_of_requests(),
        trips.typical(),
        trips.most(),
        trips.example.join(", "),
        each(trips.beside),
        each(trips.background),
        trips.unnamed(),
        trips.bursts(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn background_is_taken_off() {
        let stats = |set| CommandStats::parse(&format!("cmdstat_set:calls={set},usec=1\ncmdstat_ping:calls=10"));
        let bill = Bill { busy: stats(790), idle: stats(30), scale: 0.5, commands: 100 };
        assert_eq!((bill.all(), bill.background()), (8.0, 0.2));
        assert!(bill.verdict().starts_with("in all 8.000 for one command, without background 7.800"));
        assert!(bill.table().contains("7.750"), "{}", bill.table());
    }
}
