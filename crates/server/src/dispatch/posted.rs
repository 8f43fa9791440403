//! Results that come by POST, whole: to any server, from executors that this one may not hold.

use std::sync::Arc;

use kubently_core::{
    Error, ErrorKind,
    command::{CommandResult, INLINE_OUTPUT_BYTES},
    ids::{ClusterId, CommandId, ExecutorId},
};
use kubently_proto::{bus::v1::cluster_event, convert::journal::Finished};

use tokio::time::Instant;

use super::{
    Dispatch, STORE_PATIENCE,
    follow::{cut, without_output},
    seat::Running,
};
use crate::journal::{Lease, State};

/// Who says how a command ended.
#[derive(Debug, Clone)]
pub(crate) struct Poster {
    /// The cluster that its token is for.
    pub(crate) cluster: ClusterId,
    /// Its id and the lease it answers, from executors that tell. What others post counts under
    /// whatever lease there is.
    pub(crate) lease: Option<(ExecutorId, u64)>,
}

impl Poster {
    fn has(&self, lease: &Lease) -> bool {
        let same = |(executor, epoch): &(ExecutorId, u64)| lease.executor == *executor && lease.epoch == *epoch;
        self.lease.as_ref().is_none_or(same)
    }
}

impl Dispatch {
    /// Ends a command with the result that an executor posted. Repeating that is harmless: the first
    /// result stands, and one under an old lease is not wanted.
    pub(crate) async fn posted(
        self: &Arc<Self>,
        who: &Poster,
        id: &CommandId,
        result: CommandResult,
    ) -> Result<(), Error> {
        if let Some((_, running)) = self.roster.find(&who.cluster, id).filter(|(_, running)| who.has(&running.lease)) {
            return self.deliver(&running, result).await;
        }
        let limit = Instant::now() + STORE_PATIENCE;
        let Some(entry) = self.outage.outlast(limit, || self.parts.journal.entry(id)).await? else {
            return Err(not_issued());
        };
        if entry.accepted.command.spec.cluster != who.cluster {
            return Err(not_issued());
        }
        let Some(lease) = entry.state.as_ref().and_then(State::lease).filter(|lease| who.has(lease)).cloned() else {
            // Ended, never given to it, or somebody else's by now.
            return if entry.finished.is_some() || entry.state.is_some() { Ok(()) } else { Err(not_issued()) };
        };
        self.deliver(&Running::new(entry.accepted, lease), result).await?;
        self.tell_cluster(&who.cluster, cluster_event::Event::Released(id.to_string())).await
    }

    async fn deliver(self: &Arc<Self>, held: &Running, result: CommandResult) -> Result<(), Error> {
        let end = self.shelve(held, result).await?;
        match self.finish(held, end).await? {
            true => Ok(()),
            // Redis lost what was shelved a moment ago; the executor posts it again.
            false => Err(Error::store_unavailable()),
        }
    }

    /// Puts output that is too long to travel inside a result into the journal ahead of it, as an
    /// executor on a stream does. Output beyond the command's limit is cut off here, because
    /// executors of the older system know no limit.
    async fn shelve(&self, held: &Running, mut result: CommandResult) -> Result<Finished, Error> {
        limit_output(&mut result, held.accepted.command.spec.max_output_bytes);
        if result.stdout.len() + result.stderr.len() <= INLINE_OUTPUT_BYTES {
            return Ok(Finished { result, chunks: 0, skipped: 0 });
        }
        let mut chunks = 0;
        for chunk in cut(&result) {
            self.parts.journal.append(&held.accepted, &held.lease, &chunk).await?;
            chunks = chunk.seq;
        }
        Ok(Finished { result: without_output(&result), chunks, skipped: 0 })
    }
}

fn not_issued() -> Error {
    Error::new(ErrorKind::PermissionDenied, "Command was not issued to this cluster")
}

/// Cuts output off at `most` bytes, standard output first, and says so.
fn limit_output(result: &mut CommandResult, most: u64) {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let total = result.stdout.len() + result.stderr.len();
    result.bytes_total = result.bytes_total.max(total as u64);
    if total <= most {
        return;
    }
    result.truncated = true;
    result.stdout.truncate(whole_characters(&result.stdout, most));
    let left = most.saturating_sub(result.stdout.len());
    result.stderr.truncate(whole_characters(&result.stderr, left));
}

/// The length of the longest start of `text` with at most `most` bytes that cuts no UTF-8 character.
fn whole_characters(text: &[u8], most: usize) -> usize {
    let starts = |at: &usize| text.get(*at).is_some_and(|byte| byte & 0xc0 != 0x80);
    if most >= text.len() {
        return text.len();
    }
    (most.saturating_sub(3)..=most).rev().find(starts).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use kubently_core::command::Outcome;

    use super::*;

    fn limited(stdout: &'static str, stderr: &'static str, most: u64) -> CommandResult {
        let mut result = CommandResult {
            stdout: stdout.into(),
            stderr: stderr.into(),
            ..CommandResult::unfinished(Outcome::Succeeded, "", SystemTime::UNIX_EPOCH)
        };
        limit_output(&mut result, most);
        result
    }

    #[test]
    fn output_within_the_limit_is_kept() {
        let result = limited("abc", "de", 5);
        assert_eq!((&result.stdout[..], &result.stderr[..]), (&b"abc"[..], &b"de"[..]));
        assert_eq!((result.truncated, result.bytes_total), (false, 5));
    }

    #[test]
    fn standard_output_is_kept_first_and_no_character_is_cut() {
        let result = limited("abc", "de", 4);
        assert_eq!((&result.stdout[..], &result.stderr[..]), (&b"abc"[..], &b"d"[..]));
        assert_eq!((result.truncated, result.bytes_total), (true, 5));
        assert_eq!(&limited("abcdé", "", 5).stdout[..], b"abcd");
        assert_eq!(&limited("abcd€", "x", 6).stdout[..], b"abcd");
        assert_eq!(&limited("€€", "", 2).stdout[..], b"");
    }
}
