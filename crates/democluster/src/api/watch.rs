//! Watches: what is there, then silence, since nothing ever changes.

use std::{borrow::Cow, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt, future, stream};
use serde_json::{Value, json};

use super::{Api, Failure, Form, Query, list, route::ResourcePath};
use crate::table::{Include, Table};

/// How long a watch lasts if the client sets no time, as of the API server: 30 to 60 minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// A stream of the objects as ADDED, unless the client names a version it knows, held open until it leaves, its time is
/// over or the server shuts down.
pub(super) fn answer(api: &Arc<Api>, path: ResourcePath<'_>, query: &Query, form: Form) -> Result<Response, Failure> {
    let objects = list::chosen(api, path, query)?;
    let wants_initial = query.flag("sendInitialEvents");
    let knows_version = query.text("resourceVersion").is_some_and(|version| version != "0");
    let mut events: Vec<Value> = Vec::new();
    if wants_initial || !knows_version {
        events = added(api, path, query, form, &objects);
    }
    if wants_initial {
        events.push(end_of_initial(api, path));
    }
    let lines = events.into_iter().map(|event| Ok::<_, Infallible>(Bytes::from(format!("{event}\n"))));
    let shutdown = api.shutdown.clone();
    let timeout = query.number("timeoutSeconds")?.map_or(DEFAULT_TIMEOUT, Duration::from_secs);
    let end = async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(timeout) => {}
        }
    };
    let held = stream::once(end).filter_map(|()| future::ready(None));
    let body = Body::from_stream(stream::iter(lines).chain(held));
    Ok(([(header::CONTENT_TYPE, "application/json;stream=watch")], body).into_response())
}

fn added(api: &Api, path: ResourcePath<'_>, query: &Query, form: Form, objects: &[Cow<'_, Value>]) -> Vec<Value> {
    let table = (form == Form::Table).then(|| Table::of(&api.scene, path.kind, api.clock.now()));
    let include = Include::asked_for(query.text("includeObject"));
    let shown = |(index, object): (usize, &Cow<'_, Value>)| {
        let object = match (&table, form) {
            (Some(table), _) => {
                let metadata = json!({ "resourceVersion": object["metadata"]["resourceVersion"] });
                let mut rows = table.render([&**object], include, &metadata);
                if index > 0 {
                    // Only the first Table of a watch names the columns.
                    rows["columnDefinitions"] = Value::Null;
                }
                rows
            }
            (None, Form::Partial) => list::partial(object),
            (None, _) => Value::clone(object),
        };
        json!({ "type": "ADDED", "object": object })
    };
    objects.iter().enumerate().map(shown).collect()
}

/// Tells a streaming list that it is complete.
fn end_of_initial(api: &Api, path: ResourcePath<'_>) -> Value {
    let metadata = json!({
        "resourceVersion": api.scene.revision().to_string(), "creationTimestamp": null,
        "annotations": { "k8s.io/initial-events-end": "true" },
    });
    let (kind, version) = (path.kind.kind, path.kind.group_version());
    json!({ "type": "BOOKMARK", "object": { "kind": kind, "apiVersion": version, "metadata": metadata } })
}
