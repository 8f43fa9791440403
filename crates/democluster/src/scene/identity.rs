//! Names and ids that look generated and are the same at every start.

use serde_json::{Value, json};

/// The letters Kubernetes makes generated names of.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
const HEX: &[u8] = b"0123456789abcdef";

/// Who controls an object.
#[derive(Clone, Debug)]
pub(crate) struct Owner {
    pub(crate) api_version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) name: String,
}

impl Owner {
    pub(crate) fn new(api_version: &'static str, kind: &'static str, name: &str) -> Self {
        Self { api_version, kind, name: name.to_owned() }
    }

    /// The `ownerReferences` of an object in `namespace`.
    pub(crate) fn references(&self, namespace: &str) -> Value {
        json!([{
            "apiVersion": self.api_version, "kind": self.kind, "name": self.name,
            "uid": uid(self.kind, namespace, &self.name), "controller": true, "blockOwnerDeletion": true,
        }])
    }
}

/// An object's uid, which follows from what it is: references need not look it up.
pub(crate) fn uid(kind: &str, namespace: &str, name: &str) -> String {
    let seed = format!("{kind}/{namespace}/{name}");
    let mut uid = spell(&seed, HEX, 32);
    // Version 4, variant 1.
    uid.replace_range(12..13, "4");
    uid.replace_range(16..17, "a");
    for at in [20, 16, 12, 8] {
        uid.insert(at, '-');
    }
    uid
}

/// A pod template's hash.
pub(crate) fn template_hash(seed: &str) -> String {
    spell(seed, LETTERS, 10)
}

/// The end of a generated name.
pub(crate) fn suffix(seed: &str) -> String {
    spell(seed, LETTERS, 5)
}

/// A container's or image's digest.
pub(crate) fn digest(seed: &str) -> String {
    spell(seed, HEX, 64)
}

/// The sixteen hexadecimal digits at the end of an event's name.
pub(crate) fn event_suffix(seed: &str) -> String {
    spell(seed, HEX, 16)
}

/// A number that follows from `seed`: FNV-1a.
pub(crate) fn number(seed: &str) -> u64 {
    seed.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// `length` characters of `alphabet` that follow from `seed`: its number, then a linear congruence per character.
fn spell(seed: &str, alphabet: &[u8], length: usize) -> String {
    let mut state = number(seed);
    let size = alphabet.len() as u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The remainder is below the alphabet's length, so it fits.
        let at = usize::try_from((state >> 33) % size).unwrap_or_default();
        char::from(alphabet[at])
    };
    (0..length).map(|_| next()).collect()
}
