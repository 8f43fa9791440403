//! Growing pauses between attempts, spread at random so that many executors do not come back at once.

use std::time::Duration;

/// Doublings after which the cap is reached for every sensible setting; keeps the shift in range.
const MAX_DOUBLINGS: u32 = 20;

/// How fast pauses grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffSettings {
    /// Upper end of the first pause.
    pub initial: Duration,
    /// Upper end of every pause.
    pub max: Duration,
}

impl Default for BackoffSettings {
    fn default() -> Self {
        Self { initial: Duration::from_millis(100), max: Duration::from_secs(15) }
    }
}

/// Exponential backoff with full jitter: each pause is a random part of a doubling span.
#[derive(Debug)]
pub(crate) struct Backoff {
    settings: BackoffSettings,
    failures: u32,
}

impl Backoff {
    pub(crate) const fn new(settings: BackoffSettings) -> Self {
        Self { settings, failures: 0 }
    }

    /// The next pause; the one after it comes from a span twice as long.
    pub(crate) fn pause(&mut self) -> Duration {
        let span = self.span();
        self.failures = (self.failures + 1).min(MAX_DOUBLINGS);
        part_of(span)
    }

    /// A pause for what will not mend itself soon: the upper half of the longest span.
    pub(crate) fn long_pause(&mut self) -> Duration {
        self.failures = MAX_DOUBLINGS;
        let half = self.settings.max / 2;
        half + part_of(half)
    }

    /// Starts anew, after something worked for a while.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    fn span(&self) -> Duration {
        self.settings.initial.saturating_mul(1 << self.failures).min(self.settings.max)
    }
}

/// A random part of `span`.
pub(crate) fn part_of(span: Duration) -> Duration {
    span.mul_f64(fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff() -> Backoff {
        Backoff::new(BackoffSettings { initial: Duration::from_millis(100), max: Duration::from_secs(10) })
    }

    #[test]
    fn the_span_doubles_up_to_the_cap_and_starts_anew() {
        let mut backoff = backoff();
        let mut spans = Vec::new();
        for _ in 0..9 {
            spans.push(backoff.span().as_millis());
            backoff.pause();
        }
        assert_eq!(spans, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        backoff.reset();
        assert_eq!(backoff.span(), Duration::from_millis(100));
    }

    #[test]
    fn pauses_are_spread_over_the_whole_span() {
        let pauses: Vec<_> = (0..1_000).map(|_| backoff().pause()).collect();
        assert!(pauses.iter().all(|pause| *pause <= Duration::from_millis(100)));
        assert!(pauses.iter().any(|pause| *pause < Duration::from_millis(20)));
        assert!(pauses.iter().any(|pause| *pause > Duration::from_millis(80)));
    }

    #[test]
    fn a_long_pause_is_never_short() {
        for _ in 0..1_000 {
            let pause = backoff().long_pause();
            assert!((5..=10).contains(&pause.as_secs()), "{pause:?}");
        }
    }

    #[test]
    fn endless_failures_do_not_overflow() {
        let mut backoff = backoff();
        for _ in 0..1_000 {
            assert!(backoff.pause() <= Duration::from_secs(10));
        }
    }
}
