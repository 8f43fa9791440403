use super::{
    super::{Redactor, Settings},
    *,
};

fn redactor() -> Redactor {
    Redactor::new(&[7; 32], &Settings::default())
}

fn streamed(text: &[u8], piece: usize) -> String {
    let mut stream = redactor().stream();
    let mut out: Vec<u8> = text.chunks(piece).flat_map(|piece| stream.push(piece)).collect();
    out.extend(stream.finish());
    String::from_utf8_lossy(&out).into_owned()
}

fn key() -> String {
    let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n".repeat(3);
    format!("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n{body}abcd==\n-----END RSA PRIVATE KEY-----\n")
}

#[test]
fn keys_of_several_lines() {
    let text = format!("before\n{}after\n", key());
    let out = streamed(text.as_bytes(), 7);
    let (head, rest) = out.split_once("\n\n").unwrap();
    assert_eq!(head, "before\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED");
    assert!(rest.starts_with("<redacted:") && rest.ends_with(">\n-----END RSA PRIVATE KEY-----\nafter\n"), "{rest}");
    assert_eq!(rest.lines().count(), 3);
}

#[test]
fn keys_behind_a_prefix_and_indented() {
    for prefix in ["2026-01-01T00:00:00.000000000Z ", "    ", "[pod/web/app] "] {
        let text: String = key().lines().map(|line| format!("{prefix}{line}\n")).collect();
        let out = streamed(text.as_bytes(), 1000);
        assert!(!out.contains("MIIE") && !out.contains("abcd=="), "{out}");
        assert!(out.contains(&format!("\n{prefix}<redacted:")), "{out}");
        assert!(out.ends_with("-----END RSA PRIVATE KEY-----\n"), "{out}");
    }
}

#[test]
fn a_key_that_never_ends_takes_nothing_else() {
    let out = streamed(b"error: expected -----BEGIN PRIVATE KEY-----\nlistening on :8080\nGET / 200\n", 10);
    assert_eq!(out, "error: expected -----BEGIN PRIVATE KEY-----\nlistening on :8080\nGET / 200\n");
}

#[test]
fn blocks_end_where_the_indent_does() {
    let text = "a:\n  password: |\n    one\n\n    two\n\n  user: bob\n";
    let out = streamed(text.as_bytes(), 3);
    let middle = out.strip_prefix("a:\n  password: |\n    <redacted:").unwrap();
    assert!(middle.ends_with(">\n\n  user: bob\n"), "{out}");
}

#[test]
fn a_secret_on_every_border_of_a_long_line() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJlc2lnbmF0dXJl";
    for start in [WINDOW - OVERLAP - 80, WINDOW - OVERLAP - 20, WINDOW - OVERLAP, WINDOW - 60, WINDOW - 5, WINDOW + 3] {
        let text = format!("{} {token} {}\nnext\n", "x".repeat(start), "y".repeat(2 * WINDOW));
        let out = streamed(text.as_bytes(), 65_536);
        assert!(!out.contains("eyJ") && !out.contains("c2ln"), "{start}");
        assert_eq!(out.len(), text.len() - token.len() + "<redacted:012abc>".len(), "{start}");
        assert_eq!(out, streamed(text.as_bytes(), 10_007), "{start}");
    }
}

#[test]
fn a_secret_longer_than_a_window() {
    let secret = "Ab3".repeat(WINDOW);
    let out = streamed(format!("{{\"a\":1,\"password\":\"{secret}\",\"b\":2}}\nnext\n").as_bytes(), 50_000);
    assert!(!out.contains("Ab3Ab3") && out.starts_with("{\"a\":1,\"password\":\"<redacted:"), "{}", out.len());
    assert!(out.ends_with(">\",\"b\":2}\nnext\n"), "{}", out.len());
    let block = format!("  password: |\n    {secret} and more\nnext: 1\n");
    let out = streamed(block.as_bytes(), 50_000);
    assert!(!out.contains("Ab3") && !out.contains("more") && out.ends_with("next: 1\n"), "{}", out.len());
}

#[test]
fn bytes_that_are_no_text_pass() {
    let mut stream = redactor().stream();
    let bytes = b"\xff\xfe\x00 hello \x80\n\r\n\n";
    let mut out = stream.push(bytes);
    out.extend(stream.finish());
    assert_eq!(out, bytes);
}

#[test]
fn off_is_off() {
    let redactor = Redactor::new(&[7; 32], &Settings { enabled: false, ..Settings::default() });
    let mut stream = redactor.stream();
    assert_eq!(stream.push(b"DB_PASSWORD=hunter2"), b"DB_PASSWORD=hunter2");
    assert!(stream.finish().is_empty());
    assert_eq!(redactor.text("DB_PASSWORD=hunter2"), "DB_PASSWORD=hunter2");
}
