//! Sizes the grammar reads at most, and the characters it lets in.

use crate::refusal::{Refusal, Rule};

/// Most arguments in a vector. The documented API takes 20 and appends some; people type fewer.
pub const MAX_ARGUMENTS: usize = 64;
/// Longest argument, in bytes: room for a long output template, far below Linux's 128 KiB for one argument.
pub const MAX_ARGUMENT_BYTES: usize = 8 << 10;
/// All arguments together, in bytes.
pub const MAX_COMMAND_BYTES: usize = 16 << 10;

/// Refuses a vector that is too long, or that holds a NUL or another control character.
///
/// Line breaks and tabs pass here because output templates may hold them; every other value is checked again by its kind.
pub(crate) fn check(argv: &[String]) -> Result<(), Refusal> {
    if argv.len() > MAX_ARGUMENTS {
        return Err(too_long(format!("{} arguments", argv.len()), format!("at most {MAX_ARGUMENTS} arguments")));
    }
    let total: usize = argv.iter().map(String::len).sum();
    if total > MAX_COMMAND_BYTES {
        return Err(too_long(format!("{total} bytes in all"), format!("at most {MAX_COMMAND_BYTES} bytes in all")));
    }
    argv.iter().enumerate().try_for_each(|(index, argument)| check_one(argument, index))
}

/// Refuses a command whose rebuilt vector is too long: long names of flags and `a,b x y` take more room than what was typed.
pub(crate) fn check_rebuilt(argv: &[String]) -> Result<(), Refusal> {
    // Positions in the rebuilt vector mean nothing to the caller.
    check(argv).map_err(|refusal| Refusal { argument: None, index: None, ..refusal })
}

/// Refuses more than [`MAX_ARGUMENTS`] of what one argument may list.
pub(crate) fn check_count(count: usize, what: &str) -> Result<(), Refusal> {
    if count <= MAX_ARGUMENTS {
        return Ok(());
    }
    Err(too_long(format!("{count} {what}"), format!("at most {MAX_ARGUMENTS} {what}")))
}

fn check_one(argument: &str, index: usize) -> Result<(), Refusal> {
    if argument.len() > MAX_ARGUMENT_BYTES {
        let allowed = format!("at most {MAX_ARGUMENT_BYTES} bytes per argument");
        return Err(too_long(format!("an argument of {} bytes", argument.len()), allowed).at(argument, index));
    }
    if argument.chars().all(|c| matches!(c, '\n' | '\t' | '\r') || is_visible(c)) {
        return Ok(());
    }
    Err(control_character().at(argument, index))
}

fn too_long(what: String, allowed: String) -> Refusal {
    Refusal::new(Rule::TooLong, what, allowed)
}

/// The refusal for a character nobody can see.
pub(crate) fn control_character() -> Refusal {
    Refusal::new(
        Rule::ControlCharacter,
        "control or invisible characters are not allowed here",
        "printable characters; line breaks and tabs inside output templates",
    )
}

/// Whether `c` shows what it is: no control character and none that reorders or hides text.
fn is_visible(c: char) -> bool {
    !c.is_control() && !crate::sanitize::is_deceptive(c) && !is_blank(c)
}

/// Characters without ink: zero width, soft hyphens, fillers, invisible operators, line separators, annotations.
const fn is_blank(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether `text` is printable ASCII only, the alphabet of everything but output templates.
pub(crate) fn is_printable_ascii(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(argv: &[&str]) -> Option<Rule> {
        let argv: Vec<String> = argv.iter().map(ToString::to_string).collect();
        check(&argv).err().map(|refusal| refusal.rule)
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(rule(&["x"; MAX_ARGUMENTS]), None);
        assert_eq!(rule(&["x"; MAX_ARGUMENTS + 1]), Some(Rule::TooLong));
        assert_eq!(rule(&[&"x".repeat(MAX_ARGUMENT_BYTES)]), None);
        assert_eq!(rule(&[&"x".repeat(MAX_ARGUMENT_BYTES + 1)]), Some(Rule::TooLong));
        let long = "x".repeat(MAX_ARGUMENT_BYTES);
        assert_eq!(rule(&[&long, &long, "x"]), Some(Rule::TooLong));
    }

    #[test]
    fn invisible_characters_are_refused() {
        for text in ["a\0b", "a\u{1b}[0m", "a\u{7f}", "a\u{9b}", "a\u{202e}b", "a\u{e0041}", "a\u{200b}", "\u{feff}a"] {
            assert_eq!(rule(&["get", text]), Some(Rule::ControlCharacter), "{text:?}");
        }
        assert_eq!(rule(&["get", "jsonpath={\"\n\t\"}", "größe"]), None);
    }
}
