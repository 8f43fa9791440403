//! Whole objects, in any format but a table for people.

use kubently_core::kubectl::GetCommand;
use kubently_render::jsonpath::{go, sort};
use serde_json::Value;

use super::{
    super::{
        Ended,
        api::{Api, JSON},
        fault::Fault,
    },
    fetch::{self, Asking},
    format::{Format, Whole, plain},
    select::Selection,
};
use crate::runner::Output;

pub(super) async fn print(api: &Api<'_>, get: &GetCommand, selection: &Selection, output: &Output) -> Ended {
    let (items, mut faults) = fetch::all(&Asking { api, get, accept: JSON, shown: None }, selection, Ok).await;
    if selection.single && !faults.is_empty() {
        return Err(faults);
    }
    if !items.is_empty() || !get.ignore_not_found {
        let format = Format::new(get)?;
        let objects = items.into_iter().map(|item| item.value).collect();
        let printed = whole(get, selection, objects).and_then(|whole| {
            let (text, fault) = format.print(whole);
            output.out(&text);
            fault.map_or(Ok(()), Err)
        });
        faults.extend(printed.err());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Puts a list around the objects, unless one single object was asked for.
fn whole(get: &GetCommand, selection: &Selection, mut objects: Vec<Value>) -> Result<Whole, Fault> {
    if selection.single && objects.len() == 1 {
        return Ok(objects.pop().map_or_else(|| Whole::List(Vec::new()), Whole::One));
    }
    // kubectl writes a list and reads it again.
    objects.iter_mut().for_each(go::through_json);
    match &get.sort_by {
        Some(path) if !path.is_empty() && !objects.is_empty() => sorted(path, objects).map(Whole::List),
        _ => Ok(Whole::List(objects)),
    }
}

fn sorted(path: &str, objects: Vec<Value>) -> Result<Vec<Value>, Fault> {
    let order = sort::objects(path, &objects.iter().collect::<Vec<_>>());
    let order = order.map_err(|error| plain(&error))?;
    let mut objects: Vec<_> = objects.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|at| objects.get_mut(at)?.take()).collect())
}
