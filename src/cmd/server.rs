//! `kubently server`.

use anyhow::Context as _;
use kubently_server::Backend;
use tokio_util::sync::CancellationToken;

use crate::{args::roles::server::ServerArgs, exit, telemetry};

pub(super) async fn run(args: &ServerArgs, stop: &CancellationToken) -> anyhow::Result<u8> {
    telemetry::init(&args.log.log, args.log.log_format)?;
    args.policy.agree().await?;
    let config = args.config()?;
    if matches!(config.backend, Backend::Memory) {
        tracing::warn!("state is in memory: it ends with this process and is not shared; set --redis-url");
    }
    let server = tokio::select! {
        bound = kubently_server::bind(config) => bound.context("start the server")?,
        () = stop.cancelled() => return Ok(exit::INTERRUPTED),
    };
    tracing::info!(address = %server.local_addr(), version = env!("CARGO_PKG_VERSION"), "listening");
    server.serve(stop.clone()).await.context("serve")?;
    Ok(exit::OK)
}
