//! Amounts of resources: `250m`, `1.5Gi`, `12e6` (Kubernetes' `resource.Quantity`).

use std::{fmt, ops::AddAssign, str::FromStr};

/// A billionth is the smallest part that a quantity keeps.
const NANO: i128 = 1_000_000_000;
/// Decimal suffixes with their powers of ten.
const DECIMAL: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
/// Binary suffixes; each is 1024 times the one before.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
/// Longest text that can be one.
const MAX_TEXT: usize = 64;

/// How a quantity is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// `12M`
    #[default]
    Decimal,
    /// `12e6`
    Exponent,
    /// `12Mi`
    Binary,
}

/// An amount. What was read is printed as it was written; what was computed, in its shortest form.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quantity {
    nanos: i128,
    format: Format,
    text: Option<String>,
}

/// A text that is no quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAQuantity;

impl fmt::Display for NotAQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a quantity is a number with one of the suffixes n u m k M G T P E Ki Mi Gi Ti Pi Ei")
    }
}

impl std::error::Error for NotAQuantity {}

impl Quantity {
    /// A whole number.
    #[must_use]
    pub fn new(value: i64, format: Format) -> Self {
        Self { nanos: i128::from(value) * NANO, format, text: None }
    }

    /// So many thousandths.
    #[must_use]
    pub fn from_millis(millis: i64, format: Format) -> Self {
        Self { nanos: i128::from(millis) * (NANO / 1_000), format, text: None }
    }

    /// What stands in an object: a text or a number; zero for anything else.
    #[must_use]
    pub fn of(value: &serde_json::Value) -> Self {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        text.parse().unwrap_or_default()
    }

    /// How it is written.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.nanos == 0
    }

    /// The whole number, rounded up.
    #[must_use]
    pub fn value(&self) -> i64 {
        rounded_up(self.nanos, NANO)
    }

    /// Thousandths, rounded up.
    #[must_use]
    pub fn millis(&self) -> i64 {
        rounded_up(self.nanos, NANO / 1_000)
    }

    /// The same in another format.
    #[must_use]
    pub fn with_format(&self, format: Format) -> Self {
        Self { format, text: None, ..self.clone() }
    }

    /// This less the other.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self { nanos: self.nanos.saturating_sub(other.nanos), format: self.format, text: None }
    }

    fn decimal(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut mantissa, mut power) = (self.nanos, -9);
        while mantissa != 0 && mantissa % 1_000 == 0 && power < 18 {
            mantissa /= 1_000;
            power += 3;
        }
        if mantissa == 0 {
            power = 0;
        }
        match self.format {
            Format::Exponent if power == 0 => write!(f, "{mantissa}"),
            Format::Exponent => write!(f, "{mantissa}e{power}"),
            _ => {
                let suffix = DECIMAL.iter().find(|(_, of)| *of == power).map_or("", |(suffix, _)| suffix);
                write!(f, "{mantissa}{suffix}")
            }
        }
    }

    fn binary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut mantissa = self.nanos / NANO;
        let mut suffix = "";
        for next in BINARY {
            if mantissa % 1_024 != 0 {
                break;
            }
            mantissa /= 1_024;
            suffix = next;
        }
        write!(f, "{mantissa}{suffix}")
    }
}

fn rounded_up(nanos: i128, unit: i128) -> i64 {
    let up = i128::from(nanos % unit > 0);
    let down = i128::from(nanos % unit < 0);
    // Go rounds away from zero.
    let value = nanos / unit + up - down;
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.nanos.cmp(&other.nanos))
    }
}

impl AddAssign<&Self> for Quantity {
    fn add_assign(&mut self, other: &Self) {
        if self.nanos == 0 {
            self.format = other.format;
        }
        self.nanos = self.nanos.saturating_add(other.nanos);
        self.text = None;
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let small = self.nanos.unsigned_abs() < 1_024 * NANO.unsigned_abs();
        match &self.text {
            Some(text) => f.write_str(text),
            None if self.format == Format::Binary && !small && self.nanos % NANO == 0 => self.binary(f),
            None => self.decimal(f),
        }
    }
}

impl FromStr for Quantity {
    type Err = NotAQuantity;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > MAX_TEXT {
            return Err(NotAQuantity);
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(NotAQuantity);
        }
        let (format, base, power) = suffix_of(suffix).ok_or(NotAQuantity)?;
        let size = scaled(whole, fraction, base, power);
        let nanos = if text.starts_with('-') { -size } else { size };
        Ok(Self { nanos, format, text: Some(text.to_owned()) })
    }
}

