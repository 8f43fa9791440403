//! No template and no object makes the go-template engine panic or run away.
#![no_main]

use kubently_render::template::{Missing, Template};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|data: &[u8]| {
    // The template, and behind a NUL the object.
    let text = String::from_utf8_lossy(data);
    let (template, object) = text.split_once('\0').unwrap_or((&text, ""));
    let object: Value = serde_json::from_str(object).unwrap_or_else(|_| {
        json!({"kind": "Pod", "items": [1, 2.5, null, "x", {"a": {"b": [true]}}], "spec": {"n": i64::MAX, "s": "é"}})
    });
    let Ok(template) = Template::parse(template) else { return };
    for missing in [Missing::IsNoValue, Missing::IsError] {
        let _ = template.execute(&object, missing);
    }
});
