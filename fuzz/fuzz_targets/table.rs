//! Any server-side Table: it prints in bounded space, one line a row; and the same where only what is shown was read.

#![no_main]

use kubently_render::table::{Printer, Shown, Style, Table, read};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let answer = kubently_fuzz::value::read(bytes);
    let style = Style {
        wide: how & 1 != 0,
        no_headers: how & 2 != 0,
        show_labels: how & 4 != 0,
        label_columns: if how & 8 != 0 { vec!["app".to_owned(), "x/y".to_owned()] } else { Vec::new() },
        with_namespace: how & 16 != 0,
        prefix: (how & 32 != 0).then(|| "pod".to_owned()),
    };
    let shown = Shown { namespace: style.with_namespace, labels: how & 12 != 0 };
    let short = read(answer.to_string().as_bytes(), shown);
    let Some(text) = print(answer, style.clone()) else { return };
    assert!(text.is_empty() || text.ends_with('\n'));
    if let Ok(short) = short {
        assert_eq!(print(short, style), Some(text));
    }
});

fn print(answer: Value, style: Style) -> Option<String> {
    let mut printer = Printer::new(style);
    printer.add(serde_json::from_value::<Table>(answer).ok()?);
    Some(printer.finish())
}
