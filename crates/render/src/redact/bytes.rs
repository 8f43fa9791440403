//! Reading bytes without ever being out of range.

/// The byte at `index`; 0 beyond the end.
pub(super) fn at(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or(0)
}

/// The byte before `index`; 0 at the start.
pub(super) fn before(bytes: &[u8], index: usize) -> u8 {
    index.checked_sub(1).map_or(0, |index| at(bytes, index))
}

/// The bytes from `start` to `end`, as far as there are any.
pub(super) fn cut(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    bytes.get(start..end.min(bytes.len())).unwrap_or_default()
}

/// The bytes from `start` on.
pub(super) fn tail(bytes: &[u8], start: usize) -> &[u8] {
    bytes.get(start..).unwrap_or_default()
}

/// Where `needle` begins, at `from` or later.
pub(super) fn find(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let first = *needle.first()?;
    let mut from = from;
    loop {
        from += tail(bytes, from).iter().position(|&byte| byte == first)?;
        if tail(bytes, from).starts_with(needle) {
            return Some(from);
        }
        from += 1;
    }
}

/// Whether `text` stands at `from`, in whatever case; `text` is lower case.
pub(super) fn is_at(bytes: &[u8], from: usize, text: &[u8]) -> bool {
    cut(bytes, from, from.saturating_add(text.len())).eq_ignore_ascii_case(text)
}

/// Where the run of such bytes that begins at `from` ends.
pub(super) fn run(bytes: &[u8], from: usize, class: impl Fn(u8) -> bool) -> usize {
    from + tail(bytes, from).iter().take_while(|&&byte| class(byte)).count()
}

/// Where the run of such bytes that ends at `to` begins, at most `limit` bytes before.
pub(super) fn run_back(bytes: &[u8], to: usize, limit: usize, class: impl Fn(u8) -> bool) -> usize {
    to - cut(bytes, 0, to).iter().rev().take(limit).take_while(|&&byte| class(byte)).count()
}

/// Spaces and tabs.
pub(super) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Base64's alphabet without its padding.
pub(super) fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

/// The alphabet of base64 for URLs.
pub(super) fn is_base64_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// Letters, digits and `_`.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_out_of_range() {
        assert_eq!((at(b"ab", 1), at(b"ab", 2), before(b"ab", 0), before(b"ab", 9)), (b'b', 0, 0, 0));
        assert_eq!((cut(b"abc", 1, 9), cut(b"abc", 2, 1), tail(b"abc", 4)), (&b"bc"[..], &b""[..], &b""[..]));
        assert_eq!((find(b"aab", b"ab", 0), find(b"aab", b"ab", 2), find(b"aab", b"ab", 9)), (Some(1), None, None));
        assert_eq!((run(b"12a", 0, |b| b.is_ascii_digit()), run(b"12", 5, |_| true)), (2, 5));
        assert_eq!((run_back(b"a12", 3, 9, |b| b.is_ascii_digit()), run_back(b"a12", 3, 1, |_| true)), (1, 2));
        assert!(is_at(b"x Bearer", 2, b"bearer") && !is_at(b"x Bear", 2, b"bearer"));
    }
}
