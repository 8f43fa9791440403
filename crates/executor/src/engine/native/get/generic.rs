//! Whole objects: `-o name`, `-o json`, `-o yaml`.

use kubently_core::kubectl::{GetCommand, OutputFormat};
use kubently_render::{
    json,
    object::{self, items_of, list_of},
    yaml,
};
use serde_json::Value;

use super::{
    super::{
        Ended,
        api::{Api, JSON},
        fault::Fault,
    },
    select::{Selection, Target},
};
use crate::runner::Output;

pub(super) async fn print(api: &Api<'_>, get: &GetCommand, selection: &Selection, output: &Output) -> Ended {
    let mut objects = Vec::new();
    let mut faults = Vec::new();
    for target in &selection.targets {
        match fetch(api, get, target, &mut objects).await {
            Err(fault) if get.ignore_not_found && fault.is_not_found() => {}
            Err(fault) if selection.single => return Err(vec![fault]),
            Err(fault) => faults.push(fault),
            Ok(()) => {}
        }
    }
    if !objects.is_empty() || !get.ignore_not_found {
        write(get, selection, objects, output);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

async fn fetch(api: &Api<'_>, get: &GetCommand, target: &Target, objects: &mut Vec<Value>) -> Result<(), Fault> {
    let mut next = String::new();
    loop {
        let answer: Value = api.read(&target.path(get, &next), JSON).await?;
        if target.name.is_some() {
            objects.push(answer);
            return Ok(());
        }
        answer["metadata"]["continue"].as_str().unwrap_or_default().clone_into(&mut next);
        objects.extend(items_of(answer));
        if next.is_empty() {
            return Ok(());
        }
    }
}

fn write(get: &GetCommand, selection: &Selection, mut objects: Vec<Value>, output: &Output) {
    if get.output == OutputFormat::Name {
        let names: String = objects.iter().map(|object| object::name_of(object) + "\n").collect();
        output.out(&names);
        return;
    }
    if !get.show_managed_fields {
        objects.iter_mut().for_each(object::drop_managed_fields);
    }
    let whole = match objects.pop() {
        Some(object) if selection.single => object,
        last => list_of(objects.into_iter().chain(last).collect()),
    };
    let text = match get.output {
        OutputFormat::Yaml => yaml::print(&whole),
        _ => json::print(&whole),
    };
    output.out(&text);
}
