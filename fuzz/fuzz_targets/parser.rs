//! Any argument vector: what is accepted is rebuilt without a denied flag, and means the same again.

#![no_main]

#[path = "../../crates/core/tests/grammar/safety.rs"]
mod safety;

use kubently_core::{
    kubectl,
    policy::{Context, Policy},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let argv = kubently_fuzz::argv::read(bytes);
    let command = match kubectl::parse(&argv) {
        Ok(command) => command,
        Err(refusal) => {
            assert!(refusal.index.is_none_or(|index| index < argv.len()), "{argv:?}");
            let shown = |c: char| c.is_ascii_graphic() || c == ' ' || c == '…';
            assert!(refusal.to_string().chars().all(shown), "{refusal}");
            return;
        }
    };
    let rebuilt = command.argv();
    assert_eq!(safety::unsafe_word(&rebuilt), None, "{argv:?} became {rebuilt:?}");
    let again = kubectl::parse(&rebuilt).expect("a rebuilt vector is accepted");
    assert_eq!(again, command);
    assert_eq!(again.argv(), rebuilt);
    for (streaming, default_namespace) in [(false, None), (true, Some("shop"))] {
        let context = Context { streaming, default_namespace };
        assert_eq!(Policy::default().check(&command, context), Policy::default().check(&again, context));
    }
});
