//! The commands that this server accepted, for as long as it must answer for them.
//!
//! The journal is the truth; this is what the server itself remembers of it. From here ended
//! commands are taken off the table of open ones, overdue ones get their end without anybody asking,
//! and what Redis lost is written again.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use kubently_core::{
    Error, ErrorKind,
    command::OutputChunk,
    ids::{ClusterId, CommandId},
};
use kubently_proto::convert::journal::{Accepted, Finished};
use tokio::time::Instant;

/// Commands of one cluster that may be open at once; more are refused as busy. An executor that runs
/// 1,024 at once is given ten times as much.
const MAX_OPEN_PER_CLUSTER: usize = 10_000;
/// Open commands of all clusters: a bound of memory, about 1 KiB each.
const MAX_OPEN: usize = 100_000;
/// Ended commands that are kept, to write them again when Redis loses its memory.
const MAX_ENDED: usize = 10_000;
/// Bytes of their output that are kept.
const MAX_ENDED_BYTES: usize = 32 << 20;
/// How long they are kept.
const ENDED_FOR: Duration = Duration::from_secs(60);

/// A command that ended not long ago, with all that is needed to write it again.
#[derive(Clone)]
pub(super) struct Ended {
    /// The command.
    pub(super) accepted: Accepted,
    /// How it ended.
    pub(super) finished: Finished,
    /// Its output, where that went ahead of the result.
    pub(super) output: Vec<OutputChunk>,
    at: Instant,
}

impl Ended {
    fn bytes(&self) -> usize {
        let inline = self.finished.result.stdout.len() + self.finished.result.stderr.len();
        inline + bytes_of(&self.output)
    }

    /// Whether all of its output is here.
    fn is_whole(&self) -> bool {
        self.output.len() as u64 == self.finished.chunks
    }
}

fn bytes_of(output: &[OutputChunk]) -> usize {
    output.iter().map(|chunk| chunk.data.len()).sum()
}

/// An open command, with the output that was heard of it so far, from the first piece on.
struct Open {
    accepted: Accepted,
    /// Whether the journal has it: until then it is nothing to answer for.
    confirmed: bool,
    output: Vec<OutputChunk>,
}

#[derive(Default)]
struct Book {
    open: HashMap<CommandId, Open>,
    output_bytes: usize,
    per_cluster: HashMap<ClusterId, usize>,
    ended: VecDeque<Ended>,
    ended_bytes: usize,
    to_retire: Vec<CommandId>,
}

impl Book {
    fn close(&mut self, id: &CommandId) -> Option<Open> {
        let open = self.open.remove(id)?;
        self.output_bytes -= bytes_of(&open.output);
        let cluster = &open.accepted.command.spec.cluster;
        if let Some(count) = self.per_cluster.get_mut(cluster) {
            *count -= 1;
            if *count == 0 {
                self.per_cluster.remove(cluster);
            }
        }
        Some(open)
    }

    fn keep(&mut self, ended: Ended) {
        if !ended.is_whole() {
            // Half an output is worse than none: it would look like the result.
            return;
        }
        self.ended_bytes += ended.bytes();
        self.ended.push_back(ended);
        while self.ended.len() > MAX_ENDED || self.ended_bytes > MAX_ENDED_BYTES || self.oldest_is_old() {
            let Some(oldest) = self.ended.pop_front() else { return };
            self.ended_bytes -= oldest.bytes();
        }
    }

