//! Reads an argument vector the way pflag does, and refuses what is not on the list.

use super::{
    denied,
    flags::{Flag, GLOBAL, Kind},
    near,
    value::{self, Value},
};
use crate::refusal::{Refusal, Rule};

/// An argument that is no flag, and where it was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operand<'a> {
    pub(crate) text: &'a str,
    pub(crate) index: usize,
}

impl Operand<'_> {
    /// Whether it is spelled as a flag; a lone dash is none.
    fn is_flag(&self) -> bool {
        self.text.len() > 1 && self.text.starts_with('-')
    }

    /// Whether it is a flag that cobra passes over when it looks for the verb (`stripFlags`): `--name=value`, `-Aw`,
    /// `-owide`. In front of any other flag that it does not know it would take the next word for the value.
    fn is_whole_flag(&self) -> bool {
        self.is_flag() && (self.text.contains('=') || (self.text.len() > 2 && !self.text.starts_with("--")))
    }

    /// `refusal`, caused by this operand.
    pub(crate) fn blame(&self, refusal: Refusal) -> Refusal {
        refusal.at(self.text, self.index)
    }
}

/// The flags that were given, checked, in order.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    given: Vec<(Flag, Value, usize)>,
}

impl Flags {
    /// The last value of `flag`: pflag lets a later one win.
    fn last(&self, flag: Flag) -> Option<&Value> {
        self.given.iter().rev().find(|(given, ..)| *given == flag).map(|(_, value, _)| value)
    }

    /// A boolean, if given.
    pub(crate) fn switch(&self, flag: Flag) -> Option<bool> {
        match self.last(flag)? {
            Value::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// A boolean that is off unless given.
    pub(crate) fn is(&self, flag: Flag) -> bool {
        self.switch(flag).unwrap_or(false)
    }

    /// A boolean that is on unless given.
    pub(crate) fn is_or_default_on(&self, flag: Flag) -> bool {
        self.switch(flag).unwrap_or(true)
    }

    /// A whole number, if given.
    pub(crate) fn int(&self, flag: Flag) -> Option<i64> {
        match self.last(flag)? {
            Value::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// A duration, if given.
    pub(crate) fn duration(&self, flag: Flag) -> Option<std::time::Duration> {
        match self.last(flag)? {
            Value::Duration(value) => Some(*value),
            _ => None,
        }
    }

    /// A text, if given.
    pub(crate) fn text(&self, flag: Flag) -> Option<String> {
        match self.last(flag)? {
            Value::Text(value) => Some(value.clone()),
            _ => None,
        }
    }

    /// A text, if given and not empty.
    pub(crate) fn some_text(&self, flag: Flag) -> Option<String> {
        self.text(flag).filter(|text| !text.is_empty())
    }

    /// The items of every use of a list flag (pflag `StringSlice` adds them up).
    pub(crate) fn list(&self, flag: Flag) -> Vec<String> {
        let values = self.given.iter().filter(|(given, ..)| *given == flag);
        let texts = values.filter_map(|(_, value, _)| match value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        });
        texts.flat_map(|text| text.split(',')).map(str::to_owned).collect()
    }

    /// Where `flag` was given last.
    pub(crate) fn index(&self, flag: Flag) -> Option<usize> {
        self.given.iter().rev().find(|(given, ..)| *given == flag).map(|(.., index)| *index)
    }
}

/// A cursor over the vector.
pub(crate) struct Scanner<'a> {
    argv: &'a [String],
    next: usize,
    /// Set by `--`: what follows is no flag, whatever it looks like.
    only_operands: bool,
    /// Flags in front of the verb that only the verb can know.
    early: Vec<Operand<'a>>,
    flags: Flags,
}

impl<'a> Scanner<'a> {
    /// A scanner that starts at argument `next`.
    pub(crate) fn new(argv: &'a [String], next: usize) -> Self {
        Self { argv, next, only_operands: false, early: Vec::new(), flags: Flags::default() }
    }

    /// The next word of the verb. Cobra looks for it without knowing the verb's flags: a flag that not every verb takes is
    /// passed over if its value is in the same argument, and else takes the next word for its value, so it is refused.
    pub(crate) fn verb_word(&mut self) -> Result<Option<Operand<'a>>, Refusal> {
        while let Some(argument) = self.argv.get(self.next) {
            let early = Operand { text: argument, index: self.next };
            if !self.only_operands && early.is_whole_flag() && !is_global(argument) {
                self.early.push(early);
                self.next += 1;
                continue;
            }
            if let Some(operand) = self.step(&[])? {
                return self.in_front_of_dashes(operand).map(Some);
            }
        }
        Ok(None)
    }

    fn in_front_of_dashes(&self, word: Operand<'a>) -> Result<Operand<'a>, Refusal> {
        if self.only_operands {
            let refusal = Refusal::new(Rule::BadFlagSyntax, "\"--\" in front of the verb", super::verb::allowed());
            return Err(word.blame(refusal));
        }
        Ok(word)
    }

    /// Everything else, with the flags of the verb.
    pub(crate) fn rest(mut self, allowed: &[Flag]) -> Result<(Flags, Vec<Operand<'a>>), Refusal> {
        self.read_early(allowed)?;
        let mut operands = Vec::new();
        while self.next < self.argv.len() {
            operands.extend(self.step(allowed)?);
        }
        // A later flag wins over an early one, which was read later.
        self.flags.given.sort_by_key(|(.., index)| *index);
        Ok((self.flags, operands))
    }

    /// Reads the flags that stood in front of the verb. None may want the next argument, which is the verb.
    fn read_early(&mut self, allowed: &[Flag]) -> Result<(), Refusal> {
        let next = std::mem::replace(&mut self.next, self.argv.len());
        for early in std::mem::take(&mut self.early) {
            self.flag(early, allowed)?;
        }
        self.next = next;
        Ok(())
    }

    fn take(&mut self) -> Option<Operand<'a>> {
        let text = self.argv.get(self.next)?;
        self.next += 1;
        Some(Operand { text, index: self.next - 1 })
    }

    /// Reads one argument, and what it takes; gives it back if it is an operand.
    fn step(&mut self, allowed: &[Flag]) -> Result<Option<Operand<'a>>, Refusal> {
        let Some(argument) = self.take() else { return Ok(None) };
        if self.only_operands || !argument.is_flag() {
            return Ok(Some(argument));
        }
        self.flag(argument, allowed).map(|()| None)
    }

