//! Secret access keys of AWS: 40 characters that say nothing by themselves, found because an access key id is near.

use std::ops::Range;

use super::bytes::{at, before, cut, find, is_base64, is_word, run};

const LENGTH: usize = 40;
/// Characters of an id behind its prefix.
const ID: usize = 16;

/// Whether `text` has an access key id.
pub(super) fn has_id(text: &[u8]) -> bool {
    [&b"AKIA"[..], b"ASIA"].iter().any(|prefix| {
        let mut from = 0;
        while let Some(start) = find(text, prefix, from) {
            from = run(text, start + prefix.len(), |byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
            if from - start == prefix.len() + ID && !is_word(before(text, start)) && !is_word(at(text, from)) {
                return true;
            }
        }
        false
    })
}

/// Finds runs of exactly 40 characters with letters of both cases and digits, as no hash in hex has them.
pub(super) fn secrets(text: &[u8], out: &mut Vec<Range<usize>>) {
    let mut from = 0;
    while from < text.len() {
        let start = run(text, from, |byte| !is_base64(byte));
        from = run(text, start, is_base64);
        let key = cut(text, start, from);
        let has = |class: fn(&u8) -> bool| key.iter().any(class);
        let mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
        if from - start == LENGTH && mixed && at(text, from) != b'=' {
            out.push(start..from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_secrets() {
        assert!(has_id(b"id AKIAIOSFODNN7EXAMPLE,") && has_id(b"ASIAIOSFODNN7EXAMPLE"));
        assert!(!has_id(b"AKIAIOSFODNN7EXAMPLEX") && !has_id(b"XAKIAIOSFODNN7EXAMPLE") && !has_id(b"AKIA"));
        let mut out = Vec::new();
        secrets(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY 356a192b7913b04c54574d18c28d46e6395428ab", &mut out);
        assert_eq!(out.len(), 1);
        assert_eq!(out.first(), Some(&(0..40)));
    }
}
