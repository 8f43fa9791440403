//! The spool directory, over the end of the process: whatever holds the directory is dropped, as a kill would.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use kubently_core::{command::OutputStream, ids::ExecutorId};
use tempfile::TempDir;
use tokio::time::timeout;

use super::{disk::Disk, record::Record, *};
use crate::{
    Config, TransportKind,
    testing::{SOON, config, result},
};

const LINK: LinkId = LinkId(1);

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("spool")
    }

    fn config(&self) -> Config {
        Config { spool_dir: Some(self.path()), ..config("http://127.0.0.1:1") }
    }

    async fn open(&self) -> (Arc<Spool>, Keeper) {
        let (spool, keeper) = open(&mut self.config()).await.unwrap();
        (spool, keeper.unwrap())
    }

    /// The files of results, in order.
    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|end| end == "result")).collect();
        files.sort();
        files
    }
}

fn fresh(stdout: &str) -> CommandResult {
    CommandResult { finished_at: SystemTime::now(), ..result(stdout) }
}

fn end(spool: &Spool, id: &str, epoch: u64, result: CommandResult) {
    spool.admit(&id.into(), epoch, LINK);
    spool.finish(&id.into(), result);
}

/// The next parcel while the keeper does its work.
async fn next(spool: &Spool, keeper: &mut Keeper) -> Parcel {
    tokio::select! {
        parcel = timeout(SOON, spool.next(LINK)) => parcel.expect("a parcel"),
        () = keeper.run() => unreachable!("it goes on"),
    }
}

async fn next_id(spool: &Spool, keeper: &mut Keeper) -> String {
    match next(spool, keeper).await {
        Parcel::Chunk { id, chunk, .. } => format!("{id}#{}", chunk.seq),
        Parcel::Done { id, epoch, chunks, .. } => format!("{id}@{epoch} after {chunks}"),
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_result_is_on_disk_before_it_is_sent_and_outlives_the_process() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    spool.admit(&"a".into(), 3, LINK);
    let chunk = OutputChunk::new(1, OutputStream::Stderr, "x".into());
    spool.add_chunk(&"a".into(), chunk.clone());
    spool.finish(&"a".into(), fresh("rest"));
    // The keeper has not begun, so the result is nowhere but in memory; its output does not wait for that.
    let parcel = timeout(SOON, spool.next(LINK)).await.unwrap();
    assert!(matches!(parcel, Parcel::Chunk { chunk, .. } if chunk.seq == 1));
    assert!(spool.lock().next(LINK).is_none(), "the result is not on disk yet");
    assert!(place.files().is_empty());
    let Parcel::Done { result: sent, .. } = next(&spool, &mut keeper).await else { panic!("the end") };
    assert_eq!(place.files().len(), 1);
    drop((spool, keeper));

    let (spool, mut keeper) = place.open().await;
    let Parcel::Chunk { id, epoch, chunk: kept } = next(&spool, &mut keeper).await else { panic!("the chunk") };
    assert_eq!((&*id, epoch, kept), ("a", 3, chunk));
    let Parcel::Done { id, epoch, result: kept, chunks } = next(&spool, &mut keeper).await else { panic!("the end") };
    assert_eq!((&*id, epoch, kept, chunks), ("a", 3, sent, 1));
}

#[tokio::test]
async fn what_is_acknowledged_is_gone() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    for id in ["a", "b"] {
        end(&spool, id, 1, fresh(""));
        next(&spool, &mut keeper).await;
    }
    spool.acknowledge("a", 1);
    keeper.flush().await;
    assert_eq!(place.files().len(), 1);
    drop(spool);
    let (spool, mut keeper) = place.open().await;
    assert_eq!(next_id(&spool, &mut keeper).await, "b@1 after 0");
    spool.acknowledge("b", 1);
    keeper.flush().await;
    assert!(place.files().is_empty());
}

#[tokio::test]
async fn a_result_that_was_not_sent_yet_is_written_at_the_end() {
    let place = Place::new();
    let (spool, keeper) = place.open().await;
    end(&spool, "a", 1, fresh(""));
    keeper.flush().await;
    assert_eq!(place.files().len(), 1);
}

