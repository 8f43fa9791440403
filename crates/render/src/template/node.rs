//! What a template consists of. Displayed as Go writes it in messages.

use std::{fmt, sync::Arc};

use super::number::Number;

/// A part of a template's text.
#[derive(Debug)]
pub(super) enum Item {
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Call),
    Break,
    Continue,
}

/// Several parts, in order.
pub(super) type List = Vec<Item>;

/// `if`, `with` or `range`.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) list: List,
    pub(super) otherwise: Option<List>,
}

/// `{{template "name" pipeline}}`
#[derive(Debug)]
pub(super) struct Call {
    pub(super) at: usize,
    pub(super) name: String,
    pub(super) pipe: Option<Pipe>,
}

/// Commands of which each gets the value of the one before.
#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) at: usize,
    /// Whether the variables exist already.
    pub(super) assigns: bool,
    /// The variables that get the value, with their dollar signs.
    pub(super) variables: Vec<Arc<str>>,
    pub(super) commands: Vec<Command>,
}

/// A value, or a function with its arguments.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) at: usize,
    /// Never empty.
    pub(super) words: Vec<Node>,
}

/// An operand.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) at: usize,
    pub(super) kind: NodeKind,
}

/// What an operand is.
#[derive(Debug)]
pub(super) enum NodeKind {
    /// `.a.b`
    Field(Vec<String>),
    /// `$x` or `$x.a.b`
    Variable(Arc<str>, Vec<String>),
    /// `(…).a.b`
    Chain(Box<Node>, Vec<String>),
    /// The name of a function.
    Function(String),
    Pipe(Pipe),
    Dot,
    Nil,
    Bool(bool),
    Number {
        value: Number,
        text: String,
    },
    Text {
        value: Arc<[u8]>,
        quoted: String,
    },
}

impl NodeKind {
    /// Whether it can only stand first in a pipeline.
    pub(super) const fn is_constant(&self) -> bool {
        matches!(self, Self::Dot | Self::Nil | Self::Bool(_) | Self::Number { .. } | Self::Text { .. })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {}", super::quote(self.name.as_bytes()))?;
        if let Some(pipe) = &self.pipe {
            write!(f, " {pipe}")?;
        }
        f.write_str("}}")
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            let sign = if self.assigns { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (at, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if at > 0 { " | " } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, word) in self.words.iter().enumerate() {
            f.write_str(if at > 0 { " " } else { "" })?;
            word.in_command(f)?;
        }
        Ok(())
    }
}

impl Node {
    fn in_command(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            NodeKind::Pipe(pipe) => write!(f, "({pipe})"),
            _ => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            NodeKind::Field(names) => fields(f, names),
            NodeKind::Variable(name, names) => {
                f.write_str(name)?;
                fields(f, names)
            }
            NodeKind::Chain(node, names) => {
                node.in_command(f)?;
                fields(f, names)
            }
            NodeKind::Function(name) => f.write_str(name),
            NodeKind::Pipe(pipe) => write!(f, "{pipe}"),
            NodeKind::Dot => f.write_str("."),
            NodeKind::Nil => f.write_str("nil"),
            NodeKind::Bool(value) => write!(f, "{value}"),
            NodeKind::Number { text, .. } | NodeKind::Text { quoted: text, .. } => f.write_str(text),
        }
    }
}

fn fields(f: &mut fmt::Formatter<'_>, names: &[String]) -> fmt::Result {
    names.iter().try_for_each(|name| write!(f, ".{name}"))
}
