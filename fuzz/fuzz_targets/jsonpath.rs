//! Any text as a JSONPath template, carried out on one object: it never panics, and it ends.

#![no_main]

use kubently_render::{
    columns::Columns,
    jsonpath::{Template, relaxed, sort},
};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let object = json!({
        "kind": "List",
        "items": [
            {"metadata": {"name": "a", "labels": {"a.b/c": "x", "n": "1"}}, "n": 1, "f": 0.5, "ok": true, "null": null},
            {"metadata": {"name": "b"}, "n": -2, "f": 1e21, "list": [[1, 2, 3], ["x", {"deep": {"deeper": []}}]]},
        ],
        "text": "\u{1b}é\n",
    });
    for allow_missing in [false, true] {
        if let Ok(template) = Template::parse(text).map(|template| template.allow_missing(allow_missing)) {
            if let Err(error) = template.execute(&object) {
                let _ = template.failure(&error, &object);
            }
            let _ = template.execute_as_json(&object);
        }
    }
    let _ = relaxed(text);
    let items: Vec<_> = object["items"].as_array().into_iter().flatten().collect();
    if let Ok(columns) = Columns::parse(text) {
        let _ = columns.print(&mut String::new(), &items, false);
    }
    let _ = sort::objects(text, &items);
    let _ = sort::rows(text, &items);
});
