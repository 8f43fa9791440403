//! Labels and annotations.

use serde_json::Value;

use super::writer::{Writer, put};
use crate::fields::Fields;

/// What kubectl itself wrote there; it repeats the object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
/// Longest annotation, with its name, in bytes, that stands on the line of its name.
const MAX_ANNOTATION: usize = 140;

/// `TITLE:` and a line per label of the map at `path`.
pub(crate) fn labels(writer: &mut Writer, title: &str, object: &Value, path: &str) {
    labels_at(writer, 0, title, object, path);
}

/// The same at a level; as in kubectl the level stands before each piece of a line.
pub(crate) fn labels_at(writer: &mut Writer, level: usize, title: &str, object: &Value, path: &str) {
    put!(writer, level, "{title}:\t");
    let labels = object.map(path);
    if labels.is_empty() {
        put!(writer, level, "<none>\n");
    }
    for (at, (name, value)) in labels.into_iter().enumerate() {
        if at > 0 {
            put!(writer, level, "");
            put!(writer, level, "\t");
        }
        put!(writer, level, "{name}={}\n", value.as_str().unwrap_or_default());
    }
}

/// The same with text before each line instead of a level.
pub(crate) fn labels_indented(writer: &mut Writer, indent: &str, title: &str, object: &Value, path: &str) {
    put!(writer, 0, "{indent}{title}:\t");
    let labels = object.map(path);
    if labels.is_empty() {
        put!(writer, 0, "<none>\n");
    }
    for (at, (name, value)) in labels.into_iter().enumerate() {
        if at > 0 {
            put!(writer, 0, "{indent}\t");
        }
        put!(writer, 0, "{name}={}\n", value.as_str().unwrap_or_default());
    }
}

/// `TITLE:` and the annotations of the map at `path`, long ones below their names.
pub(crate) fn annotations(writer: &mut Writer, title: &str, object: &Value, path: &str) {
    annotations_at(writer, 0, title, object, path);
}

/// The same at a level.
pub(crate) fn annotations_at(writer: &mut Writer, level: usize, title: &str, object: &Value, path: &str) {
    put!(writer, level, "{title}:\t");
    let mut annotations = object.map(path);
    annotations.retain(|(name, _)| *name != LAST_APPLIED);
    if annotations.is_empty() {
        put!(writer, level, "<none>\n");
    }
    for (at, (name, value)) in annotations.into_iter().enumerate() {
        if at > 0 {
            put!(writer, level, "\t");
        }
        annotation(writer, level, name, value.as_str().unwrap_or_default());
    }
}

fn annotation(writer: &mut Writer, level: usize, name: &str, value: &str) {
    let value = value.strip_suffix('\n').unwrap_or(value);
    if value.len() + name.len() + 2 <= MAX_ANNOTATION && !value.contains('\n') {
        return put!(writer, level, "{name}: {value}\n");
    }
    put!(writer, level, "{name}:\n");
    for line in value.split('\n') {
        put!(writer, level, "\t  {}\n", shortened(line, MAX_ANNOTATION - 2));
    }
}

/// At most so many bytes, with dots where more were there; never half a character.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    format!("{}...", &text[..end])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_label_has_its_line() {
        let object = json!({"l": {"b": "2", "a": "1"}});
        let mut writer = Writer::default();
        labels(&mut writer, "Labels", &object, "l");
        labels(&mut writer, "Other", &object, "nope");
        assert_eq!(writer.finish(), "Labels:  a=1\n         b=2\nOther:   <none>\n");
    }

    #[test]
    fn long_annotations_go_below_and_are_cut() {
        let object = json!({"a": {"x": "y".repeat(150), LAST_APPLIED: "{}", "z": "one\ntwo\n", "s": "short"}});
        let mut writer = Writer::default();
        annotations(&mut writer, "Annotations", &object, "a");
        let text = writer.finish();
        assert!(text.starts_with("Annotations:  s: short\n              x:\n"), "{text}");
        assert!(text.contains(&format!("                {}...\n", "y".repeat(138))), "{text}");
        assert!(text.ends_with("              z:\n                one\n                two\n"), "{text}");
        assert!(!text.contains(LAST_APPLIED));
    }

    #[test]
    fn cutting_keeps_characters_whole() {
        assert_eq!(shortened("aé", 2), "a...");
    }
}
