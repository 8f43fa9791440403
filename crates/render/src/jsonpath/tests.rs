use proptest::prelude::{any, proptest};
use serde_json::json;

use super::*;
use crate::columns::Columns;

fn pods() -> Value {
    json!({
        "kind": "List",
        "items": [
            {"metadata": {"name": "web", "labels": {"app.io/name": "x", "b": "2"}}, "n": 1, "f": 0.5, "ok": true,
             "c": [{"image": "a"}, {"image": "b"}], "node": null},
            {"metadata": {"name": "api", "labels": {"app.io/name": "y"}}, "n": 20, "f": 1.5, "ok": false,
             "c": [{"image": "d"}], "extra": "<&>"},
            {"metadata": {"name": "db"}, "n": 3, "f": 2.5, "ok": true, "c": []},
        ],
        "empty": [],
    })
}

fn run(text: &str, allow_missing: bool) -> String {
    let template = match Template::parse(text) {
        Ok(template) => template.allow_missing(allow_missing),
        Err(error) => return format!("parse: {error}"),
    };
    template.execute(&pods()).unwrap_or_else(|error| format!("execute: {error}"))
}

#[test]
fn expressions_find_what_client_go_finds() {
    let cases = [
        ("text", "text"),
        ("{.kind}!", "List!"),
        ("{kind}", "execute: unrecognized identifier kind"),
        ("{.items[*].metadata.name}", "web api db"),
        ("{$.items[0]['metadata']['name']}", "web"),
        ("{.items[0]['n','f']}", "1 0.5"),
        ("{.items[0].metadata.labels.app\\.io/name}", "x"),
        ("{.items[0].metadata.labels['app\\.io/name']}", "x"),
        ("{.items[-1].metadata.name}", "db"),
        ("{.items[0:2].n}|{.items[::2].n}|{.items[1:].n}|{.items[:-1].n}|{.items[].n}", "1 20|1 3|20 3|1 20|1"),
        ("{.items[0,2].n}", "1 3"),
        ("{.items[*].c[*].image}", "a b d"),
        ("{.items[*]['n', 'ok']}", "1 20 3 true false true"),
        ("{..image}", "a b d"),
        ("{.items[0].metadata.labels.*}", "x 2"),
        ("{.items[1].metadata.name.*}", "97 112 105"),
        ("{.items[0].metadata.labels}", r#"{"app.io/name":"x","b":"2"}"#),
        ("{.items[1].extra}{.items[1]['extra']}", "<&><&>"),
        ("{.items[0].node}", "null"),
        ("{.nope}", ""),
        ("{.}", ""),
        ("{\"a\\tb\"}{'c'}{1}{-2.50}{true}", "a\tbc1-2.5true"),
        ("{.items[*].c[5].image}", "execute: array index out of bounds: index 5, length 2"),
        ("{.items[2:1]}", "execute: starting index 2 is greater than ending index 1"),
        ("{.items[::0]}", "execute: step must be > 0"),
        ("{.items[-9]}", "execute: array index out of bounds: index -6, length 3"),
        ("{.kind[0]}", "execute: string is not array or slice"),
        ("{.kind[?(@.x)]}", "execute: List is not array or slice and cannot be filtered"),
    ];
    for (text, expected) in cases {
        assert_eq!(run(text, true), expected, "{text}");
    }
}

#[test]
fn filters_compare_what_is_of_one_kind() {
    let cases = [
        ("{.items[?(@.n>1)].n}", "20 3"),
        ("{.items[?(@.n >= 3)].n}", "20 3"),
        ("{.items[?(@.n<=1)].n}{.items[?(@.n<1)].n}", "1"),
        ("{.items[?(@.n!=1)].n}", "20 3"),
        ("{.items[?(@.f>1.0)].f}", "1.5 2.5"),
        ("{.items[?(@.ok==true)].n}", "1 3"),
        ("{.items[?(@.metadata.name==\"web\")].n}", "1"),
        ("{.items[?(@.metadata.name==')')].n}", ""),
        ("{.items[?('api'==@.metadata.name)].n}", "20"),
        ("{.items[?(@.metadata.name==@.metadata.name)].n}", "1 20 3"),
        ("{.items[?(@.metadata.labels)].n}", "1 20"),
        ("{.items[?(@.metadata.labels.b)].n}", "1"),
        ("{.items[?(@.metadata.labels.b!='3')].n}", "1"),
        // As in client-go: what fails is there, unless a field was missing.
        ("{.items[?(@.c[0].image)].n}", "1 20 3"),
        ("{.items[?(@.c[5])].n}", "1 20 3"),
        ("{.items[?(@.n==\"1\")].n}", "execute: incompatible types for comparison"),
        ("{.items[?(@.n==1.0)].n}", "execute: incompatible types for comparison"),
        ("{.items[?(@.ok<true)].n}", "execute: invalid type for comparison"),
        ("{.items[?(@.c==1)].n}", "execute: invalid type for comparison"),
        ("{.items[?(@.n=<1)].n}", "execute: unrecognized filter operator =<"),
        ("{.items[?(@.c[*].image=='a')].n}", "execute: can only compare one element at a time"),
        ("{.items[?(@.n==", "parse: unterminated filter"),
        ("{.items[?(@.n==1)}", "parse: unclosed array expect ]"),
        ("{.items[?(@.n==)]}", "parse: unrecognized character in action: U+003D '='"),
    ];
    for (text, expected) in cases {
        assert_eq!(run(text, true), expected, "{text}");
    }
}

#[test]
fn ranges_nest_and_end() {
    let cases = [
        ("{range .items[*]}{.metadata.name}={.n}{\"\\n\"}{end}", "web=1\napi=20\ndb=3\n"),
        ("{range .items[*]}{.n}[{range .c[*]}{.image};{end}]{end}.", "1[a;b;]20[d;]3[]."),
        ("{range .empty[*]}{.a.b[0]}x{end}after", "after"),
        ("{range .items[*].node}<{@}>{end}", "<<no value>>"),
        ("{.kind}{end}", "execute: not in range, nothing to end"),
        ("{range .items[0:2]}{.n}", "120"),
        ("{range .items[*]}{.n}{end}{end}", "execute: not in range, nothing to end"),
    ];
    for (text, expected) in cases {
        assert_eq!(run(text, true), expected, "{text}");
    }
}

#[test]
fn what_is_malformed_says_why() {
    let cases = [
        ("{.a", "unclosed action"),
        ("{.a\n}", "unclosed action"),
        ("{.a[0}", "unterminated array"),
        ("{.a[x]}", "invalid array index x"),
        ("{.a[1:2:3:4]}", "invalid array index 1:2:3:4"),
        ("{.a[99999999999999999999]}", "array index 99999999999999999999 is not a number"),
        ("{.a[-]}", "array index - is not a number"),
        ("{\"a}", "unterminated quoted string"),
        ("{\"\\q\"}", "unquote string \"\\q\" error invalid syntax"),
        ("{1.2.3}", "cannot parse number 1.2.3"),
        ("{....a}", "invalid multiple recursive descent"),
        ("{*}", "unrecognized character in action: U+002A '*'"),
        ("{\t}", "unrecognized character in action: U+0009"),
    ];
    for (text, expected) in cases {
        assert_eq!(Template::parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn a_missing_field_is_an_error_where_it_must_be_there() {
    assert_eq!(run("{.kind}{.nope}", false), "execute: nope is not found");
    assert_eq!(run("{.items[*].extra}{.items[?(@.extra)].n}", false), "<&>20");
}

#[test]
fn results_are_printed_as_indented_json() {
    let template = Template::parse("{.items[*].n}{.items[0].metadata.labels}{.empty[*]}").unwrap();
    let expected =
        "[\n    1,\n    20,\n    3\n]\n[\n    {\n        \"app.io/name\": \"x\",\n        \"b\": \"2\"\n    }\n]\n[]\n";
    assert_eq!(template.execute_as_json(&pods()).unwrap(), expected);
}

#[test]
fn a_failure_shows_template_and_object() {
    let object = json!({"a": ["x"]});
    let template = Template::parse("{.b}\"").unwrap();
    let error = template.execute(&object).unwrap_err();
    let expected = "error executing jsonpath \"{.b}\\\"\": Error executing template: b is not found. Printing more \
        information for debugging the template:\n\ttemplate was:\n\t\t{.b}\"\n\tobject given to jsonpath engine was:\n\
        \t\tmap[string]interface {}{\"a\":[]interface {}{\"x\"}}\n\n\n";
    assert_eq!(template.failure(&error, &object), expected);
}

#[test]
fn paths_of_columns_need_no_braces() {
    for path in ["a.b", ".a.b", "{a.b}", "{.a.b}"] {
        assert_eq!(relaxed(path).as_deref(), Ok("{.a.b}"), "{path}");
    }
    assert_eq!(relaxed("."), Ok("{..}".to_owned()));
    assert_eq!(relaxed(""), Ok(String::new()));
    for path in ["{}", "{a", "a}", "{a}{b}", "{{a}}", "{a}b"] {
        assert!(relaxed(path).is_err(), "{path}");
    }
}

#[test]
fn large_lists_are_within_the_bounds() {
    let text = "x".repeat(2_000);
    let container = json!({"name": "c", "image": "i", "env": [{"name": "A", "value": text}]});
    let pod = json!({"metadata": {"name": "p"}, "spec": {"containers": [container, container, container]}});
    let list = json!({"items": vec![pod; 2_000]});
    for text in
        ["{..image}", "{.items[*].spec.containers[*].image}", "{range .items[*]}{.spec.containers[*].image} {end}"]
    {
        let found = Template::parse(text).unwrap().allow_missing(true).execute(&list).unwrap();
        assert_eq!(found.matches('i').count(), 6_000, "{text}");
    }
}

#[test]
fn work_and_output_are_bounded() {
    let deep = (0..100).fold(json!("x"), |inner, _| json!([inner, [1, 2, 3], {"a": "text"}]));
    for text in ["{..}{..}", "{..[*]..[*]..[*]..[*]}", "{..['a','a','a','a']..['a','a']}"] {
        let template = Template::parse(text).unwrap().allow_missing(true);
        let _ = template.execute(&deep);
    }
    let many = json!({"a": vec![vec![0; 50]; 50]});
    let doubling = format!("{{.a{}}}", "[0,0]".repeat(40));
    let endless = "{range .a[*]}".repeat(200);
    for text in [doubling, endless, "[".repeat(10_000), "{range}".repeat(10_000)] {
        let outcome = Template::parse(&text).and_then(|template| template.allow_missing(true).execute(&many));
        if text.starts_with('{') {
            assert!(outcome.is_err(), "{}", &text[..20]);
        }
    }
}

/// `value` in `depth` lists, and an expression that finds it two to the power of `depth` times.
fn doubled(value: Value, depth: usize) -> (Value, String) {
    let nested = (0..depth).fold(value, |inner, _| json!([inner]));
    (json!({"a": nested}), format!("a{}", "[0,0]".repeat(depth)))
}

#[test]
fn work_on_many_objects_is_bounded_as_a_whole() {
    let (object, path) = doubled(json!(1), 12);
    let spent = Error::new("the template visits too many values");
    // There are no commas in a column.
    let columns = Columns::parse("A:a..[*]..[*]..[*]..[*]..[*]..[*]").unwrap();
    for (count, expected) in [(1, None), (1_000, Some(spent))] {
        let objects = vec![&object; count];
        assert_eq!(sort::objects(&path, &objects).err(), expected);
        assert_eq!(sort::rows(&path, &objects).err(), expected);
        assert_eq!(columns.print(&mut String::new(), &objects, true).err(), expected, "{count}");
    }
}

#[test]
fn what_is_asked_about_an_item_does_not_hide_that_too_much_was_visited() {
    let (object, path) = doubled(json!(1), 18);
    let object = json!({"items": [object]});
    let template = Template::parse(&format!("{{.items[?(@.{path})]}}")).unwrap();
    assert_eq!(template.execute(&object), Err(Error::new("the template visits too many values")));
}

#[test]
fn what_is_printed_is_bounded_in_every_form() {
    let (object, path) = doubled(json!("x".repeat(1 << 20)), 7);
    let template = Template::parse(&format!("{{.{path}}}")).unwrap();
    let too_much = Error::new("the template prints too much");
    assert_eq!(template.execute(&object), Err(too_much.clone()));
    assert_eq!(template.execute_as_json(&object), Err(too_much.clone()));
    let columns = Columns::parse(&format!("A:{}", path.replace("[0,0]", "[*]"))).unwrap();
    assert_eq!(columns.print(&mut String::new(), &vec![&object; 100], true), Err(too_much));
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "[{}\\[\\].?()@$*'\",:<>=!a-c0-2 \\\\-]{0,40}", missing: bool) {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.clone().allow_missing(missing).execute(&pods());
            let _ = template.execute_as_json(&pods());
        }
        let _ = relaxed(&text);
        let object = pods();
        let items: Vec<_> = object["items"].as_array().into_iter().flatten().collect();
        let _ = sort::objects(&text, &items);
        let _ = sort::rows(&text, &items);
    }

    #[test]
    fn no_bytes_are_too_strange(text in any::<String>()) {
        if let Ok(template) = Template::parse(&text) {
            let _ = template.execute(&pods());
        }
    }
}
