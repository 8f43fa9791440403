//! Processes that the harness starts, kills, and starts again under the same name.

use std::{
    fs::OpenOptions,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    sync::{Mutex, mpsc, oneshot, watch},
    time::{sleep, timeout},
};

/// A process that ends by itself is started again after this long, as an orchestrator would.
const RESTART: Duration = Duration::from_millis(500);
/// How long a killed process may take to be gone.
const REAP: Duration = Duration::from_secs(5);
/// Orders that may wait; faults on one process follow each other.
const ORDERS: usize = 8;

/// How to start a process.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    pub(crate) name: String,
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    /// Both outputs are appended to this file.
    pub(crate) log: PathBuf,
}

/// A process that is kept running. Ends with its handle.
pub(crate) struct Process {
    pub(crate) name: String,
    /// Held by the one fault that has it down; two at once would find it half started.
    pub(crate) busy: Mutex<()>,
    orders: mpsc::Sender<Order>,
    pid: watch::Receiver<Option<Pid>>,
    crashes: Arc<AtomicUsize>,
}

struct Order {
    signal: Signal,
    limit: Duration,
    ended: oneshot::Sender<Option<ExitStatus>>,
    back: oneshot::Receiver<()>,
}

/// A process that was ended; it comes back when this is dropped.
pub(crate) struct Down {
    _back: oneshot::Sender<()>,
    /// How it ended; `None` when it had to be killed after its time.
    pub(crate) status: Option<ExitStatus>,
}

impl Process {
    /// Starts it.
    pub(crate) fn start(start: Start) -> Self {
        let (orders, receiver) = mpsc::channel(ORDERS);
        let (sender, pid) = watch::channel(None);
        let crashes = Arc::new(AtomicUsize::new(0));
        let name = start.name.clone();
        tokio::spawn(tend(start, receiver, sender, crashes.clone()));
        Self { name, busy: Mutex::default(), orders, pid, crashes }
    }

    /// Kills it, and keeps it down.
    pub(crate) async fn kill(&self) -> anyhow::Result<Down> {
        self.end(Signal::KILL, REAP).await
    }

    /// Asks it to stop, and keeps it down; kills it when it takes longer than `limit`.
    pub(crate) async fn terminate(&self, limit: Duration) -> anyhow::Result<Down> {
        self.end(Signal::TERM, limit).await
    }

    async fn end(&self, signal: Signal, limit: Duration) -> anyhow::Result<Down> {
        let ((ended, status), (back, wait)) = (oneshot::channel(), oneshot::channel());
        let order = Order { signal, limit, ended, back: wait };
        let bound = limit + REAP + RESTART * 2;
        let give = async {
            self.orders.send(order).await.context("it is not tended any more")?;
            status.await.context("it is not tended any more")
        };
        let status = timeout(bound, give).await.with_context(|| format!("{} did not end", self.name))??;
        Ok(Down { _back: back, status })
    }

    /// Ends it for good.
    pub(crate) async fn stop(self) {
        let down = self.kill().await;
        // In this order: without a handle it does not come back.
        drop(self);
        drop(down);
    }

    /// Its id, while it runs.
    pub(crate) fn pid(&self) -> Option<i32> {
        self.pid.borrow().map(Pid::as_raw_pid)
    }

    /// Sends a signal that does not end it.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(pid) = *self.pid.borrow() {
            // It may have ended this moment; then there is nobody to signal.
            let _ = kill_process(pid, signal);
        }
    }

    /// How often it ended without being told to.
    pub(crate) fn crashes(&self) -> usize {
        self.crashes.load(Ordering::Relaxed)
    }
}

async fn tend(
    start: Start,
    mut orders: mpsc::Receiver<Order>,
    pid: watch::Sender<Option<Pid>>,
    crashes: Arc<AtomicUsize>,
) {
    while !orders.is_closed() {
        let Ok(mut child) = spawn(&start) else {
            crashes.fetch_add(1, Ordering::Relaxed);
            sleep(RESTART).await;
            continue;
        };
        pid.send_replace(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
        let order = tokio::select! {
            _ = child.wait() => None,
            order = orders.recv() => match order {
                Some(order) => Some(order),
                // The handle is gone; dropping the child kills it.
                None => return,
            },
        };
        let running = pid.send_replace(None);
        match order {
            Some(order) => carry_out(order, &mut child, running).await,
            None => {
                crashes.fetch_add(1, Ordering::Relaxed);
                sleep(RESTART).await;
            }
        }
    }
}

async fn carry_out(order: Order, child: &mut Child, pid: Option<Pid>) {
    if let Some(pid) = pid {
        // Fails when it has just ended, which is what was wanted.
        let _ = kill_process(pid, order.signal);
    }
    let status = timeout(order.limit, child.wait()).await.ok().and_then(Result::ok);
    if status.is_none() {
        let _ = timeout(REAP, child.kill()).await;
    }
    // Nobody may be waiting any more.
    let _ = order.ended.send(status);
    // An error is the other half being dropped, which is the word to come back.
    let _ = order.back.await;
}

fn spawn(start: &Start) -> anyhow::Result<Child> {
    let log = OpenOptions::new().append(true).create(true).open(&start.log)?;
    let child = Command::new(&start.program)
        .args(&start.args)
        .env_clear()
        .envs(["PATH", "HOME"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(start.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::from(log.try_clone()?))
        .stderr(Stdio::from(log))
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}
