//! Values as Go's reflection sees them.

use std::sync::Arc;

use serde_json::{Map, Number, Value as Json};

/// A value of a template.
#[derive(Debug, Clone)]
pub(super) struct Value<'v> {
    /// Whether it stands in a variable of type `interface {}`, such as a map's or list's element. Go forgets this
    /// where a pipeline ends; until then it shows in messages.
    pub(super) boxed: bool,
    pub(super) data: Data<'v>,
}

/// What a value is.
#[derive(Debug, Clone)]
pub(super) enum Data<'v> {
    /// Boxed: nil. Not boxed: no value at all, as of a missing key.
    Nothing,
    Bool(bool),
    /// `int`: constants, lengths, positions.
    Int(i64),
    /// `int64`: whole numbers of JSON.
    Long(i64),
    /// `uint8`: one byte of a text.
    Byte(u8),
    Float(f64),
    Text(Text<'v>),
    Map(&'v Map<String, Json>),
    List(&'v [Json]),
}

/// Bytes that are mostly UTF-8; cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Text<'v> {
    Borrowed(&'v [u8]),
    Owned(Arc<[u8]>),
}

impl Text<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}

impl<'v> Value<'v> {
    /// No value, Go's zero `reflect.Value`.
    pub(super) const MISSING: Self = Self { boxed: false, data: Data::Nothing };
    /// A variable of type `interface {}` that holds nothing.
    pub(super) const NIL: Self = Self { boxed: true, data: Data::Nothing };

    pub(super) const fn plain(data: Data<'v>) -> Self {
        Self { boxed: false, data }
    }

    pub(super) fn text(text: impl Into<Vec<u8>>) -> Self {
        Self::plain(Data::Text(Text::Owned(text.into().into())))
    }

    /// An element of a map or list.
    pub(super) fn element(json: &'v Json) -> Self {
        Self { boxed: true, data: Data::of(json) }
    }

    /// The same, out of its box.
    pub(super) fn unboxed(self) -> Self {
        Self { boxed: false, ..self }
    }

    /// Whether Go has a value there, be it nil.
    pub(super) const fn is_valid(&self) -> bool {
        self.boxed || !matches!(self.data, Data::Nothing)
    }

    pub(super) const fn is_nothing(&self) -> bool {
        matches!(self.data, Data::Nothing)
    }

    /// The name of its type where it stands.
    pub(super) const fn type_name(&self) -> &'static str {
        if self.boxed { "interface {}" } else { self.data.type_name() }
    }

    /// Whether `if` takes it for true.
    pub(super) fn is_true(&self) -> bool {
        match &self.data {
            Data::Nothing => false,
            Data::Bool(value) => *value,
            Data::Int(number) | Data::Long(number) => *number != 0,
            Data::Byte(byte) => *byte != 0,
            Data::Float(number) => *number != 0.0,
            Data::Text(text) => !text.bytes().is_empty(),
            Data::Map(map) => !map.is_empty(),
            Data::List(list) => !list.is_empty(),
        }
    }
}

impl<'v> Data<'v> {
    pub(super) fn of(json: &'v Json) -> Self {
        match json {
            Json::Null => Self::Nothing,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::number(number),
            Json::String(text) => Self::Text(Text::Borrowed(text.as_bytes())),
            Json::Array(list) => Self::List(list),
            Json::Object(map) => Self::Map(map),
        }
    }

    /// kubectl writes an object as JSON and reads that, so that floats that look whole become whole numbers.
    fn number(number: &Number) -> Self {
        let float = || number.as_f64().unwrap_or_default();
        let whole = number.as_i64().or_else(|| float().to_string().parse().ok());
        whole.map_or_else(|| Self::Float(float()), Self::Long)
    }

    pub(super) const fn is_long(&self) -> bool {
        matches!(self, Self::Long(_))
    }

    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Nothing => "<nil>",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Long(_) => "int64",
            Self::Byte(_) => "uint8",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
            Self::Map(_) => "map[string]interface {}",
            Self::List(_) => "[]interface {}",
        }
    }
}

/// A map's entries in the order of their keys.
pub(super) fn entries(map: &Map<String, Json>) -> Vec<(&str, &Json)> {
    let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.as_str(), value)).collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    entries
}
