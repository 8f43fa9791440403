//! Who waits here for which command.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use kubently_core::{command::OutputChunk, ids::CommandId};
use kubently_proto::convert::journal::Finished;
use tokio::sync::{mpsc, watch};

/// Pieces of output that wait for one follower. When it is slower than that, pieces are dropped
/// here and the follower reads them from the journal: a slow reader slows nobody but itself.
const FOLLOWER_QUEUE: usize = 64;

/// What a follower hears.
#[derive(Debug, Clone)]
pub(super) enum Heard {
    /// A piece of output.
    Output(OutputChunk),
    /// Something may have been missed: read the journal.
    Look,
    /// The end.
    Done(Box<Finished>),
}

/// All waiters of a server.
#[derive(Default)]
pub(super) struct Waiters {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// By command, then by the waiter's own number. No empty map is kept.
    table: Mutex<HashMap<CommandId, HashMap<u64, Listener>>>,
    next: AtomicU64,
    count: watch::Sender<usize>,
}

struct Listener {
    heard: mpsc::Sender<Heard>,
    /// Whether it wants output, or only the end.
    output: bool,
}

/// A place in the table; leaves it when dropped.
pub(super) struct Waiter {
    shared: Arc<Shared>,
    id: CommandId,
    number: u64,
    heard: mpsc::Receiver<Heard>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, HashMap<CommandId, HashMap<u64, Listener>>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiters {
    /// Waits for the end of a command only.
    pub(super) fn for_result(&self, id: &CommandId) -> Waiter {
        self.register(id, false, 1)
    }

    /// Waits for its output too.
    pub(super) fn for_output(&self, id: &CommandId) -> Waiter {
        self.register(id, true, FOLLOWER_QUEUE)
    }

    fn register(&self, id: &CommandId, output: bool, queue: usize) -> Waiter {
        let (sender, heard) = mpsc::channel(queue);
        let number = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let listener = Listener { heard: sender, output };
        self.shared.lock().entry(id.clone()).or_default().insert(number, listener);
        self.shared.count.send_modify(|count| *count += 1);
        Waiter { shared: self.shared.clone(), id: id.clone(), number, heard }
    }

    /// Passes on a piece of output; never blocks.
    pub(super) fn output(&self, id: &CommandId, chunk: &OutputChunk) {
        if let Some(listeners) = self.shared.lock().get(id) {
            for listener in listeners.values().filter(|listener| listener.output) {
                // Full: the follower sees the gap in the numbers and reads the journal.
                let _dropped = listener.heard.try_send(Heard::Output(chunk.clone()));
            }
        }
    }

    /// Passes on the end. The listener is taken out of the table, so that a full queue ends too,
    /// and its follower reads the rest from the journal.
    pub(super) fn done(&self, id: &CommandId, finished: &Finished) {
        let listeners = self.shared.lock().remove(id);
        for listener in listeners.into_iter().flat_map(HashMap::into_values) {
            let _full = listener.heard.try_send(Heard::Done(Box::new(finished.clone())));
        }
    }

    /// The commands that somebody waits for.
    pub(super) fn ids(&self) -> HashSet<CommandId> {
        self.shared.lock().keys().cloned().collect()
    }

    /// Has everybody who follows output look into the journal.
    pub(super) fn look(&self) {
        for listener in self.shared.lock().values().flat_map(HashMap::values).filter(|listener| listener.output) {
            // Full: there is more to hear, and a gap in its numbers has the follower look too.
            let _full = listener.heard.try_send(Heard::Look);
        }
    }

    /// How many wait.
    pub(super) fn count(&self) -> usize {
        *self.shared.count.borrow()
    }

    /// Ends when nobody waits.
    pub(super) async fn none_left(&self) {
        // The sender lives in `self`, so this cannot fail.
        let _ = self.shared.count.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Waiter {
    /// The next thing heard; `None` means that something was missed: read the journal.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        self.heard.recv().await
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut table = self.shared.lock();
        if let Some(listeners) = table.get_mut(&self.id) {
            listeners.remove(&self.number);
            if listeners.is_empty() {
                table.remove(&self.id);
            }
        }
        drop(table);
        self.shared.count.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use kubently_core::command::{CommandResult, Outcome, OutputStream};

    use super::*;

    fn id() -> CommandId {
        CommandId::new("0199c1a0-7c3e-7b1a-8a2b-0123456789ab").unwrap()
    }

    fn finished() -> Finished {
        Finished {
            result: CommandResult::unfinished(Outcome::Failed, "m", SystemTime::UNIX_EPOCH),
            chunks: 0,
            skipped: 0,
        }
    }

    #[tokio::test]
    async fn a_slow_follower_misses_output_but_never_the_end_of_its_queue() {
        let waiters = Waiters::default();
        let mut follower = waiters.for_output(&id());
        for seq in 1..=100 {
            waiters.output(&id(), &OutputChunk::new(seq, OutputStream::Stdout, "x".into()));
        }
        waiters.done(&id(), &finished());
        let mut heard = 0;
        while follower.next().await.is_some() {
            heard += 1;
        }
        assert_eq!(heard, FOLLOWER_QUEUE);
    }

    #[tokio::test]
    async fn everybody_hears_the_end_and_nothing_is_kept() {
        let waiters = Waiters::default();
        let (mut one, mut two) = (waiters.for_result(&id()), waiters.for_output(&id()));
        assert_eq!(waiters.count(), 2);
        waiters.done(&id(), &finished());
        assert!(matches!(one.next().await, Some(Heard::Done(_))));
        assert!(matches!(two.next().await, Some(Heard::Done(_))));
        drop((one, two));
        waiters.none_left().await;
        assert!(waiters.shared.lock().is_empty());
    }
}