    fn flag(&mut self, argument: Operand<'a>, allowed: &[Flag]) -> Result<(), Refusal> {
        match argument.text.strip_prefix("--") {
            Some("") => self.only_operands = true,
            Some(body) => self.long(body, argument, allowed)?,
            None => self.shorts(&argument.text[1..], argument, allowed)?,
        }
        Ok(())
    }

    /// `--name`, `--name=value`, `--name value`.
    fn long(&mut self, body: &str, argument: Operand<'a>, allowed: &[Flag]) -> Result<(), Refusal> {
        if body.starts_with(['-', '=']) {
            let refusal = Refusal::new(Rule::BadFlagSyntax, "no flag is spelled like this", "--flag=value");
            return Err(argument.blame(refusal));
        }
        let (name, value) = body.split_once('=').map_or((body, None), |(name, value)| (name, Some(value)));
        // kubectl takes `_` for `-` in flag names (cliflag.WordSepNormalizeFunc).
        let name = name.replace('_', "-");
        let is_it = |flag: &&Flag| flag.long() == name;
        let Some(flag) = allowed.iter().chain(GLOBAL).find(is_it).copied() else {
            return Err(refuse(&format!("--{name}"), denied::long(&name), argument.index, allowed));
        };
        match value {
            Some(value) => self.set(flag, value, argument.index),
            None => self.set_from_next(flag, argument),
        }
    }

    /// `-w`, `-Aw`, `-ofoo`, `-o=foo`, `-o foo` and combinations: pflag's parseSingleShortArg.
    fn shorts(&mut self, mut shorts: &str, argument: Operand<'a>, allowed: &[Flag]) -> Result<(), Refusal> {
        while let Some(name) = shorts.chars().next() {
            let is_it = |flag: &&Flag| flag.short() == Some(name);
            let Some(flag) = allowed.iter().chain(GLOBAL).find(is_it).copied() else {
                return Err(refuse(&format!("-{name}"), denied::short(name), argument.index, allowed));
            };
            shorts = &shorts[name.len_utf8()..];
            match shorts.strip_prefix('=') {
                Some(value) if !value.is_empty() => return self.set(flag, value, argument.index),
                _ if flag.kind() == Kind::Bool => self.set(flag, "true", argument.index)?,
                _ if !shorts.is_empty() => return self.set(flag, shorts, argument.index),
                _ => return self.set_from_next(flag, argument),
            }
        }
        Ok(())
    }

    /// A flag without `=`: a boolean is on, any other takes the next argument, whatever it is.
    fn set_from_next(&mut self, flag: Flag, argument: Operand<'a>) -> Result<(), Refusal> {
        if flag.kind() == Kind::Bool {
            return self.set(flag, "true", argument.index);
        }
        let Some(value) = self.take() else {
            let refusal = Refusal::new(Rule::MissingValue, "the flag needs a value", format!("--{}=…", flag.long()));
            return Err(argument.blame(refusal));
        };
        self.set(flag, value.text, value.index)
    }

    fn set(&mut self, flag: Flag, text: &str, index: usize) -> Result<(), Refusal> {
        // Of a flag hidden in a value only the name is repeated, as of any other.
        let shown = if text.starts_with('-') { text.split('=').next().unwrap_or_default() } else { text };
        let value = value::read(flag, text).map_err(|refusal| refusal.at(shown, index))?;
        self.flags.given.push((flag, value, index));
        Ok(())
    }
}

/// Whether the flag in `argument` is one that every verb takes.
fn is_global(argument: &str) -> bool {
    let Some(body) = argument.strip_prefix("--") else {
        let short = argument.chars().nth(1);
        return GLOBAL.iter().any(|flag| flag.short().is_some() && flag.short() == short);
    };
    let name = body.split('=').next().unwrap_or_default().replace('_', "-");
    GLOBAL.iter().any(|flag| flag.long() == name)
}

/// The refusal of the flag `name`, which is not on the list. Only its name is repeated: a value may be a credential.
fn refuse(name: &str, denied: Option<&str>, index: usize, allowed: &[Flag]) -> Refusal {
    let names = allowed.iter().chain(GLOBAL).map(|flag| format!("--{}", flag.long()));
    let names = names.collect::<Vec<_>>().join(" ");
    let refusal = match denied {
        Some(why) => Refusal::new(Rule::DeniedFlag, format!("the flag is never allowed: it {why}"), names),
        None => {
            let known = allowed.iter().chain(GLOBAL).map(|flag| flag.long());
            let near = name.strip_prefix("--").and_then(|word| near::nearest(word, known));
            let hint = near.map(|near| format!("; did you mean --{near}?")).unwrap_or_default();
            Refusal::new(Rule::UnknownFlag, format!("not a flag that may be used here{hint}"), names)
        }
    };
    refusal.at(name, index)
}
