//! Keys that say by their form what they are: JSON web tokens and the keys of well-known services.

use std::ops::Range;

use super::bytes::{at, before, cut, find, is_base64_url, is_word, run};

/// Shorter first parts of a token are not a header.
const MIN_JWT_PART: usize = 8;
/// A key is never longer; keeps a hostile line from being read again and again.
const MAX_KEY: usize = 512;

/// How a service's keys look.
struct Form {
    prefix: &'static [u8],
    class: fn(u8) -> bool,
    /// Bytes behind the prefix.
    least: usize,
    /// The most there can be; a longer run is something else.
    most: usize,
    /// Whether letters and digits must be mixed as only chance mixes them.
    random: bool,
    /// Whether the prefix is no part of the secret.
    address: bool,
}

const fn form(prefix: &'static [u8], class: fn(u8) -> bool, least: usize) -> Form {
    Form { prefix, class, least, most: MAX_KEY, random: false, address: false }
}

const FORMS: &[Form] = &[
    form(b"ghp_", is_alphanumeric, 30),
    form(b"gho_", is_alphanumeric, 30),
    form(b"ghu_", is_alphanumeric, 30),
    form(b"ghs_", is_alphanumeric, 30),
    form(b"ghr_", is_alphanumeric, 30),
    form(b"github_pat_", is_word, 40),
    form(b"glpat-", is_base64_url, 20),
    form(b"xoxa-", is_base64_url, 16),
    form(b"xoxb-", is_base64_url, 16),
    form(b"xoxe-", is_base64_url, 16),
    form(b"xoxp-", is_base64_url, 16),
    form(b"xoxr-", is_base64_url, 16),
    form(b"xoxs-", is_base64_url, 16),
    Form { prefix: b"AIza", class: is_base64_url, least: 35, most: 39, random: false, address: false },
    Form { prefix: b"AKIA", class: is_upper, least: 16, most: 16, random: false, address: false },
    Form { prefix: b"ASIA", class: is_upper, least: 16, most: 16, random: false, address: false },
    Form { prefix: b"sk-", class: is_base64_url, least: 20, most: MAX_KEY, random: true, address: false },
    form(b"sk_live_", is_alphanumeric, 16),
    form(b"sk_test_", is_alphanumeric, 16),
    form(b"rk_live_", is_alphanumeric, 16),
    form(b"npm_", is_alphanumeric, 36),
    form(b"hvs.", is_base64_url, 24),
    form(b"dckr_pat_", is_base64_url, 20),
    form(b"dop_v1_", is_alphanumeric, 60),
    form(b"pypi-AgE", is_base64_url, 40),
    form(b"ya29.", is_base64_url, 30),
    Form { prefix: b"SG.", class: is_dotted, least: 60, most: 72, random: false, address: false },
    form(b"AGE-SECRET-KEY-1", is_upper, 50),
    Form {
        prefix: b"hooks.slack.com/services/",
        class: is_path,
        least: 20,
        most: MAX_KEY,
        random: false,
        address: true,
    },
];

fn is_alphanumeric(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
}

fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn is_dotted(byte: u8) -> bool {
    is_base64_url(byte) || byte == b'.'
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'/'
}

/// JSON web tokens: three parts, of which the first two are JSON in base64. A last part that was cut off may be missing.
pub(super) fn tokens(line: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while let Some(start) = find(line, b"eyJ", from) {
        let header = run(line, start, is_base64_url);
        from = header;
        if header - start < MIN_JWT_PART || at(line, header) != b'.' || cut(line, header + 1, header + 4) != b"eyJ" {
            continue;
        }
        let body = run(line, header + 1, is_base64_url);
        from = if at(line, body) == b'.' { run(line, body + 1, is_base64_url) } else { body };
        out.push(start..from);
    }
}

