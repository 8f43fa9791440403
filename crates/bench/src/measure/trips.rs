//! Round trips to Redis that follow each other in one command: from latency over a long way, and counted.
//!
//! Three steps write: accept, lease, finish. The second begins when server B is delivered the offer, and the caller
//! is answered when server A is delivered the result; so of accept and finish the path has the request's way and a
//! delivery's way back instead of the answer's. With d for one way:
//!
//! ```text
//! accept's request d + offer's delivery d + lease's request d + its answer d + finish's request d
//!     + result's delivery d = 6 d = 3 round trips
//! ```

use std::{collections::HashSet, net::SocketAddr, ops::RangeInclusive, time::Duration};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

use super::{
    calls::{Callers, Until, quantile},
    stand::Stand,
    tap::{Asked, Tap},
};

/// Pings that tell how long a round trip really is.
const PINGS: usize = 21;
/// How long one may take.
const PING: Duration = Duration::from_secs(5);
/// How long servers may take to tidy up after commands.
const SETTLE: Duration = Duration::from_secs(2);
/// Deliveries by pub/sub on a command's path: the offer, and the result.
const DELIVERIES: f64 = 2.0;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Trips {
    /// p50 of a command without the delay, and with it.
    pub(super) near: Duration,
    pub(super) far: Duration,
    /// p50 of a PING without the delay, and with it.
    pub(super) near_ping: Duration,
    pub(super) far_ping: Duration,
    /// Request bursts that name a command, for each command between its call and its answer.
    pub(super) counted: Vec<usize>,
    /// The names of the requests of one command, a list for each burst.
    pub(super) example: Vec<String>,
    /// Bursts about anything else in the same windows.
    pub(super) beside: usize,
    /// Bursts in as much time without a command.
    pub(super) background: usize,
}

impl Trips {
    /// Measures `commands` commands, one after another, without and with `one_way` in each direction.
    pub(super) async fn measure(
        stand: &Stand,
        callers: &Callers,
        commands: usize,
        one_way: Duration,
    ) -> anyhow::Result<Self> {
        let tap = stand.a.tap.as_ref().context("no tap")?;
        let mut found =
            Self { near: p50(callers, commands).await?, near_ping: ping(tap.addr).await?, ..Self::default() };
        stand.taps().for_each(|tap| tap.delay(one_way));
        found.far_ping = ping(tap.addr).await?;
        found.far = p50(callers, commands).await?;
        found.count(stand, callers, commands).await?;
        stand.taps().for_each(|tap| tap.delay(Duration::ZERO));
        Ok(found)
    }

    /// Counts with one command in flight, and then as long with none.
    async fn count(&mut self, stand: &Stand, callers: &Callers, commands: usize) -> anyhow::Result<()> {
        stand.taps().for_each(|tap| tap.write_down(true));
        let mut watched = Duration::ZERO;
        for _ in 0..commands {
            stand.taps().for_each(|tap| drop(tap.take_log()));
            let begun = Instant::now();
            let (id, _) = callers.one().await?;
            let answered = Instant::now();
            watched += answered - begun;
            self.look(stand.taps().map(Tap::take_log), begun..=answered, &id);
        }
        sleep(SETTLE).await;
        stand.taps().for_each(|tap| drop(tap.take_log()));
        sleep(watched).await;
        self.background = stand.taps().map(|tap| bursts_of(&tap.take_log().iter().collect::<Vec<_>>(), "").0).sum();
        stand.taps().for_each(|tap| tap.write_down(false));
        self.counted.sort_unstable();
        Ok(())
    }

    /// Counts what was asked for one command, on every way, between its call and its answer.
    fn look(&mut self, logs: impl Iterator<Item = Vec<Asked>>, during: RangeInclusive<Instant>, id: &str) {
        let (mut own, mut example) = (0, Vec::new());
        for log in logs {
            let window: Vec<&Asked> = log.iter().filter(|asked| during.contains(&asked.at)).collect();
            let (named, beside) = bursts_of(&window, id);
            own += named;
            self.beside += beside;
            example.extend(window.iter().filter(|asked| names(asked, id)).map(|asked| word(asked)));
        }
        self.counted.push(own);
        self.example = example;
    }

    /// What one round trip was made longer by.
    pub(super) fn added(&self) -> Duration {
        self.far_ping.saturating_sub(self.near_ping)
    }

    /// Ways to Redis or back, one after another, in a command.
    pub(super) fn ways(&self) -> f64 {
        self.sequential() * 2.0
    }

    /// The ways that are no delivery: requests, and answers that were waited for.
    pub(super) fn ways_of_requests(&self) -> f64 {
        self.ways() - DELIVERIES
    }

