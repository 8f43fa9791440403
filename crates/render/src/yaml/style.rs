//! Which style a string is written in.

/// Words that YAML 1.1 reads as something else than a string.
const WORDS: &[&str] = &[
    "", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO", "false",
    "False", "FALSE", "off", "Off", "OFF", "~", "null", "Null", "NULL", ".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF",
    "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF",
];

/// How a string is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style of `text`; keys stay on one line.
pub(super) fn style(text: &str, is_key: bool) -> Style {
    let looks = Looks::of(text);
    let wanted = match () {
        () if text.contains('\n') => Style::Literal,
        () if is_string(text) => Style::Plain,
        () => Style::Double,
    };
    match wanted {
        Style::Literal if !looks.block_allowed || is_key => Style::Double,
        Style::Plain if is_key && looks.multiline => Style::Double,
        Style::Plain if looks.plain_allowed => Style::Plain,
        Style::Plain if looks.single_allowed => Style::Single,
        Style::Plain => Style::Double,
        other => other,
    }
}

/// Whether `text` without quotes is read as a string.
fn is_string(text: &str) -> bool {
    if WORDS.contains(&text) || is_base_60(text) {
        return false;
    }
    match text.bytes().next() {
        Some(b'.') => text.parse::<f64>().is_err(),
        Some(b'+' | b'-' | b'0'..=b'9') => !is_timestamp(text) && !is_number(&text.replace('_', "")),
        _ => true,
    }
}

/// `1:30`, which YAML 1.1 reads as 90.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, _) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let first = parts.next().unwrap_or_default();
    let starts =
        first.starts_with(|c: char| c.is_ascii_digit()) && first.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let fraction = unsigned[whole.len()..].bytes().skip(1).all(|b| b.is_ascii_digit() || b == b'_');
    let sixty = |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let rest: Vec<_> = parts.collect();
    starts && fraction && !rest.is_empty() && rest.into_iter().all(sixty)
}

fn is_number(text: &str) -> bool {
    let (sign, unsigned) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (&text[..1], rest),
        None => ("", text),
    };
    is_integer(sign, unsigned) || is_float(unsigned)
}

/// Go's `ParseInt(text, 0, 64)` and `ParseUint`.
fn is_integer(sign: &str, unsigned: &str) -> bool {
    let lower = unsigned.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return false;
    }
    match (sign, u64::from_str_radix(digits, radix)) {
        ("", Ok(_)) => true,
        (_, Ok(value)) => value <= i64::MAX.unsigned_abs() + u64::from(sign == "-"),
        (_, Err(_)) => false,
    }
}

/// `^(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn is_float(unsigned: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let good_mantissa = digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty());
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    good_mantissa && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent))
}

/// Go-yaml's time layouts: `2006-1-2`, with a time behind `T`, `t` or a space.
fn is_timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some((&text[at..at + 1], &text[at + 1..]))),
        None => (text, None),
    };
    if !is_date(date) {
        return false;
    }
    match time {
        None => true,
        Some((" ", time)) => is_time(time.trim_start_matches(' ')),
        Some((_, time)) => match time.find(['Z', '+', '-']) {
            Some(at) => is_time(&time[..at]) && is_zone(&time[at..]),
            None => false,
        },
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    year.len() == 4 && within(year, 0, 9_999) && within(month, 1, 12) && within(day, 1, 31)
}

fn is_time(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').collect();
    let [hour, minute, second] = parts[..] else { return false };
    let (second, fraction) = second.split_once('.').unwrap_or((second, "0"));
    let fraction = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    within(hour, 0, 23) && within(minute, 0, 59) && within(second, 0, 59) && fraction
}

fn is_zone(text: &str) -> bool {
    match text.as_bytes() {
        b"Z" => true,
        [b'+' | b'-', hour @ .., b':', _, _] => {
            hour.len() == 2 && text[1..].bytes().all(|b| b.is_ascii_digit() || b == b':')
        }
        _ => false,
    }
}

fn within(text: &str, low: u16, high: u16) -> bool {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits && text.len() <= 4 && text.parse().is_ok_and(|value: u16| (low..=high).contains(&value))
}

/// Whether go-yaml writes `c` as it is; four-byte characters it does not.
pub(super) const fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether `c` ends a line.
pub(super) const fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What a string looks like, and so what it may be written as.
struct Looks {
    multiline: bool,
    plain_allowed: bool,
    single_allowed: bool,
    block_allowed: bool,
}

impl Looks {
    fn of(text: &str) -> Self {
        let chars: Vec<_> = text.chars().collect();
        let (Some(first), Some(last)) = (chars.first(), chars.last()) else {
            return Self { multiline: false, plain_allowed: true, single_allowed: true, block_allowed: false };
        };
        let pairs = || chars.windows(2).map(|pair| (pair[0], pair[1]));
        let special = chars.iter().any(|c| !is_printable(*c));
        let break_space = pairs().any(|(one, next)| is_break(one) && next == ' ');
        let space_break = pairs().any(|(one, next)| one == ' ' && is_break(next));
        let multiline = chars.iter().any(|c| is_break(*c));
        let edge = |c: char| c == ' ' || is_break(c);
        let broken = special || space_break || break_space;
        Self {
            multiline,
            plain_allowed: !(broken || multiline || edge(*first) || edge(*last) || has_indicator(&chars)),
            single_allowed: !broken,
            block_allowed: !(special || space_break || *last == ' '),
        }
    }
}

/// Whether a character means something to YAML where it stands.
fn has_indicator(chars: &[char]) -> bool {
    if matches!(chars, ['-', '-', '-', ..] | ['.', '.', '.', ..]) {
        return true;
    }
    let blank = |c: Option<&char>| c.is_none_or(|c| matches!(c, ' ' | '\t'));
    chars.iter().enumerate().any(|(at, c)| {
        let followed = blank(chars.get(at + 1));
        match c {
            '#' => at == 0 || blank(chars.get(at - 1)) || is_break(chars[at - 1]),
            ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`' => at == 0,
            ':' => followed,
            '?' | '-' => at == 0 && followed,
            _ => false,
        }
    })
}
