//! What carrying out expressions may cost: they come from strangers, and a few brackets can multiply what they find.

use serde_json::Value;

use super::Error;

/// Values that may be visited whatever the objects are.
const FREE: usize = 250_000;
/// How often each value of the objects may be visited beyond that; what people write does so three times at most.
const PER_VALUE: usize = 8;
/// Most visits of all. Five thousand pods have some two million values.
const MOST: usize = 8_000_000;

/// What all expressions of one command may cost together, on all its objects.
pub(crate) struct Budget<'o> {
    objects: &'o [&'o Value],
    visits: usize,
    /// Known once it matters.
    limit: Option<usize>,
}

impl<'o> Budget<'o> {
    /// For what is done with `objects`.
    pub(crate) const fn new(objects: &'o [&'o Value]) -> Self {
        Self { objects, visits: 0, limit: None }
    }

    /// Counts visits of values.
    ///
    /// # Errors
    /// When there were too many; then for ever.
    pub(super) fn visit(&mut self, count: usize) -> Result<(), Error> {
        self.visits = self.visits.saturating_add(count);
        if self.visits <= FREE || self.visits <= self.limit() { Ok(()) } else { Err(Self::spent()) }
    }

    fn limit(&mut self) -> usize {
        let of_objects = || self.objects.iter().map(|object| size(object)).sum::<usize>();
        *self.limit.get_or_insert_with(|| of_objects().saturating_mul(PER_VALUE).saturating_add(FREE).min(MOST))
    }

    fn spent() -> Error {
        Error::new("the template visits too many values")
    }
}

/// How many values there are in `value`, with itself. Its parser has bounded how deep it is.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(size).sum::<usize>() + 1,
        Value::Object(fields) => fields.values().map(size).sum::<usize>() + 1,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::Template, *};

    #[test]
    fn much_may_be_visited_where_there_is_much() {
        let small = json!({"a": [1, {"b": null}], "c": "text"});
        assert_eq!(size(&small), 6);
        for (object, most) in [(small, FREE + 6 * PER_VALUE), (json!(vec![0; 2_000_000]), MOST)] {
            let objects = [&object];
            let mut budget = Budget::new(&objects);
            assert!(budget.visit(most).is_ok());
            assert!(budget.visit(1).is_err());
            assert!(budget.visit(0).is_err(), "spent for ever");
        }
    }

    #[test]
    fn filters_stop_when_it_is_spent() {
        let object = json!({"l": [vec![0; 2_000]]});
        // Whether an item has a field is no failure, so the filter itself must see that nothing is left.
        let text = format!("{{.l[{}][?(@.x)]}}", ["0"; 1_000].join(","));
        let template = Template::parse(&text).unwrap();
        let objects = [&object];
        let mut budget = Budget::new(&objects);
        assert_eq!(template.find(&object, &mut budget).err(), Some(Budget::spent()));
        assert!(budget.visits < 2 * FREE, "{}", budget.visits);
    }
}
