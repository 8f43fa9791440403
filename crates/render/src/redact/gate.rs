//! A first look at a line: most have nothing that any rule could begin with, and pass untouched.
//!
//! Four characters in a row make a number of 20 bits, letters without their case. One pass over the line looks the last
//! three of each four up in a small table, and hardly ever has to look for all four.

/// Sets of rules, as bits.
pub(super) type Rules = u8;
/// Values of secret names.
pub(super) const PAIRS: Rules = 1;
/// Addresses.
pub(super) const URLS: Rules = 1 << 1;
/// JSON web tokens.
pub(super) const TOKENS: Rules = 1 << 2;
/// Keys of services.
pub(super) const KEYS: Rules = 1 << 3;
/// Credentials of HTTP, and of registries.
pub(super) const HEADERS: Rules = 1 << 4;
/// Private keys.
pub(super) const PEM: Rules = 1 << 5;
/// Access keys of AWS.
pub(super) const AWS: Rules = 1 << 6;
/// Values parted by a blank.
pub(super) const WORDS: Rules = 1 << 7;

/// What the rules that do not go by names begin with.
const STARTS: &[(&[u8], Rules)] = &[
    (b"eyj", TOKENS),
    (b"----", PEM),
    (b"ls0t", PEM),
    (b"://", URLS),
    (b"@tcp", URLS),
    (b"@uni", URLS),
    (b"bear", HEADERS),
    (b"basi", HEADERS),
    (b"auth", HEADERS | WORDS),
    (b"curl", WORDS),
    (b"d by", WORDS),
    (b"akia", AWS | KEYS),
    (b"asia", AWS | KEYS),
    (b"ghp_", KEYS),
    (b"gho_", KEYS),
    (b"ghu_", KEYS),
    (b"ghs_", KEYS),
    (b"ghr_", KEYS),
    (b"gith", KEYS),
    (b"glpa", KEYS),
    (b"xox", KEYS),
    (b"aiza", KEYS),
    (b"sk-", KEYS),
    (b"k_li", KEYS),
    (b"k_te", KEYS),
    (b"npm_", KEYS),
    (b"hvs.", KEYS),
    (b"dckr", KEYS),
    (b"sg.", KEYS),
    (b"ya29", KEYS),
    (b"age-", KEYS),
    (b"hook", KEYS),
    (b"dop_", KEYS),
    (b"pypi", KEYS),
];
/// Bits of a character's class.
const BITS: u32 = 5;
/// Numbers of three classes: few enough for the processor's first cache.
const TRIPLES: usize = 1 << (3 * BITS);
/// Stands beside the rules of three characters that are also the last three of four.
const FOUR: u16 = 1 << 8;

/// Which numbers let a line in, and to what.
#[derive(Clone)]
pub(super) struct Gate {
    /// By the last three characters: the rules that they let in themselves, and [`FOUR`].
    triples: Box<[u16]>,
    /// By all four, sorted.
    fours: Vec<(u32, Rules)>,
    /// What every line must be looked at for: a name pattern may be of wildcards only.
    always: Rules,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Gate({} starts of four)", self.fours.len())
    }
}

impl Gate {
    /// `roots`: for each name pattern letters that every name has which it matches, three or four.
    pub(super) fn new(roots: &[Vec<u8>]) -> Self {
        let mut gate = Self { triples: vec![0; TRIPLES].into_boxed_slice(), fours: Vec::new(), always: 0 };
        STARTS.iter().for_each(|(start, rules)| gate.want(start, *rules));
        roots.iter().for_each(|root| gate.want(root, PAIRS | WORDS));
        gate.fours.sort_unstable();
        gate
    }

    fn want(&mut self, start: &[u8], rules: Rules) {
        let code = start.iter().fold(0, |code, &byte| step(code, byte));
        match start.len() {
            4 => {
                self.fours.push((code, rules));
                self.mark(code, FOUR);
            }
            // Whatever stands before three characters.
            3 => self.mark(code, u16::from(rules)),
            _ => self.always |= rules,
        }
    }

    fn mark(&mut self, code: u32, what: u16) {
        if let Some(place) = self.triples.get_mut(triple(code)) {
            *place |= what;
        }
    }

    /// The rules that may find something in `text`.
    pub(super) fn rules(&self, text: &[u8]) -> Rules {
        let (mut code, mut found) = (0, u16::from(self.always));
        for &byte in text {
            code = step(code, byte);
            match self.triples.get(triple(code)).copied().unwrap_or(0) {
                0 => {}
                what if what & FOUR == 0 => found |= what,
                what => found |= what | u16::from(self.four(code)),
            }
        }
        let [rules, _four] = found.to_le_bytes();
        rules
    }

    /// Several rules may begin alike.
    fn four(&self, code: u32) -> Rules {
        let from = self.fours.partition_point(|(other, _)| *other < code);
        let alike = self.fours.iter().skip(from).take_while(|(other, _)| *other == code);
        alike.fold(0, |rules, (_, more)| rules | more)
    }
}

fn step(code: u32, byte: u8) -> u32 {
    let class = CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
    ((code << BITS) | u32::from(class)) & ((1 << (4 * BITS)) - 1)
}

/// The last three of four.
const fn triple(code: u32) -> usize {
    code as usize & (TRIPLES - 1)
}

const CLASSES: [u8; 256] = classes();

/// Five bits for a byte. Digits are one class together with `@`; what no rule begins with is 0.
const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        let class = match byte {
            b'a'..=b'z' => byte - b'a' + 1,
            b'A'..=b'Z' => byte - b'A' + 1,
            b'_' => 27,
            b'-' => 28,
            b':' => 29,
            b'/' | b'.' => 30,
            b'0'..=b'9' | b'@' => 31,
            _ => 0,
        };
        // In range: the table has 256 places; a const function has no other way to write.
        table[byte as usize] = class;
        byte += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_in_what_a_rule_may_want() {
        let gate = Gate::new(&[b"SSWO".to_vec()]);
        let cases = [
            ("x eyJhbGci", TOKENS),
            ("-----BEGIN", PEM),
            ("redis://", URLS),
            ("DB_PASSWORD=1", PAIRS),
            ("dbPassword", PAIRS),
            ("AKIA1234", AWS | KEYS),
            ("LS0tLS1", PEM),
            ("sk-abc", KEYS),
            ("masterauth x", WORDS),
        ];
        for (text, rules) in cases {
            assert_eq!(gate.rules(text.as_bytes()) & rules, rules, "{text}");
        }
        for text in ["", "ey", "GET /healthz 200 3ms", "level=info msg=\"listening on :8080\"", "12:30:01.123 INFO x"] {
            assert_eq!(gate.rules(text.as_bytes()), 0, "{text}");
        }
        assert_eq!(Gate::new(&[Vec::new()]).rules(b""), PAIRS | WORDS);
    }
}
