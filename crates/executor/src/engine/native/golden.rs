//! This engine against what a real kubectl printed for the same answers of the API at the same moment, byte for byte.

mod recording;
mod replay;
mod score;
mod secrets;

use std::{env, time::Duration, time::UNIX_EPOCH};

use kubently_core::{
    command::{CommandResult, Outcome},
    kubectl::{self, Command},
    policy::{Mode, Policy, Secrets},
};
use kubently_render::redact::{self, Redactor};
use tokio::time::timeout;

use super::{Native, covers};
use crate::{Clock, runner::Output};
use recording::{Recorded, Recording};
use replay::Replay;
use score::{Ending, Score};

/// Far beyond what any command takes here.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long after its start kubectl may have asked for the time. The recordings note when it was started; it prints ages
/// some tenths of a second later, and describing many objects takes it longer.
const LATE: [Duration; 4] =
    [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(500), Duration::from_secs(1)];
/// Shows only vectors that contain this text, with what differs.
const ONLY: &str = "KUBENTLY_GOLDEN_ONLY";
/// Where the recording's API server was.
const RECORDED_SERVER: &str = "https://127.0.0.1:6443";

/// What a command printed, and its exit code.
#[derive(Debug, PartialEq, Eq)]
struct Printed {
    exit_code: i32,
    stdout: String,
    stderr: String,
}

impl Printed {
    fn recorded(recorded: &Recorded) -> Self {
        let Recorded { exit_code, stdout, stderr, .. } = recorded;
        Self { exit_code: *exit_code, stdout: stdout.clone(), stderr: stderr.clone() }
    }
}

async fn run(replay: &Replay, recorded: &Recorded) -> Ending {
    let command = match kubectl::parse(&recorded.arguments()) {
        Ok(command) => command,
        Err(refusal) => return Ending::Refused(refusal.to_string()),
    };
    if !covers(&command) {
        return Ending::NotCovered;
    }
    let expected = Printed::recorded(recorded);
    let mut last = Ending::Hung;
    for late in LATE {
        let printing = print(replay, recorded, &command, late);
        match timeout(PATIENCE, printing).await {
            Ok(printed) if printed == expected => return Ending::Equal { late: !late.is_zero() },
            Ok(printed) if late.is_zero() => last = Ending::Different(printed),
            Ok(_) => {}
            Err(_) => return Ending::Hung,
        }
    }
    last
}

/// Redaction is off: the recordings have the secrets in them.
fn redactor() -> Redactor {
    Redactor::new(&[0; 32], &redact::Settings { enabled: false, ..redact::Settings::default() })
}

async fn print(replay: &Replay, recorded: &Recorded, command: &Command, late: Duration) -> Printed {
    let mut kube = kube::Config::new(replay.url.parse().unwrap());
    kube.auth_info.impersonate = recorded.user().map(str::to_owned);
    // Nothing is restricted here: the recordings show what kubectl does, not what our policy lets through.
    let mut printed = run_with(kube, redactor(), Clock::Fixed(recorded.time() + late), command).await;
    for text in [&mut printed.stdout, &mut printed.stderr] {
        *text = text.replace(&replay.url, RECORDED_SERVER);
    }
    printed
}

async fn run_with(kube: kube::Config, redactor: Redactor, clock: Clock, command: &Command) -> Printed {
    let policy = Policy::new(Mode::ReadOnly).with_secrets(Secrets::Redact);
    let native = Native::new(kube, policy, redactor, clock).unwrap();
    let output = Output::new(1 << 24, None);
    let exit = native.run(command, &output).await;
    let mut result = CommandResult::unfinished(Outcome::Succeeded, "", UNIX_EPOCH);
    output.close(&mut result, usize::MAX);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Printed { exit_code: exit.code.unwrap(), stdout: text(&result.stdout), stderr: text(&result.stderr) }
}

async fn score(recording: &Recording, only: Option<&str>) -> Score {
    let replay = Replay::start(recording).await;
    let mut score = Score::default();
    for recorded in recording.commands() {
        let line = recorded.argv.join(" ");
        if only.is_none_or(|only| line.contains(only)) {
            score.add(&line, &Printed::recorded(&recorded), run(&replay, &recorded).await);
        }
    }
    println!("{score}");
    score
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_command_prints_what_kubectl_printed() {
    let only = env::var(ONLY).ok();
    let cluster = score(&Recording::of_cluster(), only.as_deref()).await;
    let odd = score(&Recording::of_odd_objects(), only.as_deref()).await;
    if only.is_none() {
        odd.check_all_equal();
        cluster.check();
        cluster.check_document(&odd);
    }
}

/// The same for recordings that are not kept here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_another_recording_prints_what_kubectl_printed() {
    let Some(another) = Recording::of_another_cluster() else {
        println!("no other recording is named");
        return;
    };
    let only = env::var(ONLY).ok();
    let score = score(&another, only.as_deref()).await;
    if only.is_none() {
        score.check();
    }
}
