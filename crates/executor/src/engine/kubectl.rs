//! Runs the kubectl binary: an argument vector and no shell, an environment of our own making, and a
//! process group that dies as a whole.

use std::{
    env,
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use kubently_core::{
    command::OutputStream,
    kubectl::{Command as Known, OutputFormat},
};
use kubently_render::redact::Redactor;
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
};

use super::Exit;
use crate::{
    Config,
    runner::{Output, Room},
};

/// Read at once from a process; the default capacity of a Linux pipe.
const READ_BYTES: usize = 64 << 10;
/// Output beyond the limit is still counted up to here, so that `bytes_total` is true for all but absurd
/// outputs; then the process is killed.
const COUNTED_BEYOND_LIMIT: u64 = 64 << 20;
/// What an in-cluster kubectl needs to find the API server.
const IN_CLUSTER: [&str; 2] = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

/// The kubectl binary with the environment it gets.
pub(crate) struct Kubectl {
    program: PathBuf,
    environment: Vec<(&'static str, OsString)>,
    /// Makes secrets unreadable in what the processes print.
    redactor: Redactor,
    /// Home and cache of the processes; removed with the engine.
    _home: TempDir,
}

impl Kubectl {
    pub(crate) fn bind(config: &Config, redactor: Redactor) -> Result<Self, String> {
        let program = match &config.kubectl_path {
            Some(path) => checked(path)?,
            None => search_path().ok_or("no kubectl on PATH")?,
        };
        let home = tempfile::Builder::new()
            .prefix("kubently-kubectl-")
            .tempdir()
            .map_err(|error| format!("make a home directory for kubectl: {error}"))?;
        let environment = environment(config, home.path());
        Ok(Self { program, environment, redactor, _home: home })
    }

    pub(crate) async fn run(&self, command: &Known, output: &Output) -> Exit {
        if self.redactor.is_on() && shows_values_of_secrets(command) {
            let message = "error: engine kubectl cannot make secrets unreadable in this format; engine native can";
            output.err(&format!("{message}\n"));
            return Exit { code: Some(1), message: Some(message.to_owned()) };
        }
        match self.spawn(&command.argv()) {
            Ok(child) => follow(child, &self.redactor, output).await,
            Err(error) => {
                tracing::error!(%error, program = %self.program.display(), "kubectl did not start");
                Exit { code: None, message: Some("kubectl could not be started in the executor".to_owned()) }
            }
        }
    }

    fn spawn(&self, argv: &[String]) -> io::Result<Child> {
        Command::new(&self.program)
            .args(argv)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
    }
}

fn checked(path: &Path) -> Result<PathBuf, String> {
    let path = path.canonicalize().map_err(|error| format!("{}: {error}", path.display()))?;
    if path.is_file() { Ok(path) } else { Err(format!("{} is not a file", path.display())) }
}

fn search_path() -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).filter(|dir| dir.is_absolute()).find_map(|dir| checked(&dir.join("kubectl")).ok())
}

/// Everything a process sees of our environment; the token above all is not in it.
fn environment(config: &Config, home: &Path) -> Vec<(&'static str, OsString)> {
    let mut environment = vec![("HOME", home.into()), ("KUBECACHEDIR", home.join("cache").into())];
    environment.extend(env::var_os("PATH").map(|path| ("PATH", path)));
    match kubeconfig(config) {
        Some(path) => environment.push(("KUBECONFIG", path)),
        None => environment.extend(IN_CLUSTER.into_iter().filter_map(|name| Some((name, env::var_os(name)?)))),
    }
    environment
}

/// Our home is not the process's home, so the usual place must be named.
fn kubeconfig(config: &Config) -> Option<OsString> {
    let explicit = config.kubeconfig.clone().map(PathBuf::into_os_string);
    explicit.or_else(|| env::var_os("KUBECONFIG")).or_else(|| {
        let usual = PathBuf::from(env::var_os("HOME")?).join(".kube/config");
        usual.is_file().then(|| usual.into_os_string())
    })
}

/// Kills the whole group when dropped, children of the process included.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        // The child leads a group of its own, so its id is the group's.
        Self(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(pid) = self.0.take() {
            // Fails when nobody is left in the group, which is what we want.
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// Whether it prints whole secrets in a format that cannot be read as text, so that values would be seen.
fn shows_values_of_secrets(command: &Known) -> bool {
    let Known::Get(get) = command else { return false };
    let whole = !matches!(get.output, OutputFormat::Default | OutputFormat::Wide | OutputFormat::Name);
    whole && command.resource_types().iter().any(|resource| resource.canonical() == "secrets")
}

async fn follow(mut child: Child, redactor: &Redactor, output: &Output) -> Exit {
    let group = Group::of(&child);
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let pipes = async {
        tokio::join!(
            pump(stdout, OutputStream::Stdout, redactor, output),
            pump(stderr, OutputStream::Stderr, redactor, output)
        )
    };
    let end = async {
        let status = child.wait().await;
        // Whatever the process left behind would keep the pipes open.
        drop(group);
        status
    };
    tokio::pin!(pipes, end);
    tokio::select! {
        status = &mut end => {
            pipes.await;
            exit(status)
        }
        (out, err) = &mut pipes => match (out, err) {
            (Flow::Ended, Flow::Ended) => exit(end.await),
            _ => Exit { code: None, message: Some("killed: it printed far more than its limit".to_owned()) },
        },
    }
}

/// How reading a pipe ended.
#[derive(PartialEq, Eq)]
enum Flow {
    Ended,
    TooMuch,
}

async fn pump(
    pipe: Option<impl AsyncRead + Unpin>,
    stream: OutputStream,
    redactor: &Redactor,
    output: &Output,
) -> Flow {
    let Some(mut pipe) = pipe else { return Flow::Ended };
    let mut buffer = vec![0; READ_BYTES];
    let mut beyond = 0;
    let mut text = redactor.stream();
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        if output.write(stream, &text.push(&buffer[..read])) == Room::Full {
            beyond += read as u64;
        }
        if beyond > COUNTED_BEYOND_LIMIT {
            return Flow::TooMuch;
        }
        output.drained().await;
    }
    output.write(stream, &text.finish());
    Flow::Ended
}

fn exit(status: io::Result<ExitStatus>) -> Exit {
    match status {
        Ok(status) => Exit { code: status.code(), message: None },
        Err(error) => {
            tracing::error!(%error, "waiting for kubectl failed");
            Exit { code: None, message: Some("the executor lost track of kubectl".to_owned()) }
        }
    }
}
