//! Amounts such as `500Mi` and `100m`, as far as sorting needs them.

use std::cmp::Ordering;

/// The unit in which amounts are compared: a thousand millionth.
const NANO: i32 = -9;
/// The largest amount with a binary unit.
const MAX_BINARY: i128 = i64::MAX as i128 * 1_000_000_000;

/// An amount. What does not fit in whole units is compared as a float, which no amount of a real object needs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Quantity {
    /// In [`NANO`], rounded up, away from zero.
    Nanos(i128),
    /// As it is.
    Huge(f64),
}

impl Quantity {
    /// Reads an amount as Kubernetes does; none for anything else.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let number_end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(number_end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if text.is_empty() || fraction.contains('.') {
            return None;
        }
        let (binary, exponent) = unit(suffix)?;
        // A sign alone, or a unit alone, counts as zero.
        let digits = format!("0{whole}{fraction}");
        let decimal = exponent_of(binary, exponent).saturating_sub(i32::try_from(fraction.len()).ok()?);
        let factor = if binary { 1_i128 << exponent } else { 1 };
        let nanos = digits.parse::<i128>().ok().and_then(|value| scaled(value.checked_mul(factor)?, decimal));
        let negative = text.starts_with('-');
        Some(match nanos {
            Some(nanos) => {
                let nanos = if binary { nanos.min(MAX_BINARY) } else { nanos };
                Self::Nanos(if negative { -nanos } else { nanos })
            }
            None => {
                #[allow(clippy::cast_precision_loss, reason = "no more than a float's precision is promised")]
                let huge = digits.parse::<f64>().ok()? * factor as f64 * 10_f64.powi(decimal);
                Self::Huge(if negative { -huge } else { huge })
            }
        })
    }

    /// Whether this is less.
    pub(super) fn is_less_than(self, other: Self) -> bool {
        match (self, other) {
            (Self::Nanos(one), Self::Nanos(other)) => one.cmp(&other) == Ordering::Less,
            (one, other) => one.float() < other.float(),
        }
    }

    fn float(self) -> f64 {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "no more than a float's precision is promised")]
            Self::Nanos(nanos) => nanos as f64 * 1e-9,
            Self::Huge(float) => float,
        }
    }
}

const fn exponent_of(binary: bool, exponent: i32) -> i32 {
    if binary { 0 } else { exponent }
}

/// Whether it is a power of two, and which power of two or ten it is.
fn unit(suffix: &str) -> Option<(bool, i32)> {
    const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    const DECIMAL: [(&str, i32); 10] =
        [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
    if let Some(at) = BINARY.iter().position(|name| *name == suffix) {
        return Some((true, 10 * (i32::try_from(at).ok()? + 1)));
    }
    if let Some((_, exponent)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((false, *exponent));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((false, exponent))
}

/// `value` times ten to the power of `exponent`, in [`NANO`]; none when it does not fit.
fn scaled(value: i128, exponent: i32) -> Option<i128> {
    let power = exponent.checked_sub(NANO)?;
    if value == 0 {
        return Some(0);
    }
    let factor = 10_i128.checked_pow(power.unsigned_abs());
    if power >= 0 {
        return value.checked_mul(factor?);
    }
    // What is finer than the unit is rounded up.
    Some(factor.map_or(1, |factor| value / factor + i128::from(value % factor != 0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn less(one: &str, other: &str) -> bool {
        Quantity::parse(one).unwrap().is_less_than(Quantity::parse(other).unwrap())
    }

    #[test]
    fn amounts_are_compared_by_what_they_mean() {
        let ascending =
            ["-5", "1n", "1u", "100m", ".5", "1.", "+7", "999", "1e3", "1.5k", "2Ki", "500Mi", "1Gi", "1E", "1e30"];
        for pair in ascending.windows(2) {
            assert!(less(pair[0], pair[1]) && !less(pair[1], pair[0]), "{pair:?}");
        }
        assert!(!less("1k", "1000") && !less("1000", "1k"));
        assert!(less("1e30", "1e40") && !less("1e999999999", "1"));
        assert!(!less("0.0000000001", "1n"));
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in ["", "x", "1x", "1e", "5 ", " 8", "1.2.3", "2ki", "1Kii", "web-1", "1e99999999999", "é"] {
            assert!(Quantity::parse(text).is_none(), "{text}");
        }
    }
}
