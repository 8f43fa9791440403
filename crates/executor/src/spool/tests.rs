use std::time::Duration;

use kubently_core::command::{Outcome, OutputStream};

use super::{
    shelf::{MAX_AGE, MAX_BYTES, MAX_RESULTS},
    *,
};
use crate::testing::result;

const HERE: LinkId = LinkId(1);
const THERE: LinkId = LinkId(2);

fn id(text: &str) -> Arc<str> {
    Arc::from(text)
}

fn chunk(seq: u64) -> OutputChunk {
    OutputChunk::new(seq, OutputStream::Stdout, "x".into())
}

fn is_new(spool: &Spool, text: &str, epoch: u64, link: LinkId) -> bool {
    matches!(spool.admit(&id(text), epoch, link), Admission::New(_))
}

/// What `link` could send now, as short text.
fn parcels(spool: &Spool, link: LinkId) -> Vec<String> {
    let next = || spool.lock().next(link);
    std::iter::from_fn(next)
        .map(|parcel| match parcel {
            Parcel::Chunk { id, epoch, chunk } => format!("{id}@{epoch}#{}", chunk.seq),
            Parcel::Done { id, epoch, chunks, .. } => format!("{id}@{epoch} done after {chunks}"),
        })
        .collect()
}

#[tokio::test]
async fn output_goes_before_the_end_and_each_once() {
    let spool = Spool::default();
    assert!(is_new(&spool, "a", 1, HERE));
    spool.add_chunk(&id("a"), chunk(1));
    assert_eq!(parcels(&spool, HERE), ["a@1#1"]);
    spool.add_chunk(&id("a"), chunk(2));
    spool.finish(&id("a"), result(""));
    assert_eq!(parcels(&spool, HERE), ["a@1#2", "a@1 done after 2"]);
    assert!(parcels(&spool, HERE).is_empty());
}

#[tokio::test]
async fn commands_take_turns() {
    let spool = Spool::default();
    for name in ["a", "b"] {
        is_new(&spool, name, 1, HERE);
    }
    for seq in 1..=3 {
        spool.add_chunk(&id("a"), chunk(seq));
    }
    spool.finish(&id("b"), result(""));
    assert_eq!(parcels(&spool, HERE), ["a@1#1", "b@1 done after 0", "a@1#2", "a@1#3"]);
}

#[tokio::test]
async fn what_a_lost_link_sent_is_sent_again_by_the_next() {
    let spool = Spool::default();
    is_new(&spool, "a", 1, HERE);
    spool.add_chunk(&id("a"), chunk(1));
    spool.finish(&id("a"), result(""));
    assert_eq!(parcels(&spool, HERE).len(), 2);
    assert!(parcels(&spool, THERE).is_empty(), "it belongs to the first link");
    spool.release(HERE);
    assert_eq!(parcels(&spool, THERE), ["a@1#1", "a@1 done after 1"]);
    spool.acknowledge("a", 1);
    spool.release(THERE);
    assert!(parcels(&spool, HERE).is_empty());
    spool.empty().await;
}

#[tokio::test]
async fn a_command_that_comes_again_is_answered_but_not_run() {
    let spool = Spool::default();
    assert!(is_new(&spool, "a", 2, HERE));
    spool.finish(&id("a"), result(""));
    assert_eq!(parcels(&spool, HERE), ["a@2 done after 0"]);
    assert!(matches!(spool.admit(&id("a"), 1, THERE), Admission::Stale));
    assert!(matches!(spool.admit(&id("a"), 3, THERE), Admission::Known));
    assert_eq!(parcels(&spool, THERE), ["a@3 done after 0"]);
    spool.acknowledge("a", 2);
    assert!(spool.holds("a", 3), "an acknowledgement of an old lease is about nothing");
}

#[tokio::test(start_paused = true)]
async fn a_command_that_crosses_its_acknowledgement_is_not_run_again() {
    let spool = Spool::default();
    is_new(&spool, "a", 2, HERE);
    spool.finish(&id("a"), result(""));
    spool.acknowledge("a", 2);
    for epoch in [1, 2] {
        assert!(matches!(spool.admit(&id("a"), epoch, THERE), Admission::Answered));
    }
    assert!(parcels(&spool, THERE).is_empty());
    assert!(is_new(&spool, "a", 3, THERE), "a later lease is another matter");
    tokio::time::advance(Duration::from_secs(61)).await;
    is_new(&spool, "b", 1, HERE);
    spool.acknowledge("b", 1);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert!(is_new(&spool, "b", 1, HERE), "nothing that comes so late has crossed anything");
}

