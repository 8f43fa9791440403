//! Amounts of resources as Kubernetes writes them: `100m`, `1536Mi`, `2`, `12e6`.
//!
//! An amount is a whole number times a power of ten, and remembers the family of suffixes that it was written with,
//! because sums and rests are printed in the family of their first summand.

mod parse;
#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    fmt,
    ops::{AddAssign, SubAssign},
};

use serde_json::Value;

/// The suffixes in which an amount is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Format {
    /// Powers of 1000: `n u m k M G T P E`.
    #[default]
    Decimal,
    /// Powers of 1024: `Ki Mi Gi Ti Pi Ei`.
    Binary,
    /// Powers of ten: `12e6`.
    Exponent,
}

/// An amount. Two are equal when they are the same number, however they are written.
#[derive(Clone, Debug, Default)]
pub struct Quantity {
    /// Without factors of ten, or zero.
    mantissa: i128,
    exponent: i32,
    format: Format,
    /// The amount as it was written, where Kubernetes keeps that.
    written: Option<String>,
}

impl Quantity {
    /// Reads an amount; none when it is not one, or has more digits than any real amount.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        parse::quantity(text)
    }

    /// What stands in a field: a text or a number; zero for anything else.
    #[must_use]
    pub fn of(value: &Value) -> Self {
        let read = match value {
            Value::String(text) => Self::parse(text.trim()),
            Value::Number(number) => Self::parse(&number.to_string()),
            _ => None,
        };
        read.unwrap_or_default()
    }

    /// `whole` units, to be printed in `format`.
    #[must_use]
    pub fn new(whole: i64, format: Format) -> Self {
        Self::reduced(whole.into(), 0, format)
    }

    /// `millis` thousandths of a unit, to be printed in `format`.
    #[must_use]
    pub fn from_millis(millis: i64, format: Format) -> Self {
        Self::reduced(millis.into(), -3, format)
    }

    /// The same in another format.
    #[must_use]
    pub fn with_format(&self, format: Format) -> Self {
        Self { format, written: None, ..self.clone() }
    }

    /// This less the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut rest = self.clone();
        rest -= other;
        rest
    }

    fn reduced(mut mantissa: i128, mut exponent: i32, format: Format) -> Self {
        while mantissa != 0 && mantissa % 10 == 0 {
            (mantissa, exponent) = (mantissa / 10, exponent.saturating_add(1));
        }
        let exponent = if mantissa == 0 { 0 } else { exponent };
        Self { mantissa, exponent, format, written: None }
    }

    /// In whole units, rounded away from zero; the nearest number there is when it is too large.
    #[must_use]
    pub fn value(&self) -> i64 {
        self.scaled(0)
    }

    /// In thousandths of a unit, rounded away from zero; the nearest number there is when it is too large.
    #[must_use]
    pub fn millis(&self) -> i64 {
        self.scaled(-3)
    }

    /// The number of 10^`scale` units, rounded away from zero.
    #[must_use]
    pub fn scaled(&self, scale: i32) -> i64 {
        let shift = i64::from(self.exponent) - i64::from(scale);
        let shifted =
            if shift >= 0 { times_ten(self.mantissa, shift) } else { Some(self.rounded(shift.unsigned_abs())) };
        match shifted.map(i64::try_from) {
            Some(Ok(value)) => value,
            _ if self.mantissa < 0 => i64::MIN,
            _ => i64::MAX,
        }
    }

    /// Without its last `digits` digits, rounded away from zero.
    fn rounded(&self, digits: u64) -> i128 {
        let Some(divisor) = u32::try_from(digits).ok().and_then(|digits| 10_i128.checked_pow(digits)) else {
            return self.mantissa.signum();
        };
        let exact = self.mantissa % divisor == 0;
        self.mantissa / divisor + if exact { 0 } else { self.mantissa.signum() }
    }

    /// Whether there is none of it.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.mantissa == 0
    }

    /// The suffixes in which it is printed.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    fn canonical(&self) -> (i128, i32) {
        let surplus = self.exponent.rem_euclid(3);
        let factor = if surplus == 0 { 1 } else { 10_i128.pow(surplus.unsigned_abs()) };
        (self.mantissa.saturating_mul(factor), self.exponent - surplus)
    }

    /// The whole number that it is, if it is one of at least 1024 on either side of zero.
    fn binary(&self) -> Option<i128> {
        let whole = times_ten(self.mantissa, u32::try_from(self.exponent).ok()?.into())?;
        (whole.unsigned_abs() >= 1024).then_some(whole)
    }

    fn combine(&mut self, other: &Self, sign: i128) {
        if self.is_zero() {
            self.format = other.format;
        }
        let added = match aligned(self, other) {
            Some((a, b, exponent)) => Some((a.saturating_add(b.saturating_mul(sign)), exponent)),
            // One is so much larger that the other does not show.
            None if self.exponent >= other.exponent => None,
            None => Some((other.mantissa.saturating_mul(sign), other.exponent)),
        };
        let (mantissa, exponent) = added.unwrap_or((self.mantissa, self.exponent));
        *self = Self::reduced(mantissa, exponent, self.format);
    }
}

