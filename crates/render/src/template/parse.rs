//! Reads a template.

mod operand;
mod tokens;

use std::{collections::BTreeMap, mem, sync::Arc};

use self::tokens::Tokens;
use super::{
    lex::{Kind, Lexer, Token},
    node::{Branch, Call, Item, List, Pipe},
    quoting::unquoted,
};

/// Deepest nesting of parentheses and control structures.
const MAX_NESTING: usize = 100;

/// The templates of a text by name.
pub(super) type Trees = BTreeMap<String, List>;

/// Reads all templates of `text`, of which the outermost is called `name`. An error is Go's message.
pub(super) fn parse(name: &str, text: &str) -> Result<Trees, String> {
    let mut parser = Parser {
        name: name.to_owned(),
        lexer: Lexer::new(text),
        tree: Tree::default(),
        trees: Trees::new(),
        nesting: 0,
    };
    let root = parser.top()?;
    parser.add(name, root)?;
    Ok(parser.trees)
}

struct Parser<'t> {
    name: String,
    lexer: Lexer<'t>,
    tree: Tree,
    trees: Trees,
    nesting: usize,
}

/// What belongs to the one template that is being read.
struct Tree {
    tokens: Tokens,
    /// The variables that can be seen.
    variables: Vec<Arc<str>>,
    ranges: usize,
    /// The line where the action at hand starts.
    action_line: Option<usize>,
}

impl Default for Tree {
    fn default() -> Self {
        Self { tokens: Tokens::default(), variables: vec!["$".into()], ranges: 0, action_line: None }
    }
}

/// How a list ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    End,
    Else,
}

