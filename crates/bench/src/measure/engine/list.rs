//! A long list: the whole command beside the bare answer of the Kubernetes API.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    super::table,
    rows::{execution_time, middle, millis},
    site::{CROWD, Site},
};

/// How many times as long as the bare answer the command may take.
const SLOWER: f64 = 1.5;
/// The command.
const LINE: &str = "get pods -n crowd";
/// What it asks for.
const PATH: &str = "/api/v1/namespaces/crowd/pods";
/// As kubectl asks: the rows of a table.
const ACCEPT: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

/// Middle times.
pub(super) struct List {
    raw: Duration,
    engine: Duration,
    caller: Duration,
    bytes: usize,
}

/// By turns, so that both meet the same machine.
pub(super) async fn measure(site: &Site, rounds: u32) -> anyhow::Result<List> {
    let (http, callers) = (reqwest::Client::new(), site.callers.running(LINE));
    let (mut raw, mut engine, mut caller, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        let begun = Instant::now();
        let answer = http.get(format!("{}{PATH}", site.api)).header("accept", ACCEPT).send().await?;
        bytes = answer.error_for_status()?.bytes().await?.len();
        raw.push(begun.elapsed());
        let begun = Instant::now();
        let (_, result) = callers.one().await?;
        caller.push(begun.elapsed());
        engine.push(execution_time(&result)?);
        let lines = result.stdout.split(|&byte| byte == b'\n').count();
        anyhow::ensure!(lines == usize::try_from(CROWD)? + 2, "{LINE} printed {lines} lines");
    }
    Ok(List { raw: middle(raw), engine: middle(engine), caller: middle(caller), bytes })
}

impl List {
    fn ratio(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.raw.as_secs_f64()
    }

    /// As Markdown.
    pub(super) fn table(&self) -> String {
        let row = |name: &str, time| vec![name.to_owned(), millis(time), format!("{:.2}x", self.ratio(time))];
        let raw = row(&format!("the API's answer alone, {} KiB", self.bytes / 1024), self.raw);
        let rows =
            [raw, row("native, in the executor", self.engine), row("native, as the caller sees it", self.caller)];
        table(&[&format!("{CROWD} pods"), "p50", "of the answer alone"], rows)
    }

    /// What exceeds the bound.
    pub(super) fn broken(&self) -> Option<String> {
        let ratio = self.ratio(self.caller);
        (ratio > SLOWER).then(|| format!("{LINE}: {ratio:.2}x of the answer alone, {SLOWER}x is promised"))
    }
}
