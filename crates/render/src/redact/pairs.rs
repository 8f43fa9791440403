//! Names with values: `NAME=value`, `NAME: value`, `"name": "value"`, `--name value`.

use std::ops::Range;

use super::{
    bytes::{at, before, cut, find, is_blank, is_word, run, run_back, tail},
    glob::MAX_NAME,
    names::{Names, Weight},
    pseudonym::{PSEUDONYM, pseudonym_at},
    scan::Block,
    value,
};

/// Spaces between a name, what parts it from its value, and the value.
const MAX_GAP: usize = 64;

/// The longest value between two tags.
const MAX_ELEMENT: usize = 4096;

/// What stands left of a value.
struct Pair {
    weight: Weight,
    /// Where the name begins.
    name: usize,
    /// Where the value begins.
    value: usize,
    separator: u8,
    /// Whether the name was in quotes.
    quoted: bool,
}

/// Finds the values of secret names in a line; `whole` when it begins where the line begins. `named` is what a name
/// above said about a value that is still to come. Also says whether lines begin here that are such a value.
pub(super) fn values(
    line: &[u8],
    names: &Names,
    whole: bool,
    named: &mut Option<Weight>,
    out: &mut Vec<Range<usize>>,
) -> Option<Block> {
    let mut from = 0;
    while from < line.len() {
        let pair = match at(line, from) {
            b'=' | b':' => separated(line, from, names, named),
            b'-' => flag(line, from, names),
            b'>' => element(line, from, names),
            _ => None,
        };
        let Some(pair) = pair else {
            from += 1;
            continue;
        };
        if let Some(block) = block(line, &pair) {
            return whole.then_some(block);
        }
        let found = secret(line, &pair, whole);
        from = found.as_ref().map_or(pair.value, |range| range.end).max(from + 1);
        out.extend(found.filter(|range| !range.is_empty()));
    }
    None
}

/// The pair that is parted at `separator`.
fn separated(line: &[u8], separator: usize, names: &Names, named: &mut Option<Weight>) -> Option<Pair> {
    let gap = run_back(line, separator, MAX_GAP, is_blank);
    let closed = run_back(line, gap, 6, |byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']'));
    let dashed = run_back(line, closed, MAX_NAME, is_name);
    let start = run(cut(line, 0, closed), dashed, |byte| byte == b'-' || byte == b'.');
    let name = cut(line, start, closed);
    let kind = at(line, separator);
    let next = at(line, separator + 1);
    if name.is_empty() || (kind == b'=' && matches!(next, b'=' | b'~')) || (kind == b':' && next == b':') {
        return None;
    }
    // `=>` and `:=` part as well.
    let double = (kind == b'=' && next == b'>') || (kind == b':' && next == b'=');
    let after = separator + 1 + usize::from(double);
    let value = run(cut(line, 0, after + MAX_GAP), after, is_blank);
    let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
    let (start, weight) = if let Some(first) = title(line, start, closed).filter(|_| kind == b':' && value > after + 1)
    {
        (first, names.variable(cut(line, first, closed))?)
    } else if is(b"name") || is(b"key") {
        *named = names.variable(word_at(line, value));
        return None;
    } else if is(b"value") {
        (start, named.take()?)
    } else {
        (start, weigh(line, start, closed, names)?)
    };
    let quoted = closed < gap && at(line, gap.saturating_sub(1)) != b']';
    // `password= user=x` has no value; `password = x` has one.
    let empty = kind == b'=' && !double && value > after && gap == separator;
    let ends = tail(line, value).trim_ascii().is_empty();
    let glued = kind == b':' && !double && value == after && !quoted && !ends && !opens(line, value);
    if empty || (glued && !may_be_glued(line, value, name)) {
        return None;
    }
    Some(Pair { weight, name: start, value, separator: kind, quoted })
}

/// What a name says; `checksum/secret`, as annotations have it, is more than its last word.
fn weigh(line: &[u8], start: usize, end: usize, names: &Names) -> Option<Weight> {
    let weight = names.variable(cut(line, start, end))?;
    let path = run_back(line, start, MAX_NAME, |byte| is_name(byte) || byte == b'/');
    (path == start || !names.is_exception(cut(line, path, end))).then_some(weight)
}

/// Where a title of several words begins that ends at `end`: describe writes `clientSecret` as `Client Secret`.
fn title(line: &[u8], start: usize, end: usize) -> Option<usize> {
    let first = run(cut(line, 0, start), 0, is_blank);
    let text = cut(line, first, end);
    let capital = |word: &[u8]| at(word, 0).is_ascii_uppercase() && word.iter().all(u8::is_ascii_alphanumeric);
    (first < start && text.len() <= MAX_NAME && text.split(|&byte| byte == b' ').all(capital)).then_some(first)
}

