//! Any text as a JSONPath template, carried out on one object: it never panics, and it ends.

#![no_main]

use std::sync::LazyLock;

use kubently_render::{
    columns::Columns,
    jsonpath::{Template, relaxed, sort},
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static OBJECT: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "kind": "List",
        "items": [
            {"metadata": {"name": "a", "labels": {"a.b/c": "x", "n": "1"}}, "n": 1, "f": 0.5, "ok": true, "null": null},
            {"metadata": {"name": "b"}, "n": -2, "f": 1e21, "list": [[1, 2, 3], ["x", {"deep": {"deeper": []}}]]},
        ],
        "text": "\u{1b}é\n",
    })
});

// One use of the text at a time: a template that visits as much as it may takes seconds here.
fuzz_target!(|input: (u8, &str)| {
    let (how, text) = input;
    let items: Vec<_> = OBJECT["items"].as_array().into_iter().flatten().collect();
    match how % 7 {
        0 | 1 => executed(text, how % 7 == 0),
        2 | 3 => {
            if let Ok(template) = Template::parse(text) {
                let _ = template.allow_missing(how % 7 == 2).execute_as_json(&OBJECT);
            }
        }
        4 => {
            let _ = relaxed(text);
            if let Ok(columns) = Columns::parse(text) {
                let _ = columns.print(&mut String::new(), &items, false);
            }
        }
        5 => drop(sort::objects(text, &items)),
        _ => drop(sort::rows(text, &items)),
    }
});

fn executed(text: &str, allow_missing: bool) {
    let Ok(template) = Template::parse(text).map(|template| template.allow_missing(allow_missing)) else { return };
    if let Err(error) = template.execute(&OBJECT) {
        let _ = template.failure(&error, &OBJECT);
    }
}
