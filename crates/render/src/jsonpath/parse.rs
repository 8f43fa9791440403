//! From text to nodes.

use serde_json::{Number, Value};

use super::{
    Error, go,
    node::{End, Node, Slice},
    reader::Reader,
    unquote::unquote,
};

/// Most filters in filters. kubectl's grammar hardly lets them nest at all.
const MAX_DEPTH: usize = 16;

/// Reads a whole template.
pub(super) fn parse(text: &str) -> Result<Vec<Node>, Error> {
    parse_at(text, 0)
}

fn parse_at(text: &str, depth: usize) -> Result<Vec<Node>, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::new("the expression nests too deep"));
    }
    let mut nodes = Vec::new();
    let mut reader = Reader::new(text);
    loop {
        reader.skip(|c| c != '{');
        let literal = reader.take();
        if !literal.is_empty() {
            nodes.push(Node::Text(literal.into()));
        }
        if !reader.takes("{") {
            return Ok(nodes);
        }
        reader.take();
        let mut action = Action { reader, nodes: Vec::new(), depth };
        action.read()?;
        nodes.push(Node::List(action.nodes));
        reader = action.reader;
    }
}

/// What `text` means in braces of its own.
fn inner(text: &str, depth: usize) -> Result<Vec<Node>, Error> {
    match parse_at(&format!("{{{text}}}"), depth + 1)?.into_iter().next() {
        Some(Node::List(nodes)) => Ok(nodes),
        _ => Ok(Vec::new()),
    }
}

/// One pair of braces.
struct Action<'a> {
    reader: Reader<'a>,
    nodes: Vec<Node>,
    depth: usize,
}

