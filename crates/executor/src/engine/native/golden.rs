//! This engine against what a real kubectl printed for the same answers of the API at the same moment, byte for byte.

mod recording;
mod replay;
mod score;

use std::{env, time::Duration, time::UNIX_EPOCH};

use kubently_core::{
    command::{CommandResult, Outcome},
    kubectl::{self, Command},
    policy::{Mode, Policy},
};
use tokio::time::timeout;

use super::{Native, covers};
use crate::{Clock, runner::Output};
use recording::{Recorded, rows};
use replay::Replay;
use score::{Ending, Score};

/// Far beyond what any command takes here.
const PATIENCE: Duration = Duration::from_secs(20);
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
    match timeout(PATIENCE, print(replay, recorded, &command)).await {
        Ok(printed) => Ending::Printed(printed),
        Err(_) => Ending::Hung,
    }
}

async fn print(replay: &Replay, recorded: &Recorded, command: &Command) -> Printed {
    let mut kube = kube::Config::new(replay.url.parse().unwrap());
    kube.auth_info.impersonate = recorded.user().map(str::to_owned);
    // Nothing is restricted here: the recordings show what kubectl does, not what our policy lets through.
    let policy = Policy::new(Mode::ReadOnly).with_restricted_resources(Vec::new());
    let native = Native::new(kube, policy, Clock::Fixed(recorded.time())).unwrap();
    let output = Output::new(1 << 24, None);
    let exit = native.run(command, &output).await;
    let mut result = CommandResult::unfinished(Outcome::Succeeded, "", UNIX_EPOCH);
    output.close(&mut result, usize::MAX);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap().replace(&replay.url, RECORDED_SERVER);
    Printed { exit_code: exit.code.unwrap(), stdout: text(&result.stdout), stderr: text(&result.stderr) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_command_prints_what_kubectl_printed() {
    let replay = Replay::start().await;
    let only = env::var(ONLY).ok();
    let mut score = Score::default();
    for recorded in rows::<Recorded>("commands.jsonl") {
        let line = recorded.argv.join(" ");
        if only.as_ref().is_some_and(|only| !line.contains(only.as_str())) {
            continue;
        }
        score.add(&line, &Printed::recorded(&recorded), run(&replay, &recorded).await);
    }
    println!("{score}");
    if only.is_none() {
        score.check();
    }
}
