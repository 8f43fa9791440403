//! What happens when servers fall silent, fail, or come back.

use std::time::Instant;

use super::*;
use crate::BackoffSettings;

/// What a server says first that drops executors it does not hear of; the keep-alive is the shortest there is.
const WATCHING: &str = "event: connected\nid: 7\ndata: {\"server_id\": \"s1\", \"keep_alive_seconds\": 0.001}\n\n";

const COUNTING: &str = "echo run >> \"$(dirname \"$0\")/runs\"; echo out";

/// The one of two servers that the executor attached to first, and the other.
async fn attached_and_other(mut one: Play, mut two: Play, first: &str) -> (Play, mpsc::Sender<String>, Play) {
    tokio::select! {
        (_, stream) = one.opened_with(first) => (one, stream, two),
        (_, stream) = two.opened_with(first) => (two, stream, one),
    }
}

#[tokio::test]
async fn a_stream_that_stays_silent_longer_than_its_server_promised_is_left() {
    let script = script("true");
    let mut play = play(|_| {}).await;
    let _running = play.start(&script, TransportKind::Sse).await;
    let (_, silent) = play.opened_with(WATCHING).await;
    // The stream stays open; only the silence tells. Without the promise it would last a minute.
    let _again = play.opened().await;
    assert!(!silent.is_closed() || silent.send(String::new()).await.is_err());
}

#[tokio::test]
async fn a_server_that_watches_hears_frequent_heartbeats_over_one_connection() {
    let script = script("true");
    let mut play = play(|_| {}).await;
    let frequent = |timing: &mut Timing| timing.watched_heartbeat = Duration::from_millis(10);
    let _running = play.start_with(&script, TransportKind::Sse, frequent).await;
    let (_, _stream) = play.opened_with(WATCHING).await;
    let first = play.posted("heartbeat").await;
    assert_eq!((play.posted("heartbeat").await, play.posted("heartbeat").await), (first.clone(), first));
}

#[tokio::test]
async fn an_older_server_hears_no_frequent_heartbeats() {
    let script = script("echo out");
    let mut play = play(|_| {}).await;
    let frequent = |timing: &mut Timing| timing.watched_heartbeat = Duration::from_millis(1);
    let _running = play.start_with(&script, TransportKind::Sse, frequent).await;
    let (_, stream) = play.opened().await;
    play.posted("capabilities").await;
    stream.send(command("a", "get pods")).await.unwrap();
    let next = timeout(SOON, play.posted.recv()).await.unwrap().unwrap();
    assert_eq!(next.path, "results", "no heartbeat in between");
}

#[tokio::test]
async fn another_server_learns_where_the_stream_ended_and_what_it_sends_again_is_not_run_again() {
    let script = script(COUNTING);
    let (one, two) = (play(|_| {}).await, play(|_| {}).await);
    let _running = start(&[&one, &two], &script, TransportKind::Sse, |_| {}).await;
    let (mut old, stream, mut new) = attached_and_other(one, two, CONNECTED).await;
    stream.send(format!("id: 41\n{}", command("a", "get pods"))).await.unwrap();
    assert_eq!(old.posted("results").await["command_id"], "a");
    stream.send("id: 42\nevent: keepalive\ndata: {}\n\n".into()).await.unwrap();
    // A command that ends before the stream does shows that the id was read.
    stream.send(command("b", "get pods")).await.unwrap();
    assert_eq!(old.posted("results").await["command_id"], "b");
    drop(stream);

    let (headers, stream) = new.opened().await;
    assert_eq!(headers["last-event-id"], "42");
    for id in ["a", "c"] {
        stream.send(command(id, "get pods")).await.unwrap();
    }
    assert_eq!(new.posted("results").await["command_id"], "c", "the first was acknowledged a moment ago");
    let runs = std::fs::read_to_string(script.dir.path().join("runs")).unwrap();
    assert_eq!(runs.lines().count(), 3);
}

#[tokio::test]
async fn the_first_attachment_names_no_event() {
    let script = script("true");
    let mut play = play(|_| {}).await;
    let _running = play.start(&script, TransportKind::Sse).await;
    let (headers, _stream) = play.opened().await;
    assert!(!headers.contains_key("last-event-id"));
}

#[tokio::test]
async fn a_result_goes_to_the_next_server_at_once_when_one_does_not_take_it() {
    let script = script("echo out");
    let busy = |stage: &mut Stage| {
        stage.answers = Mutex::new([StatusCode::SERVICE_UNAVAILABLE].into());
        stage.retry_after = Some("3600");
    };
    let (one, two) = (play(busy).await, play(busy).await);
    let patient = |timing: &mut Timing| timing.backoff.max = SOON * 2;
    let _running = start(&[&one, &two], &script, TransportKind::Sse, patient).await;
    let (mut attached, stream, mut other) = attached_and_other(one, two, CONNECTED).await;
    stream.send(command("a", "get pods")).await.unwrap();
    assert_eq!(attached.posted("results").await["command_id"], "a");
    assert_eq!(other.posted("results").await["command_id"], "a", "not held up by the first one's Retry-After");
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again_when_it_says() {
    let script = script("echo out");
    let mut play = play(|stage| {
        stage.answers = Mutex::new([StatusCode::TOO_MANY_REQUESTS].into());
        stage.retry_after = Some("1");
    })
    .await;
    let patient = |timing: &mut Timing| timing.backoff = BackoffSettings { max: SOON, ..timing.backoff };
    let _running = play.start_with(&script, TransportKind::Sse, patient).await;
    let (_, stream) = play.opened().await;
    stream.send(command("a", "get pods")).await.unwrap();
    play.posted("results").await;
    let asked = Instant::now();
    play.posted("results").await;
    assert!(asked.elapsed() >= Duration::from_millis(900), "{:?}", asked.elapsed());
}