impl End {
    const fn shown(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// Either a part, or the end of a list.
enum Piece {
    Item(Item),
    End(End),
}

impl Parser<'_> {
    fn error<T>(&self, message: &str) -> Result<T, String> {
        Err(format!("template: {}:{}: {message}", self.name, self.tree.tokens.line()))
    }

    fn unexpected<T>(&self, token: &Token, context: &str) -> Result<T, String> {
        if token.kind != Kind::Error {
            return self.error(&format!("unexpected {} in {context}", token.shown()));
        }
        let started = self.tree.action_line.filter(|line| *line != token.line);
        let extra = started.map(|line| {
            let action = if token.text.ends_with(" action") { "" } else { " in action" };
            format!("{action} started at {}:{line}", self.name)
        });
        self.error(&format!("{}{}", token.text, extra.unwrap_or_default()))
    }

    fn next(&mut self) -> Token {
        self.tree.tokens.next(&mut self.lexer)
    }

    fn peek(&mut self) -> Token {
        self.tree.tokens.peek(&mut self.lexer)
    }

    fn next_word(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    fn peek_word(&mut self) -> Token {
        let token = self.next_word();
        self.tree.tokens.back();
        token
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Result<Token, String> {
        let token = self.next_word();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    /// Runs `read` one level deeper.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        if self.nesting >= MAX_NESTING {
            return self.error("max expression depth exceeded");
        }
        self.nesting += 1;
        let read = read(self);
        self.nesting -= 1;
        read
    }

    /// The outermost template; only here stand definitions.
    fn top(&mut self) -> Result<List, String> {
        let mut list = List::new();
        while self.peek().kind != Kind::Eof {
            if self.peek().kind == Kind::LeftDelim {
                let delimiter = self.next();
                if self.next_word().kind == Kind::Define {
                    self.definition()?;
                    continue;
                }
                self.tree.tokens.back_two(delimiter);
            }
            match self.text_or_action()? {
                Piece::Item(item) => list.push(item),
                Piece::End(end) => return self.error(&format!("unexpected {}", end.shown())),
            }
        }
        Ok(list)
    }

    fn definition(&mut self) -> Result<(), String> {
        const CONTEXT: &str = "define clause";
        let outer = mem::take(&mut self.tree);
        let token = self.next_word();
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(&token, CONTEXT);
        }
        let name = self.template_name(&token, CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        self.body(&name, CONTEXT)?;
        self.tree = outer;
        Ok(())
    }

    /// The rest of a definition, up to its end.
    fn body(&mut self, name: &str, context: &str) -> Result<(), String> {
        let (list, end) = self.list()?;
        if end != End::End {
            return self.error(&format!("unexpected {} in {context}", end.shown()));
        }
        self.add(name, list)
    }

    fn add(&mut self, name: &str, list: List) -> Result<(), String> {
        let known = self.trees.get(name).is_some_and(|known| !is_empty(known));
        if !known {
            self.trees.insert(name.to_owned(), list);
        } else if !is_empty(&list) {
            let name = super::quote(name.as_bytes());
            return self.error(&format!("template: multiple definition of template {name}"));
        }
        Ok(())
    }

    fn list(&mut self) -> Result<(List, End), String> {
        let mut list = List::new();
        while self.peek_word().kind != Kind::Eof {
            match self.text_or_action()? {
                Piece::Item(item) => list.push(item),
                Piece::End(end) => return Ok((list, end)),
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Piece, String> {
        let token = self.next_word();
        match token.kind {
            Kind::Text => Ok(Piece::Item(Item::Text(token.text))),
            Kind::LeftDelim => {
                self.tree.action_line = Some(token.line);
                let action = self.action();
                self.tree.action_line = None;
                action
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Result<Piece, String> {
        let token = self.next_word();
        let item = match token.kind {
            Kind::Block => self.block()?,
            Kind::Break | Kind::Continue => self.jump(token.kind)?,
            Kind::Else => return self.otherwise(),
            Kind::End => return self.expect(Kind::RightDelim, "end").map(|_| Piece::End(End::End)),
            Kind::If => Item::If(self.control("if")?),
            Kind::Range => Item::Range(self.control("range")?),
            Kind::With => Item::With(self.control("with")?),
            Kind::Template => self.template()?,
            _ => {
                self.tree.tokens.back();
                Item::Action(self.pipeline("command", Kind::RightDelim)?)
            }
        };
        Ok(Piece::Item(item))
    }

    fn jump(&mut self, kind: Kind) -> Result<Item, String> {
        let (shown, item) = match kind {
            Kind::Break => ("{{break}}", Item::Break),
            _ => ("{{continue}}", Item::Continue),
        };
        self.expect(Kind::RightDelim, shown)?;
        if self.tree.ranges == 0 {
            return self.error(&format!("{shown} outside {{{{range}}}}"));
        }
        Ok(item)
    }

    /// `{{else}}`; of `{{else if …` and `{{else with …` the rest is left to come.
    fn otherwise(&mut self) -> Result<Piece, String> {
        if !matches!(self.peek_word().kind, Kind::If | Kind::With) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(Piece::End(End::Else))
    }

    fn control(&mut self, context: &str) -> Result<Branch, String> {
        self.nested(|parser| {
            let seen = parser.tree.variables.len();
            let branch = parser.branch(context);
            parser.tree.variables.truncate(seen);
            branch
        })
    }

    fn branch(&mut self, context: &str) -> Result<Branch, String> {
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        let ranges = usize::from(context == "range");
        self.tree.ranges += ranges;
        let (list, end) = self.list()?;
        self.tree.ranges -= ranges;
        let otherwise = if end == End::Else { Some(self.else_list(context)?) } else { None };
        Ok(Branch { pipe, list, otherwise })
    }

    fn else_list(&mut self, context: &str) -> Result<List, String> {
        match (context, self.peek().kind) {
            ("if", Kind::If) => {
                self.next();
                Ok(vec![Item::If(self.control("if")?)])
            }
            ("with", Kind::With) => {
                self.next();
                Ok(vec![Item::With(self.control("with")?)])
            }
            _ => {
                let (list, end) = self.list()?;
                if end != End::End {
                    return self.error(&format!("expected end; found {}", end.shown()));
                }
                Ok(list)
            }
        }
    }

    fn block(&mut self) -> Result<Item, String> {
        const CONTEXT: &str = "block clause";
        let token = self.next_word();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        let outer = mem::take(&mut self.tree);
        self.nested(|parser| parser.body(&name, CONTEXT))?;
        self.tree = outer;
        Ok(Item::Template(Call { at: token.at, name, pipe: Some(pipe) }))
    }

    fn template(&mut self) -> Result<Item, String> {
        const CONTEXT: &str = "template clause";
        let token = self.next_word();
        let name = self.template_name(&token, CONTEXT)?;
        let mut pipe: Option<Pipe> = None;
        if self.next_word().kind != Kind::RightDelim {
            self.tree.tokens.back();
            pipe = Some(self.pipeline(CONTEXT, Kind::RightDelim)?);
        }
        Ok(Item::Template(Call { at: token.at, name, pipe }))
    }

    fn template_name(&self, token: &Token, context: &str) -> Result<String, String> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        match unquoted(&token.text) {
            Some(name) => Ok(String::from_utf8_lossy(&name).into_owned()),
            None => self.error("invalid syntax"),
        }
    }
}

/// Whether there is nothing but space.
fn is_empty(list: &List) -> bool {
    list.iter().all(|item| matches!(item, Item::Text(text) if text.trim().is_empty()))
}
