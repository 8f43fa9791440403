use serde::Deserialize;
use serde_json::json;

use super::*;

/// What kubectl prints. In `tests/cases.jsonl` the first line is the object, each further one a template.
#[derive(Deserialize)]
struct Case {
    t: String,
    #[serde(default)]
    strict: bool,
    /// Standard output, without what helps to find mistakes.
    out: String,
    #[serde(default)]
    err: String,
}

fn execute(text: &str, object: &Json, missing: Missing) -> (String, String) {
    let ran = Template::parse(text).and_then(|template| template.execute(object, missing));
    match ran {
        Ok(out) => (out, String::new()),
        Err(error) => {
            let out = error.stdout.split("Error executing template: template:").next().unwrap_or_default();
            (out.to_owned(), error.to_string())
        }
    }
}

#[test]
fn templates_print_what_they_print_in_kubectl() {
    let mut lines = include_str!("tests/cases.jsonl").lines();
    let object: Json = serde_json::from_str(lines.next().unwrap()).unwrap();
    let mut count = 0;
    for line in lines {
        let case: Case = serde_json::from_str(line).unwrap();
        let missing = if case.strict { Missing::IsError } else { Missing::IsNoValue };
        assert_eq!(execute(&case.t, &object, missing), (case.out, case.err), "{} {missing:?}", case.t);
        count += 1;
    }
    assert!(count > 900, "{count}");
}

#[test]
fn a_failure_shows_what_helps_to_find_it() {
    let object = json!({"kind": "Foo", "a": {"x": "<&>", "f": 2.0, "n": null, "l": [1.5, true]}});
    let error = Template::parse("{{.kind}}\n{{.kind.c}}").unwrap().execute(&object, Missing::default()).unwrap_err();
    let at = "template: output:2:7: executing \"output\" at <.kind.c>: can't evaluate field c in type interface {}";
    assert_eq!(error.to_string(), format!("error executing template \"{{{{.kind}}}}\\n{{{{.kind.c}}}}\": {at}"));
    let expected = format!(
        "Foo\nError executing template: {at}. Printing more information for debugging the template:\n\
         \ttemplate was:\n\t\t{{{{.kind}}}}\n{{{{.kind.c}}}}\n\
         \traw data was:\n\t\t{{\"a\":{{\"f\":2,\"l\":[1.5,true],\"n\":null,\"x\":\"\\u003c\\u0026\\u003e\"}},\"kind\":\"Foo\"}}\n\
         \tobject given to template engine was:\n\t\tmap[a:map[f:2 l:[1.5 true] n:<nil> x:<&>] kind:Foo]\n\n"
    );
    assert_eq!(error.stdout, expected);
    let error = Template::parse("{{.a").unwrap_err();
    assert_eq!(error.to_string(), "error parsing template {{.a, template: output:1: unclosed action");
    assert_eq!(error.stdout, "");
}

#[test]
fn templates_cannot_run_away() {
    let object = json!({"l": vec![0; 1_000], "s": "x".repeat(100_000)});
    let loops = "{{range $.l}}".repeat(4) + &"{{end}}".repeat(4);
    let doubles = "{{$x := .s}}".to_owned() + &"{{$x = print $x $x}}".repeat(100) + "{{len $x}}";
    let compares = "{{range 1000000000}}{{if eq $.s $.s}}{{end}}{{end}}";
    let cases = [
        ("{{define \"x\"}}{{template \"x\" .}}{{end}}{{template \"x\" .}}", "exceeded maximum template depth (100000)"),
        ("{{range 1000000000000}}{{end}}", "too many steps"),
        ("{{range 1000000000}}{{$.s}}{{end}}", "the output is too large"),
        ("{{range 100000}}{{printf \"%1000000d\" 1}}{{end}}", "the output is too large"),
        (&loops, "too many steps"),
        (&doubles, "the text is too large"),
        (compares, "too many steps"),
    ];
    for (text, expected) in cases {
        let (_, error) = execute(text, &object, Missing::default());
        assert!(error.contains(expected), "{expected}: {}", error.chars().rev().take(200).collect::<String>());
    }
}

#[test]
fn nesting_is_bounded() {
    for (open, close) in [("(", ")"), ("{{if .}}", "{{end}}"), ("{{block \"x\" .}}", "{{end}}")] {
        let text = open.repeat(10_000) + &close.repeat(10_000);
        let text = if open == "(" { format!("{{{{{text}}}}}") } else { text };
        assert!(Template::parse(&text).is_err(), "{open}");
    }
    let deep = "{{".to_owned() + &"(print ".repeat(50) + "1" + &")".repeat(50) + "}}";
    assert_eq!(execute(&deep, &json!({}), Missing::default()).0, "1");
    let chain = format!("{{{{.{}}}}}", "a.".repeat(10_000) + "a");
    assert_eq!(execute(&chain, &json!({}), Missing::default()).0, "<no value>");
    let elses = "{{if .a}}".to_owned() + &"{{else if .a}}".repeat(10_000) + "{{end}}";
    assert!(Template::parse(&elses).is_err());
}

#[test]
fn any_text_is_read_without_panic() {
    let pieces = [
        "{{", "}}", "-", " ", "\"", "`", "'", "\\", "(", ")", "$x", ".a", ":=", "=", "|", ",", "1", "0x", "é", "\n",
        "/*", "*/", "if", "range", "end", "printf", "%[*.d", "nil", ".",
    ];
    let mut seed: usize = 7;
    for _ in 0..20_000 {
        let mut text = String::from("{{");
        for _ in 0..8 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            text += pieces[(seed >> 33) % pieces.len()];
        }
        execute(&text, &json!({"a": [1, {"b": "é"}]}), Missing::default());
        execute(&format!("{text}}}}}"), &json!({"a": [1, {"b": "é"}]}), Missing::IsError);
    }
}

proptest::proptest! {
    #[test]
    fn formats_never_panic(format in "[%#0+\\- \\[\\]*.0-9vTtdqxXsfegGEboOcUpwé]{0,12}", number: i64, float: f64, text: String) {
        let object = json!({"f": format, "n": number, "x": float, "t": text});
        let template = Template::parse("{{printf .f .n .x .t .n}}{{printf .f .t .n .x}}{{printf .f .x . 3}}").unwrap();
        let _ = template.execute(&object, Missing::default());
    }

    #[test]
    fn texts_never_panic(text in "(\\{\\{|\\}\\}|[a-z.$\"`' ()|:=\\-0-9éx\\\\]){0,20}") {
        let _ = Template::parse(&text).and_then(|template| template.execute(&json!({"a": "b"}), Missing::default()));
    }
}
