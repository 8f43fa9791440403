//! The order of keys: numbers inside names by value, letters after everything else.

use std::cmp::Ordering;

/// Compares two keys.
pub(super) fn key_order(one: &str, other: &str) -> Ordering {
    let (a, b): (Vec<_>, Vec<_>) = (one.chars().collect(), other.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => a[at].cmp(&b[at]),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => by_number(&a, &b, at),
    }
}

/// Compares where neither has a letter: by the numbers that start there, then by their lengths.
fn by_number(a: &[char], b: &[char], at: usize) -> Ordering {
    // Behind a digit that is not zero, a zero counts like any digit of the longer number.
    let starts = a[at] == '0' || b[at] == '0';
    let before = a[..at].iter().rev().take_while(|c| c.is_numeric());
    let carry = i64::from(starts && before.into_iter().any(|c| *c != '0'));
    let (a_number, a_end) = number(&a[at..], carry);
    let (b_number, b_end) = number(&b[at..], carry);
    a_number.cmp(&b_number).then(a_end.cmp(&b_end)).then(a[at].cmp(&b[at]))
}

fn number(text: &[char], start: i64) -> (i64, usize) {
    let digits: Vec<_> = text.iter().map_while(|c| c.to_digit(10)).collect();
    let value = digits.iter().fold(start, |value, digit| value.wrapping_mul(10).wrapping_add(i64::from(*digit)));
    (value, digits.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_value_and_letters_come_last() {
        let mut keys = ["a10", "a9", "b", "a", "a-b", "a.b", "ab", "A", "1", "a01", "_x", "a100"];
        keys.sort_by(|one, other| key_order(one, other));
        assert_eq!(keys, ["_x", "1", "A", "a", "a-b", "a.b", "a01", "a9", "a10", "a100", "ab", "b"]);
    }
}
