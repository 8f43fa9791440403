//! A policy that follows its file.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kubently_core::policy::Policy;
use sha2::{Digest, Sha256};
use tokio::{fs::File, io::AsyncReadExt, sync::watch, time::sleep};

use crate::{Error, MAX_BYTES, read};

/// How often the file is looked at.
pub const PERIOD: Duration = Duration::from_secs(2);
/// A changed file is read once more after this: one that is just being written is not taken half.
const SETTLE: Duration = Duration::from_millis(100);

/// How a policy stands to its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// There is no file.
    BuiltIn,
    /// It is what the file says.
    Current,
    /// The file cannot be used any more, for this reason; the policy is what it said before.
    Outdated(Arc<str>),
}

#[derive(Debug, Clone)]
struct State {
    policy: Arc<Policy>,
    standing: Standing,
}

/// The policy as it is now. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(watch::Receiver<State>);

impl Live {
    /// The policy for what is judged now. What was judged before keeps the one it was judged by.
    #[must_use]
    pub fn current(&self) -> Arc<Policy> {
        self.0.borrow().policy.clone()
    }

    /// How it stands to its file.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.0.borrow().standing.clone()
    }

    /// Waits until policy or standing has changed since this was last called on this value; for ever once the [`Source`]
    /// is gone.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// What was seen in the file: the hash of its content, or why it could not be read.
type Seen = Result<[u8; 32], String>;

/// Where a policy comes from, and what keeps it up to date.
#[derive(Debug)]
pub struct Source {
    state: watch::Sender<State>,
    file: Option<Watched>,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    seen: Seen,
}

impl Source {
    /// The policy of `file`; without a file `built_in`, which then never changes.
    ///
    /// # Errors
    /// When the file cannot be used.
    pub async fn open(built_in: Policy, file: Option<PathBuf>) -> Result<Self, Error> {
        let Some(path) = file else {
            let state = State { policy: Arc::new(built_in), standing: Standing::BuiltIn };
            return Ok(Self { state: watch::Sender::new(state), file: None });
        };
        let content = content(&path).await?;
        let policy = Arc::new(policy_of(&path, &content)?);
        let state = watch::Sender::new(State { policy, standing: Standing::Current });
        Ok(Self { state, file: Some(Watched { path, seen: Ok(hash(&content)) }) })
    }

    /// The policy as it changes.
    #[must_use]
    pub fn live(&self) -> Live {
        Live(self.state.subscribe())
    }

    /// Looks at the file every [`PERIOD`], for ever.
    pub async fn keep(mut self) {
        loop {
            sleep(PERIOD).await;
            self.look().await;
        }
    }

    /// Looks at the file once. What it says counts from here on if it differs and is good; if it is bad, the policy stays
    /// what it was, and the reason is logged once.
    pub async fn look(&mut self) {
        let Some(file) = &self.file else { return };
        let first = content(&file.path).await;
        if seen(&first) == file.seen {
            return;
        }
        sleep(SETTLE).await;
        let again = content(&file.path).await;
        if seen(&again) == seen(&first) {
            self.take(again);
        }
    }

    /// Takes over what was found in the file.
    fn take(&mut self, found: Result<Vec<u8>, Error>) {
        let Some(file) = &mut self.file else { return };
        file.seen = seen(&found);
        match found.and_then(|content| policy_of(&file.path, &content)) {
            Ok(policy) => {
                tracing::info!(file = %file.path.display(), mode = policy.mode().as_str(), "the policy file was read again");
                self.state.send_replace(State { policy: Arc::new(policy), standing: Standing::Current });
            }
            Err(error) => {
                tracing::error!(%error, "the policy file has changed and cannot be used; the policy stays what it was");
                let reason = error.to_string().into();
                self.state.send_modify(|state| state.standing = Standing::Outdated(reason));
            }
        }
    }
}

/// Reads the policy of a file once.
///
/// # Errors
/// When the file cannot be used.
pub async fn load(path: &Path) -> Result<Policy, Error> {
    policy_of(path, &content(path).await?)
}

/// The file's content, which is at most [`MAX_BYTES`].
async fn content(path: &Path) -> Result<Vec<u8>, Error> {
    let unreadable = |cause: io::Error| Error::Unreadable(path.to_owned(), cause);
    // Opening what is no file, such as a pipe, may never end.
    if !tokio::fs::metadata(path).await.map_err(unreadable)?.is_file() {
        return Err(Error::Unfit(path.to_owned(), "is not a file"));
    }
    let mut content = Vec::new();
    let file = File::open(path).await.map_err(unreadable)?;
    file.take(MAX_BYTES + 1).read_to_end(&mut content).await.map_err(unreadable)?;
    if content.len() as u64 > MAX_BYTES {
        return Err(Error::Unfit(path.to_owned(), "is larger than 256 KiB"));
    }
    Ok(content)
}

fn policy_of(path: &Path, content: &[u8]) -> Result<Policy, Error> {
    let text = std::str::from_utf8(content).map_err(|_| Error::Unfit(path.to_owned(), "is not UTF-8 text"))?;
    read(text).map_err(|invalid| Error::Invalid(path.to_owned(), invalid))
}

fn seen(found: &Result<Vec<u8>, Error>) -> Seen {
    found.as_ref().map(|content| hash(content)).map_err(ToString::to_string)
}

fn hash(content: &[u8]) -> [u8; 32] {
    Sha256::digest(content).into()
}

#[cfg(test)]
mod tests;
