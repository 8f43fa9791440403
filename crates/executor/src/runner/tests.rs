use std::path::Path;

use kubently_core::{
    command::INLINE_OUTPUT_BYTES,
    policy::{Policy, Secrets},
};

use super::*;
use crate::{
    spool::{AHEAD, Parcel},
    testing::{Demo, SOON, Script, demo, job, script},
};

const LINK: LinkId = LinkId(1);

async fn runner(script: &Script, max_in_flight: u32) -> Arc<Runner> {
    Arc::new(Runner::new(script.footing().await, max_in_flight, 16 << 20, Arc::default()))
}

/// One whose engine asks a demo cluster.
async fn native_runner() -> (Demo, Arc<Runner>) {
    let demo = demo(kubently_democluster::Config::default()).await;
    let config = crate::Config {
        engine: crate::EngineKind::Native,
        kubeconfig: Some(demo.kubeconfig.clone()),
        ..crate::testing::config("http://127.0.0.1:1")
    };
    let footing = Footing::bind(&config).await.unwrap();
    (demo, Arc::new(Runner::new(footing, 4, 16 << 20, Arc::default())))
}

async fn next_end(runner: &Runner) -> (String, Arc<CommandResult>) {
    loop {
        let next = tokio::time::timeout(SOON, runner.spool().next(LINK)).await;
        if let Parcel::Done { id, result, .. } = next.expect("a result") {
            return (id.to_string(), result);
        }
    }
}

async fn run(script: &Script, job: Job) -> Arc<CommandResult> {
    let runner = runner(script, 4).await;
    runner.start(job, LINK);
    next_end(&runner).await.1
}

/// Waits until a script has written this file.
async fn written(path: &Path) -> String {
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Waits until a process is gone; one that was killed but not yet reaped by its new parent counts as gone.
async fn gone(pid: &str) {
    loop {
        match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) if !stat.contains(") Z ") => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => return,
        }
    }
}

