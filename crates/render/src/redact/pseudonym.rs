//! What stands in a secret's place.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::bytes::{at, cut};

const OPEN: &[u8] = b"<redacted:";
/// Digits: 24 bits tell some hundred values of one answer apart, and say next to nothing about any of them.
const DIGITS: usize = 6;
/// Bytes of a pseudonym.
pub(super) const PSEUDONYM: usize = OPEN.len() + DIGITS + 1;
/// SHA-256 works on blocks of this many bytes; HMAC pads its key to one.
const BLOCK: usize = 64;

/// Makes pseudonyms under one key.
#[derive(Clone)]
pub(super) struct Pseudonyms {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Pseudonyms {
    /// The key is nobody's business.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let mut block = [0; BLOCK];
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        Self { mac: Hmac::new(&block.into()) }
    }

    /// `<redacted:…>` for `secret`; a pseudonym stays what it is.
    pub(super) fn of(&self, secret: &[u8]) -> String {
        if is_pseudonym(secret) {
            return String::from_utf8_lossy(secret).into_owned();
        }
        let digest = self.mac.clone().chain_update(secret).finalize().into_bytes();
        let mut out = String::from("<redacted:");
        for byte in digest.iter().take(DIGITS / 2) {
            // Writing to a String cannot fail.
            let _ = write!(out, "{byte:02x}");
        }
        out.push('>');
        out
    }
}

/// Whether `text` is one pseudonym and nothing else.
pub(super) fn is_pseudonym(text: &[u8]) -> bool {
    text.len() == PSEUDONYM && pseudonym_at(text, 0)
}

/// Whether a pseudonym stands at `from`.
pub(super) fn pseudonym_at(text: &[u8], from: usize) -> bool {
    let digits = from.saturating_add(OPEN.len());
    cut(text, from, digits) == OPEN
        && cut(text, digits, digits + DIGITS).iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && at(text, digits + DIGITS) == b'>'
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, cases 1 and 2; their keys are shorter than ours, which padding makes equal.
    #[test]
    fn rfc_4231() {
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(Pseudonyms::new(&key).of(b"Hi There"), "<redacted:b0344c>");
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(Pseudonyms::new(&key).of(b"what do ya want for nothing?"), "<redacted:5bdcc1>");
    }

    #[test]
    fn a_pseudonym_stays() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let once = pseudonyms.of(b"hunter2");
        assert!(is_pseudonym(once.as_bytes()));
        assert_eq!(pseudonyms.of(once.as_bytes()), once);
        for other in ["<redacted:b0344c>x", "<redacted:b0344C>", "<redacted:b0344>", "x<redacted:b0344c>", ""] {
            assert!(!is_pseudonym(other.as_bytes()), "{other}");
        }
        assert!(!format!("{pseudonyms:?}").contains('7'));
    }
}
