//! The parts of a template.

use serde_json::Value;

/// One part.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// Text outside of braces, or a quoted string inside: one value, whatever went before.
    Text(Value),
    /// A number or a boolean: one for each value that went before.
    Literal(Value),
    /// What stands in one pair of braces.
    List(Vec<Self>),
    /// `.name`
    Field(String),
    /// `range` and `end`; anything else is found out only when it is carried out.
    Word(String),
    /// `[0]`, `[1:5:2]`
    Slice(Slice),
    /// `[?(left operator right)]`
    Filter {
        /// Compared, or looked for.
        left: Vec<Self>,
        /// None when it is enough that the left side finds something.
        operator: Option<String>,
        /// What to compare with.
        right: Vec<Self>,
    },
    /// `.*`
    Wildcard,
    /// `..`
    Recursive,
    /// `[a,b]`: each carried out on the same values.
    Union(Vec<Vec<Self>>),
}

/// Which elements of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    /// The first; none for the list's first. Below zero it counts from the end.
    pub(super) start: Option<i64>,
    /// Behind the last.
    pub(super) end: End,
    /// One of so many.
    pub(super) step: Option<i64>,
}

/// Where a slice ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// At the list's end.
    Open,
    /// There; below zero it counts from the end.
    At(i64),
    /// Behind the one element that was asked for.
    One(i64),
}