    /// Round trips, one after another, where a delivery stands for the answer's way.
    pub(super) fn sequential(&self) -> f64 {
        self.far.saturating_sub(self.near).as_secs_f64() / self.added().as_secs_f64().max(f64::EPSILON)
    }

    /// Bursts of a command, named or not. The middle counts and not the most: a server tidies up once a second, and
    /// where that falls between a result and its answer it names the command too.
    pub(super) fn bursts(&self) -> usize {
        self.typical() + self.unnamed()
    }

    /// The middle of what was counted.
    pub(super) fn typical(&self) -> usize {
        self.counted.get(self.counted.len() / 2).copied().unwrap_or_default()
    }

    /// Bursts that do not name the command but come with each, to the nearest number: without the background.
    pub(super) fn unnamed(&self) -> usize {
        let commands = self.counted.len().max(1);
        (self.beside.saturating_sub(self.background) + commands / 2) / commands
    }

    /// The most that was counted.
    pub(super) fn most(&self) -> usize {
        self.counted.last().copied().unwrap_or_default()
    }
}

/// Bursts in which the id is named, and the others. No id is named everywhere.
fn bursts_of(window: &[&Asked], id: &str) -> (usize, usize) {
    let own: HashSet<_> = window.iter().filter(|asked| names(asked, id)).map(|asked| asked.burst).collect();
    let all: HashSet<_> = window.iter().map(|asked| asked.burst).collect();
    (own.len(), all.len() - own.len())
}

fn names(asked: &Asked, id: &str) -> bool {
    id.is_empty() || asked.frame.windows(id.len()).any(|part| part == id.as_bytes())
}

/// A request's first word.
fn word(asked: &Asked) -> String {
    let end = asked.frame.iter().position(|byte| *byte == b'\r').unwrap_or(asked.frame.len());
    String::from_utf8_lossy(&asked.frame[..end]).into_owned()
}

async fn p50(callers: &Callers, commands: usize) -> anyhow::Result<Duration> {
    Ok(callers.run(1, Until::Commands(commands)).await?.quantile(0.5))
}

/// How long a PING through the tap takes, in the middle.
async fn ping(tap: SocketAddr) -> anyhow::Result<Duration> {
    let mut socket = TcpStream::connect(tap).await?;
    socket.set_nodelay(true)?;
    let mut times = Vec::with_capacity(PINGS);
    for _ in 0..PINGS {
        let begun = Instant::now();
        socket.write_all(b"*1\r\n$4\r\nPING\r\n").await?;
        let mut answer = [0; b"+PONG\r\n".len()];
        timeout(PING, socket.read_exact(&mut answer)).await.context("Redis does not answer a PING")??;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    Ok(quantile(&times, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(burst: (u64, u64), frame: &str) -> Asked {
        Asked { at: Instant::now(), burst, frame: frame.as_bytes().to_vec() }
    }

    #[test]
    fn six_ways_are_three_round_trips() {
        let ms = Duration::from_millis;
        let trips = Trips { near: ms(5), far: ms(65), near_ping: ms(1), far_ping: ms(21), ..Trips::default() };
        assert_eq!(
            (trips.added(), trips.sequential(), trips.ways(), trips.ways_of_requests()),
            (ms(20), 3.0, 6.0, 4.0)
        );
    }

    #[test]
    fn requests_without_an_answer_between_are_one_burst() {
        let log = [
            asked((0, 1), "HSET\r\nopen\r\nid-1\r\n"),
            asked((0, 1), "PUBLISH\r\nto\r\nid-1\r\n"),
            asked((1, 5), "SET\r\ncommand:id-1\r\n"),
            asked((1, 6), "EVALSHA\r\nbeat\r\n"),
            asked((1, 7), "EVALSHA\r\ncommand:id-1\r\n"),
        ];
        assert_eq!(bursts_of(&log.iter().collect::<Vec<_>>(), "id-1"), (3, 1));
        assert_eq!(word(&log[1]), "PUBLISH");
    }

    #[test]
    fn what_comes_with_every_command_is_not_background() {
        let trips = Trips { counted: vec![3; 50], beside: 49, background: 30, ..Trips::default() };
        assert_eq!(trips.unnamed(), 0);
        assert_eq!(Trips { beside: 82, ..trips }.unnamed(), 1);
    }

    #[test]
    fn the_middle_and_the_most_are_told_apart() {
        let trips = Trips { counted: vec![3, 3, 3, 4], ..Trips::default() };
        assert_eq!((trips.typical(), trips.most(), trips.bursts()), (3, 4, 3));
    }
}
