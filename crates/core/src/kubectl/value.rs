//! What a flag's value may be.

use std::time::Duration;

use super::{
    duration,
    flags::{Flag, Kind},
    integer, limits,
    names::{is_dns_label, is_name},
    output::OutputFormat,
    resource::ObjectRef,
};
use crate::refusal::{Refusal, Rule};

/// Highest log level that prints no request.
const MAX_VERBOSITY: i64 = 5;

/// A checked value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Duration(Duration),
    Text(String),
}

/// Checks and reads the value of `flag`.
pub(crate) fn read(flag: Flag, text: &str) -> Result<Value, Refusal> {
    let kind = flag.kind();
    let numeric = matches!(kind, Kind::Int(..) | Kind::Duration | Kind::Timeout);
    if text.starts_with('-') && !numeric {
        // kubectl would take it as the value; nobody means that, except to hide a flag from a filter.
        let message = format!("the value of --{} starts with a dash", flag.long());
        return Err(Refusal::new(Rule::FlagLikeValue, message, format!("--{}=VALUE", flag.long())));
    }
    // A duration may be spelled with a micro sign, and its own reader lets nothing else in.
    if !matches!(kind, Kind::Output | Kind::Duration | Kind::Timeout) && !limits::is_printable_ascii(text) {
        return Err(not_ascii(text));
    }
    let invalid = |allowed: &str| Refusal::new(Rule::InvalidValue, format!("bad value for --{}", flag.long()), allowed);
    let text_if = |ok: bool, allowed: &str| if ok { Ok(Value::Text(text.to_owned())) } else { Err(invalid(allowed)) };
    match kind {
        Kind::Bool => parse_bool(text).map(Value::Bool).ok_or_else(|| invalid("true or false")),
        Kind::Int(min, max) => parse_int(text, min, max).ok_or_else(|| invalid(&format!("{min} to {max}"))),
        Kind::Duration => {
            duration::parse(text).map(Value::Duration).ok_or_else(|| invalid("a duration such as 90s or 1h30m"))
        }
        Kind::Timeout => parse_timeout(text).ok_or_else(|| invalid("seconds, or a duration such as 90s")),
        Kind::Namespace => read_namespace(text),
        Kind::Name => text_if(is_name(text), "a name"),
        Kind::Object => ObjectRef::parse(text).map(|_| Value::Text(text.to_owned())),
        Kind::Word => text_if(text.bytes().all(is_word_byte), "letters, digits and -._/"),
        Kind::List => text_if(is_list(text), "words separated by commas"),
        Kind::Text => Ok(Value::Text(text.to_owned())),
        Kind::Output => OutputFormat::parse(text).map(|format| Value::Text(format.to_string())),
        Kind::Time => text_if(is_time(text), "an RFC 3339 time such as 2026-01-31T10:00:00Z"),
        Kind::Verbosity => read_verbosity(text),
    }
}

/// The refusal for a value with a character outside of printable ASCII.
fn not_ascii(text: &str) -> Refusal {
    if text.chars().any(char::is_control) {
        return limits::control_character();
    }
    Refusal::new(Rule::InvalidValue, "only output templates may hold characters outside of ASCII", "printable ASCII")
}

/// Go's `strconv.ParseBool`, which pflag uses.
fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

fn parse_int(text: &str, min: i64, max: i64) -> Option<Value> {
    integer::parse(text).filter(|value| (min..=max).contains(value)).map(Value::Int)
}

/// client-go's `ParseTimeout`: a bare number means seconds.
fn parse_timeout(text: &str) -> Option<Value> {
    let seconds = text.parse().ok().map(Duration::from_secs).filter(|value| *value <= duration::MAX);
    seconds.or_else(|| duration::parse(text)).map(Value::Duration)
}

fn read_namespace(text: &str) -> Result<Value, Refusal> {
    if is_dns_label(text) {
        return Ok(Value::Text(text.to_owned()));
    }
    let allowed = "lowercase letters, digits and \"-\", at most 63 characters";
    Err(Refusal::new(Rule::InvalidNamespace, "not a namespace name", allowed))
}

