//! `top`: what nodes and pods use, by the metrics API.

use std::{collections::BTreeMap, time::Duration};

use kubently_core::kubectl::{TopNodeCommand, TopPodCommand, TopTarget};
use kubently_render::{
    fields::Fields,
    object::items_of,
    time::parse,
    top::{PodStyle, SortBy, nodes, pods},
};
use serde_json::Value;

use super::{
    Ended, Native,
    api::{Api, Path, encode},
    fault::Fault,
};
use crate::runner::Output;

const METRICS: &str = "metrics.k8s.io/v1beta1";
/// A pod may be so old without anything having been measured.
const FIRST_METRICS_AFTER: Duration = Duration::from_secs(120);

/// Prints what nodes use.
pub(super) async fn node(native: &Native, api: &Api<'_>, command: &TopNodeCommand, output: &Output) -> Ended {
    let sort_by = sort_by(command.sort_by.as_deref())?;
    check(native, api).await?;
    let metrics = fetch(api, &format!("/apis/{METRICS}/nodes"), &command.target, None).await?;
    if metrics.is_empty() {
        return Err(vec![Fault::Plain("metrics not available yet".to_owned())]);
    }
    let field = if command.show_capacity { "status.capacity" } else { "status.allocatable" };
    let all = fetch(api, "/api/v1/nodes", &command.target, None).await?;
    let available = all.iter().map(|node| (node.text("metadata.name").to_owned(), node.at(field).clone()));
    output.out(&nodes(&metrics, &available.collect::<BTreeMap<_, _>>(), command.no_headers, sort_by));
    Ok(())
}

/// Prints what pods use.
pub(super) async fn pod(native: &Native, api: &Api<'_>, command: &TopPodCommand, output: &Output) -> Ended {
    let sort_by = sort_by(command.sort_by.as_deref())?;
    check(native, api).await?;
    let namespace = match (native.namespace(&command.common.namespace), &command.target) {
        (None, TopTarget::Named(_)) => Some(native.default_namespace.as_str()),
        (namespace, _) => namespace,
    };
    let scope = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
    let fields = command.field_selector.as_deref();
    let metrics = fetch(api, &format!("/apis/{METRICS}{scope}/pods"), &command.target, fields).await?;
    if metrics.is_empty() {
        return nothing(native, api, &scope, command, namespace, output).await;
    }
    let style = PodStyle {
        containers: command.containers,
        with_namespace: namespace.is_none(),
        no_headers: command.no_headers,
        sort_by,
        sum: command.sum,
    };
    output.out(&pods(&metrics, style));
    Ok(())
}

/// Says that there are no pods; one that has been there for a while should have been measured.
async fn nothing(
    native: &Native,
    api: &Api<'_>,
    scope: &str,
    command: &TopPodCommand,
    namespace: Option<&str>,
    output: &Output,
) -> Ended {
    let fields = command.field_selector.as_deref();
    let found = fetch(api, &format!("/api/v1{scope}/pods"), &command.target, fields).await?;
    for pod in &found {
        let Some(created) = parse(pod.text("metadata.creationTimestamp")) else { continue };
        let age = Duration::try_from(native.clock.now().duration_since(created)).unwrap_or_default();
        if age > FIRST_METRICS_AFTER {
            let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
            let message = format!("metrics not available for pod {namespace}/{name}, age: {}", go_duration(age));
            return Err(vec![Fault::Plain(message)]);
        }
    }
    match namespace {
        Some(namespace) => output.err(&format!("No resources found in {namespace} namespace.\n")),
        None => output.err("No resources found\n"),
    };
    Ok(())
}

/// As Go prints a duration.
fn go_duration(age: Duration) -> String {
    let (hours, minutes) = (age.as_secs() / 3_600, age.as_secs() / 60 % 60);
    let seconds = age.as_secs_f64() % 60.0;
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

fn sort_by(text: Option<&str>) -> Result<SortBy, Fault> {
    match text {
        None | Some("") => Ok(SortBy::Name),
        Some("cpu") => Ok(SortBy::Cpu),
        Some("memory") => Ok(SortBy::Memory),
        Some(_) => Err(Fault::Plain("--sort-by accepts only cpu or memory".to_owned())),
    }
}

async fn check(native: &Native, api: &Api<'_>) -> Result<(), Fault> {
    let catalog = native.discovery.catalog(api).await?;
    match catalog.versions.iter().any(|version| version == METRICS) {
        true => Ok(()),
        false => Err(Fault::Plain("Metrics API not available".to_owned())),
    }
}

async fn fetch(api: &Api<'_>, path: &str, target: &TopTarget, fields: Option<&str>) -> Result<Vec<Value>, Fault> {
    let selector = match target {
        TopTarget::Named(name) => {
            let mut path = format!("{path}/");
            encode(&mut path, name);
            return Ok(vec![api.object(&path).await?]);
        }
        TopTarget::Selector(selector) => Some(selector),
        TopTarget::Every => None,
    };
    let path = Path::new(path).maybe("labelSelector", selector).maybe("fieldSelector", fields).build();
    Ok(items_of(api.object(&path).await?))
}
