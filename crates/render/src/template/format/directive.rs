//! The directives of a format: `%-5.2[1]f`.

use super::{
    super::value::{Data, Value},
    Flags, Printer,
};

/// Largest width and precision; larger numbers count as none.
const MAX_NUMBER: i64 = 1_000_000;

/// Prints `values` as `format` says.
pub(super) fn run(printer: &mut Printer, format: &[u8], values: &[Value<'_>]) {
    let mut reader = Reader { printer, format, values, at: 0, next: 0, good: true, reordered: false };
    while reader.literal() && !reader.printer.is_full() {
        if !reader.directive() {
            break;
        }
    }
    reader.extra();
}

struct Reader<'p, 'f, 'v> {
    printer: &'p mut Printer,
    format: &'f [u8],
    values: &'f [Value<'v>],
    at: usize,
    /// Which value comes next.
    next: usize,
    /// Whether the directive names a value that exists.
    good: bool,
    /// Whether any directive chose its value.
    reordered: bool,
}

impl Reader<'_, '_, '_> {
    fn peek(&self) -> Option<u8> {
        self.format.get(self.at).copied()
    }

    /// Copies text up to a directive; says whether there is one.
    fn literal(&mut self) -> bool {
        let rest = self.format.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'%').unwrap_or(rest.len());
        self.printer.out.extend_from_slice(rest.get(..length).unwrap_or_default());
        self.at += length + 1;
        length < rest.len()
    }

    /// One directive; says whether the format goes on.
    fn directive(&mut self) -> bool {
        self.printer.flags = Flags::default();
        self.good = true;
        self.flags();
        let indexed = self.index();
        let indexed = self.width(indexed);
        let indexed = self.precision(indexed);
        if !indexed {
            self.index();
        }
        let Some(verb) = self.verb() else {
            self.printer.put("%!(NOVERB)");
            return false;
        };
        self.print(verb);
        true
    }

    fn flags(&mut self) {
        while let Some(byte) = self.peek() {
            let flags = &mut self.printer.flags;
            match byte {
                b'#' => flags.sharp = true,
                b'0' => flags.zero = true,
                b'+' => flags.plus = true,
                b'-' => flags.minus = true,
                b' ' => flags.space = true,
                _ => return,
            }
            self.at += 1;
        }
    }

    /// `[2]`: which value is next; says whether there was such a choice.
    fn index(&mut self) -> bool {
        if self.peek() != Some(b'[') {
            return false;
        }
        self.reordered = true;
        let rest = self.format.get(self.at..).unwrap_or_default();
        let Some(end) = rest.iter().position(|byte| *byte == b']').filter(|_| rest.len() >= 3) else {
            (self.at, self.good) = (self.at + 1, false);
            return false;
        };
        let digits = rest.get(1..end).unwrap_or_default();
        self.at += end + 1;
        let number = number(digits).filter(|(_, length)| *length == digits.len());
        match number.map(|(number, _)| number) {
            Some(number) if number >= 1 && number <= self.values.len() => {
                self.next = number - 1;
                true
            }
            number => {
                self.good = false;
                number.is_some()
            }
        }
    }

    fn width(&mut self, indexed: bool) -> bool {
        if self.peek() == Some(b'*') {
            self.at += 1;
            match self.whole_number() {
                Some(width) => {
                    let flags = &mut self.printer.flags;
                    flags.width = usize::try_from(width.unsigned_abs()).ok();
                    if width < 0 {
                        (flags.minus, flags.zero) = (true, false);
                    }
                }
                None => self.printer.put("%!(BADWIDTH)"),
            }
            return false;
        }
        self.printer.flags.width = self.number();
        if indexed && self.printer.flags.width.is_some() {
            self.good = false;
        }
        indexed
    }

    fn precision(&mut self, indexed: bool) -> bool {
        if self.peek() != Some(b'.') {
            return indexed;
        }
        self.at += 1;
        if indexed {
            self.good = false;
        }
        let indexed = self.index();
        if self.peek() == Some(b'*') {
            self.at += 1;
            let precision = self.whole_number().and_then(|number| usize::try_from(number).ok());
            self.printer.flags.precision = precision;
            if precision.is_none() {
                self.printer.put("%!(BADPREC)");
            }
            return false;
        }
        self.printer.flags.precision = Some(self.number().unwrap_or(0));
        indexed
    }

    fn number(&mut self) -> Option<usize> {
        let rest = self.format.get(self.at..).unwrap_or_default();
        match number(rest) {
            Some((number, length)) => {
                self.at += length;
                Some(number)
            }
            None => {
                if rest.first().is_some_and(u8::is_ascii_digit) {
                    self.at = self.format.len();
                }
                None
            }
        }
    }

    /// The next value, when it is a number for a width or precision.
    fn whole_number(&mut self) -> Option<i64> {
        let value = self.values.get(self.next)?;
        self.next += 1;
        let number = match value.data {
            Data::Int(number) | Data::Long(number) => number,
            Data::Byte(byte) => i64::from(byte),
            _ => return None,
        };
        (-MAX_NUMBER..=MAX_NUMBER).contains(&number).then_some(number)
    }

    fn verb(&mut self) -> Option<char> {
        let rest = self.format.get(self.at..).unwrap_or_default();
        let chunk = rest.utf8_chunks().next()?;
        let verb = chunk.valid().chars().next().unwrap_or(char::REPLACEMENT_CHARACTER);
        self.at += if chunk.valid().is_empty() { 1 } else { verb.len_utf8() };
        Some(verb)
    }

    fn print(&mut self, verb: char) {
        let value = self.values.get(self.next);
        match value {
            _ if verb == '%' => self.printer.out.push(b'%'),
            _ if !self.good => self.printer.put(&format!("%!{verb}(BADINDEX)")),
            None => self.printer.put(&format!("%!{verb}(MISSING)")),
            Some(value) => {
                if verb == 'v' {
                    let flags = &mut self.printer.flags;
                    (flags.go_syntax, flags.sharp, flags.plus) = (flags.sharp, false, false);
                }
                self.printer.argument(&value.data, verb);
                self.next += 1;
            }
        }
    }

    /// Complains about values that no directive printed.
    fn extra(&mut self) {
        let left = self.values.get(self.next..).unwrap_or_default();
        if self.reordered || left.is_empty() {
            return;
        }
        self.printer.flags = Flags::default();
        self.printer.put("%!(EXTRA ");
        for (at, value) in left.iter().enumerate() {
            if at > 0 {
                self.printer.put(", ");
            }
            if !value.is_nothing() {
                self.printer.put(value.data.type_name());
                self.printer.put("=");
            }
            self.printer.argument(&value.data, 'v');
        }
        self.printer.put(")");
    }
}

/// The digits at the start, and how many there are.
fn number(text: &[u8]) -> Option<(usize, usize)> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let digits = std::str::from_utf8(text.get(..length)?).ok()?;
    let number: usize = digits.parse().ok()?;
    // Go looks at its limit before each further digit, so that one digit more gets through.
    (number <= 10_000_009).then_some((number, length))
}
