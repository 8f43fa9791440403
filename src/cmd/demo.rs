//! The built-in demo cluster, served in this process.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;

/// Time for its open requests to end.
const LINGER: Duration = Duration::from_secs(2);

/// A demo cluster that is being served.
pub(super) struct DemoCluster {
    /// Holds the kubeconfig, and goes away with this.
    home: TempDir,
    serving: JoinHandle<()>,
    stop: CancellationToken,
}

impl DemoCluster {
    /// Serves it on a free loopback port.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("kubently-demo-").tempdir().context("make a temporary directory")?;
        let cluster = kubently_democluster::bind(kubently_democluster::Config::default()).await?;
        fs::write(kubeconfig_in(&home), cluster.kubeconfig()).context("write the demo cluster's kubeconfig")?;
        tracing::info!(url = cluster.url(), "demo cluster ready");
        let stop = CancellationToken::new();
        let serving = tokio::spawn(cluster.serve(stop.clone()));
        Ok(Self { home, serving, stop })
    }

    /// The kubeconfig that leads to it.
    pub(super) fn kubeconfig(&self) -> PathBuf {
        kubeconfig_in(&self.home)
    }

    /// Ends it, after whoever used it has ended.
    pub(super) async fn end(self) {
        self.stop.cancel();
        if timeout(LINGER, self.serving).await.is_err() {
            tracing::debug!("the demo cluster still had open requests");
        }
    }
}

fn kubeconfig_in(home: &TempDir) -> PathBuf {
    home.path().join("kubeconfig")
}
