//! `rollout status` and `rollout history`.

use std::time::Duration;

use kubently_core::kubectl::{NamespaceScope, OutputFormat, Resources, RolloutHistoryCommand, RolloutStatusCommand};
use kubently_render::{
    fields::Fields,
    labels::selector,
    object::{items_of, name_of},
    rollout::{History, history, history_of_deployment, history_of_revisions, no_history, revision, status},
};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Ended, Native,
    api::{Api, JSON, Path, encode},
    catalog::Resource,
    fault::Fault,
    resources::known_to_kubectl,
    targets::{check_selectors, targets},
    watch::Watch,
};
use crate::runner::Output;

pub(super) const fn covers_history(command: &RolloutHistoryCommand) -> bool {
    matches!(command.output, OutputFormat::Default)
}

/// An object, its type, and where objects of that type are.
struct Found {
    resource: Resource,
    object: Value,
}

/// The objects that were asked for, and what went wrong with others.
struct Selected {
    found: Vec<Found>,
    faults: Vec<Fault>,
}

/// Prints how far rollouts are, and waits for their end unless told otherwise. What goes wrong with one keeps none of the
/// others back.
pub(super) async fn run_status(
    native: &Native,
    api: &Api<'_>,
    command: &RolloutStatusCommand,
    output: &Output,
) -> Ended {
    let Selected { found, mut faults } =
        find(native, api, &command.common.namespace, &command.resources, command.selector.as_deref()).await?;
    if found.is_empty() && faults.is_empty() {
        nothing(native, &command.common.namespace, output);
    }
    for one in found {
        let following = follow(api, &one, command, output);
        let ended = match command.timeout.filter(|limit| !limit.is_zero()) {
            None => following.await,
            Some(limit) => timeout(limit, following).await.unwrap_or_else(|_| Err(timed_out())),
        };
        faults.extend(ended.err());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn timed_out() -> Fault {
    Fault::Plain("timed out waiting for the condition".to_owned())
}

fn nothing(native: &Native, scope: &NamespaceScope, output: &Output) {
    match native.namespace(scope) {
        Some(namespace) => output.err(&format!("No resources found in {namespace} namespace.\n")),
        None => output.err("No resources found\n"),
    };
}

/// Pause before a watch that the server ended is opened again.
const WATCH_AGAIN_AFTER: Duration = Duration::from_secs(1);

async fn follow(api: &Api<'_>, found: &Found, command: &RolloutStatusCommand, output: &Output) -> Result<(), Fault> {
    let Found { resource, object } = found;
    let wanted = command.revision.unwrap_or_default();
    if report(object, wanted, output)? || !command.watch {
        return Ok(());
    }
    let mut last = object.clone();
    loop {
        if changes(api, resource, &mut last, wanted, output).await? {
            return Ok(());
        }
        tokio::time::sleep(WATCH_AGAIN_AFTER).await;
        // Whatever ended the watch, maybe that its start is too long ago: the object itself says what was missed.
        let now = match api.object(&path_of(resource, &last)).await {
            Err(fault) if fault.is_not_found() => return Err(deleted()),
            now => now?,
        };
        if now.text("metadata.uid") != last.text("metadata.uid") {
            return Err(deleted());
        }
        let changed = now.text("metadata.resourceVersion") != last.text("metadata.resourceVersion");
        last = now;
        if changed && report(&last, wanted, output)? {
            return Ok(());
        }
    }
}

fn deleted() -> Fault {
    Fault::Plain("object has been deleted".to_owned())
}

fn path_of(resource: &Resource, object: &Value) -> String {
    let mut path = resource.path(Some(object.text("metadata.namespace"))) + "/";
    encode(&mut path, object.text("metadata.name"));
    path
}

/// Reports every change until the rollout is done, which is true, or the watch ends.
async fn changes(
    api: &Api<'_>,
    resource: &Resource,
    last: &mut Value,
    wanted: i64,
    output: &Output,
) -> Result<bool, Fault> {
    let path = Path::new(resource.path(Some(last.text("metadata.namespace"))))
        .query("fieldSelector", format!("metadata.name={}", last.text("metadata.name")))
        .query("resourceVersion", last.text("metadata.resourceVersion"))
        .query("watch", "true");
    let Ok(mut watch) = Watch::open(api, &path.build(), JSON).await else { return Ok(false) };
    while let Ok(Some(change)) = watch.next().await {
        match change.kind.as_str() {
            "DELETED" => return Err(deleted()),
            "ADDED" | "MODIFIED" => {
                *last = change.object;
                if report(last, wanted, output)? {
                    return Ok(true);
                }
            }
            _ => {}
        }
    }
    Ok(false)
}

/// Prints where the rollout is; whether it is done.
fn report(object: &Value, wanted: i64, output: &Output) -> Result<bool, Fault> {
    let status = status(object, wanted).map_err(Fault::Plain)?;
    output.out(&status.text);
    Ok(status.done)
}

/// Prints the revisions of workloads. What goes wrong with one keeps none of the others back.
pub(super) async fn run_history(
    native: &Native,
    api: &Api<'_>,
    command: &RolloutHistoryCommand,
    output: &Output,
) -> Ended {
    let Selected { found, mut faults } =
        find(native, api, &command.common.namespace, &command.resources, command.selector.as_deref()).await?;
    let wanted = command.revision.filter(|number| *number > 0);
    for Found { object, .. } in &found {
        match history_text(api, object, wanted).await {
            Ok(text) => drop(output.out(&text)),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

async fn history_text(api: &Api<'_>, object: &Value, wanted: Option<i64>) -> Result<String, Fault> {
    let revisions = revisions(api, object).await?;
    let (what, text) = match wanted {
        Some(number) => (format!("with revision #{number}"), revision(&revisions, number).map_err(Fault::Plain)?),
        None => (String::new(), history(&revisions)),
    };
    Ok(format!("{} {what}\n{text}\n", name_of(object)))
}

async fn revisions(api: &Api<'_>, object: &Value) -> Result<History, Fault> {
    let list = async |plural: &str, failure: &str| {
        let path = format!("/apis/apps/v1/namespaces/{}/{plural}", object.text("metadata.namespace"));
        let labels = selector(object.at("spec.selector"));
        let path =
            Path::new(path).maybe("labelSelector", Some(labels.as_str()).filter(|text| !text.is_empty())).build();
        let failed = |fault: Fault| format!("{failure} {}: {}", object.text("metadata.name"), fault.words());
        api.object(&path).await.map(items_of).map_err(|fault| Fault::Plain(failed(fault)))
    };
    match object.text("kind") {
        "Deployment" => {
            let sets = list("replicasets", "failed to retrieve replica sets from deployment").await?;
            Ok(history_of_deployment(object, &sets))
        }
        kind @ ("DaemonSet" | "StatefulSet") => {
            let failure = format!("unable to find history controlled by {kind}");
            Ok(history_of_revisions(object, &list("controllerrevisions", &failure).await?))
        }
        _ => Err(Fault::Plain(no_history(object))),
    }
}

async fn find(
    native: &Native,
    api: &Api<'_>,
    scope: &NamespaceScope,
    resources: &Resources,
    labels: Option<&str>,
) -> Result<Selected, Fault> {
    check_selectors(resources, labels.is_some())?;
    let asked: Vec<_> = resources.types().cloned().collect();
    let catalog = native.discovery.catalog_with(api, &asked).await?;
    let targets = targets(api, &catalog, resources)?;
    let namespace = native.namespace(scope);
    let mut selected = Selected { found: Vec::new(), faults: Vec::new() };
    for (resource, name) in targets {
        let fetched = fetch(api, &resource, namespace, name.as_deref(), labels).await;
        match fetched.and_then(|objects| known_to_kubectl(&resource, name.is_none()).map(|()| objects)) {
            Ok(objects) => {
                selected.found.extend(objects.into_iter().map(|object| Found { resource: resource.clone(), object }));
            }
            Err(fault) => selected.faults.push(fault),
        }
    }
    Ok(selected)
}

async fn fetch(
    api: &Api<'_>,
    resource: &Resource,
    namespace: Option<&str>,
    name: Option<&str>,
    labels: Option<&str>,
) -> Result<Vec<Value>, Fault> {
    let mut path = resource.path(namespace);
    let Some(name) = name else {
        let path = Path::new(path).maybe("labelSelector", labels).build();
        let list = api.object(&path).await;
        let list = list.map_err(|fault| fault.of_list(&resource.subject(), labels.unwrap_or_default(), ""))?;
        return Ok(items_of(list));
    };
    path.push('/');
    encode(&mut path, name);
    match (api.object(&path).await, namespace.filter(|namespace| resource.namespaced && *namespace != "default")) {
        (Err(fault), Some(namespace)) if fault.is_not_found() => {
            Err(api.missing_namespace(namespace, JSON).await.unwrap_or(fault))
        }
        (object, _) => Ok(vec![object?]),
    }
}
