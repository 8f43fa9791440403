//! What is sent again: commands by the server, answers by the executor, also by another process.

use super::*;

/// An executor with a spool directory.
fn spooling(script: &Script, address: SocketAddr) -> Config {
    Config { spool_dir: Some(script.dir.path().join("spool")), ..config(script, &[address]) }
}

/// Ends an executor as a kill does: without a word, and without a chance to write anything.
async fn kill(running: Running) {
    running.served.abort();
    assert!(running.served.await.is_err(), "it did not end by itself");
}

#[tokio::test]
async fn a_command_that_crosses_the_acknowledgement_is_not_run_again() {
    let (script, _running, _attachments, mut attachment) = attached(COUNTING).await;
    attachment.run("a", 1, "get pods").await;
    assert_eq!(attachment.done().await.command_id, "a");
    attachment.ack("a", 1).await;
    attachment.run("a", 1, "get pods").await;
    attachment.run("b", 1, "get pods").await;
    assert_eq!(attachment.done().await.command_id, "b");
    assert_eq!(runs(&script), 2);
}

#[tokio::test]
async fn a_long_output_comes_again_from_its_first_chunk() {
    let count = "echo run >> \"$(dirname \"$0\")/runs\"; yes 0123456 | head -c 400000";
    let (script, _running, mut attachments, mut first) = attached(count).await;
    first.run("a", 1, "get pods").await;
    assert_eq!(first.output().await, 1);
    drop(first);
    let mut second = next(&mut attachments).await;
    second.welcome(LONG).await;
    second.run("a", 1, "get pods").await;
    // What comes before the command and what comes after it may both begin with the first chunk.
    let mut last = second.output().await;
    while last < 2 {
        last = second.output().await;
    }
    assert_eq!((second.done().await.chunks, runs(&script)), (2, 1));
}

#[tokio::test]
async fn a_live_command_goes_on_over_the_next_link() {
    let live = "dir=$(dirname \"$0\"); echo run >> $dir/runs; while [ ! -e $dir/go ]; do sleep 0.01; done; echo more";
    let (script, _running, mut attachments, mut first) = attached(&format!("echo first; {live}")).await;
    first.run("a", 1, "logs -f x").await;
    assert_eq!(first.output().await, 1);
    drop(first);
    let mut second = next(&mut attachments).await;
    second.welcome(LONG).await;
    second.run("a", 1, "logs -f x").await;
    assert_eq!(second.output().await, 1);
    open_gate(&script);
    let mut last = 1;
    while last < 2 {
        last = second.output().await;
    }
    assert_eq!((second.done().await.chunks, runs(&script)), (2, 1));
}

#[tokio::test]
async fn a_killed_executor_delivers_over_its_next_first_link() {
    let script = script("echo run >> \"$(dirname \"$0\")/runs\"; yes 0123456 | head -c 400000");
    let (address, mut attachments) = server().await;
    let running = start(spooling(&script, address)).await;
    let mut attachment = next(&mut attachments).await;
    attachment.welcome(LONG).await;
    attachment.run("a", 3, "get pods").await;
    assert_eq!((attachment.output().await, attachment.output().await), (1, 2));
    let done = attachment.done().await;
    kill(running).await;

    let running = start(spooling(&script, address)).await;
    let mut attachment = next(&mut attachments).await;
    attachment.welcome(LONG).await;
    assert_eq!((attachment.output().await, attachment.output().await), (1, 2));
    assert_eq!(attachment.done().await, done);
    // The server sends what it has no answer to.
    attachment.run("a", 3, "get pods").await;
    assert_eq!((attachment.output().await, attachment.output().await), (1, 2));
    assert_eq!(attachment.done().await, done);
    attachment.ack("a", 3).await;
    running.stop.cancel();
    attachment.leaves().await;
    drop(attachment);
    timeout(SOON, running.served).await.expect("it stops").unwrap();
    assert_eq!(runs(&script), 1);

    let _running = start(spooling(&script, address)).await;
    let mut attachment = next(&mut attachments).await;
    attachment.welcome(LONG).await;
    attachment.run("b", 1, "delete pod x").await;
    assert_eq!(attachment.done().await.command_id, "b", "what was acknowledged is gone");
}

#[tokio::test]
async fn the_id_is_the_same_after_a_restart() {
    let script = script("true");
    let (address, mut attachments) = server().await;
    let mut ids = Vec::new();
    for made_up in ["pod-1", "pod-2"] {
        let executor_id = kubently_core::ids::ExecutorId::new(made_up).unwrap();
        let config = Config { executor_id, keep_executor_id: true, ..spooling(&script, address) };
        let running = start(config).await;
        ids.push(next(&mut attachments).await.hello.executor_id);
        kill(running).await;
    }
    assert_eq!(ids, ["pod-1", "pod-1"]);
}
