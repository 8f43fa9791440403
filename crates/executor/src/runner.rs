//! From an argument vector to one result, whatever happens on the way.
//!
//! Order of a command: known already? → grammar → policy → a free place → engine, under its deadline.
//! Every command that was admitted ends in exactly one result in the [`Spool`]; only at the end of the
//! process commands are dropped without one, so that the server gives them to another executor.

mod footing;
mod job;
mod output;

use std::{
    future::Future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures::FutureExt;
use kubently_core::{
    command::{CommandResult, Outcome},
    kubectl::{self, Command},
    policy::{Context, Policy},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit, watch},
    time::{Instant, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use footing::Footing;
pub(crate) use job::Job;
pub(crate) use output::{Output, Room, split};

use crate::{
    engine::{Engine, Exit},
    spool::{Admission, LinkId, Spool},
};

/// Commands that may wait for a free place. Servers that know the contract never send so many; the bound
/// keeps one that does not from filling the memory.
const MAX_WAITING: usize = 1_024;

/// What ended a command's run.
enum End {
    Exited(Exit),
    TimedOut,
    Cancelled,
}

/// Runs commands. Shared by all links.
pub(crate) struct Runner {
    footing: watch::Sender<Arc<Footing>>,
    max_output: u64,
    places: Semaphore,
    waiting: Semaphore,
    spool: Arc<Spool>,
    /// Cancelled when no new commands are taken.
    closed: CancellationToken,
    /// Cancelled when running commands are given up without an answer.
    abandoned: CancellationToken,
    tasks: TaskTracker,
}

impl Runner {
    pub(crate) fn new(footing: Footing, max_in_flight: u32, max_output: u64, spool: Arc<Spool>) -> Self {
        let places = max_in_flight as usize;
        Self {
            footing: watch::Sender::new(Arc::new(footing)),
            max_output,
            places: Semaphore::new(places),
            waiting: Semaphore::new(places + MAX_WAITING),
            spool,
            closed: CancellationToken::new(),
            abandoned: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    pub(crate) const fn spool(&self) -> &Arc<Spool> {
        &self.spool
    }

    /// What commands that come now are judged and run by.
    pub(crate) fn footing(&self) -> Arc<Footing> {
        self.footing.borrow().clone()
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> Arc<Policy> {
        self.footing.borrow().policy.clone()
    }

    /// Tells when the policy may have changed.
    pub(crate) fn changes(&self) -> watch::Receiver<Arc<Footing>> {
        self.footing.subscribe()
    }

    /// Judges and runs what comes from now on by this.
    pub(crate) fn stand_on(&self, footing: Footing) {
        self.footing.send_replace(Arc::new(footing));
    }

    /// Takes a command that arrived on `link`. Never waits: the answer comes through the spool. After
    /// [`Self::close`] it stays unanswered, which gives it back to the server when the link ends.
    pub(crate) fn start(self: &Arc<Self>, job: Job, link: LinkId) {
        if self.closed.is_cancelled() {
            return;
        }
        match self.spool.admit(&job.id, job.epoch, link) {
            Admission::New(stop) => {
                let runner = Arc::clone(self);
                self.tasks.spawn(async move { runner.see_through(job, stop).await });
            }
            Admission::Known => tracing::debug!(command_id = %job.id, "command delivered again; not run again"),
            Admission::Answered => tracing::debug!(command_id = %job.id, "command delivered again; already answered"),
            Admission::Stale => tracing::debug!(command_id = %job.id, "command of an old lease ignored"),
        }
    }

    /// Stops a command. One that is not here gets its end all the same: the server expects an answer.
    pub(crate) fn cancel(&self, id: &Arc<str>, epoch: u64, link: LinkId) {
        if !self.spool.stop(id, epoch) && matches!(self.spool.admit(id, epoch, link), Admission::New(_)) {
            self.spool.finish(id, unfinished(Outcome::Cancelled, "cancelled; it was not running here"));
        }
    }

    /// Answers a command that this executor does not run at all.
    pub(crate) fn refuse(&self, id: &Arc<str>, epoch: u64, link: LinkId, message: &str) {
        if matches!(self.spool.admit(id, epoch, link), Admission::New(_)) {
            self.spool.finish(id, unfinished(Outcome::Denied, message));
        }
    }

    /// Waits until another command could start at once; for transports that fetch commands themselves.
    pub(crate) async fn has_room(&self) {
        // The semaphore is never closed; if it were, asking for commands would be the right thing still.
        drop(self.places.acquire().await);
    }

    /// Takes no new commands from now on.
    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Waits until no new commands are taken.
    pub(crate) async fn closed(&self) {
        self.closed.cancelled().await;
    }

    /// Waits until no new commands are taken and every answer is acknowledged.
    pub(crate) async fn settled(&self) {
        self.closed().await;
        self.spool.empty().await;
    }

    /// Gives up what still runs, without an answer, and waits until its processes and requests are gone.
    pub(crate) async fn abandon(&self) {
        self.abandoned.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn see_through(&self, job: Job, stop: CancellationToken) {
        let result = tokio::select! {
            result = unless_panicked(self.answer(&job, &stop)) => result,
            () = self.abandoned.cancelled() => return self.spool.forget(&job.id),
        };
        tracing::debug!(
            command_id = %job.id, outcome = result.outcome.as_str(), engine = result.engine,
            bytes = result.bytes_total, took = ?result.execution_time, "command ended"
        );
        self.spool.finish(&job.id, result);
    }

    async fn answer(&self, job: &Job, stop: &CancellationToken) -> CommandResult {
        let deadline = Instant::now() + job.timeout;
        let footing = self.footing();
        let command = match judge(&footing, job) {
            Ok(command) => command,
            Err(refusal) => return unfinished(Outcome::Denied, refusal),
        };
        let Ok(_queued) = self.waiting.try_acquire() else {
            return unfinished(Outcome::Failed, "the executor has too many commands waiting; nothing ran");
        };
        match self.place(deadline, stop).await {
            Ok(_place) => self.run(&footing.engine, (job, &command), deadline, stop).await,
            Err(result) => result,
        }
    }

    /// A place to run in, unless the deadline or a cancel comes first.
    async fn place(&self, deadline: Instant, stop: &CancellationToken) -> Result<SemaphorePermit<'_>, CommandResult> {
        tokio::select! {
            place = timeout_at(deadline, self.places.acquire()) => match place {
                Ok(Ok(place)) => Ok(place),
                Ok(Err(_)) | Err(_) => Err(unfinished(Outcome::Expired, "no place became free in time; nothing ran")),
            },
            () = stop.cancelled() => Err(unfinished(Outcome::Cancelled, "cancelled before it started")),
        }
    }

    async fn run(
        &self,
        engine: &Engine,
        (job, command): (&Job, &Command),
        deadline: Instant,
        stop: &CancellationToken,
    ) -> CommandResult {
        let limit = job.max_output.min(self.max_output);
        let tap = job.live.then(|| (Arc::clone(&self.spool), Arc::clone(&job.id)));
        let output = Output::new(limit, tap);
        let started = Instant::now();
        let engine = engine.choose(command);
        let end = tokio::select! {
            exit = timeout_at(deadline, engine.run(command, &output)) => exit.map_or(End::TimedOut, End::Exited),
            () = stop.cancelled() => End::Cancelled,
        };
        let mut result = verdict(end, job.timeout);
        result.engine = engine.name().to_owned();
        result.execution_time = started.elapsed();
        let chunks = output.close(&mut result, job.inline_limit);
        chunks.into_iter().for_each(|chunk| self.spool.add_chunk(&job.id, chunk));
        result
    }
}

/// The final decision, whatever the server decided.
fn judge(footing: &Footing, job: &Job) -> Result<Command, String> {
    let command = kubectl::parse(&job.argv).map_err(|refusal| refusal.to_string())?;
    let context = Context { streaming: job.live, default_namespace: footing.default_namespace.as_deref() };
    footing.policy.check(&command, context).map_err(|refusal| refusal.to_string())?;
    Ok(command)
}

/// A defect in one command must neither stop the others nor leave it without an answer.
async fn unless_panicked(answer: impl Future<Output = CommandResult>) -> CommandResult {
    AssertUnwindSafe(answer).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("running a command panicked; this is a defect");
        unfinished(Outcome::Failed, "internal error of the executor; its log has the cause")
    })
}

fn unfinished(outcome: Outcome, message: impl Into<String>) -> CommandResult {
    CommandResult::unfinished(outcome, message, SystemTime::now())
}

fn verdict(end: End, timeout: Duration) -> CommandResult {
    match end {
        End::Exited(Exit { code: Some(0), message }) => {
            CommandResult { exit_code: Some(0), ..unfinished(Outcome::Succeeded, message.unwrap_or_default()) }
        }
        End::Exited(Exit { code: Some(code), message }) => {
            let message = message.unwrap_or_else(|| format!("the command exited with code {code}"));
            CommandResult { exit_code: Some(code), ..unfinished(Outcome::Failed, message) }
        }
        End::Exited(Exit { code: None, message }) => {
            unfinished(Outcome::Failed, message.unwrap_or_else(|| "the command was killed".to_owned()))
        }
        End::TimedOut => {
            unfinished(Outcome::TimedOut, format!("stopped: its time of {:.1} s was over", timeout.as_secs_f64()))
        }
        End::Cancelled => unfinished(Outcome::Cancelled, "stopped: it was cancelled"),
    }
}

#[cfg(test)]
mod tests;
