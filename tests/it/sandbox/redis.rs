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
        // Redis waits 5 s for more replicas before it sends one its data.
        arguments.extend(["--repl-diskless-sync-delay", "0"]);
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

    /// Stops it where it stands: its sockets stay open, and nothing answers.
    pub(crate) async fn suspend(&self) {
        self.signal("-STOP").await;
    }

    /// Lets it go on.
    pub(crate) async fn resume(&self) {
        self.signal("-CONT").await;
    }

    async fn signal(&self, signal: &str) {
        let process = self.process.lock().await;
        let id = process.as_ref().and_then(Child::id).expect("it runs").to_string();
        assert!(Command::new("kill").args([signal, &id]).status().await.unwrap().success());
    }

    /// Starts a replica of it, and waits until it has everything and says so.
    pub(crate) async fn replica(&self) -> Self {
        let replica = Self::start_with(&["--replicaof", "127.0.0.1", &self.port.to_string()]).await;
        replica.until("INFO replication", |text| text.contains("master_link_status:up")).await;
        // It is online before it takes writes, which begins with its first acknowledgement.
        self.until("SET first-write 1\r\nWAIT 1 100", |text| text.starts_with("+OK\r\n:1")).await;
        replica
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
        ask(self.port, command).await
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, command: &str, wanted: impl Fn(&str) -> bool) {
        until(self.port, command, wanted).await;
    }
}

/// A sentinel does not know QUIT, so the end of the answer is the answer to what is asked last.
async fn ask(port: u16, commands: &str) -> String {
    const LAST: &str = "no-more-answers";
    let mut socket = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    socket.write_all(format!("{commands}\r\nPING {LAST}\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(format!("{LAST}\r\n").as_bytes()) {
        let read = socket.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "Redis closed the connection: {}", String::from_utf8_lossy(&answer));
    }
    String::from_utf8(answer).unwrap()
}

/// Redis tells nobody when its replicas or sentinels change, so it is asked again.
async fn until(port: u16, commands: &str, wanted: impl Fn(&str) -> bool) {
    let asked = async {
        while !wanted(&ask(port, commands).await) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asked).await.expect("Redis says so in time");
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

/// How often sentinels look and talk, in milliseconds: their defaults are made for networks, and a test would wait.
/// Pings stay as they are, because a replica that did not answer for five of them is not promoted. Redis before 7
/// refuses it, and is slower.
const SOON: &str = "SENTINEL DEBUG INFO-PERIOD 1000 ASK-PERIOD 100 PUBLISH-PERIOD 100";

/// A Sentinel that watches a Redis as "main".
pub(crate) struct TestSentinel {
    port: u16,
    login: String,
    _process: Child,
    _dir: tempfile::TempDir,
}

impl TestSentinel {
    /// Starts one that calls the primary dead when `quorum` sentinels find it so. With a password it asks for that.
    pub(crate) async fn start(primary: &TestRedis, quorum: u8, password: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let secret = password.map(|password| format!("requirepass {password}\n")).unwrap_or_default();
        let config = format!(
            "port {port}\nbind 127.0.0.1\n{secret}sentinel monitor main 127.0.0.1 {} {quorum}\n\
             sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000\n",
            primary.port()
        );
        let file = dir.path().join("sentinel.conf");
        std::fs::write(&file, config).unwrap();
        let arguments = [file.to_string_lossy().into_owned(), "--sentinel".to_owned()];
        let process = spawn(&arguments, dir.path()).await;
        let login = password.map(|password| format!("AUTH {password}\r\n")).unwrap_or_default();
        ask(port, &format!("{login}{SOON}")).await;
        Self { port, login, _process: process, _dir: dir }
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Makes it promote a replica although the primary lives.
    pub(crate) async fn fail_over(&self) {
        self.until("SENTINEL FAILOVER main", |answer| answer.contains("+OK\r\n$")).await;
    }

    /// Waits until it and so many others could promote one of so many replicas.
    pub(crate) async fn is_ready(&self, replicas: usize, others: usize) {
        let good = |answer: &str| answer.matches("master-link-status\r\n$2\r\nok").count() == replicas;
        self.until("SENTINEL REPLICAS main", good).await;
        let usable = format!("+OK {} usable", others + 1);
        self.until("SENTINEL CKQUORUM main", |answer| answer.contains(&usable)).await;
    }

    async fn until(&self, command: &str, wanted: impl Fn(&str) -> bool) {
        until(self.port, &format!("{}{command}", self.login), wanted).await;
    }
}
