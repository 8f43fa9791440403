//! Cuts a template's text into tokens.

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The message stands in the token's text.
    Error,
    Bool,
    /// One character that is nothing else, such as a comma.
    Char,
    CharConstant,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    Dot,
    Nil,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// The words that mean something; the rest are names of functions.
const KEYWORDS: [(&str, Kind); 13] = [
    (".", Kind::Dot),
    ("block", Kind::Block),
    ("break", Kind::Break),
    ("continue", Kind::Continue),
    ("define", Kind::Define),
    ("else", Kind::Else),
    ("end", Kind::End),
    ("if", Kind::If),
    ("nil", Kind::Nil),
    ("range", Kind::Range),
    ("template", Kind::Template),
    ("with", Kind::With),
    ("true", Kind::Bool),
];

impl Kind {
    /// Whether messages show it as `<word>`.
    const fn is_keyword(self) -> bool {
        matches!(
            self,
            Self::Dot
                | Self::Nil
                | Self::Block
                | Self::Break
                | Self::Continue
                | Self::Define
                | Self::Else
                | Self::End
                | Self::If
                | Self::Range
                | Self::Template
                | Self::With
        )
    }
}

/// A piece of a template.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Where it starts, in bytes.
    pub(super) at: usize,
    pub(super) text: String,
    /// Its line, from 1.
    pub(super) line: usize,
}

impl Token {
    /// As messages show it.
    pub(super) fn shown(&self) -> String {
        match self.kind {
            Kind::Eof => "EOF".to_owned(),
            Kind::Error => self.text.clone(),
            kind if kind.is_keyword() => format!("<{}>", self.text),
            _ if self.text.len() > 10 => {
                let start: String = self.text.chars().take(10).collect();
                format!("{}...", super::quote(start.as_bytes()))
            }
            _ => super::quote(self.text.as_bytes()),
        }
    }
}

const LEFT: &str = "{{";
const RIGHT: &str = "}}";

/// Hands out tokens one by one; after an error or the end it repeats the last.
pub(super) struct Lexer<'t> {
    input: &'t str,
    at: usize,
    line: usize,
    inside: bool,
    parens: usize,
    /// Whether the text that comes loses its leading space.
    trim: bool,
    ended: Option<Token>,
}

impl<'t> Lexer<'t> {
    pub(super) const fn new(input: &'t str) -> Self {
        Self { input, at: 0, line: 1, inside: false, parens: 0, trim: false, ended: None }
    }

    pub(super) fn next(&mut self) -> Token {
        if let Some(last) = &self.ended {
            return last.clone();
        }
        let token = if self.inside { self.action() } else { self.text() };
        if matches!(token.kind, Kind::Error | Kind::Eof) {
            self.ended = Some(token.clone());
        }
        token
    }

    fn rest(&self) -> &'t str {
        self.input.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The next `length` bytes as a token.
    fn take(&mut self, kind: Kind, length: usize) -> Token {
        let text = self.rest().get(..length).unwrap_or_default().to_owned();
        let token = Token { kind, at: self.at, line: self.line, text };
        self.skip(length);
        token
    }

    fn skip(&mut self, length: usize) {
        let skipped = self.rest().get(..length).unwrap_or_default();
        self.line += skipped.matches('\n').count();
        self.at += length;
    }

    fn error(&self, message: impl Into<String>) -> Token {
        Token { kind: Kind::Error, at: self.at, text: message.into(), line: self.line }
    }

    /// Text up to an action, without the space that trim markers take away; comments are left out.
    fn text(&mut self) -> Token {
        loop {
            if self.trim {
                self.trim = false;
                self.skip(self.rest().len() - self.rest().trim_start_matches(is_trimmed).len());
            }
            let rest = self.rest();
            let Some(end) = rest.find(LEFT) else {
                return if rest.is_empty() { self.take(Kind::Eof, 0) } else { self.take(Kind::Text, rest.len()) };
            };
            let (before, from) = rest.split_at(end);
            let after = from.get(LEFT.len()..).unwrap_or_default();
            let trims = has_left_marker(after);
            let kept = if trims { before.trim_end_matches(is_trimmed) } else { before };
            if !kept.is_empty() {
                let token = self.take(Kind::Text, kept.len());
                self.skip(end - kept.len());
                return token;
            }
            self.skip(end);
            if !after.get(if trims { 2 } else { 0 }..).unwrap_or_default().starts_with("/*") {
                let delimiter = self.take(Kind::LeftDelim, LEFT.len());
                self.skip(if trims { 2 } else { 0 });
                (self.inside, self.parens) = (true, 0);
                return delimiter;
            }
            if let Err(error) = self.comment(trims) {
                return error;
            }
        }
    }

    fn comment(&mut self, trims: bool) -> Result<(), Token> {
        let start = LEFT.len() + if trims { 2 } else { 0 } + 2;
        let body = self.rest().get(start..).unwrap_or_default();
        let Some(end) = body.find("*/") else { return Err(self.error("unclosed comment")) };
        let after = body.get(end + 2..).unwrap_or_default();
        let marker = if has_right_marker(after) { 2 } else { 0 };
        if !after.get(marker..).unwrap_or_default().starts_with(RIGHT) {
            return Err(self.error("comment ends before closing delimiter"));
        }
        self.skip(start + end + 2 + marker + RIGHT.len());
        self.trim = marker > 0;
        Ok(())
    }

