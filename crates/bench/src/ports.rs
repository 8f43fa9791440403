//! Fixed ports for processes that are restarted on them.

use std::net::TcpListener;

use anyhow::Context as _;

/// Below the ports that outgoing connections take by themselves: one of those could sit on a port while its
/// process is down.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Hands out ports that were free a moment ago, none of them twice.
pub(crate) struct Ports {
    next: u16,
}

impl Ports {
    /// Begins where other runs on this machine probably do not.
    pub(crate) fn new() -> Self {
        let span = u32::from(RANGE.end - RANGE.start);
        let offset = std::process::id().wrapping_mul(101) % span;
        Self { next: RANGE.start + u16::try_from(offset).unwrap_or_default() }
    }

    /// A free port.
    pub(crate) fn take(&mut self) -> anyhow::Result<u16> {
        let free = RANGE
            .clone()
            .cycle()
            .skip(usize::from(self.next - RANGE.start))
            .take(RANGE.len())
            .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
        let port = free.context("no free port between 20000 and 32000")?;
        self.next = if port + 1 == RANGE.end { RANGE.start } else { port + 1 };
        Ok(port)
    }
}
