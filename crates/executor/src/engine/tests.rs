mod lines;

use std::time::UNIX_EPOCH;

use kubently_core::{
    command::{CommandResult, Outcome},
    kubectl::parse,
};

use super::*;
use crate::testing::{Demo, config, demo};

/// Exit code, stdout and stderr of a command line.
type Printed = (Option<i32>, String, String);

async fn engine(kind: EngineKind, demo: &Demo) -> Engine {
    let config = Config { engine: kind, kubeconfig: Some(demo.kubeconfig.clone()), ..config("http://127.0.0.1:1") };
    Engine::bind(&config).await.unwrap()
}

async fn print(engine: &Engine, line: &str) -> Printed {
    let argv: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
    let command = parse(&argv).unwrap();
    let output = Output::new(1 << 24, None);
    let exit = engine.choose(&command).run(&command, &output).await;
    let mut result = CommandResult::unfinished(Outcome::Succeeded, "", UNIX_EPOCH);
    output.close(&mut result, usize::MAX);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (exit.code, text(&result.stdout), text(&result.stderr))
}

/// Ages change once a second at most, and a kubectl takes less than that.
const MAX_ATTEMPTS: usize = 20;

#[tokio::test]
async fn native_prints_what_kubectl_prints() {
    let demo = demo(kubently_democluster::Config::default()).await;
    let native = engine(EngineKind::Native, &demo).await;
    let config = Config { kubeconfig: Some(demo.kubeconfig.clone()), ..config("http://127.0.0.1:1") };
    let Ok(kubectl) = kubectl::Kubectl::bind(&config, redactor(&config)) else {
        println!("no kubectl here to compare with");
        return;
    };
    let kubectl = Engine { native: None, kubectl: Some(kubectl) };
    let mut different = String::new();
    for line in lines::LISTS.iter().chain(lines::OTHERS).chain(lines::IN_ANY_ORDER) {
        let (mut ours, mut theirs) = print_both(&native, &kubectl, line).await;
        if lines::IN_ANY_ORDER.contains(line) {
            ours.1 = sorted(&ours.1);
            theirs.1 = sorted(&theirs.1);
        }
        if ours != theirs {
            different += &format!(
                "== {line}\n-- native {:?}\n{}{}-- kubectl {:?}\n{}{}",
                ours.0, ours.1, ours.2, theirs.0, theirs.1, theirs.2
            );
        }
    }
    assert!(different.is_empty(), "{different}");
}

fn sorted(text: &str) -> String {
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    lines.sort_unstable();
    lines.concat()
}

/// What both engines print for one moment: ages must not have changed in between.
async fn print_both(native: &Engine, kubectl: &Engine, line: &str) -> (Printed, Printed) {
    for _ in 0..MAX_ATTEMPTS {
        let before = print(native, line).await;
        let theirs = print(kubectl, line).await;
        if before == print(native, line).await {
            return (before, theirs);
        }
    }
    panic!("the scene moves too fast for {line}");
}

#[tokio::test]
async fn native_needs_no_kubectl_and_says_what_it_does_not_cover() {
    let demo = demo(kubently_democluster::Config::default()).await;
    let native = engine(EngineKind::Native, &demo).await;
    let (code, stdout, _) = print(&native, "get ns -o name").await;
    assert_eq!(code, Some(0));
    assert!(stdout.contains("namespace/shop\n"), "{stdout}");
    let (code, _, stderr) = print(&native, "rollout history deploy/orders -n shop -o yaml").await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("native") && stderr.contains("covered"), "{stderr}");
    let (code, stdout, _) = print(&native, "version").await;
    assert!(code == Some(0) && stdout.contains("Server Version: v"), "{stdout}");
}

#[tokio::test]
async fn a_slow_answer_ends_at_the_request_timeout() {
    let latency = [("pods".to_owned(), std::time::Duration::from_secs(1_000))].into();
    let demo = demo(kubently_democluster::Config { latency, ..kubently_democluster::Config::default() }).await;
    let native = engine(EngineKind::Native, &demo).await;
    let (code, _, stderr) = print(&native, "get pods --request-timeout=50ms").await;
    assert_eq!(code, Some(1));
    assert!(stderr.contains("Unable to connect to the server: context deadline exceeded"), "{stderr}");
}

#[tokio::test]
async fn a_cluster_that_is_not_there_is_reported_like_kubectl_does() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let bound = kubently_democluster::bind(kubently_democluster::Config::default()).await.unwrap();
    let kubeconfig = dir.path().join("config");
    std::fs::write(&kubeconfig, bound.kubeconfig().replace(&bound.local_addr().to_string(), &nobody.to_string()))
        .unwrap();
    let config = Config { engine: EngineKind::Native, kubeconfig: Some(kubeconfig), ..config("http://127.0.0.1:1") };
    let native = Engine::bind(&config).await.unwrap();
    let (code, _, stderr) = print(&native, "get pods").await;
    assert_eq!(code, Some(1));
    let expected =
        format!("The connection to the server {nobody} was refused - did you specify the right host or port?\n");
    assert_eq!(stderr, expected);
}

#[tokio::test]
async fn no_engine_is_an_error_at_start() {
    let nowhere = std::path::PathBuf::from("/nonexistent/file");
    let config =
        Config { kubeconfig: Some(nowhere.clone()), kubectl_path: Some(nowhere), ..config("http://127.0.0.1:1") };
    for kind in [EngineKind::Auto, EngineKind::Native, EngineKind::Kubectl] {
        let error = Engine::bind(&Config { engine: kind, ..config.clone() }).await.err().unwrap();
        assert!(error.to_string().contains("/nonexistent/file"), "{error}");
    }
}

#[tokio::test]
async fn long_answers_are_held_by_few_commands_at_a_time() {
    let demo = demo(kubently_democluster::Config { crowd: 600, ..kubently_democluster::Config::default() }).await;
    let native = engine(EngineKind::Native, &demo).await;
    let lanes = native.native.as_ref().unwrap().lanes();
    let taken = lanes.acquire_many(4).await.unwrap();
    let mut long = std::pin::pin!(print(&native, "get pods -n crowd -o json"));
    for _ in 0..100 {
        tokio::select! {
            biased;
            (_, stdout, _) = &mut long => panic!("{} bytes without a lane", stdout.len()),
            (code, ..) = print(&native, "get pods -n shop -o json") => assert_eq!(code, Some(0)),
        }
    }
    drop(taken);
    let (code, stdout, _) = long.await;
    assert_eq!((code, stdout.matches("\"phase\": \"Running\"").count()), (Some(0), 600));
    assert_eq!(lanes.available_permits(), 4, "the lane is free again");
}

#[tokio::test]
async fn a_watch_leaves_its_lane() {
    let demo = demo(kubently_democluster::Config { crowd: 600, ..kubently_democluster::Config::default() }).await;
    let native = engine(EngineKind::Native, &demo).await;
    let lanes = native.native.as_ref().unwrap().lanes();
    let taken = lanes.acquire_many(4).await.unwrap();
    let mut watch = std::pin::pin!(print(&native, "get pods -n crowd -w -o name"));
    for _ in 0..100 {
        tokio::select! {
            biased;
            _ = &mut watch => panic!("a watch does not end"),
            (code, ..) = print(&native, "get pods -n shop -o json") => assert_eq!(code, Some(0)),
        }
    }
    // It waits for a lane, before this does for all of them.
    drop(taken);
    let all = tokio::time::timeout(crate::testing::SOON, lanes.acquire_many(4));
    tokio::select! {
        _ = &mut watch => panic!("a watch does not end"),
        all = all => assert!(all.is_ok(), "the watch still has one"),
    }
}
