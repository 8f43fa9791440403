//! The face over real sockets, with a client that knows nothing but HTTP/1.1.

mod admin;
mod check;
mod client;
mod commands;
mod documents;
mod errors;
mod executors;
mod operations;
mod polling;
mod sessions;

use std::net::SocketAddr;

use kubently_core::{Error, ids::ClusterId};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{Config, bind};
use client::{Answer, Events, send};

const KEY: (&str, &str) = ("x-api-key", "secret-key-1");
const TOKEN: &str = "token-token-token-token-token-token";
const BEARER: (&str, &str) = ("authorization", "Bearer token-token-token-token-token-token");
const CLUSTER: (&str, &str) = ("x-cluster-id", "c");

/// A running server that knows cluster `c`; stops when dropped.
struct Server {
    addr: SocketAddr,
    stop: DropGuard,
    served: JoinHandle<Result<(), Error>>,
}

impl Server {
    async fn start() -> Self {
        Self::start_with(|_config| {}).await
    }

    async fn start_with(adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new("127.0.0.1:0".parse().unwrap(), "svc:secret-key-1,bare-key-22");
        config.executor_tokens = vec![(ClusterId::new("c").unwrap(), TOKEN.to_owned())];
        config.sse_keep_alive = std::time::Duration::from_millis(200);
        adjust(&mut config);
        let bound = bind(config).await.unwrap();
        let addr = bound.local_addr();
        let stop = CancellationToken::new();
        let served = tokio::spawn(bound.serve(stop.clone()));
        Self { addr, stop: stop.drop_guard(), served }
    }

    /// Asks it to stop; ends when it has.
    fn stop(self) -> JoinHandle<Result<(), Error>> {
        drop(self.stop);
        self.served
    }

    /// As a client with a key.
    async fn get(&self, path: &str) -> Answer {
        send(self.addr, "GET", path, &[KEY], "").await
    }

    async fn delete(&self, path: &str) -> Answer {
        send(self.addr, "DELETE", path, &[KEY], "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        send(self.addr, "POST", path, &[&[KEY], headers].concat(), &body.to_string()).await
    }

    /// A client's POST that goes on in the background.
    fn posting(&self, path: &'static str, headers: &[(&'static str, &'static str)], body: Value) -> Posting {
        let (addr, headers) = (self.addr, [&[KEY], headers].concat());
        tokio::spawn(async move { send(addr, "POST", path, &headers, &body.to_string()).await })
    }

    /// As an executor.
    async fn executor_get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        send(self.addr, "GET", path, &[&[BEARER, CLUSTER], headers].concat(), "").await
    }

    async fn executor_post(&self, path: &str, body: &Value) -> Answer {
        send(self.addr, "POST", path, &[BEARER, CLUSTER], &body.to_string()).await
    }

    /// An executor's stream, past its `connected`.
    async fn attached(&self, headers: &[(&str, &str)]) -> Events {
        let headers = [&[BEARER, CLUSTER], headers].concat();
        let mut events = Events::open(self.addr, "GET", "/executor/stream", &headers, "").await;
        assert_eq!(events.next().await.unwrap().name, "connected");
        events
    }

    /// Posts a result of 0 with this output.
    async fn succeed(&self, id: &str, stdout: &str) -> Answer {
        let body = json!({
            "command_id": id, "success": true, "output": stdout, "stdout": stdout, "stderr": "", "error": null,
            "execution_time_ms": 3, "executed_at": 1_795_379_695.299, "status": "SUCCESS", "return_code": 0,
        });
        self.executor_post("/executor/results", &body).await
    }
}

type Posting = JoinHandle<Answer>;

/// `get pods` on cluster `c`.
fn get_pods() -> Value {
    json!({"cluster_id": "c", "args": ["pods"]})
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} in {value}"))
}
