//! `index`, `slice`, `len`, `exists`, `call`: parts of values.

use serde_json::{Map, Value as Json};

use super::{
    super::value::{Data, Text, Value},
    Answer, first, rest,
};

/// What is found in a value by keys and positions, one after the other.
pub(super) fn index<'v>(values: &[Value<'v>]) -> Result<Value<'v>, String> {
    let mut item = first(values).clone().unboxed();
    if item.is_nothing() {
        return Err("index of untyped nil".to_owned());
    }
    for key in rest(values) {
        item = match &item.data {
            Data::Nothing => return Err("index of nil pointer".to_owned()),
            Data::Map(map) => entry(map, key)?,
            Data::List(list) => {
                let at = position(key, list.len())?;
                Value::element(list.get(at).ok_or("reflect: slice index out of range")?)
            }
            Data::Text(text) => {
                let at = position(key, text.bytes().len())?;
                let byte = text.bytes().get(at).ok_or("reflect: string index out of range")?;
                Value::plain(Data::Byte(*byte))
            }
            data => return Err(format!("can't index item of type {}", data.type_name())),
        };
    }
    Ok(item)
}

fn entry<'v>(map: &'v Map<String, Json>, key: &Value<'v>) -> Result<Value<'v>, String> {
    match &key.data {
        Data::Text(text) => Ok(lookup(map, text).map_or(Value::NIL, Value::element)),
        Data::Nothing => Err("value is nil; should be of type string".to_owned()),
        data => Err(format!("value has type {}; should be string", data.type_name())),
    }
}

fn lookup<'v>(map: &'v Map<String, Json>, key: &Text<'_>) -> Option<&'v Json> {
    map.get(std::str::from_utf8(key.bytes()).ok()?)
}

/// A position from 0 to `end`, both included.
fn position(index: &Value<'_>, end: usize) -> Result<usize, String> {
    let number = match &index.data {
        Data::Int(number) | Data::Long(number) => *number,
        Data::Byte(byte) => i64::from(*byte),
        Data::Nothing => return Err("cannot index slice/array with nil".to_owned()),
        data => return Err(format!("cannot index slice/array with type {}", data.type_name())),
    };
    let position = usize::try_from(number).ok().filter(|position| *position <= end);
    position.ok_or_else(|| format!("index out of range: {number}"))
}

/// A part of a list or text from one position to another.
pub(super) fn slice<'v>(values: &[Value<'v>]) -> Result<Value<'v>, String> {
    let item = first(values).clone().unboxed();
    let indexes = rest(values);
    if item.is_nothing() {
        return Err("slice of untyped nil".to_owned());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let length = match &item.data {
        Data::Text(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".to_owned()),
        Data::Text(text) => text.bytes().len(),
        Data::List(list) => list.len(),
        data => return Err(format!("can't slice item of type {}", data.type_name())),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        // Unlike `index`, Go's `slice` does not look into boxes.
        if index.boxed {
            return Err(format!("cannot index slice/array with type {}", index.type_name()));
        }
        *bound = position(index, length)?;
    }
    let [from, to, end] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}"));
    }
    if to > end {
        return Err(format!("invalid slice index: {to} > {end}"));
    }
    Ok(Value::plain(part(&item.data, from, to)))
}

fn part<'v>(data: &Data<'v>, from: usize, to: usize) -> Data<'v> {
    match data {
        Data::List(list) => Data::List(list.get(from..to).unwrap_or_default()),
        Data::Text(Text::Borrowed(bytes)) => Data::Text(Text::Borrowed(bytes.get(from..to).unwrap_or_default())),
        Data::Text(Text::Owned(bytes)) => Data::Text(Text::Owned(bytes.get(from..to).unwrap_or_default().into())),
        data => data.clone(),
    }
}

/// How much a value holds.
pub(super) fn length<'v>(values: &[Value<'v>]) -> Result<Value<'v>, String> {
    let value = first(values);
    let length = match &value.data {
        Data::Map(map) => map.len(),
        Data::List(list) => list.len(),
        Data::Text(text) => text.bytes().len(),
        Data::Nothing if value.boxed => return Err("len of nil pointer".to_owned()),
        Data::Nothing => return Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        data => return Err(format!("len of type {}", data.type_name())),
    };
    Ok(Value::plain(Data::Int(i64::try_from(length).unwrap_or(i64::MAX))))
}

/// Whether `index` would find something that is not nil.
pub(super) fn exists(values: &[Value<'_>]) -> bool {
    let mut item = first(values).clone();
    if rest(values).is_empty() {
        return true;
    }
    for key in rest(values) {
        let found = match (&item.data, &key.data) {
            (Data::Map(map), Data::Text(text)) => lookup(map, text).map_or(Value::NIL, Value::element),
            (Data::Map(map), Data::Nothing) => map.get("").map_or(Value::NIL, Value::element),
            (Data::List(_) | Data::Text(_), Data::Int(_) | Data::Long(_) | Data::Byte(_)) => {
                match index(&[item.clone(), key.clone()]) {
                    Ok(found) => found,
                    Err(_) => return false,
                }
            }
            _ => return false,
        };
        item = found;
    }
    !item.is_nothing()
}

/// Nothing in an object is a function.
pub(super) fn call<'v>(values: &[Value<'v>]) -> Result<Answer<'v>, String> {
    match &first(values).data {
        Data::Nothing => Err("call of nil".to_owned()),
        data => Err(data.type_name().to_owned()),
    }
}
