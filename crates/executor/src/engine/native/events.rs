//! `events`

use kubently_core::kubectl::{EventsCommand, ObjectRef, OutputFormat};
use kubently_render::{
    columns::Tabs,
    events::{Format, Style, list, objects, print, rows, sorted, time_of},
    fields::Fields,
    object::items_of,
};
use serde_json::Value;

use super::{
    Ended, Native,
    api::{Api, JSON, Path},
    fault::Fault,
    picked::{Picked, no_such_format},
    watch::{Change, Watch},
};
use crate::runner::{Output, Room};

/// Events per piece of a list unless told otherwise, as in kubectl.
const CHUNK: i64 = 500;
/// What events there are.
const TYPES: [&str; 2] = ["Normal", "Warning"];

/// The formats there are, as kubectl lists them.
const FORMATS: &str = "go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,\
    templatefile,yaml";

pub(super) const fn covers(command: &EventsCommand) -> bool {
    matches!(command.output, OutputFormat::Default) || !command.watch
}

/// Prints events as a table, oldest first.
pub(super) async fn run(native: &Native, api: &Api<'_>, command: &EventsCommand, output: &Output) -> Ended {
    let namespace = native.namespace(&command.common.namespace);
    let selector = match &command.for_object {
        Some(object) => Some(about(native, api, object, output).await?),
        None => None,
    };
    let form = form(command)?;
    if !command.types.iter().all(|one| TYPES.iter().any(|known| known.eq_ignore_ascii_case(one))) {
        return Err(vec![Fault::Plain("valid --types are Normal or Warning".to_owned())]);
    }
    let style = Style { with_namespace: namespace.is_none(), no_headers: command.no_headers };
    if command.watch {
        return follow(native, api, command, (namespace, selector.as_deref()), style, output).await;
    }
    let mut found = fetch(api, command, namespace, selector.as_deref()).await?;
    found.retain(|event| is_wanted(command, event));
    if found.is_empty() {
        match namespace {
            Some(namespace) => output.err(&format!("No events found in {namespace} namespace.\n")),
            None => output.err("No events found.\n"),
        };
        return Ok(());
    }
    let events = sorted(&found, time_of);
    match form {
        Form::Table => output.out(&print(&events, style, native.clock.now())),
        Form::Whole(format) => output.out(&objects(&events, format, command.show_managed_fields)),
        // As in kubectl, what goes wrong here is no failure of the command.
        Form::Picked(picked) => output.out(&picked.print_typed(list(&events, true)).0),
        Form::Nothing => Room::Left,
    };
    Ok(())
}

/// What is printed.
enum Form {
    Table,
    Whole(Format),
    Picked(Picked),
    /// `-o name` prints no name of a list of events.
    Nothing,
}

fn form(command: &EventsCommand) -> Result<Form, Fault> {
    match &command.output {
        OutputFormat::Default => Ok(Form::Table),
        OutputFormat::Json => Ok(Form::Whole(Format::Json)),
        OutputFormat::Yaml => Ok(Form::Whole(Format::Yaml)),
        OutputFormat::Name => Ok(Form::Nothing),
        other => {
            let picked = Picked::new(other, command.allow_missing_template_keys)?;
            picked.map(Form::Picked).ok_or_else(|| no_such_format(other, FORMATS))
        }
    }
}

fn is_wanted(command: &EventsCommand, event: &Value) -> bool {
    command.types.is_empty() || command.types.iter().any(|one| one.eq_ignore_ascii_case(event.text("type")))
}

/// Prints the events that are there and every one that comes, until the server ends the watch, nothing more is kept, or
/// somebody stops it.
async fn follow(
    native: &Native,
    api: &Api<'_>,
    command: &EventsCommand,
    (namespace, selector): (Option<&str>, Option<&str>),
    mut style: Style,
    output: &Output,
) -> Ended {
    let path = Path::new(path(namespace)).maybe("fieldSelector", selector).query("watch", "true").build();
    let mut watch = Watch::open(api, &path, JSON).await?;
    let mut tabs = Tabs::default();
    while let Some(Change { kind, object: mut event }) = watch.next().await? {
        api.redactor().object(&mut event);
        if !matches!(kind.as_str(), "ADDED" | "MODIFIED") || !is_wanted(command, &event) {
            continue;
        }
        let text = tabs.align(&rows(&[&event], style, native.clock.now()));
        style.no_headers = true;
        if output.out(&text) == Room::Full {
            return Ok(());
        }
        output.drained().await;
    }
    Ok(())
}

fn path(namespace: Option<&str>) -> String {
    match namespace {
        Some(namespace) => format!("/api/v1/namespaces/{namespace}/events"),
        None => "/api/v1/events".to_owned(),
    }
}

/// The fields by which events about `object` are found. A type that nobody knows is told in words that have no "error: "
/// before them.
async fn about(native: &Native, api: &Api<'_>, object: &ObjectRef, output: &Output) -> Result<String, Vec<Fault>> {
    let catalog = native.discovery.catalog_with(api, std::slice::from_ref(&object.resource)).await?;
    let lower = object.resource.as_str().to_ascii_lowercase();
    let Some(resource) = catalog.find_named(&lower, |warning| api.warn(&warning)) else {
        output.err(&format!("{}\n", unknown(object.resource.as_str())));
        return Err(Vec::new());
    };
    let (kind, version) = (&resource.kind, resource.api_version());
    Ok(format!("involvedObject.kind={kind},involvedObject.apiVersion={version},involvedObject.name={}", object.name))
}

fn unknown(asked: &str) -> String {
    let lower = asked.to_lowercase();
    match lower.split_once('.') {
        Some((name, group)) if !group.is_empty() => {
            format!("the server doesn't have a resource type \"{name}\" in group \"{group}\"")
        }
        _ => format!("the server doesn't have a resource type \"{}\"", lower.trim_end_matches('.')),
    }
}

async fn fetch(
    api: &Api<'_>,
    command: &EventsCommand,
    namespace: Option<&str>,
    selector: Option<&str>,
) -> Result<Vec<Value>, Fault> {
    let path = path(namespace);
    let limit = Some(command.chunk_size.unwrap_or(CHUNK)).filter(|limit| *limit > 0).map(|limit| limit.to_string());
    let mut events = Vec::new();
    let mut next = String::new();
    loop {
        let path = Path::new(path.clone()).maybe("fieldSelector", selector).maybe("limit", limit.as_ref());
        let answer = api.object(&path.maybe("continue", (!next.is_empty()).then_some(&next)).build()).await;
        let answer = answer.map_err(|fault| fault.of_list("events", "", selector.unwrap_or_default()))?;
        answer.text("metadata.continue").clone_into(&mut next);
        events.extend(items_of(answer));
        if next.is_empty() {
            return Ok(events);
        }
    }
}