    fn action(&mut self) -> Token {
        let rest = self.rest();
        let marker =
            if has_right_marker(rest) && rest.get(2..).is_some_and(|rest| rest.starts_with(RIGHT)) { 2 } else { 0 };
        if rest.get(marker..).unwrap_or_default().starts_with(RIGHT) {
            if self.parens > 0 {
                return self.error("unclosed left paren");
            }
            self.skip(marker);
            (self.inside, self.trim) = (false, marker > 0);
            return self.take(Kind::RightDelim, RIGHT.len());
        }
        let Some(c) = self.peek() else { return self.error("unclosed action") };
        match c {
            c if is_space(c) => self.space(),
            '=' => self.take(Kind::Assign, 1),
            ':' if rest.starts_with(":=") => self.take(Kind::Declare, 2),
            ':' => self.error("expected :="),
            '|' => self.take(Kind::Pipe, 1),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => self.raw(),
            '$' => self.name(Kind::Variable),
            '.' if !rest.as_bytes().get(1).is_none_or(u8::is_ascii_digit) => self.name(Kind::Field),
            '.' | '+' | '-' | '0'..='9' => self.number(),
            c if is_alphanumeric(c) => self.word(),
            '(' => {
                self.parens += 1;
                self.take(Kind::LeftParen, 1)
            }
            ')' => self.right_paren(),
            c if c.is_ascii_graphic() => self.take(Kind::Char, 1),
            c => self.error(format!("unrecognized character in action: {}", code_point(c))),
        }
    }

    /// Space; the one that belongs to a right trim marker is left alone.
    fn space(&mut self) -> Token {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches(is_space).len();
        let marked = rest
            .get(length - 1..)
            .is_some_and(|rest| has_right_marker(rest) && rest.get(2..).is_some_and(|rest| rest.starts_with(RIGHT)));
        if !marked {
            return self.take(Kind::Space, length);
        }
        if length == 1 {
            // The marker was looked for before; this cannot be.
            return self.error("unclosed action");
        }
        self.take(Kind::Space, length - 1)
    }

    fn right_paren(&mut self) -> Token {
        if self.parens == 0 {
            return self.error("unexpected right paren");
        }
        self.parens -= 1;
        self.take(Kind::RightParen, 1)
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Token {
        let mut escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            match c {
                '\n' => break,
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                c if c == quote => return self.take(kind, at + 1),
                _ => {}
            }
        }
        self.error(unterminated)
    }

    fn raw(&mut self) -> Token {
        match self.rest().get(1..).and_then(|rest| rest.find('`')) {
            Some(end) => self.take(Kind::RawString, end + 2),
            None => self.error("unterminated raw quoted string"),
        }
    }

    /// A `$variable` or `.field`, or only its first character.
    fn name(&mut self, kind: Kind) -> Token {
        let rest = self.rest().get(1..).unwrap_or_default();
        if starts_with_terminator(rest) {
            return self.take(if kind == Kind::Field { Kind::Dot } else { kind }, 1);
        }
        let after = rest.trim_start_matches(is_alphanumeric);
        if !starts_with_terminator(after) {
            return self.bad_character(after);
        }
        self.take(kind, 1 + rest.len() - after.len())
    }

    fn word(&mut self) -> Token {
        let rest = self.rest();
        let after = rest.trim_start_matches(is_alphanumeric);
        if !starts_with_terminator(after) {
            return self.bad_character(after);
        }
        let length = rest.len() - after.len();
        let word = rest.get(..length).unwrap_or_default();
        let keyword = KEYWORDS.iter().find(|(keyword, _)| *keyword == word).map(|(_, kind)| *kind);
        let kind = if word == "false" { Kind::Bool } else { keyword.unwrap_or(Kind::Identifier) };
        self.take(kind, length)
    }

    fn bad_character(&self, rest: &str) -> Token {
        self.error(format!("bad character {}", rest.chars().next().map(code_point).unwrap_or_default()))
    }

    fn number(&mut self) -> Token {
        match super::number::scan(self.rest()) {
            Ok(length) => self.take(Kind::Number, length),
            Err(length) => {
                let text = self.rest().get(..length).unwrap_or_default();
                self.error(format!("bad number syntax: {}", super::quote(text.as_bytes())))
            }
        }
    }
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_trimmed(c: char) -> bool {
    is_space(c)
}

pub(super) fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}

/// Whether a name may end here.
fn starts_with_terminator(rest: &str) -> bool {
    let next = rest.chars().next();
    matches!(next, None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(')) || rest.starts_with(RIGHT)
}

fn has_left_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

fn has_right_marker(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

/// `U+0040 '@'`
fn code_point(c: char) -> String {
    let code = format!("U+{:04X}", u32::from(c));
    if super::quoting::is_print(c) { format!("{code} '{c}'") } else { code }
}
