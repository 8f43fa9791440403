//! The grammar beside a real kubectl, where one is installed: the flags it offers, and what it asks the API for a vector
//! and for the same vector rebuilt. Without a kubectl these tests say so and pass.
//!
//! `KUBECTL` names another binary than the one on the path; `KUBENTLY_MEANING=all` compares the whole corpus.

#![expect(clippy::print_stdout, clippy::panic, reason = "a skipped test says so, and a broken one where")]

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use kubently_core::kubectl::{self, FlagUse, Verb};

use super::{
    corpus::{Ordinary, ordinary},
    fragments::DENIED,
    listener::Listener,
};

/// Oldest version that has the flags and the words of 1.33.
const OLDEST_MINOR: u32 = 30;
/// Every how many-th ordinary vector is compared: about 60 of them.
const STRIDE: usize = 13;
/// How many vectors are compared at a time; each waits for processes most of the time.
const WORKERS: usize = 4;

/// A kubectl that is installed.
struct Kubectl {
    program: PathBuf,
    /// An empty directory: no configuration, no plugins, no cache.
    home: PathBuf,
}

impl Kubectl {
    /// The kubectl that is installed, if it is new enough; else says why not.
    fn find(test: &str) -> Option<Self> {
        let program = std::env::var_os("KUBECTL").map_or_else(|| PathBuf::from("kubectl"), PathBuf::from);
        let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kubectl-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&home).ok()?;
        let kubectl = Self { program, home };
        let minor = kubectl.minor();
        if minor.is_none_or(|minor| minor < OLDEST_MINOR) {
            println!("skipped: no kubectl 1.{OLDEST_MINOR} or newer is on the path (found minor version {minor:?})");
            return None;
        }
        Some(kubectl)
    }

    #[expect(clippy::disallowed_methods, reason = "a test without a runtime")]
    fn run(&self, arguments: &[String]) -> Option<Output> {
        let mut command = Command::new(&self.program);
        command.env_clear().env("HOME", &self.home).env("TZ", "UTC").args(arguments);
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.output().ok()
    }

    fn minor(&self) -> Option<u32> {
        let output = self.run(&["version", "--client", "-o", "json"].map(str::to_owned))?;
        let version: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
        // Some vendors write `33+`.
        version["clientVersion"]["minor"].as_str()?.trim_end_matches('+').parse().ok()
    }

    /// The flags that the help for `words` lists: short and long name.
    fn flags(&self, words: &str) -> Vec<(Option<char>, String)> {
        let mut arguments: Vec<String> = words.split(' ').map(str::to_owned).collect();
        if words != "options" {
            arguments.push("--help".to_owned());
        }
        let help = self.run(&arguments).map(|output| output.stdout).unwrap_or_default();
        String::from_utf8_lossy(&help).lines().filter_map(flag_of_line).collect()
    }

    /// What `argv` does against a fresh cache: requests, exit code, output.
    fn meaning(&self, listener: &Listener, argv: &[String]) -> Option<Meaning> {
        let cache = self.home.join("cache");
        let _ = std::fs::remove_dir_all(&cache);
        let server = format!("--server=http://{}", listener.address);
        let target = [server, format!("--cache-dir={}", cache.display())];
        let output = self.run(&[&target, argv].concat())?;
        Some(Meaning { requests: listener.take(), code: output.status.code(), stdout: output.stdout })
    }
}

impl Drop for Kubectl {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.home);
    }
}

/// What a vector did.
#[derive(PartialEq, Eq)]
struct Meaning {
    requests: Vec<String>,
    code: Option<i32>,
    stdout: Vec<u8>,
}

impl std::fmt::Display for Meaning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        write!(f, "exit {:?}\n{}\n{}", self.code, self.requests.join("\n"), stdout)
    }
}

