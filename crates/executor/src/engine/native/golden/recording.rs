//! What a real kubectl printed, and what a real API server answered it; see `testdata/*/README.md`.

use std::{
    env,
    fs::File,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use flate2::read::GzDecoder;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};

/// Another directory with recordings of a cluster in the same form, plain or compressed.
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

/// A directory with what was recorded.
pub(super) struct Recording(PathBuf);

impl Recording {
    /// What kubectl printed about a cluster that was there.
    pub(super) fn of_cluster() -> Self {
        Self::ours("kube-lab")
    }

    /// Another recording of a cluster, when one is named.
    pub(super) fn of_another_cluster() -> Option<Self> {
        env::var_os(OTHER_RECORDINGS).map(|path| Self(path.into()))
    }

    /// What kubectl printed about objects made up to have every field and every gap.
    pub(super) fn of_odd_objects() -> Self {
        Self::ours("odd")
    }

    fn ours(name: &str) -> Self {
        Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(name))
    }

    /// Every argument vector, and what came of it.
    pub(super) fn commands(&self) -> Vec<Recorded> {
        self.rows("commands.jsonl")
    }

    /// Every answer of the API.
    pub(super) fn answers(&self) -> Vec<Answer> {
        self.rows("responses.jsonl")
    }

    fn rows<T: DeserializeOwned>(&self, name: &str) -> Vec<T> {
        let lines = BufReader::new(self.open(name)).lines();
        lines.map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    }

    fn open(&self, name: &str) -> Box<dyn Read> {
        let path = self.0.join(name);
        match File::open(&path) {
            Ok(plain) => Box::new(plain),
            Err(_) => Box::new(GzDecoder::new(File::open(path.with_added_extension("gz")).unwrap())),
        }
    }
}
