//! Go integers, as kubectl's flags take them.

/// Go's `strconv.ParseInt(text, 0, 64)`, which pflag uses: the prefix says the base (`0x`, `0o` or `0`, `0b`), and `_` may
/// stand between digits and behind the prefix if there is one.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (base, digits) = base(unsigned);
    let value =
        if digits.contains('_') { u64_of(base, &without_underscores(base, digits)?) } else { u64_of(base, digits) };
    let value = i128::from(value?);
    i64::try_from(if negative { -value } else { value }).ok()
}

/// The base that the prefix of `text` says, and what follows it. A `0` alone is a number, not a prefix.
fn base(text: &str) -> (u32, &str) {
    let lower = text.get(..2).map(str::to_ascii_lowercase);
    match lower.as_deref() {
        Some("0x") => (16, &text[2..]),
        Some("0b") => (2, &text[2..]),
        Some("0o") => (8, &text[2..]),
        Some(two) if two.starts_with('0') => (8, &text[1..]),
        _ => (10, text),
    }
}

/// Go takes one underscore between two digits; behind a prefix it may also be the first.
fn without_underscores(base: u32, digits: &str) -> Option<String> {
    let well_placed = !digits.contains("__") && !digits.ends_with('_') && (base != 10 || !digits.starts_with('_'));
    well_placed.then(|| digits.replace('_', ""))
}

fn u64_of(base: u32, digits: &str) -> Option<u64> {
    // Rust would take a sign here; Go does not.
    let plain = digits.chars().all(|digit| digit.is_digit(base));
    plain.then(|| u64::from_str_radix(digits, base).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, value) in [
            ("0", 0),
            ("-0", 0),
            ("42", 42),
            ("+42", 42),
            ("-1", -1),
            ("010", 8),
            ("0o17", 15),
            ("0x1F", 31),
            ("-0X1f", -31),
            ("0b101", 5),
            ("1_000", 1_000),
            ("0_7", 7),
            ("0x_1", 1),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(parse(text), Some(value), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in [
            "",
            "-",
            "+",
            "--1",
            "+-1",
            "0x",
            "08",
            "1__0",
            "_1",
            "1_",
            "0x1_",
            "1e3",
            "1.0",
            " 1",
            "é",
            "0é",
            "9223372036854775808",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn prints_and_reads_alike(value in any::<i64>()) {
            prop_assert_eq!(parse(&value.to_string()), Some(value));
        }

        #[test]
        fn never_panics(text in any::<String>()) {
            let _ = parse(&text);
        }
    }
}
