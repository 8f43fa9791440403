//! Floats.

use std::iter::repeat_n;

use super::{super::value::Data, Printer};

/// A float has no more digits behind its point than these; further ones are zeros.
const MAX_DIGITS: usize = 1_100;

impl Printer {
    pub(super) fn float(&mut self, number: f64, data: &Data<'_>, verb: char) {
        let (form, precision) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(data, verb),
        };
        let precision = self.flags.precision.or(precision);
        let mut digits = unsigned(number.abs(), form, precision);
        if self.flags.sharp && form != 'b' {
            digits = with_point(&digits, form, precision);
        }
        let sign = match (number.is_sign_negative(), self.flags.plus, self.flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let length = sign.len() + digits.len();
        match self.flags.width {
            // The sign stands before the zeros.
            Some(width) if !sign.is_empty() && self.flags.zero && !self.flags.minus && width > length => {
                self.put(sign);
                self.fill(width - length);
                self.put(&digits);
            }
            _ => self.pad(format!("{sign}{digits}").as_bytes()),
        }
    }
}

/// Go's `strconv.FormatFloat`; without precision as many digits as are needed.
fn unsigned(number: f64, form: char, precision: Option<usize>) -> String {
    match form {
        'f' => fixed(number, precision.unwrap_or(6)),
        'e' | 'E' => cased(exponential(number, precision), form == 'E'),
        'g' | 'G' => cased(general(number, precision), form == 'G'),
        'b' => binary(number),
        _ => cased(hexadecimal(number, precision), form == 'X'),
    }
}

fn cased(text: String, upper: bool) -> String {
    if upper { text.to_ascii_uppercase() } else { text }
}

fn zeros(count: usize) -> String {
    repeat_n('0', count).collect()
}

fn fixed(number: f64, precision: usize) -> String {
    let digits = precision.min(MAX_DIGITS);
    format!("{number:.digits$}{}", zeros(precision - digits))
}

/// `1.5e+06`; the exponent has at least two digits.
fn exponential(number: f64, precision: Option<usize>) -> String {
    let digits = precision.map(|precision| precision.min(MAX_DIGITS));
    let text = match digits {
        Some(digits) => format!("{number:.digits$e}"),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let more = zeros(precision.unwrap_or(0) - digits.unwrap_or(0));
    format!("{mantissa}{more}{}", exponent_text(exponent))
}

fn exponent_text(exponent: &str) -> String {
    match exponent.strip_prefix('-') {
        Some(digits) => format!("e-{digits:0>2}"),
        None => format!("e+{exponent:0>2}"),
    }
}

/// The shorter of both, without zeros at the end.
fn general(number: f64, precision: Option<usize>) -> String {
    let digits = precision.map(|precision| precision.clamp(1, MAX_DIGITS) - 1);
    let text = match digits {
        Some(digits) => format!("{number:.digits$e}"),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let count = i64::try_from(mantissa.bytes().filter(u8::is_ascii_digit).count()).unwrap_or(0);
    let power: i64 = exponent.parse().unwrap_or(0);
    let limit = match precision.map(|precision| i64::try_from(precision.max(1)).unwrap_or(i64::MAX)) {
        None => 6,
        Some(precision) if precision > count && count > power => count,
        Some(precision) => precision,
    };
    if power < -4 || power >= limit {
        return format!("{mantissa}{}", exponent_text(exponent));
    }
    fixed(number, usize::try_from(count - 1 - power).unwrap_or(0))
}

/// `4503599627370496p-52`
fn binary(number: f64) -> String {
    let (mantissa, exponent) = parts(number);
    format!("{mantissa}p{exponent:+}")
}

/// A float as a whole number times a power of two.
fn parts(number: f64) -> (u64, i64) {
    let bits = number.to_bits();
    let exponent = i64::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    if exponent == 0 { (fraction, -1_074) } else { (fraction | 1 << 52, exponent - 1_075) }
}

/// `0x1.8p+03`
fn hexadecimal(number: f64, precision: Option<usize>) -> String {
    if number == 0.0 {
        let point = if precision.unwrap_or(0) > 0 { "." } else { "" };
        return format!("0x0{point}{}p+00", zeros(precision.unwrap_or(0)));
    }
    let (mantissa, exponent) = parts(number);
    let shift = mantissa.leading_zeros() - 11;
    // One digit before the point, 13 behind it.
    let mut mantissa = mantissa << shift;
    let mut exponent = exponent - i64::from(shift) + 52;
    let kept = precision.unwrap_or(13).min(13);
    let dropped = u32::try_from((13 - kept) * 4).unwrap_or(0);
    let half = (1_u64 << dropped) >> 1;
    let rest = mantissa & ((1_u64 << dropped) - 1);
    mantissa >>= dropped;
    if half > 0 && (rest > half || (rest == half && mantissa & 1 == 1)) {
        mantissa += 1;
    }
    if mantissa >> (kept * 4) > 1 {
        (mantissa, exponent) = (mantissa >> 1, exponent + 1);
    }
    let digits = format!("{mantissa:x}");
    let behind = digits.get(1..).unwrap_or_default();
    let behind = match precision {
        None => behind.trim_end_matches('0').to_owned(),
        Some(precision) => format!("{behind}{}", zeros(precision - kept)),
    };
    let point = if behind.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("0x1{point}{behind}p{sign}{:02}", exponent.unsigned_abs())
}

/// `%#g` keeps the point and the zeros at the end.
fn with_point(digits: &str, form: char, precision: Option<usize>) -> String {
    let is_hex = matches!(form, 'x' | 'X');
    let split = digits.find(|c: char| matches!(c, 'p' | 'P') || (!is_hex && matches!(c, 'e' | 'E')));
    let (number, tail) = digits.split_at(split.unwrap_or(digits.len()));
    let mut wanted = match form {
        'g' | 'G' | 'x' => precision.unwrap_or(6),
        _ => 0,
    };
    let significant = number.chars().filter(|c| *c != '.').skip_while(|c| *c == '0').count();
    wanted = wanted.saturating_sub(significant);
    let mut text = number.to_owned();
    if !number.contains('.') {
        wanted = wanted.saturating_sub(usize::from(number == "0"));
        text.push('.');
    }
    text + &zeros(wanted) + tail
}