impl Action<'_> {
    fn read(&mut self) -> Result<(), Error> {
        loop {
            if self.reader.takes("}") {
                self.reader.take();
                return Ok(());
            }
            if self.reader.takes("[?(") {
                self.filter()?;
            } else if self.reader.takes("..") {
                self.recursive()?;
            } else {
                self.part()?;
            }
        }
    }

    fn part(&mut self) -> Result<(), Error> {
        match self.reader.peek() {
            None | Some('\r' | '\n') => Err(Error::new("unclosed action")),
            Some('+' | '-') => self.number(),
            Some(c) if is_digit(c) => self.number(),
            Some(c) if is_word(c) => {
                self.word();
                Ok(())
            }
            Some(c) => {
                self.reader.next();
                self.sign(c)
            }
        }
    }

    fn sign(&mut self, c: char) -> Result<(), Error> {
        match c {
            // The current object, which is what everything starts from.
            ' ' | '@' | '$' => {
                self.reader.take();
                Ok(())
            }
            '[' => self.array(),
            '"' | '\'' => self.quote(c),
            '.' => {
                self.field();
                Ok(())
            }
            c => Err(Error::new(format!("unrecognized character in action: {}", go::unicode(c)))),
        }
    }

    fn recursive(&mut self) -> Result<(), Error> {
        if self.nodes.last() == Some(&Node::Recursive) {
            return Err(Error::new("invalid multiple recursive descent"));
        }
        self.reader.take();
        self.nodes.push(Node::Recursive);
        if self.reader.peek().is_some_and(is_word) {
            self.field();
        }
        Ok(())
    }

    fn field(&mut self) {
        self.reader.take();
        while let Some(c) = self.reader.peek().filter(|c| !is_terminator(*c)) {
            self.reader.next();
            if c == '\\' {
                self.reader.next();
            }
        }
        self.nodes.push(match self.reader.take() {
            "*" => Node::Wildcard,
            name => Node::Field(name.replace('\\', "")),
        });
    }

    fn word(&mut self) {
        self.reader.skip(|c| !is_terminator(c));
        self.nodes.push(match self.reader.take() {
            "true" => Node::Literal(true.into()),
            "false" => Node::Literal(false.into()),
            word => Node::Word(word.to_owned()),
        });
    }

    fn number(&mut self) -> Result<(), Error> {
        if !self.reader.takes("+") {
            self.reader.takes("-");
        }
        self.reader.skip(|c| c == '.' || is_digit(c));
        let text = self.reader.take();
        let whole = text.parse::<i64>().ok().map(Value::from);
        let float = || text.parse().ok().and_then(Number::from_f64).map(Value::Number);
        let number = whole.or_else(float).ok_or_else(|| Error::new(format!("cannot parse number {text}")))?;
        self.nodes.push(Node::Literal(number));
        Ok(())
    }

    fn quote(&mut self, end: char) -> Result<(), Error> {
        loop {
            match self.reader.next() {
                None | Some('\n') => return Err(Error::new("unterminated quoted string")),
                Some(c) if c == end && !self.reader.is_escaped() => break,
                Some(_) => {}
            }
        }
        let quoted = self.reader.take();
        let malformed = || Error::new(format!("unquote string {quoted} error invalid syntax"));
        self.nodes.push(Node::Text(unquote(quoted).ok_or_else(malformed)?.into()));
        Ok(())
    }

    fn array(&mut self) -> Result<(), Error> {
        loop {
            match self.reader.next() {
                None | Some('\n') => return Err(Error::new("unterminated array")),
                Some(']') => break,
                Some(_) => {}
            }
        }
        let text = self.reader.take();
        let text = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or_default();
        if text.contains(',') {
            let parts = text.split(',').map(|part| inner(&format!("[{}]", part.trim_matches(' ')), self.depth));
            self.nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
            return Ok(());
        }
        let key = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        if let Some(key) = key.filter(|key| !key.contains('\'')) {
            self.nodes.extend(inner(&format!(".{key}"), self.depth)?);
            return Ok(());
        }
        self.nodes.push(Node::Slice(slice(text)?));
        Ok(())
    }

    fn filter(&mut self) -> Result<(), Error> {
        self.reader.take();
        self.skip_filter()?;
        let text = self.reader.take();
        let text = text.strip_suffix(")]").unwrap_or_default();
        let (left, operator, right) = match split(text) {
            Some((left, operator, right)) => (left, Some(operator.to_owned()), right),
            None => (text, None, ""),
        };
        let left = inner(left, self.depth)?;
        let right = if operator.is_some() { inner(right, self.depth)? } else { Vec::new() };
        self.nodes.push(Node::Filter { left, operator, right });
        Ok(())
    }

    /// Reads up to the end of a filter. As in client-go only the first quoted string may hold a closing parenthesis.
    fn skip_filter(&mut self) -> Result<(), Error> {
        let (mut opened, mut closed) = (None, false);
        loop {
            match self.reader.next() {
                None | Some('\n') => return Err(Error::new("unterminated filter")),
                Some(quote @ ('"' | '\'')) => match opened {
                    None => opened = Some(quote),
                    Some(pair) => closed |= pair == quote && !self.reader.is_escaped(),
                },
                Some(')') if opened.is_some() == closed => break,
                Some(_) => {}
            }
        }
        if self.reader.next() == Some(']') { Ok(()) } else { Err(Error::new("unclosed array expect ]")) }
    }
}

/// Left side, operator and right side, none of them empty.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let is_operator = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let start = text.find(is_operator).filter(|start| *start > 0)?;
    let (left, rest) = text.split_at(start);
    let length = rest.find(|c| !is_operator(c));
    // A right side there must be, so one that is made of operators gets the last of them.
    let length = length.unwrap_or(rest.len() - 1);
    let (operator, right) = rest.split_at(length);
    (!operator.is_empty()).then_some((left, operator, right))
}

fn slice(text: &str) -> Result<Slice, Error> {
    let invalid = || Error::new(format!("invalid array index {text}"));
    let text = if text == "*" { ":" } else { text };
    let parts: Vec<_> = text.split(':').collect();
    let is_number = |part: &&str| part.strip_prefix('-').unwrap_or(part).bytes().all(|b| b.is_ascii_digit());
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return Err(invalid());
    }
    let number = |at: usize| match parts.get(at) {
        None | Some(&"") => Ok(None),
        Some(part) => {
            part.parse::<i64>().map(Some).map_err(|_| Error::new(format!("array index {part} is not a number")))
        }
    };
    let start = number(0)?;
    let end = match number(1)? {
        Some(end) => End::At(end),
        None if parts.len() > 1 => End::Open,
        None => End::One(start.unwrap_or_default().wrapping_add(1)),
    };
    Ok(Slice { start, end, step: number(2)? })
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && c.is_numeric() && !c.is_alphabetic())
}

fn is_word(c: char) -> bool {
    c == '_' || c.is_alphabetic() || is_digit(c)
}

const fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}
