//! Reading amounts.

use super::{Format, Quantity};

const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, u32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

/// Amounts are not kept finer than this.
const NANO: i32 = -9;
/// Amounts with at most so many digits keep the way in which they were written.
const SHORT: usize = 18;

/// The suffix for 10^`exponent`; empty where there is none, as Kubernetes has it.
pub(super) fn decimal_suffix(exponent: i32) -> &'static str {
    DECIMAL.iter().find(|(_, power)| *power == exponent).map_or("", |(suffix, _)| suffix)
}

/// The suffix for 2^`exponent`; empty where there is none.
pub(super) fn binary_suffix(exponent: u32) -> &'static str {
    BINARY.iter().find(|(_, power)| *power == exponent).map_or("", |(suffix, _)| suffix)
}

/// An amount's parts: `-1.5Gi` is negative, 1, 5, Gi.
struct Parts<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    suffix: &'a str,
}

enum Unit {
    Ten(i32, Format),
    Two(u32),
}

pub(super) fn quantity(text: &str) -> Option<Quantity> {
    if text.is_empty() {
        return None;
    }
    let parts = parts(text)?;
    let quantity = match unit(parts.suffix)? {
        Unit::Ten(exponent, format) => decimal(&parts, exponent, format, text),
        Unit::Two(exponent) => binary(&parts, exponent, text),
    };
    quantity.map(|quantity| if parts.negative { negated(quantity) } else { quantity })
}

fn parts(text: &str) -> Option<Parts<'_>> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let trimmed = unsigned.trim_start_matches('0');
    let (whole, rest) = digits(trimmed);
    let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), digits);
    let letters = suffix.trim_start_matches(|letter| "eEinumkKMGTP".contains(letter));
    let (_, rest) = digits(letters.strip_prefix(['-', '+']).unwrap_or(letters));
    let whole = if whole.is_empty() { "0" } else { whole };
    rest.is_empty().then_some(Parts { negative: text.starts_with('-'), whole, fraction, suffix })
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len()))
}

fn unit(suffix: &str) -> Option<Unit> {
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some(Unit::Ten(*exponent, Format::Decimal));
    }
    if let Some((_, exponent)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some(Unit::Two(*exponent));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some(Unit::Ten(exponent, Format::Exponent))
}

fn decimal(parts: &Parts<'_>, exponent: i32, format: Format, text: &str) -> Option<Quantity> {
    let shifted = format!("{}{}", parts.whole, parts.fraction);
    let scale = exponent.checked_sub(i32::try_from(parts.fraction.len()).ok()?)?;
    let mut quantity = Quantity::reduced(shifted.parse().ok()?, scale, format);
    let kept = shifted.len() <= SHORT && scale >= NANO && scale % 3 == 0;
    if kept && !shifted.ends_with("000") && !shifted.starts_with('0') {
        quantity.written = Some(text.to_owned());
    }
    Some(no_finer_than_nano(quantity))
}

fn binary(parts: &Parts<'_>, exponent: u32, text: &str) -> Option<Quantity> {
    let unscaled: i128 = format!("{}{}", parts.whole, parts.fraction.trim_end_matches('0')).parse().ok()?;
    let places = i32::try_from(parts.fraction.trim_end_matches('0').len()).ok()?;
    let mantissa = match unscaled.checked_mul(1 << exponent) {
        Some(mantissa) => mantissa,
        None if places == 0 => i64::MAX.into(),
        None => return None,
    };
    let mut quantity = no_finer_than_nano(Quantity::reduced(mantissa, -places, Format::Binary));
    if is_short(parts, exponent) && unscaled & 7 != 0 && i64::try_from(mantissa).is_ok() {
        quantity.written = Some(text.to_owned());
    } else if quantity > Quantity::new(i64::MAX, Format::Binary) {
        quantity = Quantity::new(i64::MAX, Format::Binary);
    } else if !quantity.is_zero() && quantity < Quantity::new(1, Format::Binary) {
        quantity.format = Format::Decimal;
    }
    Some(quantity)
}

/// Whether it has no fraction, and so few digits that it fits 15 decimal ones with its suffix.
fn is_short(parts: &Parts<'_>, exponent: u32) -> bool {
    let suffix = usize::try_from(exponent * 3 / 10).unwrap_or(SHORT);
    parts.fraction.is_empty() && parts.whole.len() + suffix < 15
}

/// What is finer is rounded up: who asks for a little shall get a little.
fn no_finer_than_nano(quantity: Quantity) -> Quantity {
    if quantity.exponent >= NANO {
        return quantity;
    }
    let surplus = u64::from(quantity.exponent.abs_diff(NANO));
    let written = quantity.written.clone();
    Quantity { written, ..Quantity::reduced(quantity.rounded(surplus), NANO, quantity.format) }
}

fn negated(quantity: Quantity) -> Quantity {
    Quantity { mantissa: -quantity.mantissa, ..quantity }
}
