//! `rollout status` and `rollout history`.

use std::time::Duration;

use kubently_core::kubectl::{NamespaceScope, OutputFormat, Resources, RolloutHistoryCommand, RolloutStatusCommand};
use kubently_render::{
    fields::Fields,
    labels::selector,
    object::{items_of, name_of},
    rollout::{History, history, history_of_deployment, history_of_revisions, revision, status},
};
use serde_json::Value;
use tokio::time::timeout;

use super::{
    Ended, Native,
    api::{Api, JSON, Path, encode},
    catalog::Resource,
    fault::Fault,
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

/// Prints how far rollouts are, and waits for their end unless told otherwise.
pub(super) async fn run_status(
    native: &Native,
    api: &Api<'_>,
    command: &RolloutStatusCommand,
    output: &Output,
) -> Ended {
    let found = find(native, api, &command.common.namespace, &command.resources, command.selector.as_deref()).await?;
    if found.is_empty() {
        nothing(native, &command.common.namespace, output);
    }
    for one in found {
        let following = follow(api, &one, command, output);
        match command.timeout.filter(|limit| !limit.is_zero()) {
            None => following.await?,
            Some(limit) => timeout(limit, following).await.unwrap_or_else(|_| Err(timed_out()))?,
        }
    }
    Ok(())
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
const WATCH_AGAIN_AFTER: Duration = Duration::from_millis(200);

async fn follow(api: &Api<'_>, found: &Found, command: &RolloutStatusCommand, output: &Output) -> Result<(), Fault> {
    let Found { resource, object } = found;
    let wanted = command.revision.unwrap_or_default();
    if report(object, wanted, output)? || !command.watch {
        return Ok(());
    }
    let mut version = object.text("metadata.resourceVersion").to_owned();
    loop {
        let name = object.text("metadata.name");
        let path = Path::new(resource.path(Some(object.text("metadata.namespace"))))
            .query("fieldSelector", format!("metadata.name={name}"))
            .query("resourceVersion", &version)
            .query("watch", "true");
        let mut watch = Watch::open(api, &path.build(), JSON).await?;
        while let Some(change) = watch.next().await? {
            change.object.text("metadata.resourceVersion").clone_into(&mut version);
            match change.kind.as_str() {
                "DELETED" => return Err(Fault::Plain("object has been deleted".to_owned())),
                "ADDED" | "MODIFIED" if report(&change.object, wanted, output)? => return Ok(()),
                _ => {}
            }
        }
        tokio::time::sleep(WATCH_AGAIN_AFTER).await;
    }
}

/// Prints where the rollout is; whether it is done.
fn report(object: &Value, wanted: i64, output: &Output) -> Result<bool, Fault> {
    let status = status(object, wanted).map_err(Fault::Plain)?;
    output.out(&status.text);
    Ok(status.done)
}

/// Prints the revisions of workloads.
pub(super) async fn run_history(
    native: &Native,
    api: &Api<'_>,
    command: &RolloutHistoryCommand,
    output: &Output,
) -> Ended {
    let found = find(native, api, &command.common.namespace, &command.resources, command.selector.as_deref()).await?;
    if found.is_empty() {
        nothing(native, &command.common.namespace, output);
    }
    for Found { object, .. } in &found {
        let revisions = revisions(api, object).await?;
        let (what, text) = match command.revision.filter(|number| *number > 0) {
            Some(number) => (format!("with revision #{number}"), revision(&revisions, number).map_err(Fault::Plain)?),
            None => (String::new(), history(&revisions)),
        };
        output.out(&format!("{} {what}\n{text}\n", name_of(object)));
    }
    Ok(())
}

async fn revisions(api: &Api<'_>, object: &Value) -> Result<History, Fault> {
    let list = async |plural: &str| {
        let path = format!("/apis/apps/v1/namespaces/{}/{plural}", object.text("metadata.namespace"));
        let path = Path::new(path).query("labelSelector", selector(object.at("spec.selector"))).build();
        api.object(&path).await.map(items_of)
    };
    match object.text("kind") {
        "Deployment" => Ok(history_of_deployment(object, &list("replicasets").await?)),
        "DaemonSet" | "StatefulSet" => Ok(history_of_revisions(object, &list("controllerrevisions").await?)),
        kind => {
            let group = object.text("apiVersion").split_once('/').map(|(group, _)| format!(".{group}"));
            let message = format!("no history viewer has been implemented for \"{kind}{}\"", group.unwrap_or_default());
            Err(Fault::Plain(message))
        }
    }
}

async fn find(
    native: &Native,
    api: &Api<'_>,
    scope: &NamespaceScope,
    resources: &Resources,
    labels: Option<&str>,
) -> Result<Vec<Found>, Fault> {
    let asked: Vec<_> = resources.types().cloned().collect();
    let catalog = native.discovery.catalog_with(api, &asked).await?;
    let targets = super::describe::targets(&catalog, resources)?;
    let namespace = native.namespace(scope);
    let mut found = Vec::new();
    for (resource, name) in targets {
        let mut path = resource.path(namespace);
        let Some(name) = name else {
            let path = Path::new(path).maybe("labelSelector", labels).build();
            let items = items_of(api.object(&path).await?);
            found.extend(items.into_iter().map(|object| Found { resource: resource.clone(), object }));
            continue;
        };
        path.push('/');
        encode(&mut path, &name);
        found.push(Found { object: api.object(&path).await?, resource });
    }
    Ok(found)
}
