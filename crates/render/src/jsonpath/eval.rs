//! Carrying out one expression.

use serde_json::{Map, Value};

use super::{
    Budget, Error, Found,
    compare::compare,
    go,
    node::{End, Node, Slice},
};

type Values<'a> = Vec<Found<'a>>;

/// A failure, and whether values were there all the same: `[?(@.x)]` looks at them alone.
pub(super) struct Failed {
    pub(super) error: Error,
    has_values: bool,
}

type Outcome<'a> = Result<Values<'a>, Failed>;

/// How many ranges were begun, are being carried out, and ended.
#[derive(Default)]
pub(super) struct Ranges {
    pub(super) begun: usize,
    pub(super) inside: usize,
    pub(super) ended: usize,
}

/// What is known while a template is carried out.
pub(super) struct Eval<'b, 'o> {
    allow_missing: bool,
    budget: &'b mut Budget<'o>,
    pub(super) ranges: Ranges,
}

fn fail<'a>(text: impl Into<String>, has_values: bool) -> Outcome<'a> {
    Err(Failed { error: Error::new(text), has_values })
}

impl<'b, 'o> Eval<'b, 'o> {
    pub(super) fn new(allow_missing: bool, budget: &'b mut Budget<'o>) -> Self {
        Self { allow_missing, budget, ranges: Ranges::default() }
    }

    /// What `node` makes of `input`.
    pub(super) fn node<'a>(&mut self, input: Values<'a>, node: &'a Node) -> Outcome<'a> {
        self.visit(input.len() + 1)?;
        match node {
            Node::Text(text) => Ok(vec![Found::Bare(text)]),
            Node::Literal(value) => Ok(vec![Found::Bare(value); input.len()]),
            Node::List(nodes) => self.list(input, nodes),
            Node::Field(name) => self.field(&input, name),
            Node::Word(word) => self.word(input, word),
            Node::Slice(slice) => self.slices(&input, *slice),
            Node::Filter { left, operator, right } => self.filter(&input, left, operator.as_deref(), right),
            Node::Wildcard => self.wildcard(&input),
            Node::Recursive => {
                let mut all = Vec::new();
                input.into_iter().try_for_each(|found| self.descend(found, &mut all))?;
                Ok(all)
            }
            Node::Union(parts) => self.union(&input, parts),
        }
    }

    /// Counts visits; where they were too many it fails, also when asked again.
    pub(super) fn visit(&mut self, count: usize) -> Result<(), Failed> {
        self.budget.visit(count).map_err(|error| Failed { error, has_values: false })
    }

    fn list<'a>(&mut self, input: Values<'a>, nodes: &'a [Node]) -> Outcome<'a> {
        nodes.iter().try_fold(input, |values, node| self.node(values, node))
    }

