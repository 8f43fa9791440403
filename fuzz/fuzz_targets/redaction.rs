//! Redaction of hostile text and objects: it never panics, comes to an end, does not depend on how the text was cut,
//! changes nothing the second time, and lets no value of a Secret through.

#![no_main]

use std::sync::LazyLock;

use kubently_render::redact::{Redactor, Settings};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

/// Shorter values may stand anywhere by chance.
const MIN_SECRET: usize = 12;

/// Made once, as in an executor: its tables take longer to fill than most inputs take to be read.
static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&[3; 32], &Settings::default()));

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (bytes, cut) = input;
    let redactor = &*REDACTOR;
    pieces(redactor, &bytes, usize::from(cut) + 1);
    if let Ok(text) = std::str::from_utf8(&bytes) {
        twice(redactor, text);
        secret(redactor, text);
    }
    if let Ok(mut object) = serde_json::from_slice::<Value>(&bytes) {
        redactor.object(&mut object);
        let once = object.clone();
        redactor.object(&mut object);
        assert_eq!(object, once);
    }
});

fn streamed<'a>(redactor: &Redactor, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut stream = redactor.stream();
    let mut out: Vec<u8> = pieces.flat_map(|piece| stream.push(piece)).collect();
    out.extend(stream.finish());
    out
}

fn pieces(redactor: &Redactor, bytes: &[u8], size: usize) {
    let whole = streamed(redactor, std::iter::once(bytes));
    assert_eq!(streamed(redactor, bytes.chunks(size)), whole);
}

fn twice(redactor: &Redactor, text: &str) {
    let once = redactor.text(text).into_owned();
    assert_eq!(redactor.text(&once), once);
}

/// What is printed of a Secret with this value.
fn printed(redactor: &Redactor, value: &str) -> String {
    let mut object = json!({"kind": "Secret", "apiVersion": "v1", "stringData": {"value": value}});
    let applied = object.to_string();
    object["metadata"] = json!({"annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}});
    redactor.object(&mut object);
    object.to_string()
}

fn secret(redactor: &Redactor, value: &str) {
    let quoted = Value::from(value).to_string();
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let chance = printed(redactor, "another value").contains(inner) || value.contains("redacted");
    if value.len() >= MIN_SECRET && !chance {
        assert!(!printed(redactor, value).contains(inner));
    }
}
