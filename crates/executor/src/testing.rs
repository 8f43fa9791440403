//! What tests of several modules need.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use kubently_core::{
    command::{CommandResult, Outcome},
    ids::{ClusterId, ExecutorId},
};
use tempfile::TempDir;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    BackoffSettings, Config, EngineKind, Timing,
    runner::{Footing, Job},
};

/// Far beyond any wait in a test that works.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A demo cluster that is served until dropped, and the file that leads to it.
pub(crate) struct Demo {
    pub(crate) kubeconfig: PathBuf,
    _dir: TempDir,
    _stop: DropGuard,
}

pub(crate) async fn demo(config: kubently_democluster::Config) -> Demo {
    let bound = kubently_democluster::bind(config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let kubeconfig = dir.path().join("kubeconfig");
    std::fs::write(&kubeconfig, bound.kubeconfig()).unwrap();
    let stop = CancellationToken::new();
    tokio::spawn(bound.serve(stop.clone()));
    Demo { kubeconfig, _dir: dir, _stop: stop.drop_guard() }
}

/// Settings of an executor that never waits long.
pub(crate) fn config(server: &str) -> Config {
    let cluster = ClusterId::new("c1").unwrap();
    let id = ExecutorId::new("e1").unwrap();
    let soon = Duration::from_millis(20);
    let backoff = BackoffSettings { initial: Duration::from_millis(5), max: soon, refused: soon };
    Config {
        timing: Timing { backoff, poll_interval: Duration::from_millis(5), ..Timing::default() },
        ..Config::new(vec![server.to_owned()], cluster, "t0ken".to_owned(), id)
    }
}

/// An engine that runs `script` in place of kubectl.
pub(crate) struct Script {
    pub(crate) path: PathBuf,
    pub(crate) dir: TempDir,
}

pub(crate) fn script(body: &str) -> Script {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("kubectl");
    // Written under another name first: an open file cannot be executed, and other tests fork at any time.
    let draft = dir.path().join("draft");
    std::fs::write(&draft, format!("#!/bin/sh\n{body}\n")).unwrap();
    make_executable(&draft);
    std::fs::rename(&draft, &path).unwrap();
    Script { path, dir }
}

fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

impl Script {
    pub(crate) fn config(&self) -> Config {
        Config { engine: EngineKind::Kubectl, kubectl_path: Some(self.path.clone()), ..config("http://127.0.0.1:1") }
    }

    pub(crate) async fn footing(&self) -> Footing {
        Footing::bind(&self.config()).await.unwrap()
    }
}

/// A command line as a job with a long deadline.
pub(crate) fn job(id: &str, line: &str) -> Job {
    Job {
        id: Arc::from(id),
        epoch: 1,
        argv: line.split_whitespace().map(str::to_owned).collect(),
        timeout: SOON,
        max_output: 1 << 20,
        live: false,
        inline_limit: usize::MAX,
    }
}

/// A result with nothing special in it.
pub(crate) fn result(stdout: &str) -> CommandResult {
    let stdout = bytes::Bytes::copy_from_slice(stdout.as_bytes());
    CommandResult { exit_code: Some(0), stdout, ..CommandResult::unfinished(Outcome::Succeeded, "", UNIX_EPOCH) }
}
