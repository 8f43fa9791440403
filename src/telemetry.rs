//! Logs of the long-running roles, on standard error.

use std::io::{self, IsTerminal};

use anyhow::Context as _;
use tracing_subscriber::{EnvFilter, fmt};

use crate::args::roles::LogFormat;

/// Installs the process's one subscriber.
pub(crate) fn init(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter).context("read --log")?;
    let subscriber = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let installed = match format {
        LogFormat::Text => subscriber.try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
    installed.map_err(|cause| anyhow::anyhow!("install the log subscriber: {cause}"))
}
