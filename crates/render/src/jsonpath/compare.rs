//! Comparing two values in a filter, as Go's templates do: only what is of one kind.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    Error, Found,
    go::{GoNumber, number},
};

enum Basic<'a> {
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(&'a str),
}

/// Whether `left operator right` is true.
pub(super) fn compare(left: Found<'_>, operator: &str, right: Found<'_>) -> Result<bool, Error> {
    match operator {
        "==" => equal(left, right),
        "!=" => equal(left, right).map(|equal| !equal),
        "<" => less(left, right),
        ">=" => less(left, right).map(|less| !less),
        "<=" => Ok(less(left, right)? || equal(left, right)?),
        ">" => Ok(!(less(left, right)? || equal(left, right)?)),
        other => Err(Error::new(format!("unrecognized filter operator {other}"))),
    }
}

fn basic(found: Found<'_>) -> Result<Basic<'_>, Error> {
    if let Found::Byte(byte) = found {
        return Ok(Basic::Int(byte.into()));
    }
    match found.value() {
        Some(Value::Bool(value)) => Ok(Basic::Bool(*value)),
        Some(Value::String(text)) => Ok(Basic::Text(text)),
        Some(Value::Number(one)) => Ok(match number(one) {
            GoNumber::Int(whole) => Basic::Int(whole.into()),
            GoNumber::Float(float) => Basic::Float(float),
        }),
        _ => Err(Error::new("invalid type for comparison")),
    }
}

fn equal(left: Found<'_>, right: Found<'_>) -> Result<bool, Error> {
    match (basic(left)?, basic(right)?) {
        (Basic::Bool(left), Basic::Bool(right)) => Ok(left == right),
        (left, right) => Ok(ordering(&left, &right)? == Some(Ordering::Equal)),
    }
}

fn less(left: Found<'_>, right: Found<'_>) -> Result<bool, Error> {
    match (basic(left)?, basic(right)?) {
        (Basic::Bool(_), Basic::Bool(_)) => Err(Error::new("invalid type for comparison")),
        (left, right) => Ok(ordering(&left, &right)? == Some(Ordering::Less)),
    }
}

fn ordering(left: &Basic<'_>, right: &Basic<'_>) -> Result<Option<Ordering>, Error> {
    match (left, right) {
        (Basic::Int(left), Basic::Int(right)) => Ok(left.partial_cmp(right)),
        (Basic::Float(left), Basic::Float(right)) => Ok(left.partial_cmp(right)),
        (Basic::Text(left), Basic::Text(right)) => Ok(left.partial_cmp(right)),
        _ => Err(Error::new("incompatible types for comparison")),
    }
}
