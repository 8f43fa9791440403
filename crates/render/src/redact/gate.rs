//! A first look at a line: most have nothing that any rule could begin with, and pass untouched.
//!
//! Three characters in a row make a number of 15 bits, letters without their case. A table says of each whether some
//! rule wants to see the line; one pass over the line looks its numbers up.

/// What the rules that do not go by names begin with.
const STARTS: &[&[u8]] = &[
    b"eyj", b"---", b"://", b"bea", b"bas", b"ls0", b"aki", b"asi", b"ghp", b"gho", b"ghu", b"ghs", b"ghr", b"git",
    b"glp", b"xox", b"aiz", b"sk-", b"sk_", b"rk_", b"npm", b"hvs", b"dck", b"sg.", b"ya2", b"age", b"aut", b"@tc",
    b"@un", b"hoo", b"dop", b"pyp",
];
const TABLE: usize = 1 << 15;

/// Which numbers let a line in.
#[derive(Clone)]
pub(super) struct Gate {
    wanted: Box<[bool]>,
    /// A name pattern without three characters in a row: every line must be looked at.
    always: bool,
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Gate({} open)", self.wanted.iter().filter(|&&open| open).count())
    }
}

impl Gate {
    /// `roots`: for each name pattern three letters that every name has which it matches; none for a pattern without.
    pub(super) fn new(roots: Vec<Option<[u8; 3]>>) -> Self {
        let mut gate = Self { wanted: vec![false; TABLE].into_boxed_slice(), always: false };
        STARTS.iter().for_each(|start| gate.want(start));
        for root in roots {
            match root {
                Some(root) => gate.want(&root),
                None => gate.always = true,
            }
        }
        gate
    }

    fn want(&mut self, start: &[u8]) {
        let code = start.iter().fold(0, |code, &byte| step(code, byte));
        if let Some(open) = self.wanted.get_mut(code) {
            *open = true;
        }
    }

    /// Whether some rule may find something in `text`.
    pub(super) fn opens(&self, text: &[u8]) -> bool {
        if self.always {
            return true;
        }
        let mut code = 0;
        text.iter().any(|&byte| {
            code = step(code, byte);
            self.wanted.get(code).copied().unwrap_or(true)
        })
    }
}

fn step(code: usize, byte: u8) -> usize {
    let class = CLASSES.get(usize::from(byte)).copied().unwrap_or(0);
    ((code << 5) | usize::from(class)) & (TABLE - 1)
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
        let gate = Gate::new(vec![Some(*b"PAS")]);
        for text in ["x eyJhbGci", "-----BEGIN", "redis://", "DB_PASSWORD=1", "dbPassword", "AKIA1234", "LS0tLS1"] {
            assert!(gate.opens(text.as_bytes()), "{text}");
        }
        for text in ["", "ey", "GET /healthz 200 3ms", "level=info msg=\"listening on :8080\"", "12:30:01.123 INFO x"] {
            assert!(!gate.opens(text.as_bytes()), "{text}");
        }
        assert!(Gate::new(vec![None]).opens(b""));
    }
}
