//! Go's `fmt`: values as text.

mod directive;
mod float;
mod integer;
mod text;

use serde_json::Value as Json;

use super::value::{Data, Value, entries};

/// Longest text that may be printed at once, in bytes.
pub(super) const MAX_TEXT: usize = 16 << 20;

/// The flags of one `%` directive.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    width: Option<usize>,
    precision: Option<usize>,
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    /// `%#v`: as Go source.
    go_syntax: bool,
}

/// Collects text.
#[derive(Default)]
pub(super) struct Printer {
    out: Vec<u8>,
    flags: Flags,
    /// How many values were printed, those inside of others included.
    printed: usize,
}

/// What was printed, and how many values it took.
pub(super) struct Printed {
    pub(super) text: Vec<u8>,
    pub(super) values: usize,
}

/// `fmt.Sprint`: a space between two values of which none is a text.
pub(super) fn print(values: &[Value<'_>]) -> Printed {
    let mut printer = Printer::default();
    let is_text = |value: &Value<'_>| matches!(value.data, Data::Text(_));
    let mut after_text = true;
    for (at, value) in values.iter().enumerate() {
        if at > 0 && !after_text && !is_text(value) {
            printer.out.push(b' ');
        }
        printer.argument(&value.data, 'v');
        after_text = is_text(value);
    }
    printer.done()
}

/// `fmt.Sprintln`
pub(super) fn print_line(values: &[Value<'_>]) -> Printed {
    let mut printer = Printer::default();
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            printer.out.push(b' ');
        }
        printer.argument(&value.data, 'v');
    }
    printer.out.push(b'\n');
    printer.done()
}

/// `fmt.Sprintf`
pub(super) fn print_format(format: &[u8], values: &[Value<'_>]) -> Printed {
    let mut printer = Printer::default();
    directive::run(&mut printer, format, values);
    printer.done()
}

/// One value with one verb, for messages.
pub(super) fn print_verb(value: &Data<'_>, verb: char) -> String {
    let mut printer = Printer::default();
    printer.nested(value, verb);
    String::from_utf8_lossy(&printer.out).into_owned()
}

impl Printer {
    fn done(self) -> Printed {
        Printed { text: self.out, values: self.printed }
    }

    const fn is_full(&self) -> bool {
        self.out.len() > MAX_TEXT || self.printed > MAX_TEXT
    }

    fn put(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// One argument of a print function.
    fn argument(&mut self, data: &Data<'_>, verb: char) {
        match (data, verb) {
            (Data::Nothing, 'T' | 'v') => self.pad(b"<nil>"),
            (Data::Nothing, _) => self.put(&format!("%!{verb}(<nil>)")),
            (data, 'T') => self.text(data.type_name().as_bytes(), 's'),
            // An address; it says nothing here, and nothing is where Go has one.
            (Data::Map(_) | Data::List(_), 'p') => self.put("0xc000000000"),
            (_, 'p') | (Data::Map(_) | Data::List(_), 'w') => self.bad_verb(data, verb),
            (data, verb) => self.nested(data, verb),
        }
    }

    fn nested(&mut self, data: &Data<'_>, verb: char) {
        self.printed += 1;
        if self.is_full() {
            return;
        }
        match data {
            Data::Nothing => self.put(if self.flags.go_syntax { "interface {}(nil)" } else { "<nil>" }),
            Data::Bool(value) if matches!(verb, 't' | 'v') => self.pad(value.to_string().as_bytes()),
            Data::Bool(_) => self.bad_verb(data, verb),
            Data::Int(number) | Data::Long(number) => self.integer(*number, data, verb),
            Data::Byte(byte) => self.byte(*byte, data, verb),
            Data::Float(number) => self.float(*number, data, verb),
            Data::Text(text) if matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') => self.text(text.bytes(), verb),
            Data::Text(_) => self.bad_verb(data, verb),
            Data::Map(map) => {
                self.put(if self.flags.go_syntax { "map[string]interface {}{" } else { "map[" });
                for (at, (key, value)) in entries(map).into_iter().enumerate() {
                    self.separator(at);
                    self.key(key, verb);
                    self.out.push(b':');
                    self.nested(&Data::of(value), verb);
                }
                self.out.push(if self.flags.go_syntax { b'}' } else { b']' });
            }
            Data::List(list) => self.list(list, verb),
        }
    }

    fn key(&mut self, key: &str, verb: char) {
        let data = Data::Text(super::value::Text::Borrowed(key.as_bytes()));
        self.nested(&data, verb);
    }

    fn list(&mut self, list: &[Json], verb: char) {
        self.put(if self.flags.go_syntax { "[]interface {}{" } else { "[" });
        for (at, value) in list.iter().enumerate() {
            self.separator(at);
            self.nested(&Data::of(value), verb);
        }
        self.out.push(if self.flags.go_syntax { b'}' } else { b']' });
    }

    fn separator(&mut self, at: usize) {
        if at > 0 {
            self.put(if self.flags.go_syntax { ", " } else { " " });
        }
    }

    /// `%!d(string=x)`
    fn bad_verb(&mut self, data: &Data<'_>, verb: char) {
        self.put(&format!("%!{verb}({}=", data.type_name()));
        self.nested(data, 'v');
        self.out.push(b')');
    }

    /// Appends with spaces or zeros up to the width.
    fn pad(&mut self, text: &[u8]) {
        let length = text::characters(text);
        let missing = self.flags.width.unwrap_or(0).saturating_sub(length);
        if self.flags.minus {
            self.out.extend_from_slice(text);
            self.fill(missing);
        } else {
            self.fill(missing);
            self.out.extend_from_slice(text);
        }
    }

    fn fill(&mut self, count: usize) {
        let with = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        self.out.resize(self.out.len() + count, with);
    }
}
