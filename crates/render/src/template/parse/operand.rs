//! Pipelines, commands and operands.

use std::sync::Arc;

use super::{
    super::{
        calls,
        lex::{Kind, Token},
        node::{Command, Node, NodeKind, Pipe},
        number, quote,
        quoting::{character, unquoted},
    },
    Parser,
};

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Result<Pipe, String> {
        let at = self.peek_word().at;
        let mut pipe = Pipe { at, assigns: false, variables: Vec::new(), commands: Vec::new() };
        while self.declaration(&mut pipe, context)? {}
        loop {
            let token = self.next_word();
            match token.kind {
                kind if kind == end => {
                    self.check(&pipe, context)?;
                    return Ok(pipe);
                }
                kind if starts_operand(kind) => {
                    self.tree.tokens.back();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// Reads `$x :=`, `$x =` or the `$i,` of a range; says whether another variable must be looked for.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Result<bool, String> {
        let variable = self.peek_word();
        if variable.kind != Kind::Variable {
            return Ok(false);
        }
        self.next();
        let behind = self.peek();
        let next = self.peek_word();
        match next.kind {
            Kind::Assign | Kind::Declare => {
                pipe.assigns = next.kind == Kind::Assign;
                self.next_word();
                self.declare(pipe, &variable);
                Ok(false)
            }
            Kind::Char if next.text == "," => {
                self.next_word();
                self.declare(pipe, &variable);
                if context != "range" || pipe.variables.len() > 1 {
                    return self.error(&format!("too many declarations in {context}"));
                }
                match self.peek_word().kind {
                    Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(true),
                    _ => self.error("range can only initialize variables"),
                }
            }
            _ => {
                if behind.kind == Kind::Space {
                    self.tree.tokens.back_three(variable, behind);
                } else {
                    self.tree.tokens.back_two(variable);
                }
                Ok(false)
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: &Token) {
        let name: Arc<str> = variable.text.as_str().into();
        pipe.variables.push(Arc::clone(&name));
        self.tree.variables.push(name);
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Result<(), String> {
        if pipe.commands.is_empty() {
            return self.error(&format!("missing value for {context}"));
        }
        for (at, command) in pipe.commands.iter().enumerate().skip(1) {
            if command.words.first().is_some_and(|word| word.kind.is_constant()) {
                return self.error(&format!("non executable command in pipeline stage {}", at + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command, String> {
        let mut command = Command { at: self.peek_word().at, words: Vec::new() };
        loop {
            self.peek_word();
            command.words.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => continue,
                Kind::RightDelim | Kind::RightParen => self.tree.tokens.back(),
                Kind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if command.words.is_empty() {
            return self.error("empty command");
        }
        Ok(command)
    }

    fn operand(&mut self) -> Result<Option<Node>, String> {
        let Some(node) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != Kind::Field {
            return Ok(Some(node));
        }
        let mut names = Vec::new();
        while self.peek().kind == Kind::Field {
            names.push(field_name(&self.next().text));
        }
        let kind = match node.kind {
            NodeKind::Field(mut before) => {
                before.extend(names);
                NodeKind::Field(before)
            }
            NodeKind::Variable(name, mut before) => {
                before.extend(names);
                NodeKind::Variable(name, before)
            }
            kind if kind.is_constant() => {
                let shown = Node { at: node.at, kind }.to_string();
                return self.error(&format!("unexpected . after term {}", quote(shown.as_bytes())));
            }
            kind => NodeKind::Chain(Box::new(Node { at: node.at, kind }), names),
        };
        Ok(Some(Node { at: first.at, kind }))
    }

    fn term(&mut self) -> Result<Option<Node>, String> {
        let token = self.next_word();
        let kind = match token.kind {
            Kind::Identifier if !calls::exists(&token.text) => {
                return self.error(&format!("function {} not defined", quote(token.text.as_bytes())));
            }
            Kind::Identifier => NodeKind::Function(token.text),
            Kind::Dot => NodeKind::Dot,
            Kind::Nil => NodeKind::Nil,
            Kind::Bool => NodeKind::Bool(token.text == "true"),
            Kind::Field => NodeKind::Field(vec![field_name(&token.text)]),
            Kind::Variable => self.variable(&token.text)?,
            Kind::CharConstant | Kind::Number => self.number(token.kind, token.text)?,
            Kind::LeftParen => {
                NodeKind::Pipe(self.nested(|parser| parser.pipeline("parenthesized pipeline", Kind::RightParen))?)
            }
            Kind::String | Kind::RawString => match unquoted(&token.text) {
                Some(value) => NodeKind::Text { value: value.into(), quoted: token.text },
                None => return self.error("invalid syntax"),
            },
            _ => {
                self.tree.tokens.back();
                return Ok(None);
            }
        };
        Ok(Some(Node { at: pipe_at(&kind).unwrap_or(token.at), kind }))
    }

    fn variable(&self, name: &str) -> Result<NodeKind, String> {
        match self.tree.variables.iter().find(|known| ***known == *name) {
            Some(known) => Ok(NodeKind::Variable(Arc::clone(known), Vec::new())),
            None => self.error(&format!("undefined variable {}", quote(name.as_bytes()))),
        }
    }

    fn number(&self, kind: Kind, text: String) -> Result<NodeKind, String> {
        let value = match kind {
            Kind::CharConstant => character(&text).map(number::Number::Int),
            _ => number::parse(&text),
        };
        value.map(|value| NodeKind::Number { value, text }).or_else(|message| self.error(&message))
    }
}

/// A pipeline in parentheses is where its first word is.
const fn pipe_at(kind: &NodeKind) -> Option<usize> {
    match kind {
        NodeKind::Pipe(pipe) => Some(pipe.at),
        _ => None,
    }
}

fn field_name(token: &str) -> String {
    token.strip_prefix('.').unwrap_or(token).to_owned()
}

const fn starts_operand(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bool
            | Kind::CharConstant
            | Kind::Dot
            | Kind::Field
            | Kind::Identifier
            | Kind::Number
            | Kind::Nil
            | Kind::RawString
            | Kind::String
            | Kind::Variable
            | Kind::LeftParen
    )
}
