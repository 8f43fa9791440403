//! `--sort-by`: objects in the order of one of their fields.

use serde_json::Value;

use crate::pdq;

use super::{
    Budget, Error, Found, Template,
    go::{self, GoNumber, number},
    quantity::Quantity,
    relaxed,
};

/// Where objects come: positions in `objects`, sorted by what `path` finds in them.
///
/// Those without the field come first. Whole numbers, floats, amounts such as `500Mi` and texts are compared as what
/// they are; times are texts that sort by themselves.
///
/// # Errors
/// When the path is malformed, no object has the field, or its values cannot be compared with each other.
pub fn objects(path: &str, objects: &[&Value]) -> Result<Vec<usize>, Error> {
    order(&relaxed(path)?, objects, "*unstructured.Unstructured")
}

/// As [`objects`], for the objects behind a table's rows: there a path that is none is taken for a whole template.
///
/// # Errors
/// As [`objects`].
pub fn rows(path: &str, objects: &[&Value]) -> Result<Vec<usize>, Error> {
    let field = relaxed(path).unwrap_or_else(|_| path.to_owned());
    order(&field, objects, "[][][]reflect.Value")
}

/// `what` is how kubectl calls the objects when they cannot be compared.
fn order(field: &str, objects: &[&Value], what: &str) -> Result<Vec<usize>, Error> {
    let template = Template::parse(field)?.allow_missing(true);
    let mut budget = Budget::new(objects);
    let keys = objects.iter().map(|object| key(&template, object, &mut budget)).collect::<Result<Vec<_>, _>>()?;
    if keys.iter().all(Option::is_none) {
        let field = go::quote(field);
        return Err(Error::new(format!("couldn't find any field with path {field} in the list of objects")));
    }
    let mut unsortable = None;
    let order = pdq::sort(keys.len(), |one, other| match (keys[one], keys[other]) {
        (None, _) => true,
        (_, None) => false,
        (Some(one), Some(other)) => less(one, other).unwrap_or_else(|error| {
            unsortable.get_or_insert((one, error));
            false
        }),
    });
    match unsortable {
        None => Ok(order),
        Some((found, error)) => {
            let kind = kind(found);
            Err(Error::fatal(format!("Field {field} in {what} is an unsortable type: {kind}, err: {error}")))
        }
    }
}

fn key<'a>(template: &'a Template, object: &'a Value, budget: &mut Budget<'_>) -> Result<Option<Found<'a>>, Error> {
    Ok(template.find(object, budget)?.first().and_then(|found| found.first()).copied())
}

fn kind(found: Found<'_>) -> &'static str {
    match found {
        Found::Held(_) => "interface",
        Found::Byte(_) => "uint8",
        Found::Nothing => "invalid",
        Found::Bare(value) => match value {
            Value::Object(_) => "map",
            Value::Array(_) => "slice",
            other => go::type_name(other),
        },
    }
}

fn less(one: Found<'_>, other: Found<'_>) -> Result<bool, String> {
    match (one, other) {
        (Found::Held(one), Found::Held(other)) => held_less(one, other),
        (Found::Byte(one), Found::Byte(other)) => Ok(one < other),
        (Found::Bare(one), Found::Bare(other)) => bare_less(one, other),
        _ => Err(format!("unsortable type: {}", kind(one))),
    }
}

fn held_less(one: &Value, other: &Value) -> Result<bool, String> {
    match (one, other) {
        (_, Value::Null) => Ok(false),
        (Value::Null, _) => Ok(true),
        (Value::String(one), Value::String(other)) => Ok(text_less(one, other)),
        (Value::Number(one), Value::Number(other)) => {
            number_less(number(one), number(other)).ok_or_else(|| "unsortable interface: interface".to_owned())
        }
        (Value::String(_) | Value::Number(_), _) => Err("unsortable interface: interface".to_owned()),
        (one, _) => Err(format!("unsortable type: {}", go::type_name(one))),
    }
}

fn bare_less(one: &Value, other: &Value) -> Result<bool, String> {
    match (one, other) {
        (Value::String(one), Value::String(other)) => Ok(one < other),
        (Value::Number(one), Value::Number(other)) => Ok(number_less(number(one), number(other)).unwrap_or_default()),
        (Value::Array(one), Value::Array(other)) => {
            for (one, other) in one.iter().zip(other) {
                if !held_less(one, other)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        (one, _) => Err(format!("unsortable type: {}", kind(Found::Bare(one)))),
    }
}

fn text_less(one: &str, other: &str) -> bool {
    match (Quantity::parse(one), Quantity::parse(other)) {
        (Some(one), Some(other)) => one.is_less_than(other),
        _ => one < other,
    }
}

fn number_less(one: GoNumber, other: GoNumber) -> Option<bool> {
    match (one, other) {
        (GoNumber::Int(one), GoNumber::Int(other)) => Some(one < other),
        (GoNumber::Float(one), GoNumber::Float(other)) => Some(one < other),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sorted(values: &Value) -> Result<Vec<usize>, String> {
        let object = |value: &Value| if value == "MISSING" { json!({}) } else { json!({"v": value}) };
        let objects: Vec<_> = values.as_array().unwrap().iter().map(object).collect();
        let objects: Vec<_> = objects.iter().collect();
        super::objects(".v", &objects).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_compared_as_what_they_are() {
        let cases = [
            (json!(["1Gi", "500Mi", "10", "9", "2k", "1500", "0.5", "100m"]), vec![7, 6, 3, 2, 5, 4, 1, 0]),
            (json!(["1Gi", "500Mi", "b", "a9", "a10"]), vec![1, 0, 4, 3, 2]),
            (json!([3, 2, 1, "MISSING", null]), vec![3, 4, 2, 1, 0]),
            (json!([2.5, 1.5, 0.5]), vec![2, 1, 0]),
            (json!([null, null, 1, null]), vec![0, 1, 3, 2]),
            (json!(["2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z"]), vec![1, 0]),
            (json!(["a-1", "a1", "a01", "a10", "a2"]), vec![0, 2, 1, 3, 4]),
        ];
        for (values, expected) in cases {
            assert_eq!(sorted(&values), Ok(expected), "{values}");
        }
    }

    #[test]
    fn what_cannot_be_sorted_says_so() {
        let unsortable = |cause: &str| {
            format!("Field {{.v}} in *unstructured.Unstructured is an unsortable type: interface, err: {cause}")
        };
        let cases = [
            (json!([1, 2.5, 3]), unsortable("unsortable interface: interface")),
            (json!([true, false]), unsortable("unsortable type: bool")),
            (json!([{"a": 1}, {"a": 2}]), unsortable("unsortable type: map[string]interface {}")),
            (json!([[1], [0]]), unsortable("unsortable type: []interface {}")),
            (json!(["MISSING", "MISSING"]), "couldn't find any field with path \"{.v}\" in the list of objects".into()),
        ];
        for (values, expected) in cases {
            assert_eq!(sorted(&values), Err(expected), "{values}");
        }
        let malformed = objects("{.x", &[&json!({})]).unwrap_err();
        assert!(malformed.to_string().starts_with("unexpected path string, expected a 'name1.name2'"), "{malformed}");
        assert_eq!(rows("}", &[&json!({}), &json!({})]), Ok(vec![0, 1]));
    }
}
