//! Keeps the spool directory in step with the spool. One piece of work at a time, off the async threads, so that a
//! file is written before it is removed.

use std::{
    io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use kubently_core::{command::INLINE_OUTPUT_BYTES, ids::ExecutorId};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::{Instant, timeout},
};

use super::{
    Spool,
    desk::{Desk, Work},
    disk::{Disk, FileId},
    record::Record,
    shelf::MAX_AGE,
};
use crate::{Config, Error, TransportKind};

/// How long results wait for a directory that does not answer: nothing against a deadline, ages for a disk.
const PATIENCE: Duration = Duration::from_secs(2);

/// The spool that `config` asks for, with what an earlier process left, and the keeper of its directory. Replaces a
/// made-up executor id by the one that is kept in the directory.
///
/// # Errors
/// When the directory cannot be used.
pub(crate) async fn open(config: &mut Config) -> Result<(Arc<Spool>, Option<Keeper>), Error> {
    let Some(dir) = config.spool_dir.clone() else { return Ok((Arc::default(), None)) };
    let made_up = config.keep_executor_id.then(|| config.executor_id.clone());
    let opening = spawn_blocking(move || begin(dir, made_up.as_ref())).await;
    let (disk, id, records) = opening.map_err(|error| Error::setting("spool_dir", error.to_string()))??;
    if let Some(id) = id {
        config.executor_id = id;
    }
    let spool = Arc::new(Spool::default());
    spool.restore(records, inline_limit(config.transport));
    Ok((Arc::clone(&spool), Some(Keeper { disk: Arc::new(disk), spool, job: None, sound: true })))
}

type Beginning = (Disk, Option<ExecutorId>, Vec<(FileId, Record)>);

fn begin(dir: PathBuf, made_up: Option<&ExecutorId>) -> Result<Beginning, Error> {
    let disk = Disk::open(dir)?;
    let id = made_up.map(|id| disk.executor_id(id)).transpose()?;
    let records = disk.load()?;
    Ok((disk, id, records))
}

/// Output up to this many bytes goes inside a result.
const fn inline_limit(transport: TransportKind) -> usize {
    match transport {
        TransportKind::Grpc => INLINE_OUTPUT_BYTES,
        TransportKind::Sse | TransportKind::Smart | TransportKind::Legacy => usize::MAX,
    }
}

impl Spool {
    /// What an earlier process left; age counts by the wall clock, because no other is the same in both.
    fn restore(&self, records: Vec<(FileId, Record)>, inline_limit: usize) {
        let (now, today) = (Instant::now(), SystemTime::now());
        let mut shelf = self.lock();
        shelf.desk = Some(Desk::new(records.last().map_or(0, |(file, _)| file.0 + 1)));
        if !records.is_empty() {
            tracing::info!(results = records.len(), "delivering what an earlier process left");
        }
        for (file, record) in records {
            let age = today.duration_since(record.result.finished_at).unwrap_or_default().min(MAX_AGE * 2);
            shelf.restore(file, record.fit(inline_limit), now.checked_sub(age).unwrap_or(now));
            shelf.trim(now);
        }
    }

    /// What is to be done on disk next; waits until there is something.
    async fn work(&self) -> Work {
        self.when(&self.changed, super::shelf::Shelf::take_work).await
    }

    fn settle(&self, written: &[(FileId, Arc<str>)], sound: bool) {
        self.lock().settle(written, sound);
        self.changed.notify_waiters();
    }

    fn go_on_without_disk(&self) {
        self.lock().go_on_without_disk();
        self.changed.notify_waiters();
    }
}

/// A piece of work on its way.
struct Job {
    written: Vec<(FileId, Arc<str>)>,
    outcome: JoinHandle<io::Result<()>>,
}

/// Does what the desk says. It can be dropped or asked again at any time.
pub(crate) struct Keeper {
    disk: Arc<Disk>,
    spool: Arc<Spool>,
    job: Option<Job>,
    /// Whether the directory took what was written last.
    sound: bool,
}

impl Keeper {
    /// Goes on until dropped.
    pub(crate) async fn run(&mut self) {
        loop {
            if self.job.is_none() {
                let work = self.spool.work().await;
                self.start(work);
            }
            self.complete().await;
        }
    }

    /// Does what is left, unless the directory takes too long.
    pub(crate) async fn flush(mut self) {
        if timeout(PATIENCE, self.catch_up()).await.is_err() {
            tracing::warn!("the spool directory does not answer; it may lack the newest results");
        }
    }

    async fn catch_up(&mut self) {
        self.complete().await;
        loop {
            let work = self.spool.lock().take_work();
            let Some(work) = work else { return };
            self.start(work);
            self.complete().await;
        }
    }

    fn start(&mut self, work: Work) {
        let written = work.write.iter().map(|(file, record)| (*file, Arc::clone(&record.id))).collect();
        let disk = Arc::clone(&self.disk);
        self.job = Some(Job { written, outcome: spawn_blocking(move || perform(&disk, &work)) });
    }

    /// Waits for the work that is on its way, if any. Nobody's result waits for a directory that hangs.
    async fn complete(&mut self) {
        let Some(job) = &mut self.job else { return };
        let outcome = match timeout(PATIENCE, &mut job.outcome).await {
            Ok(outcome) => outcome,
            Err(_) => {
                self.spool.go_on_without_disk();
                tracing::warn!("the spool directory does not answer; results are kept in memory only");
                (&mut job.outcome).await
            }
        };
        let written = std::mem::take(&mut job.written);
        self.job = None;
        self.judge(&outcome.unwrap_or_else(|error| Err(io::Error::other(error))), &written);
    }

    fn judge(&mut self, outcome: &io::Result<()>, written: &[(FileId, Arc<str>)]) {
        match outcome {
            Err(error) if self.sound => {
                tracing::warn!(%error, "the spool directory cannot be written to; results are kept in memory only");
            }
            Ok(()) if !self.sound => tracing::info!("the spool directory can be written to again"),
            _ => {}
        }
        self.sound = outcome.is_ok();
        self.spool.settle(written, self.sound);
    }
}

/// Does all of it, whatever fails; the first failure.
fn perform(disk: &Disk, work: &Work) -> io::Result<()> {
    let removed = work.remove.iter().map(|file| disk.remove(*file));
    let written = work.write.iter().map(|(file, record)| disk.write(*file, record));
    removed.chain(written).fold(Ok(()), io::Result::and)
}
