//! Evaluates pipelines.

use std::sync::Arc;

use super::{
    super::{
        Missing,
        calls::{self, Function, Taken},
        node::{Command, Node, NodeKind, Pipe},
        number::Number,
        value::{Data, Text, Value},
    },
    At, Run,
};

impl<'t, 'v> Run<'t, 'v> {
    /// The value of the last command; the variables that the pipeline declares or assigns get it too.
    pub(super) fn pipe(&mut self, dot: &Value<'v>, pipe: &'t Pipe) -> Result<Value<'v>, String> {
        self.at = Some(At::Pipe(pipe));
        let mut value = None;
        for command in &pipe.commands {
            self.step(1)?;
            value = Some(self.command(dot, command, value)?.unboxed());
        }
        let value = value.unwrap_or(Value::MISSING);
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, value.clone())?;
            } else {
                self.variables.push((Arc::clone(name), value.clone()));
            }
        }
        Ok(value)
    }

    /// `last`: the value of the command before.
    fn command(&mut self, dot: &Value<'v>, command: &'t Command, last: Option<Value<'v>>) -> Result<Value<'v>, String> {
        let Some((word, arguments)) = command.words.split_first() else { return Ok(Value::MISSING) };
        let alone = arguments.is_empty() && last.is_none();
        match &word.kind {
            NodeKind::Field(_) | NodeKind::Chain(..) => return self.fields(dot, word, alone),
            NodeKind::Variable(_, names) if !names.is_empty() => return self.fields(dot, word, alone),
            NodeKind::Function(name) => {
                self.at = Some(At::Node(word));
                return self.function(dot, name, At::Command(command), arguments, last);
            }
            NodeKind::Pipe(_) => {}
            _ => self.at = Some(At::Node(word)),
        }
        if !alone {
            return self.error(format!("can't give argument to non-function {word}"));
        }
        match &word.kind {
            NodeKind::Pipe(pipe) => self.deeper(|run| run.pipe(dot, pipe)),
            NodeKind::Nil => self.error("nil is not a command"),
            _ => self.constant(dot, word),
        }
    }

    /// What needs no evaluation.
    fn constant(&mut self, dot: &Value<'v>, node: &'t Node) -> Result<Value<'v>, String> {
        Ok(match &node.kind {
            NodeKind::Dot => dot.clone(),
            NodeKind::Bool(value) => Value::plain(Data::Bool(*value)),
            NodeKind::Text { value, .. } => Value::plain(Data::Text(Text::Owned(Arc::clone(value)))),
            NodeKind::Number { value: Number::Int(number), .. } => Value::plain(Data::Int(*number)),
            NodeKind::Number { value: Number::Float(number), .. } => Value::plain(Data::Float(*number)),
            NodeKind::Number { value: Number::TooLarge, text } => return self.error(format!("{text} overflows int")),
            NodeKind::Variable(name, _) => self.variable(name)?,
            _ => {
                return self
                    .error(format!("can't evaluate command {}", super::super::quote(node.to_string().as_bytes())));
            }
        })
    }

    fn variable(&self, name: &Arc<str>) -> Result<Value<'v>, String> {
        match self.variables.iter().rev().find(|(known, _)| known == name) {
            Some((_, value)) => Ok(value.clone()),
            None => self.error(format!("undefined variable: {name}")),
        }
    }

    /// `.a.b`, `$x.a.b`, `(…).a.b`; `alone`: without arguments.
    fn fields(&mut self, dot: &Value<'v>, node: &'t Node, alone: bool) -> Result<Value<'v>, String> {
        self.at = Some(At::Node(node));
        let (mut value, names) = match &node.kind {
            NodeKind::Field(names) => (dot.clone(), names),
            NodeKind::Variable(name, names) => (self.variable(name)?, names),
            NodeKind::Chain(inner, names) => (self.deeper(|run| run.chained(dot, inner))?, names),
            _ => return self.constant(dot, node),
        };
        for (at, name) in names.iter().enumerate() {
            value = self.field(&value, name, alone || at + 1 < names.len())?;
        }
        Ok(value)
    }

    fn chained(&mut self, dot: &Value<'v>, node: &'t Node) -> Result<Value<'v>, String> {
        self.at = Some(At::Node(node));
        match &node.kind {
            NodeKind::Pipe(pipe) => self.pipe(dot, pipe),
            NodeKind::Function(name) => self.function(dot, name, At::Node(node), &[], None),
            _ => self.fields(dot, node, true),
        }
    }

    fn field(&self, value: &Value<'v>, name: &str, alone: bool) -> Result<Value<'v>, String> {
        let quoted = || super::super::quote(name.as_bytes());
        match &value.data {
            Data::Nothing if value.boxed => self.error(format!("nil pointer evaluating interface {{}}.{name}")),
            Data::Nothing if self.missing == Missing::IsError => {
                self.error(format!("nil data; no entry for key {}", quoted()))
            }
            Data::Nothing => Ok(Value::MISSING),
            Data::Map(_) if !alone => self.error(format!("{name} is not a method but has arguments")),
            Data::Map(map) => match map.get(name) {
                Some(found) => Ok(Value::element(found)),
                None if self.missing == Missing::IsError => {
                    self.error(format!("map has no entry for key {}", quoted()))
                }
                None => Ok(Value::MISSING),
            },
            _ => self.error(format!("can't evaluate field {name} in type {}", value.type_name())),
        }
    }

    fn function(
        &mut self,
        dot: &Value<'v>,
        name: &str,
        whole: At<'t>,
        arguments: &'t [Node],
        last: Option<Value<'v>>,
    ) -> Result<Value<'v>, String> {
        let Some(function) = calls::find(name) else {
            return self.error(format!("{} is not a defined function", super::super::quote(name.as_bytes())));
        };
        self.check_count(function, arguments.len(), last.is_some())?;
        let mut values = Vec::with_capacity(arguments.len() + 1);
        for (at, argument) in arguments.iter().enumerate() {
            let value = self.argument(dot, taken(function, at), argument)?;
            if function.short_circuits() == Some(value.is_true()) {
                return Ok(value);
            }
            values.push(value);
        }
        let shown = arguments.first().map(ToString::to_string);
        if let Some(last) = last {
            values.push(self.fit(last, taken(function, arguments.len()))?);
        }
        if function.short_circuits().is_some() {
            return Ok(values.pop().unwrap_or(Value::MISSING));
        }
        let answer = match function.call(&values) {
            Ok(answer) => answer,
            Err(message) => {
                self.at = Some(whole);
                let message = if name == "call" { not_callable(&message, shown, &values) } else { message };
                return self.error(format!("error calling {name}: {message}"));
            }
        };
        self.step(answer.work)?;
        Ok(answer.value)
    }

    fn check_count(&self, function: &Function, written: usize, has_last: bool) -> Result<(), String> {
        let (count, fixed) = (written + usize::from(has_last), function.fixed.len());
        let name = function.name;
        if function.more.is_some() {
            if count < fixed {
                return self.error(format!("wrong number of args for {name}: want at least {fixed} got {written}"));
            }
        } else if count != fixed {
            return self.error(format!("wrong number of args for {name}: want {fixed} got {count}"));
        }
        Ok(())
    }

    fn argument(&mut self, dot: &Value<'v>, taken: Taken, node: &'t Node) -> Result<Value<'v>, String> {
        self.at = Some(At::Node(node));
        let value = match &node.kind {
            NodeKind::Nil => {
                return match taken {
                    Taken::Any => Ok(Value::NIL),
                    Taken::Raw => Ok(Value::MISSING),
                    Taken::Text => self.error("cannot assign nil to string"),
                };
            }
            NodeKind::Bool(_) | NodeKind::Number { .. } if taken == Taken::Text => {
                return self.error(format!("expected string; found {node}"));
            }
            NodeKind::Pipe(pipe) => self.deeper(|run| run.pipe(dot, pipe))?,
            NodeKind::Function(name) => self.function(dot, name, At::Node(node), &[], None)?,
            NodeKind::Field(_) | NodeKind::Chain(..) => self.fields(dot, node, true)?,
            NodeKind::Variable(_, names) if !names.is_empty() => self.fields(dot, node, true)?,
            _ => return self.constant(dot, node).and_then(|value| self.fit(value, taken)),
        };
        self.fit(value, taken)
    }

    /// The value as a function takes it.
    fn fit(&self, value: Value<'v>, taken: Taken) -> Result<Value<'v>, String> {
        match (taken, &value.data) {
            (Taken::Raw, _) | (Taken::Text, Data::Text(_)) => Ok(value),
            (Taken::Any, Data::Nothing) => Ok(Value::NIL),
            (Taken::Any, _) => Ok(value),
            (Taken::Text, Data::Nothing) if !value.boxed => self.error("invalid value; expected string"),
            (Taken::Text, Data::Nothing) => self.error("wrong type for value; expected string; got interface {}"),
            (Taken::Text, data) => {
                self.error(format!("wrong type for value; expected string; got {}", data.type_name()))
            }
        }
    }
}

/// What the argument at this place must be.
fn taken(function: &Function, at: usize) -> Taken {
    function.fixed.get(at).copied().or(function.more).unwrap_or(Taken::Raw)
}

/// What `call` says of something that is no function.
fn not_callable(type_name: &str, shown: Option<String>, values: &[Value<'_>]) -> String {
    let Some(value) = values.first().filter(|value| !value.is_nothing()) else { return type_name.to_owned() };
    let shown = shown.unwrap_or_else(|| match &value.data {
        Data::Text(text) => String::from_utf8_lossy(text.bytes()).into_owned(),
        _ => format!("<{type_name} Value>"),
    });
    format!("non-function {shown} of type {type_name}")
}
