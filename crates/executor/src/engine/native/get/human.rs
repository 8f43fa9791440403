//! Tables for people.

use kubently_core::kubectl::{GetCommand, OutputFormat};
use kubently_render::table::{Printer, Style, Table};

use super::{
    super::{Ended, api::Api, catalog::Resource, fault::Fault},
    select::{Selection, Target},
};
use crate::runner::Output;

/// The server prints the columns; a server that cannot answers with plain objects.
const AS_TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,\
    application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

/// Tables of one target.
type Found<'a> = (&'a Resource, Table);

pub(super) async fn print(api: &Api<'_>, get: &GetCommand, selection: &Selection, output: &Output) -> Ended {
    let mut found = Vec::new();
    let mut faults = Vec::new();
    for target in &selection.targets {
        if let Err(fault) = fetch(api, get, target, &mut found).await
            && !(get.ignore_not_found && fault.is_not_found())
        {
            faults.push(fault);
        }
    }
    let all_namespaced = selection.namespace.is_some() && found.iter().all(|(resource, _)| resource.namespaced);
    let wrote = write(get, selection, found, output);
    if !wrote && faults.is_empty() && !get.ignore_not_found {
        match &selection.namespace {
            Some(namespace) if all_namespaced => output.err(&format!("No resources found in {namespace} namespace.\n")),
            _ => output.err("No resources found\n"),
        };
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

async fn fetch<'a>(
    api: &Api<'_>,
    get: &GetCommand,
    target: &'a Target,
    found: &mut Vec<Found<'a>>,
) -> Result<(), Fault> {
    let mut next = String::new();
    loop {
        let answer = api.get(&target.path(get, &next), AS_TABLE).await?;
        let table = read(&answer)?;
        next.clone_from(&table.metadata.next);
        found.push((&target.resource, table));
        if next.is_empty() {
            return Ok(());
        }
    }
}

fn read(answer: &[u8]) -> Result<Table, Fault> {
    let unreadable = |error| Fault::Plain(format!("the server's table cannot be read: {error}"));
    let table: Table = serde_json::from_slice(answer).map_err(unreadable)?;
    if table.kind == "Table" {
        return Ok(table);
    }
    Err(Fault::Plain("the server does not print this resource as a table; use -o name, json or yaml".to_owned()))
}

/// Prints tables in order, one printer per run of one type, a blank line between runs. False when nothing was printed.
fn write(get: &GetCommand, selection: &Selection, found: Vec<Found<'_>>, output: &Output) -> bool {
    let first = found.first().map(|(resource, _)| (*resource).clone());
    let several = found.iter().any(|(resource, _)| Some(*resource) != first.as_ref());
    let mut wrote = false;
    let mut with_namespace = false;
    let mut found = found.into_iter().peekable();
    while let Some((resource, table)) = found.next() {
        // Once there, the column stays, also for what has no namespace: kubectl's flags remember it.
        with_namespace |= selection.namespace.is_none() && resource.namespaced;
        let prefix = (several || get.show_kind).then(|| resource.prefix());
        let mut printer = Printer::new(Style { with_namespace, prefix, ..style(get) });
        printer.add(table);
        while let Some((_, table)) = found.next_if(|(other, _)| *other == resource) {
            printer.add(table);
        }
        let text = printer.finish();
        if !text.is_empty() {
            if wrote && !get.no_headers {
                output.out("\n");
            }
            output.out(&text);
            wrote = true;
        }
    }
    wrote
}

fn style(get: &GetCommand) -> Style {
    Style {
        wide: get.output == OutputFormat::Wide,
        no_headers: get.no_headers,
        show_labels: get.show_labels,
        label_columns: get.label_columns.clone(),
        ..Style::default()
    }
}
