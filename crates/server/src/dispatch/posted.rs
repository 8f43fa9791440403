//! Results that come by POST, whole: to any server, from executors that this one may not hold.

use std::sync::Arc;

use kubently_core::{
    Error, ErrorKind,
    command::{CommandResult, INLINE_OUTPUT_BYTES},
    ids::{ClusterId, CommandId},
};
use kubently_proto::{bus::v1::cluster_event, convert::journal::Finished};

use super::{
    Dispatch,
    follow::{cut, without_output},
    roster::Running,
};

impl Dispatch {
    /// Ends a command with the result that an executor of `cluster` posted. Repeating that is
    /// harmless: the first result stands.
    pub(crate) async fn posted(
        self: &Arc<Self>,
        cluster: &ClusterId,
        id: &CommandId,
        result: CommandResult,
    ) -> Result<(), Error> {
        let Some(found) = self.roster.find(cluster, id) else {
            return self.posted_elsewhere(cluster, id, result).await;
        };
        let end = self.shelve(id, &found.running, result).await?;
        self.finish(cluster, id, &found.running, end).await
    }

    async fn posted_elsewhere(
        self: &Arc<Self>,
        cluster: &ClusterId,
        id: &CommandId,
        result: CommandResult,
    ) -> Result<(), Error> {
        let entry = self.parts.journal.entry(id).await?;
        let held = entry.and_then(|entry| entry.lease.map(|lease| Running::new(entry.accepted, lease)));
        let held = held.filter(|held| held.lease.cluster == *cluster);
        let held =
            held.ok_or_else(|| Error::new(ErrorKind::PermissionDenied, "Command was not issued to this cluster"))?;
        let end = self.shelve(id, &held, result).await?;
        self.finish(cluster, id, &held, end).await?;
        self.tell_cluster(cluster, cluster_event::Event::Released(id.to_string())).await
    }

    /// Puts output that is too long to travel inside a result into the journal ahead of it, as an
    /// executor on a stream does. Output beyond the command's limit is cut off here, because
    /// executors of the older system know no limit.
    async fn shelve(&self, id: &CommandId, held: &Running, mut result: CommandResult) -> Result<Finished, Error> {
        limit_output(&mut result, held.accepted.command.spec.max_output_bytes);
        if result.stdout.len() + result.stderr.len() <= INLINE_OUTPUT_BYTES {
            return Ok(Finished { result, chunks: 0 });
        }
        let mut chunks = 0;
        for chunk in cut(&result) {
            self.parts.journal.append(id, &held.lease, &chunk).await?;
            chunks = chunk.seq;
        }
        Ok(Finished { result: without_output(&result), chunks })
    }
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
