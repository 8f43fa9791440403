use serde_json::json;

use super::*;

#[test]
fn structure_is_go_yamls() {
    let value = json!({
        "metadata": {"name": "x", "labels": {}, "list": []},
        "items": [{"b": 1, "a": [1, [2, 3]]}, "s", null, true, 1.5],
    });
    let expected = "\
items:
- a:
  - 1
  - - 2
    - 3
  b: 1
- s
- null
- true
- 1.5
metadata:
  labels: {}
  list: []
  name: x
";
    assert_eq!(print(&value), expected);
}

#[test]
fn strings_that_look_like_something_else_are_quoted() {
    let cases = [
        ("plain text", "plain text"),
        ("", "\"\""),
        ("true", "\"true\""),
        ("yes", "\"yes\""),
        ("n", "\"n\""),
        ("null", "\"null\""),
        ("123", "\"123\""),
        ("0x1F", "\"0x1F\""),
        ("1e3", "\"1e3\""),
        ("1_000", "\"1_000\""),
        ("+12", "\"+12\""),
        ("-", "'-'"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("1:30", "\"1:30\""),
        ("10.0.0.1", "10.0.0.1"),
        ("1.2.3", "1.2.3"),
        ("100m", "100m"),
        ("2026-11-22T10:00:00Z", "\"2026-11-22T10:00:00Z\""),
        ("2026-11-22", "\"2026-11-22\""),
        ("a: b", "'a: b'"),
        ("a:b", "a:b"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("*", "'*'"),
        ("{a}", "'{a}'"),
        ("a, b", "a, b"),
        ("it's", "it's"),
        ("'x", "'''x'"),
        (" lead", "' lead'"),
        ("tab\there", "\"tab\\there\""),
        ("bell\u{7}", "\"bell\\a\""),
        ("smile \u{1f600}", "\"smile \\U0001F600\""),
        ("grüße", "grüße"),
        ("key=", "key="),
    ];
    for (text, expected) in cases {
        assert_eq!(print(&json!({ "k": text })), format!("k: {expected}\n"), "{text:?}");
    }
}

#[test]
fn several_lines_are_a_literal() {
    assert_eq!(print(&json!({"a": {"k": "one\n\n  two\n"}, "b": 1})), "a:\n  k: |\n    one\n\n      two\nb: 1\n");
    assert_eq!(print(&json!({"k": "one\ntwo"})), "k: |-\n  one\n  two\n");
    assert_eq!(print(&json!({"k": "one\n\n"})), "k: |+\n  one\n\n");
    assert_eq!(print(&json!({"k": " one\n"})), "k: |2\n   one\n");
    assert_eq!(print(&json!({"k": "trail \nx"})), "k: \"trail \\nx\"\n");
}

#[test]
fn long_lines_are_folded_at_a_space() {
    let text = "a".repeat(40) + " " + &"b".repeat(45) + " c d";
    let expected = format!("k: {} {}\n  c d\n", "a".repeat(40), "b".repeat(45));
    assert_eq!(print(&json!({ "k": text })), expected);
    let quoted = format!("x: {text}");
    let expected = format!("k: 'x: {} {}\n  c d'\n", "a".repeat(40), "b".repeat(45));
    assert_eq!(print(&json!({ "k": quoted })), expected);
}

#[test]
fn numbers_are_go_yamls() {
    for (number, text) in [
        (json!(1.0), "1"),
        (json!(-0.0), "0"),
        (json!(0.5), "0.5"),
        (json!(123_456.5), "123456.5"),
        (json!(1_234_567.5), "1.2345675e+06"),
        (json!(0.000_1), "0.0001"),
        (json!(0.000_015), "1.5e-05"),
        (json!(1e20), "1e+20"),
        (json!(-2.5e100), "-2.5e+100"),
        (json!(u64::MAX), "1.8446744073709552e+19"),
        (json!(12_345_678_901_234_567_890_u64), "12345678901234567000"),
        (json!(i64::MIN), "-9223372036854775808"),
    ] {
        assert_eq!(print(&number), format!("{text}\n"), "{number}");
    }
}