    fn oldest_is_old(&self) -> bool {
        self.ended.front().is_some_and(|oldest| oldest.at.elapsed() > ENDED_FOR)
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Ledger {
    book: Mutex<Book>,
}

impl Ledger {
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a command that is about to be accepted, unless too many are open.
    pub(super) fn enter(&self, accepted: &Accepted) -> Result<(), Error> {
        let mut book = self.lock();
        let cluster = &accepted.command.spec.cluster;
        let of_cluster = book.per_cluster.get(cluster).copied().unwrap_or_default();
        if of_cluster >= MAX_OPEN_PER_CLUSTER || book.open.len() >= MAX_OPEN {
            let message = format!("cluster '{cluster}' is busy: {of_cluster} commands wait for it; nothing was run");
            return Err(Error::new(ErrorKind::ResourceExhausted, message));
        }
        let open = Open { accepted: accepted.clone(), confirmed: false, output: Vec::new() };
        if book.open.insert(accepted.command.id.clone(), open).is_none() {
            *book.per_cluster.entry(cluster.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// The command is accepted.
    pub(super) fn confirm(&self, id: &CommandId) {
        if let Some(open) = self.lock().open.get_mut(id) {
            open.confirmed = true;
        }
    }

    /// Strikes a command out that was not accepted after all.
    pub(super) fn strike(&self, id: &CommandId) {
        self.lock().close(id);
    }

    /// A command printed something. What is beyond the bound, or comes with a gap, is not kept.
    pub(super) fn output(&self, id: &CommandId, chunk: &OutputChunk) {
        let mut book = self.lock();
        let room = book.output_bytes + chunk.data.len() <= MAX_ENDED_BYTES;
        let Some(open) = book.open.get_mut(id) else { return };
        if room && chunk.seq == open.output.len() as u64 + 1 {
            open.output.push(chunk.clone());
            book.output_bytes += chunk.data.len();
        }
    }

    /// A command ended.
    pub(super) fn end(&self, id: &CommandId, finished: &Finished) {
        let mut book = self.lock();
        if let Some(Open { accepted, output, .. }) = book.close(id) {
            book.to_retire.push(id.clone());
            book.keep(Ended { accepted, finished: finished.clone(), output, at: Instant::now() });
        }
    }

    /// Whether a command is open here.
    pub(super) fn has(&self, id: &CommandId) -> bool {
        self.lock().open.contains_key(id)
    }

    /// An open command.
    pub(super) fn get(&self, id: &CommandId) -> Option<Accepted> {
        self.lock().open.get(id).map(|open| open.accepted.clone())
    }

    /// The open commands that were accepted.
    pub(super) fn open(&self) -> Vec<Accepted> {
        let book = self.lock();
        book.open.values().filter(|open| open.confirmed).map(|open| open.accepted.clone()).collect()
    }

    /// The open commands whose own deadline is over.
    pub(super) fn overdue(&self, now: SystemTime) -> Vec<CommandId> {
        let book = self.lock();
        let accepted = book.open.values().filter(|open| open.confirmed);
        let late = accepted.filter(|open| open.accepted.command.deadline <= now);
        late.map(|open| open.accepted.command.id.clone()).collect()
    }

    /// What ended not long ago.
    pub(super) fn ended(&self) -> Vec<Ended> {
        self.lock().ended.iter().cloned().collect()
    }

    /// The ended commands that are to be taken off the journal's table of open ones.
    pub(super) fn take_retired(&self) -> Vec<CommandId> {
        std::mem::take(&mut self.lock().to_retire)
    }

    /// These could not be taken off; they are given again next time.
    pub(super) fn retire_later(&self, ids: Vec<CommandId>) {
        let mut book = self.lock();
        // What is beyond this stays on the table until a sweep of it finds it ended.
        if book.to_retire.len() < MAX_OPEN {
            book.to_retire.extend(ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use kubently_core::command::{Command, CommandResult, CommandSpec, CommandState, Outcome, OutputStream};
    use kubently_proto::convert::journal::Caller;

    use super::*;
    use crate::ids::CommandIds;

    fn accepted(ids: &CommandIds) -> Accepted {
        let spec = CommandSpec::new(ClusterId::new("c").unwrap(), vec!["get".into(), "pods".into()]);
        let now = SystemTime::now();
        let command = Command {
            id: ids.next().unwrap(),
            deadline: now + spec.timeout,
            spec,
            state: CommandState::Accepted,
            accepted_at: now,
            result: None,
        };
        Accepted { command, caller: Caller { principal_id: "p".into(), service: None }, live: false }
    }

    fn finished(output: usize) -> Finished {
        let result = CommandResult::unfinished(Outcome::Succeeded, "", SystemTime::now());
        Finished { result: CommandResult { stdout: vec![b'x'; output].into(), ..result }, chunks: 0, skipped: 0 }
    }

    #[test]
    fn a_command_is_open_until_it_ends_and_is_retired_once() {
        let (ledger, ids) = (Ledger::default(), CommandIds::new());
        let accepted = accepted(&ids);
        let id = &accepted.command.id;
        for _ in 0..2 {
            ledger.enter(&accepted).unwrap();
        }
        assert!(ledger.has(id) && ledger.open().is_empty(), "it is nothing to answer for until it is accepted");
        assert!(ledger.overdue(accepted.command.deadline).is_empty());
        ledger.confirm(id);
        assert_eq!((ledger.open().len(), ledger.overdue(SystemTime::now()).len()), (1, 0));
        assert_eq!(ledger.overdue(accepted.command.deadline), std::slice::from_ref(id));
        for _ in 0..2 {
            ledger.end(id, &finished(1));
        }
        assert!(!ledger.has(id));
        assert_eq!((ledger.ended().len(), ledger.take_retired().len(), ledger.take_retired().len()), (1, 1, 0));
        assert!(ledger.lock().per_cluster.is_empty());
    }

    #[test]
    fn a_cluster_with_too_many_open_commands_is_busy() {
        let (ledger, ids) = (Ledger::default(), CommandIds::new());
        for _ in 0..MAX_OPEN_PER_CLUSTER {
            ledger.enter(&accepted(&ids)).unwrap();
        }
        assert_eq!(ledger.enter(&accepted(&ids)).unwrap_err().kind, ErrorKind::ResourceExhausted);
        let one = ledger.lock().open.keys().next().unwrap().clone();
        ledger.strike(&one);
        ledger.enter(&accepted(&ids)).unwrap();
        assert!(ledger.take_retired().is_empty(), "what was never accepted is on no table");
    }

    #[test]
    fn output_is_kept_whole_or_not_at_all() {
        let (ledger, ids) = (Ledger::default(), CommandIds::new());
        let chunk = |seq| OutputChunk::new(seq, OutputStream::Stdout, "x".into());
        for (heard, kept) in [(&[1, 2, 3][..], 1), (&[1, 2, 2, 3], 1), (&[1, 3], 0), (&[2, 3], 0)] {
            let accepted = accepted(&ids);
            ledger.enter(&accepted).unwrap();
            heard.iter().for_each(|seq| ledger.output(&accepted.command.id, &chunk(*seq)));
            ledger.end(&accepted.command.id, &Finished { chunks: 3, ..finished(0) });
            let found = ledger.ended().iter().filter(|ended| ended.accepted == accepted).count();
            assert_eq!(found, kept, "{heard:?}");
        }
        assert_eq!(ledger.lock().output_bytes, 0);
    }

    #[test]
    fn ended_commands_are_bounded_by_bytes() {
        let (ledger, ids) = (Ledger::default(), CommandIds::new());
        for _ in 0..5 {
            let accepted = accepted(&ids);
            ledger.enter(&accepted).unwrap();
            ledger.end(&accepted.command.id, &finished(MAX_ENDED_BYTES / 3));
        }
        assert_eq!(ledger.ended().len(), 3);
    }
}
