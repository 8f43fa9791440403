//! The end of an executor.

use super::*;

#[tokio::test]
async fn at_shutdown_running_commands_are_answered_and_new_ones_are_not_taken() {
    let (script, running, _attachments, mut attachment) = attached(GATE).await;
    attachment.run("a", 1, "get pods").await;
    started(&script).await;
    running.stop.cancel();
    attachment.leaves().await;
    attachment.run("late", 1, "get pods").await;
    open_gate(&script);
    assert_eq!(attachment.done().await.command_id, "a");
    assert!(!running.served.is_finished(), "it waits for the acknowledgement");
    attachment.ack("a", 1).await;
    assert!(attachment.heard().await.is_none(), "the late one stays unanswered");
    drop(attachment);
    timeout(SOON, running.served).await.expect("it stops").unwrap();
    assert_eq!(runs(&script), 1);
}

#[tokio::test]
async fn an_idle_executor_takes_its_leave_and_ends_its_side_of_the_stream() {
    let (_script, running, _attachments, mut attachment) = attached("true").await;
    running.stop.cancel();
    attachment.leaves().await;
    assert!(attachment.heard().await.is_none(), "an orderly end, with everything said before it");
    assert!(!running.served.is_finished(), "it waits for the server's end");
    drop(attachment);
    timeout(SOON, running.served).await.expect("it stops").unwrap();
}

#[tokio::test]
async fn a_server_that_does_not_end_its_side_is_not_waited_for() {
    let (_script, running, _attachments, mut attachment) = attached("true").await;
    running.stop.cancel();
    attachment.leaves().await;
    timeout(SOON, running.served).await.expect("it stops").unwrap();
}

#[tokio::test]
async fn an_executor_that_is_not_attached_stops_at_once() {
    let script = script("true");
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let running = start(config(&script, &[nobody])).await;
    running.stop.cancel();
    timeout(SOON, running.served).await.expect("it stops").unwrap();
}

#[tokio::test]
async fn at_shutdown_what_does_not_end_in_time_is_given_back() {
    let script = script("echo run >> \"$(dirname \"$0\")/runs\"; sleep 1000");
    let (address, mut attachments) = server().await;
    let short = Config { grace: Duration::from_millis(50), ..config(&script, &[address]) };
    let running = start(short).await;
    let mut attachment = next(&mut attachments).await;
    attachment.welcome(LONG).await;
    attachment.run("a", 1, "get pods").await;
    started(&script).await;
    running.stop.cancel();
    timeout(SOON, running.served).await.expect("it stops").unwrap();
    attachment.leaves().await;
    assert!(attachment.heard().await.is_none(), "no answer, so that another executor gets it");
}

#[tokio::test]
async fn a_link_that_comes_up_during_the_shutdown_delivers_and_takes_nothing() {
    let (script, running, mut attachments, mut first) = attached(GATE).await;
    first.run("a", 1, "get pods").await;
    started(&script).await;
    running.stop.cancel();
    first.leaves().await;
    drop(first);

    let mut second = next(&mut attachments).await;
    open_gate(&script);
    second.welcome(LONG).await;
    second.leaves().await;
    second.run("late", 1, "get pods").await;
    assert_eq!(second.done().await.command_id, "a");
    second.ack("a", 1).await;
    assert!(second.heard().await.is_none());
    drop(second);
    timeout(SOON, running.served).await.expect("it stops").unwrap();
    assert_eq!(runs(&script), 1);
}
