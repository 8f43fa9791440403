//! Any text with tabs: the columns are aligned, line by line.

#![no_main]

use kubently_render::tab::{Layout, align};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for layout in [Layout::TABLE, Layout::DESCRIBE] {
        let aligned = align(text, layout);
        assert_eq!(aligned.lines().count(), text.lines().count());
        let letters = |text: &str| text.chars().filter(|c| !matches!(c, ' ' | '\t')).collect::<String>();
        assert_eq!(letters(&aligned), letters(text));
    }
});
