//! The recorded scene has a secret; with redaction on, none of its values comes out in any format.

use kubently_render::redact::{self, Redactor};
use serde_json::Value;

use super::{PATIENCE, Printed, Replay, recording::Recording, run_with};
use crate::Clock;

const NAME: &str = "api-credentials";

/// Texts of this length are found where they are secret only.
const LONG: usize = 8;

fn redactor() -> Redactor {
    Redactor::new(&[7; 32], &redact::Settings::default())
}

/// What the recorded kubectl showed: the values as they are stored, and as they are read.
fn values() -> Vec<String> {
    let recorded = Recording::of_cluster().commands();
    let shown = recorded.iter().find(|one| one.argv.join(" ") == format!("get secret {NAME} -n shop -o json")).unwrap();
    let secret: Value = serde_json::from_str(&shown.stdout).unwrap();
    let stored: Vec<_> =
        secret["data"].as_object().unwrap().values().map(|one| one.as_str().unwrap().to_owned()).collect();
    let read = stored.iter().map(|one| String::from_utf8(base64(one)).unwrap());
    // A user's name such as "shop" stands in many other places.
    read.filter(|text| text.len() >= LONG).chain(stored.iter().cloned()).collect()
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.bytes().filter(|byte| *byte != b'=').flat_map(|byte| {
        let digit = DIGITS.iter().position(|one| *one == byte).unwrap();
        (0..6).rev().map(move |bit| digit >> bit & 1 == 1)
    });
    let bits: Vec<_> = bits.collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | u8::from(*bit))).collect()
}

async fn print(replay: &Replay, line: &[&str]) -> Printed {
    let argv: Vec<_> = line.iter().map(ToString::to_string).collect();
    let command = kubently_core::kubectl::parse(&argv).unwrap();
    let kube = kube::Config::new(replay.url.parse().unwrap());
    tokio::time::timeout(PATIENCE, run_with(kube, redactor(), Clock::System, &command)).await.unwrap()
}

#[tokio::test]
async fn no_format_shows_a_value() {
    let replay = Replay::start(&Recording::of_cluster()).await;
    let values = values();
    assert!(values.len() >= 4, "{values:?}");
    let formats = [
        "-oyaml",
        "-ojson",
        "-o=jsonpath={.data}",
        "-o=jsonpath={..*}",
        "-o=jsonpath-as-json={.data}",
        "-o=custom-columns=A:.data",
        "-o=go-template={{range .data}}{{.}} {{base64decode .}}{{end}}",
        "--sort-by=.data",
        "-owide",
        "-oname",
        "",
    ];
    for format in formats {
        let line = ["get", "secret", NAME, "-n", "shop", format];
        let line: Vec<_> = line.into_iter().filter(|one| !one.is_empty()).collect();
        let printed = print(&replay, &line).await;
        let text = printed.stdout + &printed.stderr;
        for value in &values {
            assert!(!text.contains(value.as_str()), "{format}: {text}");
        }
    }
}

#[tokio::test]
async fn equal_values_stay_comparable_and_sizes_stay_true() {
    let replay = Replay::start(&Recording::of_cluster()).await;
    let line = ["get", "secret", NAME, "-n", "shop", "-o=go-template={{range .data}}{{base64decode .}}\n{{end}}"];
    let once = print(&replay, &line).await.stdout;
    assert!(once.contains("<redacted:"), "{once}");
    assert_eq!(once, print(&replay, &line).await.stdout);
    let described = print(&replay, &["describe", "secret", NAME, "-n", "shop"]).await;
    let recorded = Recording::of_cluster().commands();
    let expected = recorded.iter().find(|one| one.argv.join(" ") == format!("describe secret {NAME} -n shop")).unwrap();
    assert_eq!(described.stdout, expected.stdout);
}
