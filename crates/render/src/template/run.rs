//! Runs a template.

mod eval;

use std::{fmt, sync::Arc};

use serde_json::Value as Json;

use super::{
    Missing,
    format::{self, MAX_TEXT},
    node::{Branch, Call, Command, Item, Node, Pipe},
    parse::Trees,
    value::{Data, Value, entries},
};

/// Most steps of a run: commands, iterations, values printed. A page of a thousand objects takes some ten thousand.
const MAX_STEPS: usize = 1 << 22;
/// Deepest nesting of lists of parts and of templates that call each other.
const MAX_DEPTH: usize = 200;
/// How deep Go lets templates call each other; its message says so.
const GO_MAX_DEPTH: usize = 100_000;

/// What a run printed, and how it ended.
pub(super) struct Ran {
    pub(super) out: Vec<u8>,
    /// Go's message.
    pub(super) error: Option<String>,
}

/// Runs the template of this name.
pub(super) fn run(trees: &Trees, name: &str, text: &str, data: &Json, missing: Missing) -> Ran {
    let root = Value::plain(Data::of(data));
    let mut run = Run {
        trees,
        name,
        text,
        missing,
        current: name,
        at: None,
        out: Vec::new(),
        variables: vec![("$".into(), root.clone())],
        steps: 0,
        depth: 0,
    };
    let list = trees.get(name).map(Vec::as_slice).unwrap_or_default();
    let error = run.list(&root, list).err();
    Ran { out: run.out, error }
}