/// The name that stands at `from`, perhaps in quotes.
fn word_at(line: &[u8], from: usize) -> &[u8] {
    let start = run(cut(line, 0, from + 8), from, |byte| matches!(byte, b'"' | b'\'' | b'\\'));
    cut(line, start, run(cut(line, 0, start + MAX_NAME), start, is_name))
}

/// `<name>value</name>`.
fn element(line: &[u8], close: usize, names: &Names) -> Option<Pair> {
    let name = run_back(line, close, MAX_NAME, is_name);
    let open = matches!(before(line, name), b'<' | b':') && !matches!(at(line, close + 1), b'<' | b'\n' | b'\r' | 0);
    let end = run(cut(line, 0, close + MAX_ELEMENT), close, |byte| byte != b'<');
    if !open || at(line, end + 1) != b'/' {
        return None;
    }
    let weight = names.variable(cut(line, name, close))?;
    Some(Pair { weight, name, value: close + 1, separator: b'>', quoted: false })
}

/// `--name value`, as in a command line.
fn flag(line: &[u8], from: usize, names: &Names) -> Option<Pair> {
    let starts = at(line, from + 1) == b'-' && !is_name(before(line, from)) && is_word(at(line, from + 2));
    if !starts {
        return None;
    }
    let end = run(cut(line, 0, from + MAX_NAME), from, is_name);
    let value = run(cut(line, 0, end + MAX_GAP), end, |byte| byte == b' ');
    if value == end || at(line, value) == b'-' {
        return None;
    }
    let weight = names.variable(cut(line, from, end))?;
    Some(Pair { weight, name: from, value, separator: b' ', quoted: false })
}

fn is_name(byte: u8) -> bool {
    is_word(byte) || byte == b'-' || byte == b'.'
}

/// Whether a quote begins at `from`, perhaps an escaped one.
fn opens(line: &[u8], from: usize) -> bool {
    let quote = run(cut(line, 0, from + 4), from, |byte| byte == b'\\');
    matches!(at(line, quote), b'"' | b'\'' | b'`')
}

/// `password:hunter2` without a space is a pair; `secret:latest` and `token:v1` are not.
fn may_be_glued(line: &[u8], value: usize, name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    (lower.ends_with(b"password") || lower.ends_with(b"passwd"))
        && !matches!(at(line, value), b'/' | b':' | 0 | b'\n' | b'\r')
}

/// A block of lines that follows, when the value is nothing but YAML's sign for one, or nothing at all.
fn block(line: &[u8], pair: &Pair) -> Option<Block> {
    if pair.separator == b':' && pair.name == 0 && !pair.quoted && tail(line, pair.value).trim_ascii().is_empty() {
        return Some(Block::Title);
    }
    let sign = pair.separator == b':' && matches!(at(line, pair.value), b'|' | b'>');
    let end = run(line, pair.value + 1, |byte| matches!(byte, b'+' | b'-' | b'0'..=b'9'));
    let rest = run(line, end, |byte| byte.is_ascii_whitespace());
    (sign && rest == line.len()).then_some(Block::Indented(pair.name))
}

/// The value of `pair`, if it is secret.
fn secret(line: &[u8], pair: &Pair, whole: bool) -> Option<Range<usize>> {
    let begin = pair.value;
    let (range, quoted) = match quote(line, begin) {
        Some(inner) => {
            if value::is_placeholder(tail(line, inner.start), pair.weight) {
                return None;
            }
            (inner.start..close(line, &inner), true)
        }
        None if is_structure(line, pair) || value::is_placeholder(tail(line, begin), pair.weight) => return None,
        None => (begin..plain_end(line, pair, whole), false),
    };
    let text = cut(line, range.start, range.end);
    let telling = !quoted
        && text.len() <= value::MAX_SETTING
        && pair.separator != b'='
        && is_telling(line, text, range.end, pair);
    (!telling && !value::is_setting(text, pair.weight)).then_some(range)
}

/// Where the text inside the quote at `from` begins; the range's length is the quote's own.
fn quote(line: &[u8], from: usize) -> Option<Range<usize>> {
    let slashes = run(cut(line, 0, from + 8), from, |byte| byte == b'\\');
    opens(line, from).then(|| slashes + 1..slashes + 1 + (slashes + 1 - from))
}

