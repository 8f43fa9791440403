//! Any value as JSON: it prints, and read again it is the same value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let value = kubently_fuzz::value::read(bytes);
    let text = kubently_render::json::print(&value);
    let again: Value = serde_json::from_str(&text).expect("what was printed is JSON");
    assert!(same(&value, &again), "{value} was printed as {text}");
});

/// Whether both are equal; a whole float is printed without its fraction, as Go does.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| same(value, other)))
        }
        _ => one == other,
    }
}
