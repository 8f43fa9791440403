//! `get -w`: what is there, and then what becomes of it.

use kubently_core::kubectl::{GetCommand, OutputFormat};
use kubently_render::table::{Printer, Style, Table};
use serde_json::Value;

use super::{
    super::{
        Ended, Native,
        api::{Api, JSON, Path},
        fault::Fault,
        watch::{Change, Watch},
    },
    fetch::{self, Asking},
    format::{Format, Whole},
    human::{AS_TABLE, style},
    is_table,
    select::{Selection, Target},
};
use crate::runner::{Output, Room};

/// Whether watching is possible with these flags: `--output-watch-events` only with tables.
pub(super) const fn covers(get: &GetCommand) -> bool {
    !get.output_watch_events || matches!(get.output, OutputFormat::Default | OutputFormat::Wide)
}

/// Prints objects, and every change until the server ends the watch, nothing more is kept, or somebody stops it.
pub(super) async fn run(
    native: &Native,
    api: &Api<'_>,
    get: &GetCommand,
    selection: &Selection,
    output: &Output,
) -> Ended {
    let [target] = &selection.targets[..] else {
        let message =
            "watch is only supported on individual resources and resource collections - more than 1 resource was found";
        return Err(vec![Fault::Plain(message.to_owned())]);
    };
    let accept = if is_table(get) && get.server_print { AS_TABLE } else { JSON };
    let (items, faults) = fetch::all(&Asking { api, get, accept, shown: None }, selection, Ok).await;
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut paper = Paper::new(native, get, selection, target, output)?;
    let version = items.last().and_then(|item| item.list_version.clone()).unwrap_or_default();
    for item in items {
        if !get.watch_only && paper.print("ADDED", item.value)? == Room::Full {
            return Ok(());
        }
    }
    let mut watch = Watch::open(api, &path(get, target, &version), accept).await?;
    while let Some(Change { kind, mut object }) = watch.next().await? {
        api.redactor().object(&mut object);
        if kind != "BOOKMARK" && paper.print(&kind, object)? == Room::Full {
            return Ok(());
        }
        output.drained().await;
    }
    Ok(())
}

fn path(get: &GetCommand, target: &Target, version: &str) -> String {
    let one = target.name.as_ref().map(|name| format!("metadata.name={name}"));
    Path::new(target.resource.path(target.namespace()))
        .maybe("labelSelector", get.selector.as_ref())
        .maybe("fieldSelector", one.as_ref().or(get.field_selector.as_ref()))
        .maybe("resourceVersion", (!version.is_empty()).then_some(version))
        .query("watch", "true")
        .build()
}

/// What is printed on, change by change.
enum Paper<'a> {
    Table { native: &'a Native, get: &'a GetCommand, printer: Printer, output: &'a Output },
    Whole { format: Format, is_yaml: bool, printed: bool, output: &'a Output },
}

impl<'a> Paper<'a> {
    fn new(
        native: &'a Native,
        get: &'a GetCommand,
        selection: &Selection,
        target: &Target,
        output: &'a Output,
    ) -> Result<Self, Fault> {
        if !is_table(get) {
            let is_yaml = get.output == OutputFormat::Yaml;
            return Ok(Self::Whole { format: Format::new(get)?, is_yaml, printed: false, output });
        }
        let with_namespace = selection.namespace.is_none() && target.resource.namespaced;
        let prefix = get.show_kind.then(|| target.resource.prefix());
        let printer = Printer::new(Style { with_namespace, prefix, ..style(get) });
        Ok(Self::Table { native, get, printer, output })
    }

    fn print(&mut self, kind: &str, value: Value) -> Result<Room, Fault> {
        match self {
            Self::Table { native, get, printer, output } => {
                let table = if fetch::is_table(&value) {
                    let unreadable = |error| Fault::Plain(format!("the server's table cannot be read: {error}"));
                    serde_json::from_value(value).map_err(unreadable)?
                } else {
                    Table::of_object(value, native.clock.now())
                };
                printer.add_change(table, get.output_watch_events.then_some(kind));
                Ok(output.out(&printer.flush()))
            }
            Self::Whole { format, is_yaml, printed, output } => {
                // Documents of one stream.
                if *is_yaml && std::mem::replace(printed, true) {
                    output.out("---\n");
                }
                let (text, fault) = format.print(Whole::One(value));
                let room = output.out(&text);
                fault.map_or(Ok(room), Err)
            }
        }
    }
}
