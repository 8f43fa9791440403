//! The functions that a template can call.

mod select;

use super::{
    compare, escape,
    format::{MAX_TEXT, Printed, print, print_format, print_line},
    value::{Data, Value},
};

/// Bytes that are as much work as a value, so that all texts that a run makes have some ten MiB together.
const BYTES_PER_STEP: usize = 16;
/// Longest text that is escaped, in bytes; it may become six times as long.
const MAX_ESCAPED: usize = 2 << 20;
const TOO_LARGE: &str = "the text is too large";

/// What a function takes for an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// `interface {}`
    Any,
    /// Go's `reflect.Value`: also no value at all.
    Raw,
    /// `string`
    Text,
}

/// How a function is called.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: &'static str,
    pub(super) fixed: &'static [Taken],
    /// What any number of further arguments are.
    pub(super) more: Option<Taken>,
    run: Run,
}

/// The function itself: an error is its message.
type Run = for<'v> fn(&[Value<'v>]) -> Result<Answer<'v>, String>;

/// What a function answers.
pub(super) struct Answer<'v> {
    pub(super) value: Value<'v>,
    /// How much work it was beyond the call, in values or so.
    pub(super) work: usize,
}

impl Function {
    /// Runs it. `arguments` must be what it takes.
    pub(super) fn call<'v>(&self, arguments: &[Value<'v>]) -> Result<Answer<'v>, String> {
        (self.run)(arguments)
    }

    /// Whether it does not look at arguments behind the one that decides.
    pub(super) fn short_circuits(&self) -> Option<bool> {
        match self.name {
            "and" => Some(false),
            "or" => Some(true),
            _ => None,
        }
    }

    const fn new(name: &'static str, fixed: &'static [Taken], more: Option<Taken>, run: Run) -> Self {
        Self { name, fixed, more, run }
    }
}

use Taken::{Any, Raw, Text};

const FUNCTIONS: [Function; 21] = [
    Function::new("and", &[Raw], Some(Raw), |_| nothing()),
    Function::new("or", &[Raw], Some(Raw), |_| nothing()),
    Function::new("call", &[Raw], Some(Raw), select::call),
    Function::new("html", &[], Some(Any), |values| escaped(values, escape::html)),
    Function::new("js", &[], Some(Any), |values| escaped(values, escape::js)),
    Function::new("urlquery", &[], Some(Any), |values| escaped(values, escape::url_query)),
    Function::new("print", &[], Some(Any), |values| printed(print(values))),
    Function::new("println", &[], Some(Any), |values| printed(print_line(values))),
    Function::new("printf", &[Text], Some(Any), formatted),
    Function::new("index", &[Raw], Some(Raw), |values| select::index(values).map(Answer::from)),
    Function::new("slice", &[Raw], Some(Raw), |values| select::slice(values).map(Answer::from)),
    Function::new("len", &[Raw], None, |values| select::length(values).map(Answer::from)),
    Function::new("exists", &[Any], Some(Any), |values| truth(Ok(select::exists(values)), values)),
    Function::new("not", &[Raw], None, |values| truth(Ok(!first(values).is_true()), values)),
    Function::new("eq", &[Raw], Some(Raw), |values| truth(compare::equal_any(first(values), rest(values)), values)),
    Function::new("ne", &[Raw, Raw], None, |values| {
        truth(compare::equal_any(first(values), rest(values)).map(|equal| !equal), values)
    }),
    Function::new("lt", &[Raw, Raw], None, |values| truth(compare::less(first(values), second(values)), values)),
    Function::new("le", &[Raw, Raw], None, |values| {
        truth(compare::less_or_equal(first(values), second(values)), values)
    }),
    Function::new("gt", &[Raw, Raw], None, |values| {
        truth(compare::less_or_equal(first(values), second(values)).map(|less| !less), values)
    }),
    Function::new("ge", &[Raw, Raw], None, |values| {
        truth(compare::less(first(values), second(values)).map(|less| !less), values)
    }),
    Function::new("base64decode", &[Text], None, decoded),
];

/// The function of this name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    const TABLE: &[Function] = &FUNCTIONS;
    TABLE.iter().find(|function| function.name == name)
}

/// Whether there is a function of this name.
pub(super) fn exists(name: &str) -> bool {
    find(name).is_some()
}

impl<'v> From<Value<'v>> for Answer<'v> {
    fn from(value: Value<'v>) -> Self {
        Self { value, work: 0 }
    }
}

fn first<'a, 'v>(values: &'a [Value<'v>]) -> &'a Value<'v> {
    values.first().unwrap_or(&Value::MISSING)
}

fn second<'a, 'v>(values: &'a [Value<'v>]) -> &'a Value<'v> {
    values.get(1).unwrap_or(&Value::MISSING)
}

fn rest<'a, 'v>(values: &'a [Value<'v>]) -> &'a [Value<'v>] {
    values.get(1..).unwrap_or_default()
}

fn nothing<'v>() -> Result<Answer<'v>, String> {
    Ok(Value::MISSING.into())
}

fn truth<'v>(value: Result<bool, String>, looked_at: &[Value<'_>]) -> Result<Answer<'v>, String> {
    let work = looked_at.iter().map(size).sum();
    value.map(|value| Answer { value: Value::plain(Data::Bool(value)), work })
}

/// How much a text weighs among values.
fn size(value: &Value<'_>) -> usize {
    match &value.data {
        Data::Text(text) => text.bytes().len() / BYTES_PER_STEP,
        _ => 0,
    }
}

fn printed<'v>(printed: Printed) -> Result<Answer<'v>, String> {
    if printed.text.len() > MAX_TEXT {
        return Err(TOO_LARGE.to_owned());
    }
    let work = printed.values + printed.text.len() / BYTES_PER_STEP;
    Ok(Answer { value: Value::text(printed.text), work })
}

fn formatted<'v>(values: &[Value<'v>]) -> Result<Answer<'v>, String> {
    match &first(values).data {
        Data::Text(format) => printed(print_format(format.bytes(), rest(values))),
        _ => nothing(),
    }
}

fn escaped<'v>(values: &[Value<'v>], escape: fn(&[u8]) -> Vec<u8>) -> Result<Answer<'v>, String> {
    let shown: Vec<_> =
        values.iter().map(|value| if value.is_nothing() { Value::text("<no value>") } else { value.clone() }).collect();
    let text = print(&shown);
    if text.text.len() > MAX_ESCAPED {
        return Err(TOO_LARGE.to_owned());
    }
    printed(Printed { text: escape(&text.text), values: text.values })
}

fn decoded<'v>(values: &[Value<'v>]) -> Result<Answer<'v>, String> {
    let Data::Text(text) = &first(values).data else { return nothing() };
    match escape::base64_decode(text.bytes()) {
        Ok(text) => printed(Printed { text, values: 0 }),
        Err(at) => Err(format!("base64 decode failed: illegal base64 data at input byte {at}")),
    }
}