struct Run<'t, 'v> {
    trees: &'t Trees,
    /// What the outermost template is called.
    name: &'t str,
    text: &'t str,
    missing: Missing,
    /// The template that is running.
    current: &'t str,
    /// What is being evaluated, for messages.
    at: Option<At<'t>>,
    out: Vec<u8>,
    /// Those declared last are found first.
    variables: Vec<(Arc<str>, Value<'v>)>,
    steps: usize,
    depth: usize,
}

/// A part of the template that a message can be about.
#[derive(Clone, Copy)]
enum At<'t> {
    Pipe(&'t Pipe),
    Command(&'t Command),
    Node(&'t Node),
    Call(&'t Call),
}

impl At<'_> {
    const fn position(self) -> usize {
        match self {
            Self::Pipe(pipe) => pipe.at,
            Self::Command(command) => command.at,
            Self::Node(node) => node.at,
            Self::Call(call) => call.at,
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pipe(pipe) => pipe.fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::Node(node) => node.fmt(f),
            Self::Call(call) => call.fmt(f),
        }
    }
}

/// How a list of parts ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

impl<'t, 'v> Run<'t, 'v> {
    /// Go's message about what is being evaluated.
    fn error<T>(&self, message: impl fmt::Display) -> Result<T, String> {
        let current = super::quote(self.current.as_bytes());
        let Some(at) = self.at else { return Err(format!("template: {}: {message}", self.current)) };
        let before = self.text.get(..at.position()).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        let column = before.rfind('\n').map_or(before.len(), |end| before.len() - end - 1);
        Err(format!("template: {}:{line}:{column}: executing {current} at <{at}>: {message}", self.name))
    }

    /// Counts work.
    fn step(&mut self, work: usize) -> Result<(), String> {
        self.steps = self.steps.saturating_add(work);
        if self.steps > MAX_STEPS { self.error("the template takes too many steps") } else { Ok(()) }
    }

    fn write(&mut self, text: &[u8]) -> Result<(), String> {
        if self.out.len() + text.len() > MAX_TEXT {
            return self.error("the output is too large");
        }
        self.out.extend_from_slice(text);
        Ok(())
    }

    /// Runs `inner` one level deeper.
    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.depth >= MAX_DEPTH {
            return self.error(format!("exceeded maximum template depth ({GO_MAX_DEPTH})"));
        }
        self.depth += 1;
        let ended = inner(self);
        self.depth -= 1;
        ended
    }

    fn list(&mut self, dot: &Value<'v>, list: &'t [Item]) -> Result<Flow, String> {
        for item in list {
            self.step(1)?;
            match self.item(dot, item)? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        Ok(Flow::Next)
    }

    fn item(&mut self, dot: &Value<'v>, item: &'t Item) -> Result<Flow, String> {
        match item {
            Item::Text(text) => self.write(text.as_bytes())?,
            Item::Action(pipe) => {
                let value = self.pipe(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.print(&value)?;
                }
            }
            Item::If(branch) => return self.deeper(|run| run.branch(dot, branch, false)),
            Item::With(branch) => return self.deeper(|run| run.branch(dot, branch, true)),
            Item::Range(branch) => return self.deeper(|run| run.range(dot, branch)),
            Item::Template(call) => self.call(dot, call)?,
            Item::Break => return Ok(Flow::Break),
            Item::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn print(&mut self, value: &Value<'v>) -> Result<(), String> {
        if !value.is_valid() {
            return self.write(b"<no value>");
        }
        let printed = format::print(std::slice::from_ref(value));
        self.step(printed.values)?;
        self.write(&printed.text)
    }

    /// `if`, or `with`, which makes its value the dot.
    fn branch(&mut self, dot: &Value<'v>, branch: &'t Branch, with: bool) -> Result<Flow, String> {
        let seen = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let flow = match (value.is_true(), &branch.otherwise) {
            (true, _) => self.list(if with { &value } else { dot }, &branch.list),
            (false, Some(otherwise)) => self.list(dot, otherwise),
            (false, None) => Ok(Flow::Next),
        };
        self.variables.truncate(seen);
        flow
    }

    fn range(&mut self, dot: &Value<'v>, branch: &'t Branch) -> Result<Flow, String> {
        let seen = self.variables.len();
        let value = self.pipe(dot, &branch.pipe)?;
        let many = branch.pipe.variables.len() > 1;
        let flow = match &value.data {
            Data::Nothing => None,
            Data::Int(count) | Data::Long(count) => self.count(branch, *count, many, Data::is_long(&value.data))?,
            Data::Byte(count) => self.count(branch, i64::from(*count), many, false)?,
            Data::List(list) => {
                let items = list.iter().enumerate();
                let at = |at: usize| Value::plain(Data::Int(i64::try_from(at).unwrap_or(i64::MAX)));
                self.iterate(branch, items.map(|(index, item)| (at(index), Value::element(item))))?
            }
            Data::Map(map) => {
                self.step(map.len())?;
                let items = entries(map).into_iter();
                self.iterate(branch, items.map(|(key, item)| (Value::text(key), Value::element(item))))?
            }
            data => {
                let shown = format::print_verb(data, 'v');
                return self.error(format!("range can't iterate over {shown}"));
            }
        };
        self.variables.truncate(seen);
        match (flow, &branch.otherwise) {
            (None, Some(otherwise)) => self.list(dot, otherwise),
            _ => Ok(Flow::Next),
        }
    }

    /// Runs over the numbers below `count`.
    fn count(&mut self, branch: &'t Branch, count: i64, many: bool, long: bool) -> Result<Option<()>, String> {
        if many {
            return self.error(format!("can't use {count} to iterate over more than one variable"));
        }
        let number = move |number| Value::plain(if long { Data::Long(number) } else { Data::Int(number) });
        self.iterate(branch, (0..count.max(0)).map(move |at| (Value::MISSING, number(at))))
    }

    /// Runs the list for every pair; none when there was no pair.
    fn iterate(
        &mut self,
        branch: &'t Branch,
        pairs: impl Iterator<Item = (Value<'v>, Value<'v>)>,
    ) -> Result<Option<()>, String> {
        let seen = self.variables.len();
        let mut ran = None;
        for (key, item) in pairs {
            self.step(1)?;
            ran = Some(());
            self.set_range(&branch.pipe, key, &item)?;
            let flow = self.list(&item, &branch.list)?;
            self.variables.truncate(seen);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(ran)
    }

    /// Gives the variables of a range their values: with one it is the element, with two the first is the key.
    fn set_range(&mut self, pipe: &'t Pipe, key: Value<'v>, item: &Value<'v>) -> Result<(), String> {
        let values = if pipe.variables.len() > 1 { vec![key, item.clone()] } else { vec![item.clone()] };
        let declared = self.variables.len().saturating_sub(pipe.variables.len());
        for (at, (name, value)) in pipe.variables.iter().zip(values).enumerate() {
            if pipe.assigns {
                self.assign(name, value)?;
            } else if let Some((_, variable)) = self.variables.get_mut(declared + at) {
                *variable = value;
            }
        }
        Ok(())
    }

    fn assign(&mut self, name: &Arc<str>, value: Value<'v>) -> Result<(), String> {
        match self.variables.iter_mut().rev().find(|(known, _)| known == name) {
            Some((_, variable)) => *variable = value,
            None => return self.error(format!("undefined variable: {name}")),
        }
        Ok(())
    }

    fn call(&mut self, dot: &Value<'v>, call: &'t Call) -> Result<(), String> {
        self.at = Some(At::Call(call));
        let Some((name, list)) = self.trees.get_key_value(&call.name) else {
            return self.error(format!("template {} not defined", super::quote(call.name.as_bytes())));
        };
        self.deeper(|run| {
            let dot = match &call.pipe {
                Some(pipe) => run.pipe(dot, pipe)?,
                None => Value::MISSING,
            };
            let outer = std::mem::replace(&mut run.variables, vec![("$".into(), dot.clone())]);
            let caller = std::mem::replace(&mut run.current, name);
            run.list(&dot, list)?;
            (run.variables, run.current) = (outer, caller);
            Ok(())
        })
    }
}
