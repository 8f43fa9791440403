//! The executor's memory: idle, and at its most.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    super::{calls::Until, table, usage},
    rows::PARALLEL,
    site::Site,
};

/// Resident memory of an idle executor, in KiB: 15 MB.
const IDLE: u64 = 15_000_000 / 1024;
/// The same with [`PARALLEL`] commands under way: 40 MB.
const BUSY: u64 = 40_000_000 / 1024;
/// What is under way: a table, a description, whole objects, a list of a thousand pods.
const LINES: [&str; 5] = [
    "get pods -n shop",
    "describe deploy orders -n shop",
    "get pods -n kube-system -o wide",
    "get deploy -n shop -o yaml",
    "get pods -n crowd",
];

/// What was found, in KiB.
pub(super) struct Memory {
    idle: u64,
    busy: Vec<(&'static str, u64)>,
    after: u64,
}

impl Memory {
    /// `idle` was taken before anything ran.
    pub(super) async fn measure(site: &Site, idle: u64, seconds: u64) -> anyhow::Result<Self> {
        let mut busy = Vec::new();
        for line in LINES {
            busy.push((line, peak(site, line, seconds).await?));
        }
        Ok(Self { idle, busy, after: site.resident()? })
    }

    /// As Markdown.
    pub(super) fn table(&self) -> String {
        let row = |name: String, size: u64| vec![name, format!("{:.1} MB", megabytes(size))];
        let mut rows = vec![row("attached, nothing ran".to_owned(), self.idle)];
        rows.extend(self.busy.iter().map(|(line, size)| row(format!("{PARALLEL} x {line}, most"), *size)));
        rows.push(row("idle after all that".to_owned(), self.after));
        table(&["executor", "resident"], rows)
    }

    /// What exceeds its bound.
    pub(super) fn broken(&self) -> Vec<String> {
        let busy = self.busy.iter().map(|(line, size)| (*line, *size, BUSY));
        let all = [("idle", self.idle, IDLE)].into_iter().chain(busy);
        let text = |name, size, bound| {
            format!("{name}: {:.1} MB resident, {:.1} MB is promised", megabytes(size), megabytes(bound))
        };
        all.filter(|(_, size, bound)| size > bound).map(|(name, size, bound)| text(name, size, bound)).collect()
    }
}

async fn peak(site: &Site, line: &str, seconds: u64) -> anyhow::Result<u64> {
    usage::forget_peak(site.pid()?)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    site.callers.running(line).run(PARALLEL, Until::Time(end)).await?;
    usage::peak(site.pid()?)
}

/// Millions of bytes.
#[allow(clippy::cast_precision_loss, reason = "memory here is far smaller than 2^52 KiB")]
fn megabytes(kibibytes: u64) -> f64 {
    kibibytes as f64 * 1.024e-3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_named() {
        let memory = Memory { idle: IDLE + 1, busy: vec![("get pods", BUSY), ("logs", BUSY + 400)], after: 0 };
        let broken = memory.broken();
        assert_eq!(broken.len(), 2, "{broken:?}");
        assert!(broken[1].starts_with("logs: 40.4 MB"), "{broken:?}");
    }
}
