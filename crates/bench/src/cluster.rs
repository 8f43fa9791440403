//! The Kubernetes API that engines are measured against: the demo cluster, as a process of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context as _;
use clap::Args;
use kubently_democluster::Config;
use tokio_util::sync::CancellationToken;

use crate::cli::say;

/// Where it listens, and what is in it.
#[derive(Args)]
pub(crate) struct ClusterArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Pods in the namespace "crowd", beside the demo's own
    #[arg(long, value_name = "N", default_value_t = 0)]
    crowd: u32,
    /// Write a kubeconfig for it here
    #[arg(long, value_name = "FILE")]
    kubeconfig: PathBuf,
}

impl ClusterArgs {
    /// Serves until the process is stopped.
    pub(crate) async fn run(&self) -> anyhow::Result<ExitCode> {
        let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let bound = kubently_democluster::bind(Config { listen, crowd: self.crowd, ..Config::default() }).await?;
        std::fs::write(&self.kubeconfig, bound.kubeconfig())
            .with_context(|| format!("write {}", self.kubeconfig.display()))?;
        say(&bound.url())?;
        bound.serve(CancellationToken::new()).await;
        Ok(ExitCode::SUCCESS)
    }
}
