//! Whole numbers.

use std::iter::repeat_n;

use super::{
    super::{
        quoting::{is_print, quoted},
        value::Data,
    },
    Printer,
};

impl Printer {
    pub(super) fn integer(&mut self, number: i64, data: &Data<'_>, verb: char) {
        self.whole(number.unsigned_abs(), number < 0, data, verb);
    }

    pub(super) fn byte(&mut self, byte: u8, data: &Data<'_>, verb: char) {
        if verb == 'v' && self.flags.go_syntax {
            let sharp = std::mem::replace(&mut self.flags.sharp, true);
            self.digits(u64::from(byte), false, 16, 'x');
            self.flags.sharp = sharp;
        } else {
            self.whole(u64::from(byte), false, data, verb);
        }
    }

    fn whole(&mut self, number: u64, negative: bool, data: &Data<'_>, verb: char) {
        let code = if negative { None } else { u32::try_from(number).ok() };
        let character = code.and_then(char::from_u32);
        match verb {
            'v' | 'd' => self.digits(number, negative, 10, verb),
            'b' => self.digits(number, negative, 2, verb),
            'o' | 'O' => self.digits(number, negative, 8, verb),
            'x' | 'X' => self.digits(number, negative, 16, verb),
            'c' => self.pad(character.unwrap_or(char::REPLACEMENT_CHARACTER).encode_utf8(&mut [0; 4]).as_bytes()),
            'q' => {
                let text = character.unwrap_or(char::REPLACEMENT_CHARACTER).to_string();
                self.pad(quoted(text.as_bytes(), '\'', self.flags.plus).as_bytes());
            }
            'U' => self.unicode(if negative { number.wrapping_neg() } else { number }, character),
            _ => self.bad_verb(data, verb),
        }
    }

    fn digits(&mut self, number: u64, negative: bool, base: u8, verb: char) {
        let flags = self.flags;
        if flags.precision == Some(0) && number == 0 {
            let zero = std::mem::take(&mut self.flags.zero);
            self.fill(flags.width.unwrap_or(0));
            self.flags.zero = zero;
            return;
        }
        let signed = usize::from(negative || flags.plus || flags.space);
        let zeros = match (flags.precision, flags.width) {
            (Some(precision), _) => precision,
            (None, Some(width)) if flags.zero && !flags.minus => width.saturating_sub(signed),
            _ => 0,
        };
        let digits = match (base, verb) {
            (2, _) => format!("{number:b}"),
            (8, _) => format!("{number:o}"),
            (16, 'X') => format!("{number:X}"),
            (16, _) => format!("{number:x}"),
            _ => number.to_string(),
        };
        let mut text: String = repeat_n('0', zeros.saturating_sub(digits.len())).collect();
        text += &digits;
        let prefix = match (base, verb) {
            (_, 'O') => "0o",
            (2, _) if flags.sharp => "0b",
            (8, _) if flags.sharp && !text.starts_with('0') => "0",
            (16, 'X') if flags.sharp => "0X",
            (16, _) if flags.sharp => "0x",
            _ => "",
        };
        let sign = match (negative, flags.plus, flags.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        };
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(format!("{sign}{prefix}{text}").as_bytes());
        self.flags.zero = zero;
    }

    /// `U+0041`, with `#` also the character.
    fn unicode(&mut self, number: u64, character: Option<char>) {
        let flags = self.flags;
        let least = flags.precision.unwrap_or(0).max(4);
        let digits = format!("{number:X}");
        let zeros: String = repeat_n('0', least.saturating_sub(digits.len())).collect();
        let shown = character.filter(|c| flags.sharp && is_print(*c));
        let shown = shown.map(|c| format!(" '{c}'")).unwrap_or_default();
        let zero = std::mem::take(&mut self.flags.zero);
        self.pad(format!("U+{zeros}{digits}{shown}").as_bytes());
        self.flags.zero = zero;
    }
}