/// Where the quote closes that opened before `inner`: the same quote behind as many backslashes. Without one, the end
/// of the line.
fn close(line: &[u8], inner: &Range<usize>) -> usize {
    let mark = at(line, inner.start.saturating_sub(1));
    let slashes = inner.len().saturating_sub(1);
    let mut escapes = 0;
    let mut index = inner.start;
    while let Some(&byte) = line.get(index) {
        // Two single quotes are one in YAML.
        let doubled =
            byte == b'\'' && mark == byte && slashes == 0 && at(line, index + 1) == byte && index > inner.start;
        if byte == mark && escapes <= slashes && !doubled {
            return index - escapes;
        }
        // Two backslashes in a plain string are one letter.
        escapes = if byte == b'\\' && (slashes > 0 || escapes == 0) { escapes + 1 } else { 0 };
        index += 1 + usize::from(doubled);
    }
    run_back(line, line.len(), 2, |byte| matches!(byte, b'\n' | b'\r')).max(inner.start)
}

/// A map or list, whose own pairs come later; an assignment may have a value that begins so.
fn is_structure(line: &[u8], pair: &Pair) -> bool {
    let next = at(line, pair.value + 1);
    match at(line, pair.value) {
        b'{' | b'[' | b'(' => pair.separator != b'=' || matches!(next, b'"' | b'\'' | b'{' | b'[' | b'}' | b']' | b')'),
        b'}' | b']' | b')' | b',' => true,
        _ => false,
    }
}

/// Where a value without quotes ends.
fn plain_end(line: &[u8], pair: &Pair, whole: bool) -> usize {
    if whole && fills_line(line, pair) {
        return line_end(line, pair.value);
    }
    if pair.separator == b'>' {
        return run(line, pair.value, |byte| !matches!(byte, b'<' | b'\r' | b'\n'));
    }
    let mut end = pair.value;
    while let Some(&byte) = line.get(end) {
        let stop = match byte {
            b'"' | b'\'' | b'`' | b'\r' | b'\n' | b' ' | b'\t' => true,
            b'\\' => matches!(at(line, end + 1), b'n' | b'r' | b't' | b'"' | b'\''),
            b'<' if pseudonym_at(line, end) => {
                end += PSEUDONYM;
                continue;
            }
            b',' | b';' | b'&' | b')' | b']' | b'}' | b'<' | b'>' => is_end(line, end + 1),
            _ => false,
        };
        if stop {
            break;
        }
        end += 1;
    }
    end
}

/// Whether what stands at `from`, behind a comma or bracket, is no part of a value: nothing, or the next pair.
fn is_end(line: &[u8], from: usize) -> bool {
    let from = run(cut(line, 0, from + 8), from, |byte| matches!(byte, b',' | b';' | b')' | b']' | b'}' | b'>'));
    if matches!(at(line, from), 0 | b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'`' | b'\\' | b'<') {
        return true;
    }
    let name = run(cut(line, 0, from + MAX_NAME), from, is_name);
    name > from && matches!(at(line, name), b'=' | b':')
}

/// Whether the value is all that follows: a name at the start of an indented line, or in capitals, and a colon. So
/// describe prints variables, and so YAML is.
fn fills_line(line: &[u8], pair: &Pair) -> bool {
    let blank = run(line, 0, is_blank);
    let item = at(line, blank) == b'-' && is_blank(at(line, blank + 1));
    let lead = if item { run(line, blank + 1, is_blank) } else { blank };
    let first = lead == pair.name || (pair.quoted && lead + 1 == pair.name);
    let name = cut(line, pair.name, run(line, pair.name, is_name));
    let capitals = !name.iter().any(u8::is_ascii_lowercase);
    pair.separator == b':' && first && (capitals || lead > 0)
}

/// The end of the line without a comment of YAML and what blank there is.
fn line_end(line: &[u8], from: usize) -> usize {
    let comment = find(line, b" #", from).unwrap_or(line.len());
    let trimmed = run_back(line, comment, usize::MAX, |byte| byte.is_ascii_whitespace());
    trimmed.max(from)
}

/// Whether the value is rather a word of a sentence, as in `token: expired` or `"token" : secret not found`.
fn is_telling(line: &[u8], text: &[u8], end: usize, pair: &Pair) -> bool {
    let word = cut(text, 0, run(text, 0, |byte| !is_blank(byte)));
    let digits = run(line, pair.value, |byte| byte.is_ascii_digit());
    if digits > pair.value && tail(line, digits).trim_ascii() == b"bytes" {
        // How much of it there is, as describe prints Secrets.
        return true;
    }
    let more = is_blank(at(line, end)) && at(line, end + 1) > b' ' && !matches!(at(line, end + 1), b'#' | b'-');
    if value::is_prose(word) {
        return true;
    }
    more && (value::is_plain_word(word)
        || word.ends_with(b":")
        || (pair.separator == b' ' && value::is_plain_word(word)))
}

#[cfg(test)]
mod tests;
