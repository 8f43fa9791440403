//! Serves the demo cluster until Ctrl-C and says where its kubeconfig is:
//! `cargo run -p kubently-democluster --example serve`.
#![allow(clippy::print_stdout)]

use kubently_democluster::{Config, bind};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::default();
    if let Some(listen) = std::env::args().nth(1) {
        config.listen = listen.parse()?;
    }
    let bound = bind(config).await?;
    let path = std::env::temp_dir().join(format!("kubently-demo-{}.kubeconfig", bound.local_addr().port()));
    tokio::fs::write(&path, bound.kubeconfig()).await?;
    println!("export KUBECONFIG={}", path.display());
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(bound.serve(shutdown.clone()));
    tokio::signal::ctrl_c().await?;
    shutdown.cancel();
    serving.await?;
    Ok(())
}
