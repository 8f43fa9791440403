//! Trying again where that cannot run a command twice.

use std::time::Duration;

use kubently_core::{Error, ErrorKind};

/// How often in a row the same is tried again: with the pauses about 6 s, enough for a server's
/// restart or for a load balancer to notice that one is gone.
const ATTEMPTS: u32 = 5;
/// Pause before the first further attempt; each one after it is twice as long.
const PAUSE: Duration = Duration::from_millis(200);

/// The attempts that are left.
#[derive(Debug)]
pub(super) struct Retry {
    left: u32,
}

impl Retry {
    /// All of them.
    pub(super) fn new() -> Self {
        Self { left: ATTEMPTS }
    }

    /// All of them again, because something worked.
    pub(super) fn reset(&mut self) {
        *self = Self::new();
    }

    /// Pauses and says nothing, or gives the error back when trying again makes no sense (any more).
    pub(super) async fn pause_after(&mut self, error: Error) -> Result<(), Error> {
        let pause = self.pause(&error).ok_or(error)?;
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn pause(&mut self, error: &Error) -> Option<Duration> {
        // What another server, or the same one a moment later, answers differently. An offline
        // cluster is not among them: the user should know at once.
        let passes = matches!(error.kind, ErrorKind::StoreUnavailable | ErrorKind::Draining);
        let doublings = ATTEMPTS - self.left;
        self.left = self.left.checked_sub(1).filter(|_left| passes)?;
        Some(PAUSE * 2_u32.pow(doublings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let (mut retry, error) = (Retry::new(), Error::store_unavailable());
        let pauses: Vec<_> = std::iter::from_fn(|| retry.pause(&error)).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [200, 400, 800, 1_600, 3_200]);
        retry.reset();
        assert!(retry.pause(&error).is_some());
    }

    #[test]
    fn what_will_not_pass_is_not_tried_again() {
        for kind in [ErrorKind::ClusterOffline, ErrorKind::CommandDenied, ErrorKind::ResourceExhausted] {
            assert!(Retry::new().pause(&Error::new(kind, "x")).is_none(), "{kind:?}");
        }
    }
}
