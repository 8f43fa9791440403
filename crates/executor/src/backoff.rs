//! Growing pauses between attempts, spread at random so that many executors do not come back at once.

use std::time::Duration;

/// Doublings after which the cap is reached for every sensible setting; keeps the shift in range.
const MAX_DOUBLINGS: u32 = 20;

/// How fast pauses grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffSettings {
    /// Upper end of the first pause.
    pub initial: Duration,
    /// Upper end of every pause after a failure that may mend itself.
    pub max: Duration,
    /// Upper end of a pause after what only people can mend; it lasts at least half of this.
    pub refused: Duration,
}

impl Default for BackoffSettings {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(100),
            // Whoever waits for a command that is to go on should not wait much longer than the failure lasts.
            max: Duration::from_secs(5),
            refused: Duration::from_secs(15),
        }
    }
}

/// Exponential backoff with full jitter: each pause is a random part of a span, which doubles once every
/// server was tried.
#[derive(Debug)]
pub(crate) struct Backoff {
    settings: BackoffSettings,
    /// Failures of the first round through the servers, whose pauses are all short.
    round: u32,
    failures: u32,
}

impl Backoff {
    /// For attempts that go through `servers` servers in turn.
    pub(crate) fn new(settings: BackoffSettings, servers: usize) -> Self {
        let round = u32::try_from(servers.saturating_sub(1)).unwrap_or(u32::MAX);
        Self { settings, round, failures: 0 }
    }

    /// The next pause; those after the first round come from spans that double.
    pub(crate) fn pause(&mut self) -> Duration {
        let span = self.span();
        self.failures = self.failures.saturating_add(1);
        part_of(span)
    }

    /// A pause for what will not mend itself soon: the upper half of its own span.
    pub(crate) fn long_pause(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let half = self.settings.refused / 2;
        half + part_of(half)
    }

    /// Starts anew, after something worked for a while.
    pub(crate) const fn reset(&mut self) {
        self.failures = 0;
    }

    fn span(&self) -> Duration {
        let doublings = self.failures.saturating_sub(self.round).min(MAX_DOUBLINGS);
        self.settings.initial.saturating_mul(1 << doublings).min(self.settings.max)
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
        Backoff::new(BackoffSettings { max: Duration::from_secs(10), ..BackoffSettings::default() }, 1)
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
    fn the_first_round_through_the_servers_has_short_pauses() {
        let mut backoff = Backoff::new(BackoffSettings::default(), 3);
        let mut spans = Vec::new();
        for _ in 0..5 {
            spans.push(backoff.span().as_millis());
            backoff.pause();
        }
        assert_eq!(spans, [100, 100, 100, 200, 400]);
    }

    #[test]
    fn the_default_comes_back_soon_but_asks_rarely_where_it_is_refused() {
        let mut backoff = Backoff::new(BackoffSettings::default(), 1);
        assert!((0..100).all(|_| backoff.pause() <= Duration::from_secs(5)));
        assert!((0..100).all(|_| backoff.long_pause() >= Duration::from_secs(7)));
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
            assert!((7..=15).contains(&pause.as_secs()), "{pause:?}");
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
