//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`.

use std::cmp::Ordering;

use super::{
    format::print_verb,
    value::{Data, Value},
};

const BAD_TYPE: &str = "invalid type for comparison";
const BAD_PAIR: &str = "incompatible types for comparison";
const MISSING: &str = "missing argument for comparison";

/// What can be compared with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invalid,
    Bool,
    Number,
    Float,
    Text,
}

fn kind(data: &Data<'_>) -> Kind {
    match data {
        Data::Bool(_) => Kind::Bool,
        Data::Int(_) | Data::Long(_) | Data::Byte(_) => Kind::Number,
        Data::Float(_) => Kind::Float,
        Data::Text(_) => Kind::Text,
        Data::Nothing | Data::Map(_) | Data::List(_) => Kind::Invalid,
    }
}

/// Whether the first value equals any of the others.
pub(super) fn equal_any(first: &Value<'_>, others: &[Value<'_>]) -> Result<bool, String> {
    if others.is_empty() {
        return Err(MISSING.to_owned());
    }
    for other in others {
        if equal(&first.data, &other.data)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(one: &Data<'_>, other: &Data<'_>) -> Result<bool, String> {
    let (kinds, nothing) = ((kind(one), kind(other)), matches!(one, Data::Nothing) || matches!(other, Data::Nothing));
    if kinds.0 != kinds.1 {
        return if nothing { Ok(false) } else { Err(BAD_PAIR.to_owned()) };
    }
    if kinds.0 != Kind::Invalid {
        return Ok(order(one, other) == Some(Ordering::Equal));
    }
    if nothing {
        return Ok(matches!((one, other), (Data::Nothing, Data::Nothing)));
    }
    if one.type_name() != other.type_name() {
        let (first, second) = (print_verb(one, 's'), print_verb(other, 'v'));
        let (type_one, type_other) = (one.type_name(), other.type_name());
        return Err(format!("non-comparable types {first}: {type_one}, {type_other}: {second}"));
    }
    Err(format!("non-comparable type {}: {}", print_verb(other, 's'), other.type_name()))
}

/// Whether the first is less than the second.
pub(super) fn less(one: &Value<'_>, other: &Value<'_>) -> Result<bool, String> {
    let kinds = (kind(&one.data), kind(&other.data));
    if kinds.0 == Kind::Invalid || kinds.1 == Kind::Invalid {
        return Err(BAD_TYPE.to_owned());
    }
    if kinds.0 != kinds.1 {
        return Err(BAD_PAIR.to_owned());
    }
    if kinds.0 == Kind::Bool {
        return Err(BAD_TYPE.to_owned());
    }
    Ok(order(&one.data, &other.data) == Some(Ordering::Less))
}

/// Whether the first is less than or equal to the second.
pub(super) fn less_or_equal(one: &Value<'_>, other: &Value<'_>) -> Result<bool, String> {
    Ok(less(one, other)? || equal(&one.data, &other.data)?)
}

fn order(one: &Data<'_>, other: &Data<'_>) -> Option<Ordering> {
    match (one, other) {
        (Data::Bool(one), Data::Bool(other)) => Some(one.cmp(other)),
        (Data::Float(one), Data::Float(other)) => one.partial_cmp(other),
        (Data::Text(one), Data::Text(other)) => Some(one.bytes().cmp(other.bytes())),
        _ => Some(number(one)?.cmp(&number(other)?)),
    }
}

const fn number(data: &Data<'_>) -> Option<i64> {
    match data {
        Data::Int(number) | Data::Long(number) => Some(*number),
        Data::Byte(byte) => Some(*byte as i64),
        _ => None,
    }
}