/// `    -A, --all-namespaces=false:`
fn flag_of_line(line: &str) -> Option<(Option<char>, String)> {
    let line = line.strip_prefix("    ")?;
    let (short, long) = match line.strip_prefix('-')?.split_once(", --") {
        Some((short, long)) => (short.chars().next(), long),
        None => (None, line.strip_prefix("--")?),
    };
    Some((short, long.split('=').next()?.to_owned()))
}

/// Whether `flag` is one that the grammar leaves out on purpose.
fn is_denied(flag: &str) -> bool {
    DENIED.iter().any(|(denied, _)| *denied == flag) || ["recursive", "log-flush-frequency"].contains(&flag)
}

#[test]
fn every_harmless_flag_of_kubectl_is_known() {
    let Some(kubectl) = Kubectl::find("flags") else { return };
    let tables = Verb::ALL.map(|verb| (verb.as_str(), Some(verb))).into_iter().chain([("options", None)]);
    for (words, verb) in tables {
        let ours = kubectl::flag_uses(verb);
        let theirs = kubectl.flags(words);
        let has = |short: Option<char>, long: &str| {
            ours.iter().any(|flag: &FlagUse| flag.long == long && (short.is_none() || flag.short == short))
        };
        for (short, long) in theirs.iter().filter(|(_, long)| !is_denied(long)) {
            assert!(has(*short, long), "{words} --{long} (-{short:?}) is not known");
        }
        for flag in ours {
            assert!(theirs.iter().any(|(_, long)| long == flag.long), "{words} has no --{}", flag.long);
        }
        println!("{:>5} flags of {words}", theirs.len());
    }
}

/// Whether the vector can be compared: it ends by itself, and every kubectl reads it alike.
fn is_comparable(Ordinary { streaming, argv }: &Ordinary) -> bool {
    let waits = argv.iter().any(|word| word == "status") && !argv.iter().any(|word| word.contains("watch=f"));
    // `explain` lost its `-o` in 1.33 and has it in others.
    let explains = argv.iter().any(|word| word == "explain") && argv.iter().any(|word| word == "-o");
    !streaming && !waits && !explains
}

/// Compares one vector with itself rebuilt; says whether it asked the API anything.
fn compare(kubectl: &Kubectl, listener: &Listener, argv: &[String]) -> bool {
    let typed = argv.strip_prefix(&["kubectl".to_owned()]).unwrap_or(argv);
    let rebuilt = kubectl::parse(argv).map(|command| command.argv()).unwrap_or_default();
    let (one, other) = (kubectl.meaning(listener, typed), kubectl.meaning(listener, &rebuilt));
    let (Some(one), Some(other)) = (one, other) else { panic!("{typed:?} did not run") };
    assert!(one == other, "{typed:?}\n{rebuilt:?}\n--- typed\n{one}\n--- rebuilt\n{other}");
    !one.requests.is_empty()
}

#[test]
fn a_rebuilt_vector_means_the_same_to_kubectl() {
    if Kubectl::find("meaning").is_none() {
        return;
    }
    let stride = if std::env::var_os("KUBENTLY_MEANING").is_some_and(|value| value == "all") { 1 } else { STRIDE };
    let corpus: Vec<_> = ordinary().into_iter().filter(is_comparable).step_by(stride).collect();
    let asking: usize = std::thread::scope(|scope| {
        let chunks = corpus.chunks(corpus.len().div_ceil(WORKERS)).enumerate();
        let workers: Vec<_> = chunks.map(|(worker, chunk)| scope.spawn(move || compare_all(worker, chunk))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    println!("{} vectors compared, {asking} of them ask the API", corpus.len());
    assert!(asking * 2 > corpus.len());
}

fn compare_all(worker: usize, chunk: &[Ordinary]) -> usize {
    let listener = Listener::start();
    let (Some(kubectl), Ok(listener)) = (Kubectl::find(&format!("worker-{worker}")), listener) else { return 0 };
    chunk.iter().filter(|ordinary| compare(&kubectl, &listener, &ordinary.argv)).count()
}