/// What a suffix stands for: the format, and a base with its power.
fn suffix_of(suffix: &str) -> Option<(Format, i128, i32)> {
    if let Some((_, power)) = DECIMAL.iter().find(|(known, _)| *known == suffix) {
        return Some((Format::Decimal, 10, *power));
    }
    if let Some(at) = BINARY.iter().position(|known| *known == suffix) {
        return Some((Format::Binary, 1_024, i32::try_from(at + 1).ok()?));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    Some((Format::Exponent, 10, exponent.parse().ok()?))
}

/// The number in billionths; parts of one count as a whole one, and what is too big is the biggest there is.
fn scaled(whole: &str, fraction: &str, base: i128, power: i32) -> i128 {
    // More digits than this say nothing in billionths of anything up to an exa.
    let digits: String = whole.chars().chain(fraction.chars()).take(37).collect();
    let kept = digits.len().saturating_sub(whole.len());
    let mut size: i128 = digits.parse().unwrap_or(0);
    size = times(size, base, power.max(0)).saturating_mul(NANO);
    let lost = i32::try_from(kept).unwrap_or(i32::MAX);
    size = over(size, 10, lost);
    over(size, base, power.min(0).saturating_neg())
}

fn times(mut size: i128, base: i128, power: i32) -> i128 {
    for _ in 0..power {
        if size == 0 || size == i128::MAX {
            break;
        }
        size = size.saturating_mul(base);
    }
    size
}

fn over(mut size: i128, base: i128, power: i32) -> i128 {
    for _ in 0..power {
        if size == 0 {
            break;
        }
        size = size / base + i128::from(size % base > 0);
    }
    size
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn values_are_read() {
        let cases = [
            ("0", 0, 0),
            ("1", 1, 1_000),
            ("250m", 1, 250),
            ("1500m", 2, 1_500),
            ("1.5", 2, 1_500),
            (".5Gi", 536_870_912, 536_870_912_000),
            ("128Mi", 134_217_728, 134_217_728_000),
            ("2k", 2_000, 2_000_000),
            ("12e6", 12_000_000, 12_000_000_000),
            ("1E3", 1_000, 1_000_000),
            ("1E", 1_000_000_000_000_000_000, i64::MAX),
            ("-1500m", -2, -1_500),
            ("100n", 1, 1),
            ("3905u", 1, 4),
        ];
        for (text, value, millis) in cases {
            assert_eq!((quantity(text).value(), quantity(text).millis()), (value, millis), "{text}");
            assert_eq!(quantity(text).to_string(), text);
        }
        for text in ["", "m", "1x", "1.2.3", "--1", "1 Gi", "1Kib", "e3", "1e"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_computed_is_written_in_its_shortest_form() {
        let cases = [
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("1000", "1k"),
            ("1024Ki", "1Mi"),
            ("1023", "1023"),
            ("1.5Gi", "1536Mi"),
            ("512", "512"),
            ("12000e3", "12e6"),
            ("0Gi", "0"),
            ("100Ki", "100Ki"),
        ];
        for (text, shortest) in cases {
            let quantity = quantity(text);
            assert_eq!(quantity.with_format(quantity.format()).to_string(), shortest, "{text}");
        }
        assert_eq!(quantity("1000").with_format(Format::Binary).to_string(), "1k");
        assert_eq!(quantity("2048").with_format(Format::Binary).to_string(), "2Ki");
    }

    #[test]
    fn sums_take_the_format_of_what_is_not_nothing() {
        let mut sum = Quantity::default();
        sum += &quantity("128Mi");
        sum += &quantity("64Mi");
        assert_eq!(sum.to_string(), "192Mi");
        let mut sum = quantity("100m");
        sum += &quantity("1");
        assert_eq!(sum.to_string(), "1100m");
        assert!(quantity("1Gi") > quantity("1G"));
        assert_eq!(quantity("1").minus(&quantity("250m")).to_string(), "750m");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,70}") {
            let _ = text.parse::<Quantity>().map(|read| (read.value(), read.millis(), read.with_format(Format::Binary).to_string()));
        }

        #[test]
        fn what_is_written_is_read_again(nanos in any::<i64>(), binary in any::<bool>()) {
            let format = if binary { Format::Binary } else { Format::Decimal };
            let written = Quantity { nanos: i128::from(nanos), format, text: None };
            prop_assert_eq!(written.to_string().parse::<Quantity>().unwrap().nanos, written.nanos);
        }
    }
}
