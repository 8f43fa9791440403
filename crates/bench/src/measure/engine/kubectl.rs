//! kubectl as somebody runs it by hand: a process for each command.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    process::Command,
    time::{Instant, timeout},
};

use super::{super::calls::words, site::kubeconfig};

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A kubectl, and the home that keeps what it knows of the API.
#[derive(Debug, Clone)]
pub(super) struct Kubectl {
    pub(super) version: String,
    program: PathBuf,
    home: PathBuf,
    kubeconfig: String,
}

impl Kubectl {
    /// The given one, or the first on PATH; none where there is none.
    pub(super) async fn find(given: Option<PathBuf>, dir: &Path) -> anyhow::Result<Option<Self>> {
        let Some(program) = given.or_else(on_path) else { return Ok(None) };
        let home = dir.join("kubectl-home");
        std::fs::create_dir_all(&home)?;
        let found = Self { version: String::new(), program, home, kubeconfig: kubeconfig(dir) };
        let text = found.run("version --client -o json").await?.1;
        let read: serde_json::Value = serde_json::from_str(&text).context("read kubectl's version")?;
        let version = read["clientVersion"]["gitVersion"].as_str().context("kubectl says no version")?.to_owned();
        Ok(Some(Self { version, ..found }))
    }

    /// Runs one command: how long it took, and what it printed.
    pub(super) async fn run(&self, line: &str) -> anyhow::Result<(Duration, String)> {
        let begun = Instant::now();
        let output = Command::new(&self.program)
            .args(words(line))
            .env_clear()
            .env("HOME", &self.home)
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(LIMIT, output).await.context("kubectl does not end")??;
        let time = begun.elapsed();
        anyhow::ensure!(output.status.success(), "kubectl {line}: {}", String::from_utf8_lossy(&output.stderr));
        Ok((time, String::from_utf8(output.stdout).context("kubectl prints text")?))
    }
}

fn on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("kubectl")).find(|file| file.is_file())
}
