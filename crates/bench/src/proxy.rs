//! A TCP proxy in every link, so that a link can be cut, held or slowed without touching either side.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::{sleep, timeout},
};

/// Bytes that are forwarded at once.
const PIECE: usize = 32 << 10;
/// How long the far side may take to accept.
const CONNECT: Duration = Duration::from_secs(2);

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Forwards.
    Pass,
    /// Resets what is open and whatever comes.
    Cut,
    /// Keeps what is open and takes what comes, and forwards nothing.
    Hold,
    /// Forwards each piece this much later.
    Slow(Duration),
}

/// What a proxy is to do; connections made before an epoch end with it.
#[derive(Debug, Clone, Copy)]
struct State {
    mode: Mode,
    to: SocketAddr,
    epoch: u64,
}

/// One link. Ends with its handle.
pub(crate) struct Link {
    pub(crate) addr: SocketAddr,
    state: watch::Sender<State>,
    open: Arc<AtomicUsize>,
}

impl Link {
    /// A link to `to`, on an address of its own.
    pub(crate) async fn open(to: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let addr = listener.local_addr()?;
        let state = watch::Sender::new(State { mode: Mode::Pass, to, epoch: 0 });
        let open = Arc::new(AtomicUsize::new(0));
        tokio::spawn(accept(listener, state.subscribe(), open.clone()));
        Ok(Self { addr, state, open })
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// How many connections go through it.
    pub(crate) fn connections(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Changes what it does. [`Mode::Cut`] resets what is open.
    pub(crate) fn set(&self, mode: Mode) {
        self.state.send_modify(|state| {
            state.mode = mode;
            state.epoch += u64::from(mode == Mode::Cut);
        });
    }

    /// Leads elsewhere from now on; what is open is reset.
    pub(crate) fn lead_to(&self, to: SocketAddr) {
        self.state.send_modify(|state| {
            state.to = to;
            state.epoch += 1;
        });
    }
}

/// Takes connections until the link is dropped.
async fn accept(listener: TcpListener, mut state: watch::Receiver<State>, open: Arc<AtomicUsize>) {
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((near, _)) = accepted else { return };
                tokio::spawn(forward(near, state.clone(), open.clone()));
            }
            () = dropped(&mut state) => return,
        }
    }
}

async fn dropped(state: &mut watch::Receiver<State>) {
    while state.changed().await.is_ok() {}
}

/// One connection from its start to its end.
async fn forward(near: TcpStream, mut state: watch::Receiver<State>, open: Arc<AtomicUsize>) {
    let start = *state.borrow();
    // With this set, dropping the socket resets the connection, as a cut network or a killed process does.
    let _ = near.set_zero_linger();
    let _ = near.set_nodelay(true);
    if start.mode == Mode::Cut || released(&mut state.clone(), start.epoch).await.is_err() {
        return;
    }
    let Ok(Ok(far)) = timeout(CONNECT, TcpStream::connect(start.to)).await else { return };
    let _ = far.set_zero_linger();
    let _ = far.set_nodelay(true);
    open.fetch_add(1, Ordering::Relaxed);
    let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
    tokio::select! {
        () = pump(near_in, far_out, state.clone(), start.epoch) => {}
        () = pump(far_in, near_out, state.clone(), start.epoch) => {}
        () = outdated(&mut state, start.epoch) => {}
    }
    open.fetch_sub(1, Ordering::Relaxed);
}

/// The connection is of an older epoch, or the link is gone.
struct Outdated;

/// Waits while the link holds.
async fn released(state: &mut watch::Receiver<State>, epoch: u64) -> Result<Mode, Outdated> {
    let state = state.wait_for(|now| now.mode != Mode::Hold || now.epoch != epoch).await;
    let now = *state.map_err(|_gone| Outdated)?;
    if now.epoch == epoch { Ok(now.mode) } else { Err(Outdated) }
}

async fn outdated(state: &mut watch::Receiver<State>, epoch: u64) {
    // An error means that the link is gone, which ends the connection too.
    let _ = state.wait_for(|now| now.epoch != epoch).await;
}

/// Forwards one direction. Returns when either side is done: half-closed connections are not needed here.
async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>, epoch: u64) {
    let mut piece = vec![0; PIECE];
    loop {
        let Ok(read @ 1..) = from.read(&mut piece).await else { return };
        let Ok(mode) = released(&mut state, epoch).await else { return };
        if let Mode::Slow(delay) = mode {
            sleep(delay).await;
        }
        if to.write_all(&piece[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An address that echoes.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = socket.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        addr
    }

    async fn say(socket: &mut TcpStream) -> std::io::Result<usize> {
        socket.write_all(b"x").await?;
        socket.read(&mut [0; 1]).await
    }

    #[tokio::test]
    async fn a_cut_link_resets_and_comes_back() {
        let link = Link::open(echo().await).await.unwrap();
        let mut socket = TcpStream::connect(link.addr).await.unwrap();
        assert_eq!(say(&mut socket).await.unwrap(), 1);
        assert_eq!(link.connections(), 1);
        link.set(Mode::Cut);
        assert!(!matches!(socket.read(&mut [0; 1]).await, Ok(1..)));
        link.set(Mode::Pass);
        let mut socket = TcpStream::connect(link.addr).await.unwrap();
        assert_eq!(say(&mut socket).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_held_link_is_silent_until_it_is_let_go() {
        let link = Link::open(echo().await).await.unwrap();
        let mut socket = TcpStream::connect(link.addr).await.unwrap();
        assert_eq!(say(&mut socket).await.unwrap(), 1);
        link.set(Mode::Hold);
        assert!(timeout(Duration::from_millis(50), say(&mut socket)).await.is_err());
        link.set(Mode::Pass);
        assert_eq!(socket.read(&mut [0; 1]).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_link_leads_elsewhere() {
        let nowhere = TcpListener::bind(("127.0.0.1", 0)).await.unwrap().local_addr().unwrap();
        let link = Link::open(nowhere).await.unwrap();
        link.lead_to(echo().await);
        let mut socket = TcpStream::connect(link.addr).await.unwrap();
        assert_eq!(say(&mut socket).await.unwrap(), 1);
    }
}
