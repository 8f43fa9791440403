//! `kubently executor`.

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::demo::DemoCluster;
use crate::{args::roles::executor::ExecutorArgs, exit, telemetry};

pub(super) async fn run(args: &ExecutorArgs, stop: &CancellationToken) -> anyhow::Result<u8> {
    telemetry::init(&args.log.log, args.log.log_format)?;
    args.target.policy.agree().await?;
    let mut config = args.config()?;
    let demo = if args.target.demo { Some(DemoCluster::start().await?) } else { None };
    if let Some(demo) = &demo {
        config.kubeconfig = Some(demo.kubeconfig());
    }
    let cluster = config.cluster.clone();
    let executor = tokio::select! {
        bound = kubently_executor::bind(config) => bound.context("start the executor")?,
        () = stop.cancelled() => return Ok(exit::INTERRUPTED),
    };
    tracing::info!(%cluster, executor_id = %executor.executor_id(), version = env!("CARGO_PKG_VERSION"), "executor ready");
    executor.serve(stop.clone()).await;
    if let Some(demo) = demo {
        demo.end().await;
    }
    Ok(exit::OK)
}