    fn field<'a>(&self, input: &[Found<'a>], name: &str) -> Outcome<'a> {
        let named = |found: &Found<'a>| found.value()?.as_object()?.get(name).map(Found::Held);
        let values: Values<'_> = input.iter().filter_map(named).collect();
        if values.is_empty() && !input.is_empty() && !self.allow_missing {
            return fail(format!("{name} is not found"), false);
        }
        Ok(values)
    }

    fn word<'a>(&mut self, input: Values<'a>, word: &str) -> Outcome<'a> {
        match word {
            "range" => {
                self.ranges.begun += 1;
                Ok(input)
            }
            "end" if self.ranges.inside > 0 => {
                self.ranges.ended += 1;
                Ok(Vec::new())
            }
            "end" => fail("not in range, nothing to end", false),
            other => fail(format!("unrecognized identifier {other}"), !input.is_empty()),
        }
    }

    fn slices<'a>(&mut self, input: &[Found<'a>], slice: Slice) -> Outcome<'a> {
        let mut values = Vec::new();
        for found in input {
            let items = match found {
                Found::Held(Value::Null) => continue,
                Found::Held(Value::Array(items)) | Found::Bare(Value::Array(items)) => items,
                other => return fail(format!("{} is not array or slice", type_name(*other)), true),
            };
            match cut(items, slice) {
                // As in client-go, a list that gives nothing ends it, also for the lists behind it.
                Ok(None) => return Ok(values),
                Ok(Some(items)) => {
                    let before = values.len();
                    values.extend(items.map(Found::Held));
                    self.visit(values.len() - before)?;
                }
                Err(text) => return fail(text, true),
            }
        }
        Ok(values)
    }

    fn union<'a>(&mut self, input: &[Found<'a>], parts: &'a [Vec<Node>]) -> Outcome<'a> {
        let mut values = Vec::new();
        for part in parts {
            match self.list(input.to_vec(), part) {
                Ok(found) => values.extend(found),
                Err(failed) => return Err(Failed { has_values: !input.is_empty(), ..failed }),
            }
        }
        Ok(values)
    }

    fn wildcard<'a>(&mut self, input: &[Found<'a>]) -> Outcome<'a> {
        let mut values = Vec::new();
        for found in input {
            let inner = children(*found);
            self.visit(inner.len())?;
            values.extend(inner);
        }
        Ok(values)
    }

    /// Everything in `found` that has something in it, `found` first. The depth is that of the object, which its
    /// parser has bounded.
    fn descend<'a>(&mut self, found: Found<'a>, all: &mut Values<'a>) -> Result<(), Failed> {
        // The bytes of a text have nothing in them, so they need not be looked at.
        if let Some(text @ Value::String(bytes)) = found.value() {
            all.extend((!bytes.is_empty()).then_some(Found::Bare(text)));
            return self.visit(1);
        }
        let inner = children(found);
        self.visit(inner.len() + 1)?;
        if !inner.is_empty() {
            all.extend(found.value().map(Found::Bare));
            inner.into_iter().try_for_each(|found| self.descend(found, all))?;
        }
        Ok(())
    }

    fn filter<'a>(
        &mut self,
        input: &[Found<'a>],
        left: &'a [Node],
        operator: Option<&str>,
        right: &'a [Node],
    ) -> Outcome<'a> {
        let mut values = Vec::new();
        for found in input {
            let Some(Value::Array(items)) = found.value() else {
                let what = if *found == Found::Nothing { "<invalid reflect.Value>".into() } else { found.plain() };
                return fail(format!("{what} is not array or slice and cannot be filtered"), true);
            };
            for item in items.iter().map(Found::Held) {
                // Failures of what is asked about an item are answers, so here it is seen that too much was visited.
                self.visit(1)?;
                let lefts = self.list(vec![item], left);
                let passes = match operator {
                    None => lefts.map_or_else(|failed| failed.has_values, |lefts| !lefts.is_empty()),
                    Some(operator) => self.passes(&lefts?, item, operator, right)?,
                };
                if passes {
                    values.push(item);
                }
            }
        }
        Ok(values)
    }

    fn passes<'a>(
        &mut self,
        lefts: &[Found<'a>],
        item: Found<'a>,
        operator: &str,
        right: &'a [Node],
    ) -> Result<bool, Failed> {
        let Some(left) = single(lefts)? else { return Ok(false) };
        let rights = self.list(vec![item], right)?;
        let Some(right) = single(&rights)? else { return Ok(false) };
        compare(left, operator, right).map_err(|error| Failed { error, has_values: true })
    }
}

/// The one value there; none for none.
fn single<'a>(values: &[Found<'a>]) -> Result<Option<Found<'a>>, Failed> {
    match values {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(Failed { error: Error::new("can only compare one element at a time"), has_values: true }),
    }
}

fn type_name(found: Found<'_>) -> &'static str {
    match found {
        Found::Held(value) | Found::Bare(value) => go::type_name(value),
        Found::Byte(_) => "uint8",
        Found::Nothing => "<nil>",
    }
}

/// What is in a list or a map, or the bytes of a string. Go walks maps in no order; here their keys are sorted.
fn children(found: Found<'_>) -> Values<'_> {
    match found.value() {
        Some(Value::Array(items)) => items.iter().map(Found::Held).collect(),
        Some(Value::Object(fields)) => sorted(fields),
        Some(Value::String(text)) => text.bytes().map(Found::Byte).collect(),
        _ => Vec::new(),
    }
}

fn sorted(fields: &Map<String, Value>) -> Values<'_> {
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    fields.into_iter().map(|(_, value)| Found::Held(value)).collect()
}

/// The elements that `slice` means; none when it asks for none.
fn cut(items: &[Value], slice: Slice) -> Result<Option<impl Iterator<Item = &Value>>, String> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let from_end = |at: i64| if at < 0 { at.saturating_add(length) } else { at };
    let start = from_end(slice.start.unwrap_or_default());
    let end = match slice.end {
        End::Open => length,
        // Behind the last element, counted from the end.
        End::One(0) => length,
        End::At(end) | End::One(end) => from_end(end),
    };
    if start == end {
        return Ok(None);
    }
    let outside = |at: i64| Err(format!("array index out of bounds: index {at}, length {length}"));
    if !(0..length).contains(&start) {
        return outside(start);
    }
    if !(0..=length).contains(&end) {
        return outside(end.saturating_sub(1));
    }
    if start > end {
        return Err(format!("starting index {start} is greater than ending index {end}"));
    }
    let step = match slice.step {
        None => 1,
        Some(step) => usize::try_from(step).ok().filter(|step| *step > 0).ok_or("step must be > 0")?,
    };
    let range = usize::try_from(start).unwrap_or_default()..usize::try_from(end).unwrap_or_default();
    Ok(Some(items.get(range).unwrap_or_default().iter().step_by(step)))
}
