//! The spool directory: one file a result, named by a number that grows, so that names are in order of age.
//!
//! A file appears under its name only when it is whole. It is not forced to the platter: what is to survive is the
//! end of this process, and where a node's disk loses what was written, the checksum shows it.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use kubently_core::ids::ExecutorId;

use super::{record::Record, shelf::MAX_BYTES};
use crate::Error;

/// Only the owner may enter the directory and read its files: results hold what the cluster said.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// Held locked while the directory is in use.
const LOCK: &str = "lock";
const EXECUTOR_ID: &str = "executor-id";
const RESULT: &str = "result";
/// Ends the name of a file that is being written.
const DRAFT: &str = "tmp";
/// No result is larger: its output has at most half of this.
const MAX_FILE: u64 = MAX_BYTES as u64;

/// Names a result's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId(pub(super) u64);

/// A spool directory that is ours alone until dropped.
#[derive(Debug)]
pub(super) struct Disk {
    dir: PathBuf,
    _lock: File,
}

impl Disk {
    /// Makes the directory where it is missing, and takes it.
    ///
    /// # Errors
    /// When it cannot be used, or another process uses it.
    pub(super) fn open(dir: PathBuf) -> Result<Self, Error> {
        let builder = DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(&dir);
        let lock = builder.and_then(|()| ours(OpenOptions::new().create(true).truncate(false)).open(dir.join(LOCK)));
        let lock = lock.map_err(|error| unusable(&dir, &error))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { dir, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(taken(&dir)),
            Err(TryLockError::Error(error)) => Err(unusable(&dir, &error)),
        }
    }

    /// The id that is kept here, or else `made_up`, which is kept from now on.
    pub(super) fn executor_id(&self, made_up: &ExecutorId) -> Result<ExecutorId, Error> {
        let kept = match fs::read_to_string(self.dir.join(EXECUTOR_ID)) {
            Ok(text) => ExecutorId::new(text.trim()).ok(),
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::InvalidData) => None,
            Err(error) => return Err(unusable(&self.dir, &error)),
        };
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let text = format!("{made_up}\n");
        self.put(EXECUTOR_ID, text.as_bytes()).map_err(|error| unusable(&self.dir, &error))?;
        Ok(made_up.clone())
    }

    /// Everything that is here, oldest first. What cannot be read is removed: nobody will ever be able to.
    pub(super) fn load(&self) -> Result<Vec<(FileId, Record)>, Error> {
        let mut files = self.files().map_err(|error| unusable(&self.dir, &error))?;
        files.sort_unstable();
        Ok(files.into_iter().filter_map(|file| self.read_or_remove(file)).collect())
    }

    fn files(&self) -> io::Result<Vec<FileId>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            match path.extension().and_then(|extension| extension.to_str()) {
                Some(RESULT) => files.extend(number.map(FileId)),
                // The process ended while it wrote this.
                Some(DRAFT) => drop(fs::remove_file(&path)),
                _ => {}
            }
        }
        Ok(files)
    }

    fn read_or_remove(&self, file: FileId) -> Option<(FileId, Record)> {
        let path = self.dir.join(name(file));
        match read(&path) {
            Ok(record) => Some((file, record)),
            Err(cause) => {
                tracing::warn!(path = %path.display(), cause, "a kept result cannot be read and is dropped");
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Writes a result, in place of the one that has this name.
    pub(super) fn write(&self, file: FileId, record: &Record) -> io::Result<()> {
        self.put(&name(file), &record.encode())
    }

    /// Removes a result; one that is not there is no error.
    pub(super) fn remove(&self, file: FileId) -> io::Result<()> {
        match fs::remove_file(self.dir.join(name(file))) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn put(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let path = self.dir.join(name);
        let draft = path.with_added_extension(DRAFT);
        let written = write_file(&draft, content).and_then(|()| fs::rename(&draft, &path));
        if written.is_err() {
            // Half a file takes room that may be what is missing.
            let _ = fs::remove_file(&draft);
        }
        written
    }
}

fn read(path: &Path) -> Result<Record, String> {
    let length = fs::metadata(path).map_err(|error| error.to_string())?.len();
    if length > MAX_FILE {
        return Err(format!("{length} bytes are too many"));
    }
    Record::decode(fs::read(path).map_err(|error| error.to_string())?.into())
}

fn write_file(path: &Path, content: &[u8]) -> io::Result<()> {
    ours(OpenOptions::new().create(true).truncate(true)).open(path)?.write_all(content)
}

fn ours(options: &mut OpenOptions) -> &mut OpenOptions {
    options.write(true).mode(FILE_MODE)
}

fn name(file: FileId) -> String {
    format!("{:020}.{RESULT}", file.0)
}

fn unusable(dir: &Path, cause: &dyn std::fmt::Display) -> Error {
    Error::setting("spool_dir", format!("{} must be a directory that can be written to: {cause}", dir.display()))
}

fn taken(dir: &Path) -> Error {
    let rule = "is used by another process; give each executor a directory of its own";
    Error::setting("spool_dir", format!("{} {rule}", dir.display()))
}
