//! Short words for durations, so that the story reads well.

use std::time::Duration;

pub(crate) const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) const fn mins(n: u64) -> Duration {
    secs(n * 60)
}

pub(crate) const fn hours(n: u64) -> Duration {
    mins(n * 60)
}

pub(crate) const fn days(n: u64) -> Duration {
    hours(n * 24)
}