/// Both mantissas at one exponent, if they fit.
fn aligned(a: &Quantity, b: &Quantity) -> Option<(i128, i128, i32)> {
    let exponent = match (a.is_zero(), b.is_zero()) {
        (true, _) => b.exponent,
        (_, true) => a.exponent,
        _ => a.exponent.min(b.exponent),
    };
    let at = |quantity: &Quantity| match quantity.mantissa {
        0 => Some(0),
        mantissa => times_ten(mantissa, i64::from(quantity.exponent) - i64::from(exponent)),
    };
    Some((at(a)?, at(b)?, exponent))
}

fn times_ten(mantissa: i128, digits: i64) -> Option<i128> {
    if mantissa == 0 {
        return Some(0);
    }
    10_i128.checked_pow(u32::try_from(digits).ok()?)?.checked_mul(mantissa)
}

impl fmt::Display for Quantity {
    /// The form that Kubernetes gives an amount: no fraction, the largest suffix that needs none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(written) = &self.written {
            return f.write_str(written);
        }
        if self.is_zero() {
            return f.write_str("0");
        }
        if self.format == Format::Binary
            && let Some(whole) = self.binary()
        {
            return write_binary(f, whole);
        }
        let (number, exponent) = self.canonical();
        match (self.format, exponent) {
            (Format::Exponent, 0) => write!(f, "{number}"),
            (Format::Exponent, exponent) => write!(f, "{number}e{exponent}"),
            (_, exponent) => write!(f, "{number}{}", parse::decimal_suffix(exponent)),
        }
    }
}

fn write_binary(f: &mut fmt::Formatter<'_>, mut whole: i128) -> fmt::Result {
    let mut exponent = 0;
    while whole % 1024 == 0 {
        (whole, exponent) = (whole / 1024, exponent + 10);
    }
    write!(f, "{whole}{}", parse::binary_suffix(exponent))
}

impl AddAssign<&Self> for Quantity {
    /// A sum that started at zero is printed as its first summand is.
    fn add_assign(&mut self, other: &Self) {
        self.combine(other, 1);
    }
}

impl SubAssign<&Self> for Quantity {
    fn sub_assign(&mut self, other: &Self) {
        self.combine(other, -1);
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        if let Some((a, b, _)) = aligned(self, other) {
            return a.cmp(&b);
        }
        let (a, b) = (self.mantissa.signum(), other.mantissa.signum());
        // They do not fit at one exponent, so the one with the larger exponent is larger in magnitude.
        let magnitude = self.exponent.cmp(&other.exponent);
        a.cmp(&b).then(if a < 0 { magnitude.reverse() } else { magnitude })
    }
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}