/// Keys of the forms above.
pub(super) fn keys(line: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while from < line.len() {
        let found = key_at(line, from);
        if let Some(range) = &found {
            out.push(range.clone());
        }
        from = found.map_or(from + 1, |range| range.end);
    }
}

fn key_at(line: &[u8], start: usize) -> Option<Range<usize>> {
    let is_first =
        matches!(at(line, start), b'g' | b'x' | b'A' | b's' | b'r' | b'n' | b'h' | b'd' | b'p' | b'y' | b'S');
    if !is_first || is_base64_url(before(line, start)) && !escaped(line, start) {
        return None;
    }
    FORMS.iter().find_map(|form| {
        let body = start + form.prefix.len();
        if cut(line, start, body) != form.prefix {
            return None;
        }
        let end = run(cut(line, 0, body + MAX_KEY + 1), body, form.class);
        let fits = (form.least..=form.most).contains(&(end - body)) || end - body > MAX_KEY;
        let random = !form.random || is_random(cut(line, body, end));
        // What goes on without a stop where only so many fit is another thing.
        let stops = form.most == MAX_KEY || !is_word(at(line, end));
        let begin = if form.address { body } else { start };
        (fits && random && stops).then(|| begin..run(line, end, form.class))
    })
}

/// `\n` before a key in an escaped text is not a letter.
fn escaped(line: &[u8], start: usize) -> bool {
    start >= 2 && at(line, start - 2) == b'\\' && matches!(at(line, start - 1), b'n' | b't' | b'r')
}

/// Whether `text` looks drawn by lot: digits in several places, and not words with dashes between them.
fn is_random(text: &[u8]) -> bool {
    let count = |class: fn(&u8) -> bool| text.iter().filter(|byte| class(byte)).count();
    let digits = count(u8::is_ascii_digit);
    let (upper, lower) = (count(u8::is_ascii_uppercase), count(u8::is_ascii_lowercase));
    let changes = text.windows(2).filter(|pair| kind(at(pair, 0)) != kind(at(pair, 1))).count();
    let mixed = upper >= 2 && lower >= 2 && digits >= 1;
    (mixed || (digits >= 4 && upper + lower >= 4)) && changes * 4 >= text.len()
}

fn kind(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => 0,
        b'a'..=b'z' => 1,
        b'A'..=b'Z' => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(find: fn(&[u8], &mut Vec<Range<usize>>), line: &str) -> Vec<String> {
        let mut out = Vec::new();
        find(line.as_bytes(), &mut out);
        out.into_iter().map(|range| line[range].to_owned()).collect()
    }

    #[test]
    fn web_tokens() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl-_";
        assert_eq!(found(tokens, &format!("a {token}, {token}\"")), [token, token]);
        assert_eq!(found(tokens, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0"), ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0"]);
        for none in ["eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.x", "eyJ.eyJ.x", "eyJeyJeyJ.eyX"] {
            assert!(found(tokens, none).is_empty(), "{none}");
        }
    }

    #[test]
    fn keys_of_services() {
        let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8";
        let cases = [
            format!("{}{body}", "ghp_"),
            format!("{}{}", "AKIA", "IOSFODNN7EXAMPLE"),
            format!("{}{}", "AIza", &body[..35]),
            format!("{}-{body}", "xoxb"),
            format!("{}-{body}", "sk"),
            format!("{}-{}", "sk", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"),
        ];
        for key in cases {
            assert_eq!(found(keys, &format!("key={key};")), [key.as_str()]);
            assert_eq!(found(keys, &format!("\\n{key}\\n")).len(), 1, "{key}");
            assert!(found(keys, &format!("x{key}")).is_empty(), "{key}");
        }
        for none in [
            "sk-learn-pipeline-with-a-long-name-2",
            "AKIAIOSFODNN7EXAMPLEX",
            "disk-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
            "ghp_short",
            "npm_config_registry",
        ] {
            assert!(found(keys, none).is_empty(), "{none}");
        }
    }
}