#[tokio::test]
async fn a_live_command_that_comes_again_goes_on_from_its_first_chunk() {
    let spool = Spool::default();
    is_new(&spool, "a", 1, HERE);
    spool.add_chunk(&id("a"), chunk(1));
    assert_eq!(parcels(&spool, HERE), ["a@1#1"]);
    spool.release(HERE);
    assert!(matches!(spool.admit(&id("a"), 1, THERE), Admission::Known));
    spool.add_chunk(&id("a"), chunk(2));
    assert_eq!(parcels(&spool, THERE), ["a@1#1", "a@1#2"]);
    spool.add_chunk(&id("a"), chunk(3));
    spool.finish(&id("a"), result(""));
    assert_eq!(parcels(&spool, THERE), ["a@1#3", "a@1 done after 3"]);
}

#[tokio::test]
async fn stopping_reaches_running_commands_of_this_lease() {
    let spool = Spool::default();
    let Admission::New(stop) = spool.admit(&id("a"), 2, HERE) else { panic!("new") };
    assert!(spool.stop("a", 1) && !stop.is_cancelled());
    assert!(spool.stop("a", 2) && stop.is_cancelled());
    assert!(!spool.stop("b", 1));
}

#[tokio::test]
async fn an_unwanted_command_is_stopped_and_forgotten() {
    let spool = Spool::default();
    let Admission::New(stop) = spool.admit(&id("a"), 1, HERE) else { panic!("new") };
    spool.acknowledge("a", 1);
    assert!(stop.is_cancelled());
    spool.finish(&id("a"), result("late"));
    spool.empty().await;
}

#[tokio::test(start_paused = true)]
async fn the_oldest_results_go_when_it_is_full_or_they_are_old() {
    let spool = Spool::default();
    for n in 0..=MAX_RESULTS {
        let name = n.to_string();
        is_new(&spool, &name, 1, HERE);
        spool.finish(&id(&name), result("x"));
    }
    assert!(!spool.holds("0", 1) && spool.holds("1", 1));
    tokio::time::advance(MAX_AGE + Duration::from_secs(1)).await;
    is_new(&spool, "new", 1, HERE);
    spool.finish(&id("new"), result("x"));
    assert!(!spool.holds("1", 1) && spool.holds("new", 1));
    let big = "x".repeat(MAX_BYTES);
    is_new(&spool, "big", 1, HERE);
    spool.finish(&id("big"), result(&big));
    assert!(!spool.holds("new", 1) && spool.holds("big", 1));
}

#[tokio::test]
async fn waiting_ends_when_something_comes() {
    let spool = Arc::new(Spool::default());
    is_new(&spool, "a", 1, HERE);
    let waiting = tokio::spawn({
        let spool = Arc::clone(&spool);
        async move { spool.next(HERE).await }
    });
    tokio::task::yield_now().await;
    spool.finish(&id("a"), CommandResult { outcome: Outcome::Failed, ..result("") });
    assert!(matches!(waiting.await, Ok(Parcel::Done { .. })));
}

#[tokio::test]
async fn a_command_is_held_up_until_its_link_has_caught_up() {
    let spool = Spool::default();
    is_new(&spool, "a", 1, HERE);
    let big = |seq| OutputChunk { data: vec![b'x'; AHEAD / 2].into(), ..chunk(seq) };
    (1..=2).for_each(|seq| spool.add_chunk(&id("a"), big(seq)));
    spool.caught_up("a").await;
    spool.caught_up("not known").await;
    spool.add_chunk(&id("a"), big(3));
    let mut held = std::pin::pin!(spool.caught_up("a"));
    assert!(futures::poll!(held.as_mut()).is_pending());
    assert!(matches!(spool.next(HERE).await, Parcel::Chunk { .. }));
    held.await;
    // The next link gets everything again, so the command waits again.
    spool.release(HERE);
    assert!(futures::poll!(std::pin::pin!(spool.caught_up("a"))).is_pending());
}