#[tokio::test]
async fn a_later_lease_is_kept_too() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    end(&spool, "a", 1, fresh(""));
    next(&spool, &mut keeper).await;
    assert!(matches!(spool.admit(&"a".into(), 2, LINK), Admission::Known));
    assert_eq!(next_id(&spool, &mut keeper).await, "a@2 after 0", "it does not wait for the disk again");
    keeper.flush().await;
    drop(spool);
    let (spool, mut keeper) = place.open().await;
    assert_eq!(next_id(&spool, &mut keeper).await, "a@2 after 0");
    assert_eq!(place.files().len(), 1);
}

#[tokio::test]
async fn a_torn_file_is_dropped_and_the_others_are_delivered() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    for id in ["torn", "whole", "rotten", "foreign"] {
        end(&spool, id, 1, fresh("output"));
        next(&spool, &mut keeper).await;
    }
    drop((spool, keeper));
    let files = place.files();
    let spoil = |file: &Path, change: fn(&mut Vec<u8>)| {
        let mut content = std::fs::read(file).unwrap();
        change(&mut content);
        std::fs::write(file, content).unwrap();
    };
    spoil(&files[0], |content| content.truncate(content.len() - 1));
    spoil(&files[2], |content| *content.last_mut().unwrap() ^= 1);
    spoil(&files[3], Vec::clear);
    let draft = place.path().join("99.result.tmp");
    std::fs::write(&draft, "half").unwrap();

    let (spool, mut keeper) = place.open().await;
    assert_eq!(next_id(&spool, &mut keeper).await, "whole@1 after 0");
    assert_eq!(place.files(), [files[1].clone()]);
    assert!(!draft.exists());
    end(&spool, "new", 1, fresh(""));
    next(&spool, &mut keeper).await;
    assert_eq!(place.files().len(), 2, "a number is not given twice");
}

#[tokio::test]
async fn an_old_result_is_dropped_and_too_many_are_cut() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    let long_ago = SystemTime::now() - shelf::MAX_AGE - Duration::from_secs(60);
    end(&spool, "old", 1, CommandResult { finished_at: long_ago, ..fresh("") });
    next(&spool, &mut keeper).await;
    let half = "x".repeat(shelf::MAX_BYTES / 2 + 1);
    for id in ["a", "b"] {
        end(&spool, id, 1, fresh(&half));
    }
    assert_eq!(next_id(&spool, &mut keeper).await, "b@1 after 0", "the first made room");
    keeper.flush().await;
    drop(spool);
    let (spool, keeper) = place.open().await;
    assert!(!spool.holds("old", 1) && !spool.holds("a", 1));
    keeper.flush().await;
    assert!(place.files().len() <= 1, "what is dropped from memory is dropped from disk");
}

#[tokio::test]
async fn nobody_else_can_read_it() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    end(&spool, "a", 1, fresh(""));
    next(&spool, &mut keeper).await;
    assert_eq!(mode(&place.path()), 0o700);
    for entry in std::fs::read_dir(place.path()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{path:?}");
    }
}

