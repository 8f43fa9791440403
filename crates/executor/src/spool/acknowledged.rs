//! Answers that were acknowledged a moment ago: a server that attaches anew sends unfinished commands again, and
//! such a command may cross the acknowledgement of its answer.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

/// Answers remembered at most; more do not fit into the time that a command needs to reach us.
const MAX_REMEMBERED: usize = 1_024;
/// How long one is remembered: well beyond what a command that was sent before the acknowledgement can take.
const MEMORY: Duration = Duration::from_secs(60);

/// The newest acknowledged answers.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    /// The newest epoch of each.
    epochs: HashMap<Arc<str>, u64>,
    /// Oldest first.
    order: VecDeque<(Arc<str>, u64, Instant)>,
}

impl Acknowledged {
    /// The answer of `id` under the lease `epoch` was acknowledged.
    pub(super) fn add(&mut self, id: &str, epoch: u64, now: Instant) {
        let id: Arc<str> = id.into();
        if self.epochs.insert(Arc::clone(&id), epoch) != Some(epoch) {
            self.order.push_back((id, epoch, now));
        }
        self.forget_old(now);
    }

    /// Whether `id` was answered under this lease or a later one.
    pub(super) fn covers(&mut self, id: &str, epoch: u64, now: Instant) -> bool {
        self.forget_old(now);
        self.epochs.get(id).is_some_and(|answered| epoch <= *answered)
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((id, epoch, at)) = self.order.front() {
            if self.order.len() <= MAX_REMEMBERED && now.duration_since(*at) <= MEMORY {
                return;
            }
            if self.epochs.get(id) == Some(epoch) {
                self.epochs.remove(id);
            }
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_covers_its_own_lease_and_older_ones() {
        let (mut acknowledged, now) = (Acknowledged::default(), Instant::now());
        acknowledged.add("a", 2, now);
        let covered = [1, 2, 3].map(|epoch| acknowledged.covers("a", epoch, now));
        assert_eq!(covered, [true, true, false]);
        assert!(!acknowledged.covers("b", 1, now));
        acknowledged.add("a", 3, now);
        assert!(acknowledged.covers("a", 3, now));
    }

    #[test]
    fn it_is_forgotten_after_a_minute() {
        let (mut acknowledged, now) = (Acknowledged::default(), Instant::now());
        acknowledged.add("a", 1, now);
        assert!(acknowledged.covers("a", 1, now + MEMORY));
        assert!(!acknowledged.covers("a", 1, now + MEMORY * 2));
        assert!(acknowledged.order.is_empty() && acknowledged.epochs.is_empty());
    }

    #[test]
    fn the_oldest_are_forgotten_when_there_are_many() {
        let (mut acknowledged, now) = (Acknowledged::default(), Instant::now());
        (0..=MAX_REMEMBERED).for_each(|n| acknowledged.add(&n.to_string(), 1, now));
        assert!(!acknowledged.covers("0", 1, now) && acknowledged.covers("1", 1, now));
    }
}
