//! Any value as YAML: it prints, and the text holds no character that a reader of YAML may not see.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let value = kubently_fuzz::value::read(bytes);
    let text = kubently_render::yaml::print(&value);
    assert!(text.ends_with('\n'));
    let hidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!text.contains(hidden), "{text:?}");
});
