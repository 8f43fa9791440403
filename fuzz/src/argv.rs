//! Argument vectors: words that mean something, glued together, and whatever else.

use kubently_core::kubectl::{Verb, flag_uses};

use crate::Bytes;

const MEANINGFUL: &[&str] = &[
    "",
    "-",
    "--",
    "=",
    ",",
    "/",
    ".",
    "-A",
    "-Aw",
    "-Af",
    "-s",
    "-k",
    "-R",
    "-f",
    "-p",
    "-o",
    "-n",
    "-l",
    "-L",
    "-c",
    "-v",
    "--as",
    "--as-group",
    "--server",
    "--token",
    "--kubeconfig",
    "--context",
    "--raw",
    "--filename",
    "--kustomize",
    "--template",
    "--cache-dir",
    "--profile-output",
    "--log-file",
    "--client-key",
    "--insecure-skip-tls-verify",
    "--vmodule",
    "--kuberc",
    "kubectl",
    "get",
    "describe",
    "logs",
    "top",
    "pod",
    "pods",
    "po",
    "node",
    "no",
    "explain",
    "events",
    "api-resources",
    "api-versions",
    "version",
    "cluster-info",
    "dump",
    "auth",
    "can-i",
    "whoami",
    "rollout",
    "status",
    "history",
    "restart",
    "delete",
    "exec",
    "svc",
    "secrets",
    "Secret.v1.",
    "secret/x",
    "deploy/web",
    "deployments.v1.apps",
    "all",
    "web",
    "web-1",
    "..",
    "*",
    "*.apps",
    "/logs/",
    "list",
    "shop",
    "a=b",
    "app in (a,b),!c",
    "json",
    "wide",
    "jsonpath={.a}",
    "jsonpath-file=/x",
    "go-template-file",
    "go-template={{.}}",
    "custom-columns=A:.b",
    ".metadata.name",
    "proxy",
    "true",
    "false",
    "T",
    "0",
    "1",
    "-1",
    "010",
    "0x1F",
    "1_000",
    "9",
    "5s",
    "1h30m",
    "\u{b5}s",
    "2026-01-31T10:00:00Z",
    "apps/v1",
    "\n",
    "\0",
    "\u{200b}",
    "\u{430}",
    "größe",
    "--as=x",
    "x/y/z",
];

/// What a byte does with the next word.
#[derive(Clone, Copy)]
enum Step {
    /// It is an argument.
    Word,
    /// It goes on where the last argument ends.
    Glue,
    /// A flag of the tables.
    Flag,
    /// A flag of the tables, with `=`.
    FlagEquals,
    /// Bytes as they are.
    Raw,
    /// Bytes as they are, where the last argument ends.
    RawGlue,
}

const STEPS: &[Step] = &[
    Step::Word,
    Step::Word,
    Step::Word,
    Step::Glue,
    Step::Flag,
    Step::Flag,
    Step::FlagEquals,
    Step::Raw,
    Step::RawGlue,
];

/// The vector that `bytes` spell.
#[must_use]
pub fn read(bytes: &[u8]) -> Vec<String> {
    let flags: Vec<&str> =
        Verb::ALL.map(Some).into_iter().chain([None]).flat_map(flag_uses).map(|flag| flag.long).collect();
    let mut bytes = Bytes::new(bytes);
    let mut argv: Vec<String> = Vec::new();
    while !bytes.is_empty() {
        let step = bytes.choose(STEPS).unwrap_or(Step::Word);
        let word = match step {
            Step::Word | Step::Glue => bytes.choose(MEANINGFUL).unwrap_or_default().to_owned(),
            Step::Flag => format!("--{}", bytes.choose(&flags).unwrap_or_default()),
            Step::FlagEquals => format!("--{}=", bytes.choose(&flags).unwrap_or_default()),
            Step::Raw | Step::RawGlue => bytes.text(),
        };
        match (step, argv.last_mut()) {
            (Step::Glue | Step::RawGlue, Some(last)) => last.push_str(&word),
            _ => argv.push(word),
        }
    }
    argv
}
