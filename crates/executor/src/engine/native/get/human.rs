//! Tables for people.

use kubently_core::kubectl::{GetCommand, OutputFormat};
use kubently_render::{
    jsonpath::sort,
    table::{Printer, Shown, Style, Table},
};
use serde_json::Value;

use super::{
    super::{
        Ended, Native,
        api::{Api, JSON},
        fault::Fault,
    },
    fetch::{self, Asking, Item, is_table},
    format::plain,
    select::Selection,
};
use crate::runner::Output;

/// The server prints the columns; a server that cannot answers with plain objects.
pub(super) const AS_TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,\
    application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

pub(super) async fn print(
    native: &Native,
    api: &Api<'_>,
    get: &GetCommand,
    selection: &Selection,
    output: &Output,
) -> Ended {
    let accept = if get.server_print { AS_TABLE } else { JSON };
    let paper = Paper { native, get, selection, output };
    let mut asking = Asking { api, get, accept, shown: None };
    let (items, faults) = if sort_by(get).is_some() {
        let (items, faults) = fetch::all(&asking, selection, Ok).await;
        let tables = sorted(get, items)?.into_iter().map(|item| item.map(|value| paper.table(value)));
        (tables.collect::<Result<Vec<_>, _>>()?, faults)
    } else {
        asking.shown = Some(paper.shown());
        fetch::all(&asking, selection, |value| paper.table(value)).await
    };
    let all_namespaced = selection.namespace.is_some() && items.iter().all(|item| item.resource.namespaced);
    let wrote = paper.write(items);
    if !wrote && faults.is_empty() && !get.ignore_not_found {
        match &selection.namespace {
            Some(namespace) if all_namespaced => output.err(&format!("No resources found in {namespace} namespace.\n")),
            _ => output.err("No resources found\n"),
        };
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn sort_by(get: &GetCommand) -> Option<&str> {
    get.sort_by.as_deref().filter(|path| !path.is_empty())
}

/// Sorts the answers. As in kubectl a table counts as one object here, so that several of them hardly ever have the
/// field; the rows of each are sorted when it is printed.
fn sorted<'a>(get: &GetCommand, items: Vec<Item<'a, Value>>) -> Result<Vec<Item<'a, Value>>, Fault> {
    let Some(path) = sort_by(get).filter(|_| items.len() > 1) else { return Ok(items) };
    let objects: Vec<_> = items.iter().map(|item| &item.value).collect();
    let order = sort::objects(path, &objects).map_err(|error| plain(&error))?;
    let mut items: Vec<_> = items.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|at| items.get_mut(at)?.take()).collect())
}

/// What is printed, and how.
struct Paper<'a> {
    native: &'a Native,
    get: &'a GetCommand,
    selection: &'a Selection,
    output: &'a Output,
}

impl Paper<'_> {
    /// Prints answers in order, one printer per run of one type, a blank line between runs. False when nothing was
    /// printed.
    fn write(&self, items: Vec<Item<'_, Option<Table>>>) -> bool {
        let several = items.windows(2).any(|pair| pair[0].resource != pair[1].resource);
        let mut wrote = false;
        let mut with_namespace = false;
        let mut items = items.into_iter().peekable();
        while let Some(Item { resource, value, .. }) = items.next() {
            // Once there, the column stays, also for what has no namespace: kubectl's flags remember it.
            with_namespace |= self.selection.namespace.is_none() && resource.namespaced;
            let prefix = (several || self.get.show_kind).then(|| resource.prefix());
            let mut printer = Printer::new(Style { with_namespace, prefix, ..style(self.get) });
            value.into_iter().for_each(|table| printer.add(table));
            while let Some(Item { value, .. }) = items.next_if(|next| next.resource == resource) {
                value.into_iter().for_each(|table| printer.add(table));
            }
            let text = printer.finish();
            if !text.is_empty() {
                if wrote && !self.get.no_headers {
                    self.output.out("\n");
                }
                self.output.out(&text);
                wrote = true;
            }
        }
        wrote
    }

    /// What tables show of their objects.
    fn shown(&self) -> Shown {
        let labels = self.get.show_labels || !self.get.label_columns.is_empty();
        Shown { namespace: self.selection.namespace.is_none(), labels }
    }

    /// The table of an answer with its rows sorted. None for one that cannot be sorted: kubectl passes over it.
    fn table(&self, value: Value) -> Result<Option<Table>, Fault> {
        if !is_table(&value) {
            return Ok(Some(Table::of_object(value, self.native.clock.now())));
        }
        let unreadable = |error| Fault::Plain(format!("the server's table cannot be read: {error}"));
        let mut table: Table = serde_json::from_value(value).map_err(unreadable)?;
        match sort_by(self.get).filter(|_| table.rows.len() > 1).map(|path| table.sort(path)) {
            Some(Err(error)) if error.is_fatal() => Err(plain(&error)),
            Some(Err(_)) => Ok(None),
            Some(Ok(())) | None => Ok(Some(table)),
        }
    }
}

pub(super) fn style(get: &GetCommand) -> Style {
    Style {
        wide: get.output == OutputFormat::Wide,
        no_headers: get.no_headers,
        show_labels: get.show_labels,
        label_columns: get.label_columns.clone(),
        ..Style::default()
    }
}