#[tokio::test]
async fn two_processes_do_not_share_a_directory() {
    let place = Place::new();
    let first = place.open().await;
    let error = open(&mut place.config()).await.err().expect("refused").to_string();
    assert!(error.contains("spool_dir") && error.contains("another process"), "{error}");
    drop(first);
    place.open().await;
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_named() {
    let place = Place::new();
    std::fs::write(place.path(), "a file").unwrap();
    let error = open(&mut place.config()).await.err().expect("refused").to_string();
    assert!(error.contains("spool_dir") && error.contains(place.path().to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn a_made_up_id_is_kept_and_a_chosen_one_is_not_touched() {
    let place = Place::new();
    let id_of = async |id: &str, keep_executor_id: bool| {
        let executor_id = ExecutorId::new(id).unwrap();
        let mut config = Config { executor_id, keep_executor_id, ..place.config() };
        open(&mut config).await.unwrap();
        config.executor_id.to_string()
    };
    assert_eq!(id_of("pod-1", true).await, "pod-1");
    assert_eq!(id_of("pod-2", true).await, "pod-1");
    assert_eq!(id_of("chosen", false).await, "chosen");
    std::fs::write(place.path().join("executor-id"), "no id\n").unwrap();
    assert_eq!(id_of("pod-3", true).await, "pod-3", "what is none is replaced");
    assert_eq!(id_of("pod-4", true).await, "pod-3");
}

#[tokio::test]
async fn a_disk_that_fails_loses_nothing_in_memory() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    // Whoever runs the tests may write anywhere, but not into what is not there.
    std::fs::rename(place.path(), place.dir.path().join("away")).unwrap();
    end(&spool, "a", 1, fresh(""));
    assert_eq!(next_id(&spool, &mut keeper).await, "a@1 after 0");
    end(&spool, "b", 1, fresh(""));
    assert!(spool.lock().next(LINK).is_some(), "nothing waits for a disk that fails");
    std::fs::rename(place.dir.path().join("away"), place.path()).unwrap();
    end(&spool, "c", 1, fresh(""));
    keeper.flush().await;
    assert_eq!(place.files().len(), 2, "b and c, as soon as it can be written to");
}

#[tokio::test]
async fn nothing_waits_longer_for_a_directory_that_hangs() {
    let place = Place::new();
    let (spool, keeper) = place.open().await;
    end(&spool, "a", 1, fresh(""));
    assert!(spool.lock().next(LINK).is_none());
    spool.lock().go_on_without_disk();
    assert!(spool.lock().next(LINK).is_some());
    keeper.flush().await;
    assert_eq!(place.files().len(), 1, "it is written all the same");
}

#[test]
fn another_transport_finds_the_output_where_it_looks() {
    let chunk = |seq, stream, text: &str| OutputChunk::new(seq, stream, text.to_owned().into());
    let (out, err) = (OutputStream::Stdout, OutputStream::Stderr);
    let chunks = vec![chunk(1, out, "a"), chunk(2, err, "b"), chunk(3, out, "c")];
    let ahead = Record { id: "a".into(), epoch: 1, chunks, result: Arc::new(fresh("")) };
    assert_eq!(ahead.clone().fit(128), ahead);
    let inside = ahead.fit(usize::MAX);
    assert_eq!((&inside.result.stdout[..], &inside.result.stderr[..]), (&b"ac"[..], &b"b"[..]));
    assert!(inside.chunks.is_empty());
    assert_eq!(inside.clone().fit(3), inside);
    let ahead = inside.fit(2);
    assert!(ahead.result.stdout.is_empty() && ahead.result.stderr.is_empty());
    assert_eq!(ahead.chunks, [chunk(1, out, "ac"), chunk(2, err, "b")]);
}

#[test]
fn a_file_without_its_end_or_with_a_gap_is_no_result() {
    let chunk = |seq| OutputChunk::new(seq, OutputStream::Stdout, "x".into());
    let record = |chunks| Record { id: "a".into(), epoch: 1, chunks, result: Arc::new(fresh("")) };
    let whole = record(vec![chunk(1), chunk(2)]);
    assert_eq!(Record::decode(whole.encode().freeze()), Ok(whole));
    let gap = record(vec![chunk(1), chunk(3)]).encode().freeze();
    assert!(Record::decode(gap).unwrap_err().contains("missing"));
    let nothing = crc32fast::hash(b"").to_be_bytes().to_vec();
    assert!(Record::decode(nothing.into()).is_err());
}

#[test]
fn files_are_read_in_the_order_of_their_age() {
    let place = Place::new();
    let disk = Disk::open(place.path()).unwrap();
    for n in [10, 9, 2] {
        let record = Record { id: n.to_string().into(), epoch: 1, chunks: Vec::new(), result: Arc::new(fresh("")) };
        disk.write(disk::FileId(n), &record).unwrap();
    }
    let ids: Vec<_> = disk.load().unwrap().into_iter().map(|(_, record)| record.id.to_string()).collect();
    assert_eq!(ids, ["2", "9", "10"]);
}

#[tokio::test]
async fn an_output_of_another_transport_is_delivered() {
    let place = Place::new();
    let (spool, mut keeper) = place.open().await;
    spool.admit(&"a".into(), 1, LINK);
    spool.add_chunk(&"a".into(), OutputChunk::new(1, OutputStream::Stdout, "x".into()));
    spool.finish(&"a".into(), fresh(""));
    next(&spool, &mut keeper).await;
    next(&spool, &mut keeper).await;
    drop((spool, keeper));
    let mut sse = Config { transport: TransportKind::Sse, ..place.config() };
    let (spool, keeper) = open(&mut sse).await.unwrap();
    let Parcel::Done { result, chunks, .. } = next(&spool, &mut keeper.unwrap()).await else { panic!("the end") };
    assert_eq!((&result.stdout[..], chunks), (&b"x"[..], 0));
}
