//! What a real kubectl printed, and what a real API server answered it; see `testdata/kube-lab/README.md`.

use std::{
    env,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
};

use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// Another directory with recordings of the same form, plain or compressed.
const OTHER_RECORDINGS: &str = "KUBENTLY_KUBE_LAB";

/// One argument vector and what came of it.
#[derive(Deserialize)]
pub(super) struct Recorded {
    pub(super) argv: Vec<String>,
    recorded_at: f64,
    pub(super) exit_code: i32,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Recorded {
    #[allow(clippy::cast_possible_truncation, reason = "times of this century in milliseconds fit")]
    pub(super) fn time(&self) -> Timestamp {
        Timestamp::from_millisecond((self.recorded_at * 1_000.0) as i64).unwrap()
    }

    /// Whom kubectl was told to act as.
    pub(super) fn user(&self) -> Option<&str> {
        self.argv.iter().find_map(|argument| argument.strip_prefix("--as="))
    }

    /// The arguments, but for whom to act as: an executor is told that by its own configuration.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.argv.iter().filter(|argument| !argument.starts_with("--as=")).cloned().collect()
    }
}

/// One of the API's answers.
#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) accept: String,
    pub(super) impersonate_user: Option<String>,
    pub(super) request_body: Option<String>,
    pub(super) status: u16,
    pub(super) content_type: String,
    /// The `Warning` header; empty for none.
    pub(super) warning: String,
    pub(super) body: String,
}

/// Every row of one of the files.
pub(super) fn rows<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let lines = BufReader::new(open(name)).lines();
    lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

fn open(name: &str) -> Box<dyn Read> {
    let ours = || concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/kube-lab").to_owned();
    let path = PathBuf::from(env::var(OTHER_RECORDINGS).unwrap_or_else(|_| ours())).join(name);
    match File::open(&path) {
        Ok(plain) => Box::new(plain),
        Err(_) => Box::new(GzDecoder::new(File::open(path.with_added_extension("gz")).unwrap())),
    }
}
