//! A real `redis-server` on a free port, for tests; ends with its handle.

use std::{net::TcpListener, process::Stdio, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A running Redis without persistence.
pub(crate) struct TestRedis {
    port: u16,
    _process: Child,
    _dir: tempfile::TempDir,
}

impl TestRedis {
    /// Starts it and waits until it says that it accepts connections.
    pub(crate) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // Redis cannot listen on port 0, so a port is found first; redis exits when it was taken meanwhile.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(dir.path())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("redis-server is installed; `make tools` does that");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("Ready to accept connections") {
                    return;
                }
            }
            panic!("redis-server ended before it was ready");
        };
        tokio::time::timeout(Duration::from_secs(10), ready).await.unwrap();
        // Kept open, or a later log line would end redis with SIGPIPE.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { port, _process: process, _dir: dir }
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Cuts every pub/sub connection, as a failover would.
    pub(crate) async fn cut_pubsub_connections(&self) {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut kill = redis::cmd("CLIENT");
        kill.arg(&["KILL", "TYPE", "pubsub"]);
        let killed: i64 = kill.query_async(&mut connection).await.unwrap();
        assert!(killed > 0, "there was a connection to cut");
    }
}