#[tokio::test]
async fn the_rebuilt_vector_runs_and_its_output_comes_back() {
    let script = script(r#"for arg in "$@"; do echo "[$arg]"; done; echo oops >&2; exit 3"#);
    let result = run(&script, job("a", "get po -nshop")).await;
    assert_eq!(result.outcome, Outcome::Failed);
    assert_eq!(result.exit_code, Some(3));
    assert_eq!(result.stdout, "[get]\n[po]\n[--namespace=shop]\n");
    assert_eq!(result.stderr, "oops\n");
    assert_eq!((result.engine.as_str(), result.bytes_total, result.truncated), ("kubectl", 35, false));
}

#[tokio::test]
async fn the_environment_holds_nothing_of_ours() {
    let result = run(&script("env"), job("a", "get pods")).await;
    let text = String::from_utf8(result.stdout.to_vec()).unwrap();
    let mut names: Vec<_> = text.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    // The shell itself adds PWD, SHLVL and _.
    names.retain(|name| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name));
    let allowed = ["HOME", "KUBECACHEDIR", "KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "PATH"];
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
    assert!(text.contains("HOME=") && !text.contains("HOME=/root\n"));
}

#[tokio::test]
async fn a_denied_command_does_not_run() {
    let script = script("echo ran > \"$HOME/ran\"; echo ran");
    for line in ["delete pod x", "get secrets", "get pods --server=x", "logs -f x", ""] {
        let result = run(&script, job("a", line)).await;
        assert_eq!(result.outcome, Outcome::Denied, "{line}");
        assert!(!result.message.is_empty() && result.stdout.is_empty());
    }
}

#[tokio::test]
async fn what_a_kubectl_prints_is_redacted_on_both_streams() {
    let script = script(
        "printf 'DB_PASSWORD=hun'; printf 'ter2-x\\nurl redis://:hunter2-x@cache\\n'; echo token: hunter2-x >&2",
    );
    let result = run(&script, job("a", "get pods")).await;
    let texts = [&result.stdout, &result.stderr].map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    let [stdout, stderr] = &texts;
    assert!(!texts.concat().contains("hunter2"), "{texts:?}");
    let pseudonym = stdout.lines().next().unwrap().strip_prefix("DB_PASSWORD=").unwrap();
    assert!(pseudonym.starts_with("<redacted:"), "{texts:?}");
    assert_eq!(*stdout, format!("DB_PASSWORD={pseudonym}\nurl redis://:{pseudonym}@cache\n"));
    assert_eq!(*stderr, format!("token: {pseudonym}\n"), "equal values have equal pseudonyms");
}

#[tokio::test]
async fn a_kubectl_is_not_asked_for_whole_secrets() {
    let script = script("echo ran");
    let policy = Policy::default().with_secrets(Secrets::Redact);
    let config = crate::Config { policy, ..script.config() };
    let footing = Footing::bind(&config).await.unwrap();
    let runner = Arc::new(Runner::new(footing, 4, 16 << 20, Arc::default()));
    let whole = [
        "get secret x -o yaml",
        "get secrets -o json",
        "get cm,secrets.v1. -o jsonpath={..data}",
        "get secret/x -o go-template={{.data}}",
    ];
    for (line, ran) in
        whole.map(|line| (line, false)).into_iter().chain([("get secrets", true), ("describe secret x", true)])
    {
        runner.start(job(line, line), LINK);
        let (_, result) = next_end(&runner).await;
        assert_eq!(result.stdout.starts_with(b"ran"), ran, "{line}: {result:?}");
        assert_eq!(result.message.contains("native"), !ran, "{line}: {result:?}");
    }
}

#[tokio::test]
async fn a_cancel_kills_the_process_and_its_children() {
    let script =
        script("sleep 1000 & echo $! > \"$(dirname \"$0\")/child\"; echo $$ > \"$(dirname \"$0\")/own\"; wait");
    let runner = runner(&script, 4).await;
    runner.start(job("a", "get pods"), LINK);
    let own = written(&script.dir.path().join("own")).await;
    let child = written(&script.dir.path().join("child")).await;
    runner.cancel(&"a".into(), 1, LINK);
    let (_, result) = next_end(&runner).await;
    assert_eq!(result.outcome, Outcome::Cancelled);
    tokio::time::timeout(SOON, async { tokio::join!(gone(&own), gone(&child)) }).await.expect("both killed");
}

#[tokio::test]
async fn a_child_that_outlives_its_parent_does_not_hold_up_the_result() {
    let script = script("sleep 1000 & echo $! > \"$(dirname \"$0\")/child\"; echo done");
    let result = run(&script, job("a", "get pods")).await;
    assert_eq!((result.outcome, &result.stdout[..]), (Outcome::Succeeded, &b"done\n"[..]));
    let child = written(&script.dir.path().join("child")).await;
    tokio::time::timeout(SOON, gone(&child)).await.expect("killed");
}

#[tokio::test]
async fn the_deadline_ends_a_command_and_keeps_what_it_printed() {
    let script = script("echo before; sleep 1000");
    let result = run(&script, Job { timeout: Duration::from_millis(500), ..job("a", "get pods") }).await;
    assert_eq!((result.outcome, &result.stdout[..]), (Outcome::TimedOut, &b"before\n"[..]));
    assert_eq!(result.exit_code, None);
}

#[tokio::test]
async fn much_output_is_cut_and_counted() {
    let script = script("yes 0123456 | head -c 5242880");
    let result = run(&script, Job { max_output: 1 << 20, ..job("a", "get pods") }).await;
    assert_eq!((result.outcome, result.stdout.len()), (Outcome::Succeeded, 1 << 20));
    assert_eq!((result.truncated, result.bytes_total), (true, 5_242_880));
}

#[tokio::test]
async fn output_beyond_the_inline_limit_goes_ahead_in_chunks() {
    let script = script("yes 0123456 | head -c 600000");
    let runner = runner(&script, 4).await;
    runner.start(Job { inline_limit: INLINE_OUTPUT_BYTES, ..job("a", "get pods") }, LINK);
    let mut seen = Vec::new();
    loop {
        match runner.spool().next(LINK).await {
            Parcel::Chunk { chunk, .. } => seen.push((chunk.seq, chunk.data.len())),
            Parcel::Done { chunks, result, .. } => {
                assert_eq!((chunks, result.stdout.len()), (3, 0));
                break;
            }
        }
    }
    assert_eq!(seen, [(1, 262_144), (2, 262_144), (3, 75_712)]);
}

#[tokio::test]
async fn live_output_comes_while_the_command_runs() {
    let script = script("echo first; sleep 1000");
    let runner = runner(&script, 4).await;
    runner.start(Job { live: true, ..job("a", "logs -f x") }, LINK);
    let first = tokio::time::timeout(SOON, runner.spool().next(LINK)).await.unwrap();
    let Parcel::Chunk { chunk, .. } = first else { panic!("{first:?}") };
    assert_eq!((chunk.seq, &chunk.data[..]), (1, &b"first\n"[..]));
    runner.cancel(&"a".into(), 1, LINK);
    let Parcel::Done { chunks, result, .. } = runner.spool().next(LINK).await else { panic!("an end") };
    assert_eq!((chunks, result.outcome), (1, Outcome::Cancelled));
}

#[tokio::test]
async fn no_more_run_at_once_than_there_are_places() {
    let script = script("echo $$ > \"$(dirname \"$0\")/pid-$3\"; sleep 1000");
    let runner = runner(&script, 1).await;
    runner.start(job("a", "get pods x"), LINK);
    written(&script.dir.path().join("pid-x")).await;
    runner.start(Job { timeout: Duration::from_millis(50), ..job("b", "get pods y") }, LINK);
    let (id, result) = next_end(&runner).await;
    assert_eq!((id.as_str(), result.outcome), ("b", Outcome::Expired));
    assert!(!script.dir.path().join("pid-y").exists(), "it never ran");
    runner.start(job("c", "get pods z"), LINK);
    runner.cancel(&"c".into(), 1, LINK);
    assert_eq!(next_end(&runner).await.1.outcome, Outcome::Cancelled);
    runner.cancel(&"a".into(), 1, LINK);
    assert_eq!(next_end(&runner).await.0, "a");
}

#[tokio::test]
async fn a_cancel_of_something_unknown_is_answered() {
    let runner = runner(&script("true"), 1).await;
    runner.cancel(&"a".into(), 7, LINK);
    assert_eq!(next_end(&runner).await.1.outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn after_closing_nothing_starts_and_abandoned_commands_have_no_end() {
    let script = script("echo $$ > \"$(dirname \"$0\")/own\"; sleep 1000");
    let runner = runner(&script, 4).await;
    runner.start(job("a", "get pods"), LINK);
    let own = written(&script.dir.path().join("own")).await;
    runner.close();
    runner.start(job("b", "get pods"), LINK);
    tokio::time::timeout(SOON, runner.abandon()).await.expect("it stops");
    tokio::time::timeout(SOON, gone(&own)).await.expect("killed");
    runner.spool().empty().await;
}

#[tokio::test]
async fn a_panic_is_a_failure_without_inner_text() {
    let result = unless_panicked(async { panic!("inner text") }).await;
    assert_eq!((result.outcome, result.exit_code), (Outcome::Failed, None));
    assert!(result.message.contains("internal error") && !result.message.contains("inner"));
}

#[tokio::test]
async fn followed_logs_come_live_from_the_api_and_stop_on_cancel() {
    let (_demo, runner) = native_runner().await;
    runner.start(Job { live: true, ..job("a", "logs -f deploy/frontend -n shop") }, LINK);
    let first = tokio::time::timeout(SOON, runner.spool().next(LINK)).await.unwrap();
    assert!(matches!(first, Parcel::Chunk { .. }), "{first:?}");
    runner.cancel(&"a".into(), 1, LINK);
    let (_, result) = next_end(&runner).await;
    assert_eq!((result.outcome, result.engine.as_str()), (Outcome::Cancelled, "native"));
}

#[tokio::test]
async fn what_is_watched_is_read_no_faster_than_it_leaves() {
    // Whatever its size, a demo log is made as fast as it is read.
    let (_demo, runner) = native_runner().await;
    let live = Job { live: true, max_output: 16 << 20, ..job("a", "logs demo-firehose -n lab") };
    runner.start(live, LINK);
    let (mut sent, mut most) = (0, 0);
    loop {
        let next = tokio::time::timeout(SOON, runner.spool().next(LINK)).await.expect("it goes on");
        most = most.max(runner.spool().unsent("a"));
        match next {
            Parcel::Chunk { chunk, .. } => sent += chunk.data.len(),
            Parcel::Done { .. } => break,
        }
        // Whoever can go on does, before the link takes more.
        tokio::task::yield_now().await;
    }
    assert_eq!(sent, 8 << 20);
    assert!(most > AHEAD / 2, "the engine reads ahead: {most}");
    assert!(most <= AHEAD + (1 << 20), "but not far: {most}");
}
