use proptest::prelude::*;
use serde_json::json;

use super::{Format, Quantity};

fn parsed(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|| panic!("{text} is an amount"))
}

#[test]
fn amounts_are_printed_in_their_canonical_form() {
    let cases = [
        ("0", "0"),
        ("0m", "0"),
        ("0Gi", "0"),
        ("0.0", "0"),
        ("-0", "0"),
        ("1", "1"),
        ("1000m", "1"),
        ("10000m", "10"),
        ("1500m", "1500m"),
        ("1.5", "1500m"),
        (".5", "500m"),
        ("0.1", "100m"),
        ("1.", "1."),
        ("100000", "100k"),
        ("1000000", "1M"),
        ("1100", "1100"),
        ("123456789", "123456789"),
        ("250u", "250u"),
        ("1000u", "1m"),
        ("12n", "12n"),
        ("0.1n", "1n"),
        ("1.25n", "2n"),
        ("-0.1n", "-1n"),
        ("1Ki", "1Ki"),
        ("1024Ki", "1Mi"),
        ("1024", "1024"),
        ("1.5Gi", "1536Mi"),
        ("1.5Ki", "1536"),
        ("0.5Ki", "512"),
        ("0.5Mi", "512Ki"),
        ("2000Ki", "2000Ki"),
        ("8Gi", "8Gi"),
        ("3.2Gi", "3435973836800m"),
        ("0.00001Ki", "10240u"),
        ("16Ei", "9223372036854775807"),
        ("-1.5Gi", "-1536Mi"),
        ("12e6", "12e6"),
        ("12E6", "12E6"),
        ("1e1", "10"),
        ("1e3", "1e3"),
        ("1200e3", "1200e3"),
        ("1000e3", "1e6"),
        ("1e-3", "1e-3"),
        ("1e0", "1e0"),
        ("100e0", "100e0"),
        ("1E", "1E"),
        ("1000P", "1E"),
        ("+5", "+5"),
        ("05", "05"),
    ];
    for (text, canonical) in cases {
        assert_eq!(parsed(text).to_string(), canonical, "{text}");
    }
}

#[test]
fn what_is_no_amount_is_refused() {
    let cases =
        ["", "x", "1x", "1 Gi", "1KI", "1ki", "1K", "1mi", "1Gi2", "1.2.3", "1e", "1ee3", "--1", "1e99999999999", "1i"];
    for text in cases {
        assert_eq!(Quantity::parse(text), None, "{text:?}");
    }
    assert_eq!(Quantity::parse(&"9".repeat(60)), None);
}

#[test]
fn fields_are_read() {
    let cases = [(json!("1Gi"), "1Gi"), (json!(" 5m "), "5m"), (json!(2), "2"), (json!(null), "0"), (json!("x"), "0")];
    for (value, text) in cases {
        assert_eq!(Quantity::of(&value).to_string(), text, "{value}");
    }
}

#[test]
fn values_are_rounded_away_from_zero() {
    let cases = [
        ("1", 1, 1000),
        ("100m", 1, 100),
        ("1500m", 2, 1500),
        ("-1500m", -2, -1500),
        ("1n", 1, 1),
        ("1001u", 1, 2),
        ("128Mi", 134_217_728, 134_217_728_000),
        ("1e30", i64::MAX, i64::MAX),
        ("-1e2000000000", i64::MIN, i64::MIN),
        ("1e-2000000000", 1, 1),
        ("0e2000000000", 0, 0),
    ];
    for (text, value, milli) in cases {
        assert_eq!((parsed(text).value(), parsed(text).millis()), (value, milli), "{text}");
    }
}

#[test]
fn sums_keep_the_form_of_what_came_first() {
    let cases: [(&[&str], &str); 9] = [
        (&["100m", "900m"], "1"),
        (&["100m", "1"], "1100m"),
        (&["128Mi", "128Mi"], "256Mi"),
        (&["1Gi", "1M"], "1074741824"),
        (&["500", "1Ki"], "1524"),
        (&["1Gi", "1m"], "1073741824001m"),
        (&["1e3", "1"], "1001"),
        (&["0", "1Gi"], "1Gi"),
        (&["1e2000000000", "1"], "100e1999999998"),
    ];
    for (amounts, sum) in cases {
        let mut total = Quantity::default();
        for amount in amounts {
            total += &parsed(amount);
        }
        assert_eq!(total.to_string(), sum, "{amounts:?}");
    }
    let mut rest = parsed("1Gi");
    rest -= &parsed("512Mi");
    assert_eq!(rest.to_string(), "512Mi");
    assert_eq!(rest.minus(&parsed("1Gi")).to_string(), "-512Mi");
    assert_eq!(rest.with_format(Format::Decimal).to_string(), "536870912");
}

#[test]
fn amounts_are_compared_as_numbers() {
    let ordered =
        ["-1e900", "-1Gi", "-1", "0", "1n", "1m", "0.5", "1", "1k", "1Ki", "1M", "1Mi", "1G", "1Gi", "1E", "1e900"];
    for pair in ordered.windows(2) {
        assert!(parsed(pair[0]) < parsed(pair[1]), "{pair:?}");
    }
    assert_eq!(parsed("1000m"), parsed("1"));
    assert_eq!(parsed("0"), parsed("0e7"));
    assert_eq!(Quantity::new(2048, Format::Binary).to_string(), "2Ki");
    assert_eq!(Quantity::from_millis(2500, Format::Decimal).to_string(), "2500m");
}

proptest! {
    #[test]
    fn nothing_panics(text in "[-+]?[0-9.]{0,45}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,10}", other in "[0-9]{1,20}[a-zA-Z]{0,2}") {
        let read = [Quantity::parse(&text), Quantity::parse(&other)].map(Option::unwrap_or_default);
        let [mut sum, other] = read;
        prop_assert_eq!(sum.cmp(&other), other.cmp(&sum).reverse());
        sum += &other;
        sum -= &parsed("1Gi");
        let _ = (sum.to_string(), sum.value(), sum.millis());
    }

    #[test]
    fn a_printed_amount_reads_as_itself(mantissa in any::<i32>(), suffix in "(n|u|m||k|M|G|Ki|Mi|Gi|Ti|e5|e-7)") {
        let amount = parsed(&format!("{mantissa}{suffix}"));
        prop_assert_eq!(parsed(&amount.to_string()), amount);
    }
}
