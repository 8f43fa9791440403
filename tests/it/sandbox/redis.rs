//! A real `redis-server` on a free port; ends with its handle. The server crate's own tests use this file too.

use std::{net::TcpListener, path::Path, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    sync::Mutex,
};

/// A running Redis, without persistence unless its arguments say so.
pub(crate) struct TestRedis {
    port: u16,
    arguments: Vec<String>,
    process: Mutex<Option<Child>>,
    dir: tempfile::TempDir,
}

impl TestRedis {
    /// Starts it and waits until it says that it accepts connections.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same, with more arguments.
    pub(crate) async fn start_with(more: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let port_text = port.to_string();
        let mut arguments = vec!["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
        arguments.extend(more);
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let process = spawn(&arguments, dir.path()).await;
        Self { port, arguments, process: Mutex::new(Some(process)), dir }
    }

    /// Ends it with SIGKILL.
    pub(crate) async fn kill(&self) {
        let mut process = self.process.lock().await.take().expect("it runs");
        process.kill().await.unwrap();
    }

    /// Starts it again, on the same port and in the same directory.
    pub(crate) async fn restart(&self) {
        let mut process = self.process.lock().await;
        assert!(process.is_none(), "it was killed before");
        *process = Some(spawn(&self.arguments, self.dir.path()).await);
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What Redis answers to one inline command, as text.
    pub(crate) async fn ask(&self, command: &str) -> String {
        let mut socket = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        socket.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        answer
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, command: &str, wanted: impl Fn(&str) -> bool) {
        let asked = async {
            while !wanted(&self.ask(command).await) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), asked).await.expect("Redis says so in time");
    }
}

/// Redis cannot listen on port 0, so a port is found first; it exits when that was taken meanwhile.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

async fn spawn(arguments: &[String], dir: &Path) -> Child {
    let mut process = Command::new("redis-server")
        .args(arguments)
        .current_dir(dir)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("redis-server is installed; `make tools` does that");
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if line.contains("Ready to accept connections") || line.contains("+monitor master") {
                return;
            }
        }
        panic!("redis-server ended before it was ready");
    };
    tokio::time::timeout(Duration::from_secs(10), ready).await.unwrap();
    // Read on, or a later log line would end redis with SIGPIPE.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    process
}

/// A Sentinel that watches the Redis on `primary` as "main"; with a quorum of one it fails over by itself.
pub(crate) struct TestSentinel {
    pub(crate) port: u16,
    _process: Child,
    _dir: tempfile::TempDir,
}

impl TestSentinel {
    pub(crate) async fn start(primary: &TestRedis) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let config = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n",
            primary.port()
        );
        let file = dir.path().join("sentinel.conf");
        std::fs::write(&file, config).unwrap();
        let arguments = [file.to_string_lossy().into_owned(), "--sentinel".to_owned()];
        let process = spawn(&arguments, dir.path()).await;
        Self { port, _process: process, _dir: dir }
    }
}
