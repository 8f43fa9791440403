//! Any server-side Table: it prints in bounded space, one line a row.

#![no_main]

use kubently_render::table::{Printer, Style, Table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((how, bytes)) = bytes.split_first() else { return };
    let Ok(table) = serde_json::from_value::<Table>(kubently_fuzz::value::read(bytes)) else { return };
    let style = Style {
        wide: how & 1 != 0,
        no_headers: how & 2 != 0,
        show_labels: how & 4 != 0,
        label_columns: if how & 8 != 0 { vec!["app".to_owned(), "x/y".to_owned()] } else { Vec::new() },
        with_namespace: how & 16 != 0,
        prefix: (how & 32 != 0).then(|| "pod".to_owned()),
    };
    let mut printer = Printer::new(style);
    printer.add(table);
    let text = printer.finish();
    assert!(text.is_empty() || text.ends_with('\n'));
});
