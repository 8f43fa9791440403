//! Names in one spelling, and patterns for them.

/// A longer name is compared by its end.
pub(super) const MAX_NAME: usize = 96;

/// `name` in upper case with one `_` between words, however they were kept apart: `db.password`, `dbPassword` and
/// `--db-password` are `DB_PASSWORD`.
pub(super) fn normalise(name: &[u8]) -> Vec<u8> {
    let name = name.get(name.len().saturating_sub(MAX_NAME)..).unwrap_or_default();
    let mut out: Vec<u8> = Vec::with_capacity(name.len() + 8);
    let mut last = 0_u8;
    for (at, &byte) in name.iter().enumerate() {
        let next = name.get(at + 1).copied().unwrap_or(0);
        if !is_part(byte) {
            separate(&mut out);
        } else {
            let begins = byte.is_ascii_uppercase()
                && (last.is_ascii_lowercase() || (last.is_ascii_uppercase() && next.is_ascii_lowercase()));
            if begins {
                separate(&mut out);
            }
            out.push(byte.to_ascii_uppercase());
        }
        last = byte;
    }
    while out.last() == Some(&b'_') {
        out.pop();
    }
    out
}

fn separate(out: &mut Vec<u8>) {
    if out.last().is_some_and(|&last| last != b'_') {
        out.push(b'_');
    }
}

fn is_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// A pattern with `*` and `?`.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    pattern: Vec<u8>,
}

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        let mut out = Vec::new();
        let mut rest = pattern.as_bytes();
        while !rest.is_empty() {
            let plain = rest.iter().take_while(|byte| !matches!(byte, b'*' | b'?')).count();
            let (text, after) = rest.split_at_checked(plain).unwrap_or((rest, &[]));
            let first = out.is_empty();
            Self::literal(&mut out, text, first, after.is_empty());
            if let Some((&wild, after)) = after.split_first() {
                out.push(wild);
                rest = after;
            } else {
                rest = after;
            }
        }
        Self { pattern: out }
    }

    /// Text between wildcards keeps a separator at its edges: `*_PASS` is not `*PASS`.
    fn literal(out: &mut Vec<u8>, text: &[u8], first: bool, last: bool) {
        let is_separator = |byte: Option<&u8>| byte.is_some_and(|&byte| !is_part(byte));
        let middle = normalise(text);
        if !first && is_separator(text.first()) {
            out.push(b'_');
        }
        let only_separators = middle.is_empty();
        out.extend(middle);
        if !last && !only_separators && is_separator(text.last()) {
            out.push(b'_');
        }
    }

    /// Whether `name`, as [`normalise`] gives it, fits.
    pub(super) fn matches(&self, name: &[u8]) -> bool {
        let (mut at, mut place) = (0, 0);
        // Where the last `*` was, and what it has taken so far.
        let mut star: Option<(usize, usize)> = None;
        while let Some(&byte) = name.get(at) {
            match self.pattern.get(place) {
                Some(b'*') => {
                    star = Some((place, at));
                    place += 1;
                }
                Some(&want) if want == b'?' || want == byte => {
                    at += 1;
                    place += 1;
                }
                _ => {
                    let Some((back, taken)) = star else { return false };
                    star = Some((back, taken + 1));
                    at = taken + 1;
                    place = back + 1;
                }
            }
        }
        self.pattern.get(place..).unwrap_or_default().iter().all(|&byte| byte == b'*')
    }

    /// Letters within one word that every matching name has: four, or three if there are no more; those that are
    /// rarest in text. Empty when there are none.
    pub(super) fn root(&self) -> Vec<u8> {
        let rarest = |length: usize| {
            let letters = |window: &&[u8]| window.iter().all(u8::is_ascii_uppercase);
            self.pattern.windows(length).filter(letters).min_by_key(|window| commonness(window))
        };
        rarest(4).or_else(|| rarest(3)).unwrap_or_default().to_vec()
    }

    /// Whether every matching name has these letters in a row.
    pub(super) fn has(&self, letters: &[u8]) -> bool {
        !letters.is_empty() && self.pattern.windows(letters.len()).any(|window| window == letters)
    }
}

/// How often letters come together, roughly: from how often each comes, per mille.
fn commonness(letters: &[u8]) -> u64 {
    const PER_MILLE: [u64; 26] =
        [82, 15, 28, 43, 127, 22, 20, 61, 70, 2, 8, 40, 24, 67, 75, 19, 1, 60, 63, 91, 28, 10, 24, 2, 20, 1];
    letters.iter().map(|letter| PER_MILLE.get(usize::from(letter.wrapping_sub(b'A'))).copied().unwrap_or(1)).product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let cases = [
            ("DB_PASSWORD", "DB_PASSWORD"),
            ("dbPassword", "DB_PASSWORD"),
            ("--db-password", "DB_PASSWORD"),
            ("spring.datasource.password", "SPRING_DATASOURCE_PASSWORD"),
            ("APIKey", "API_KEY"),
            ("accessKeyID", "ACCESS_KEY_ID"),
            ("_authToken", "AUTH_TOKEN"),
            ("x..y__", "X_Y"),
            ("", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(String::from_utf8(normalise(name.as_bytes())).unwrap(), expected, "{name}");
        }
        assert!(normalise(&[b'A'; 500]).len() <= MAX_NAME + 8);
    }

    #[test]
    fn globs() {
        let cases = [
            ("*PASSWORD*", "DB_PASSWORD_2", true),
            ("*_PASS", "DB_PASS", true),
            ("*_PASS", "COMPASS", false),
            ("*_PASS", "PASS", false),
            ("dbPassword", "DB_PASSWORD", true),
            ("*-token", "MY_TOKEN", true),
            ("*-token", "MY_TOKEN_TTL", false),
            ("A?C*D", "ABCXXD", true),
            ("A?C*D", "ABCXX", false),
            ("*", "", true),
            ("", "A", false),
            ("PORT_*", "PORT_80", true),
            ("PORT_*", "PORTAL", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(name.as_bytes()), expected, "{pattern} {name}");
        }
        assert_eq!(Glob::new("*PASSWORD*").root(), b"WORD");
        assert_eq!(Glob::new("*_PWD").root(), b"PWD");
        assert!(Glob::new("*A_B?").root().is_empty());
    }
}