fn read_verbosity(text: &str) -> Result<Value, Refusal> {
    let allowed = format!("0 to {MAX_VERBOSITY}");
    // klog reads plain decimals only.
    match text.parse().ok().filter(|level| (0..=MAX_VERBOSITY).contains(level)) {
        Some(level) => Ok(Value::Int(level)),
        None => Err(Refusal::new(Rule::DeniedFlag, "high log levels print requests and credentials", allowed)),
    }
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'/')
}

/// No quotes: pflag reads lists as CSV, and no item needs quoting.
fn is_list(text: &str) -> bool {
    let is_item = |item: &str| !item.is_empty() && !item.starts_with('-') && item.bytes().all(is_word_byte);
    text.is_empty() || text.split(',').all(is_item)
}

/// The shape of an RFC 3339 time; its meaning is the engine's to check.
fn is_time(text: &str) -> bool {
    let shaped = text.bytes().all(|b| b.is_ascii_digit() || b"T:.Z+-tz".contains(&b));
    shaped && (20..=40).contains(&text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(flag: Flag, text: &str) -> Option<Rule> {
        read(flag, text).err().map(|refusal| refusal.rule)
    }

    #[test]
    fn booleans_are_go_booleans() {
        assert_eq!(read(Flag::Watch, "T"), Ok(Value::Bool(true)));
        assert_eq!(read(Flag::Watch, "0"), Ok(Value::Bool(false)));
        assert_eq!(rule(Flag::Watch, "yes"), Some(Rule::InvalidValue));
        assert_eq!(rule(Flag::Watch, ""), Some(Rule::InvalidValue));
    }

    #[test]
    fn numbers_may_be_negative_where_that_means_something() {
        assert_eq!(read(Flag::Tail, "-1"), Ok(Value::Int(-1)));
        assert_eq!(read(Flag::Tail, "010"), Ok(Value::Int(8)));
        assert_eq!(read(Flag::Verbosity, "05"), Ok(Value::Int(5)));
        assert_eq!(rule(Flag::Verbosity, "0x3"), Some(Rule::DeniedFlag));
        assert_eq!(rule(Flag::Tail, "-2"), Some(Rule::InvalidValue));
        assert_eq!(rule(Flag::Since, "-1h"), Some(Rule::InvalidValue));
        assert_eq!(read(Flag::RequestTimeout, "30"), Ok(Value::Duration(Duration::from_secs(30))));
    }

    #[test]
    fn hidden_flags_and_bad_namespaces_are_refused() {
        assert_eq!(rule(Flag::SortBy, "--as=system:admin"), Some(Rule::FlagLikeValue));
        assert_eq!(rule(Flag::Namespace, "-A"), Some(Rule::FlagLikeValue));
        for namespace in ["../x", "", "Shop", "a.b", "a/b", &"x".repeat(64)] {
            assert_eq!(rule(Flag::Namespace, namespace), Some(Rule::InvalidNamespace), "{namespace}");
        }
        assert_eq!(rule(Flag::Namespace, "a\nb"), Some(Rule::ControlCharacter));
        assert_eq!(rule(Flag::Verbosity, "9"), Some(Rule::DeniedFlag));
    }

    #[test]
    fn lists_and_times_have_their_shape() {
        assert_eq!(rule(Flag::LabelColumns, "app.kubernetes.io/name,tier"), None);
        assert_eq!(rule(Flag::LabelColumns, "\"a,b\""), Some(Rule::InvalidValue));
        for list in ["a,--as=x", "a,-x", "a,,b", ","] {
            assert_eq!(rule(Flag::LabelColumns, list), Some(Rule::InvalidValue), "{list}");
        }
        assert_eq!(rule(Flag::SinceTime, "2026-01-31T10:00:00+02:00"), None);
        assert_eq!(rule(Flag::SinceTime, "yesterday"), Some(Rule::InvalidValue));
    }
}
