//! A way to Redis that makes it far away, and writes down what is asked.
//!
//! Every piece of a connection is delivered a fixed time after it arrived, whatever is before or behind it: a delay
//! line. Sleeping per piece would make pipelined requests wait for each other, which a long cable does not.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::resp::Frames;

/// Bytes that are forwarded at once.
const PIECE: usize = 64 << 10;
/// Pieces under way in one direction of one connection; more wait in the sender's socket.
const UNDER_WAY: usize = 1_024;
/// Requests written down until they are taken; far more than one measurement makes.
const LOG: usize = 100_000;

/// A request that was seen.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) at: Instant,
    /// The burst it belongs to: requests of one connection without an answer in between are one.
    pub(super) burst: (u64, u64),
    /// Its beginning.
    pub(super) frame: Vec<u8>,
}

/// What all connections of a tap share.
#[derive(Default)]
struct Shared {
    /// One way, in microseconds.
    delay: AtomicU64,
    writes: AtomicBool,
    log: Mutex<Vec<Asked>>,
    /// The open connections by their address on Redis's side.
    open: Mutex<HashSet<SocketAddr>>,
    connections: AtomicU64,
}

/// One way to Redis. Ends with its handle.
pub(super) struct Tap {
    pub(super) addr: SocketAddr,
    shared: Arc<Shared>,
    _end: DropGuard,
}

impl Tap {
    /// A way to `to`, without delay and without a log.
    pub(super) async fn open(to: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (addr, shared, end) = (listener.local_addr()?, Arc::new(Shared::default()), CancellationToken::new());
        tokio::spawn(end.clone().run_until_cancelled_owned(accept(listener, to, shared.clone(), end.clone())));
        Ok(Self { addr, shared, _end: end.drop_guard() })
    }

    /// Sets how long each direction takes.
    pub(super) fn delay(&self, one_way: Duration) {
        self.shared.delay.store(u64::try_from(one_way.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Begins or ends writing down.
    pub(super) fn write_down(&self, yes: bool) {
        self.shared.writes.store(yes, Ordering::Relaxed);
    }

    /// What was written down since this was called last.
    pub(super) fn take_log(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.shared.log))
    }

    /// The addresses from which it is connected to Redis.
    pub(super) fn connected_from(&self) -> HashSet<SocketAddr> {
        lock(&self.shared.open).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, to: SocketAddr, shared: Arc<Shared>, end: CancellationToken) {
    while let Ok((near, _)) = listener.accept().await {
        tokio::spawn(end.clone().run_until_cancelled_owned(forward(near, to, shared.clone())));
    }
}

async fn forward(near: TcpStream, to: SocketAddr, shared: Arc<Shared>) {
    let Ok(far) = TcpStream::connect(to).await else { return };
    let Ok(own) = far.local_addr() else { return };
    let _ = near.set_nodelay(true);
    let _ = far.set_nodelay(true);
    lock(&shared.open).insert(own);
    let number = shared.connections.fetch_add(1, Ordering::Relaxed);
    let answered = AtomicBool::new(true);
    let asks = Watcher { shared: &shared, answered: &answered, number, burst: 0, frames: Some(Frames::default()) };
    let answers = Watcher { shared: &shared, answered: &answered, number, burst: 0, frames: None };
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = line(near_in, far_out, asks) => {}
        () = line(far_in, near_out, answers) => {}
    }
    lock(&shared.open).remove(&own);
}

/// Looks at one direction of one connection.
struct Watcher<'a> {
    shared: &'a Shared,
    /// Whether anything came back since the last request.
    answered: &'a AtomicBool,
    number: u64,
    burst: u64,
    /// `None` for answers.
    frames: Option<Frames>,
}

impl Watcher<'_> {
    fn see(&mut self, piece: &[u8]) {
        let Some(frames) = &mut self.frames else { return self.answered.store(true, Ordering::Relaxed) };
        for frame in frames.feed(piece) {
            self.burst += u64::from(self.answered.swap(false, Ordering::Relaxed));
            let mut log = lock(&self.shared.log);
            if self.shared.writes.load(Ordering::Relaxed) && log.len() < LOG {
                log.push(Asked { at: Instant::now(), burst: (self.number, self.burst), frame });
            }
        }
    }
}

/// One direction: what is read now is written when its time has come.
async fn line(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut watcher: Watcher<'_>) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let reads = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            watcher.see(&piece[..read]);
            let due = Instant::now() + Duration::from_micros(watcher.shared.delay.load(Ordering::Relaxed));
            if sender.send((due, piece[..read].to_vec())).await.is_err() {
                return;
            }
        }
    };
    let writes = async move {
        while let Some((due, piece)) = receiver.recv().await {
            // A timer rounds up to its tick; without a delay there is nothing to wait for.
            if due > Instant::now() {
                sleep_until(due).await;
            }
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reads, writes);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address that answers every piece with `+`.
    async fn answers() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            let mut piece = [0; 1_024];
            while let Ok(1..) = socket.read(&mut piece).await {
                socket.write_all(b"+").await.unwrap();
            }
        });
        addr
    }

    #[tokio::test]
    async fn requests_are_delayed_and_written_down_by_burst() {
        let tap = Tap::open(answers().await).await.unwrap();
        let mut socket = TcpStream::connect(tap.addr).await.unwrap();
        tap.write_down(true);
        tap.delay(Duration::from_millis(20));
        let begun = Instant::now();
        socket.write_all(b"*1\r\n$1\r\na\r\n*1\r\n$1\r\nb\r\n").await.unwrap();
        socket.read_exact(&mut [0]).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(40));
        assert_eq!(tap.connected_from().len(), 1);
        tap.delay(Duration::ZERO);
        socket.write_all(b"*1\r\n$1\r\nc\r\n").await.unwrap();
        socket.read_exact(&mut [0]).await.unwrap();
        let log = tap.take_log();
        let bursts: Vec<u64> = log.iter().map(|asked| asked.burst.1).collect();
        assert_eq!(bursts, [1, 1, 2]);
        assert!(tap.take_log().is_empty());
    }

    #[tokio::test]
    async fn pieces_do_not_wait_for_each_other() {
        let tap = Tap::open(answers().await).await.unwrap();
        let mut socket = TcpStream::connect(tap.addr).await.unwrap();
        socket.set_nodelay(true).unwrap();
        tap.delay(Duration::from_millis(100));
        let begun = Instant::now();
        for _ in 0..20 {
            socket.write_all(b"*1\r\n$1\r\na\r\n").await.unwrap();
            tokio::task::yield_now().await;
        }
        socket.read_exact(&mut [0]).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(2), "one delay each way, not one for each piece");
    }
}
