//! `top`: what nodes and pods use, by the metrics API.

use std::{collections::BTreeMap, time::Duration};

use kubently_core::kubectl::{ResourceType, TopNodeCommand, TopPodCommand, TopTarget};
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
    if command.field_selector.is_some() && matches!(command.target, TopTarget::Named(_)) {
        return Err(vec![Fault::Plain("only one of NAME or selector can be provided".to_owned())]);
    }
    check(native, api).await?;
    // With a name and no namespace kubectl asks for what cannot be, and so the server says.
    let namespace = native.namespace(&command.common.namespace);
    let scope = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
    let fields = command.field_selector.as_deref();
    let metrics = fetch(api, &format!("/apis/{METRICS}{scope}/pods"), &command.target, fields).await?;
    if metrics.is_empty() {
        return nothing(native, api, command, namespace, output).await;
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

/// Says why nothing was measured: there are no pods, or they are too young, or one has been there for a while and should
/// have been measured. With all namespaces kubectl looks only at the pods of its own one.
async fn nothing(
    native: &Native,
    api: &Api<'_>,
    command: &TopPodCommand,
    namespace: Option<&str>,
    output: &Output,
) -> Ended {
    let path = format!("/api/v1/namespaces/{}/pods", namespace.unwrap_or(&native.default_namespace));
    let found = fetch(api, &path, &command.target, command.field_selector.as_deref()).await?;
    for pod in &found {
        let Some(created) = parse(pod.text("metadata.creationTimestamp")) else { continue };
        let age = Duration::try_from(native.clock.now().duration_since(created)).unwrap_or_default();
        if age > FIRST_METRICS_AFTER {
            let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
            let message = format!("Metrics not available for pod {namespace}/{name}, age: {}", go_duration(age));
            return Err(vec![Fault::Plain(message)]);
        }
    }
    if !found.is_empty() {
        return Err(vec![Fault::Plain("metrics not available yet".to_owned())]);
    }
    match namespace {
        Some(namespace) => output.err(&format!("No resources found in {namespace} namespace.\n")),
        None => output.err("No resources found\n"),
    };
    Ok(())
}

/// As Go prints a duration: `21m4.5s`.
fn go_duration(age: Duration) -> String {
    let (hours, minutes, seconds) = (age.as_secs() / 3_600, age.as_secs() / 60 % 60, age.as_secs() % 60);
    let fraction = format!("{:09}", age.subsec_nanos());
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    match (hours, minutes) {
        (0, 0) => format!("{seconds}{point}{fraction}s"),
        (0, minutes) => format!("{minutes}m{seconds}{point}{fraction}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}{point}{fraction}s"),
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

/// Fails where nobody measures. Who measures may have come since the catalog was made.
async fn check(native: &Native, api: &Api<'_>) -> Result<(), Fault> {
    let measured: Vec<_> = ["pods", "nodes"]
        .iter()
        .filter_map(|plural| ResourceType::parse(&format!("{plural}.v1beta1.metrics.k8s.io")).ok())
        .collect();
    let catalog = native.discovery.catalog_with(api, &measured).await?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_gos_durations() {
        let cases = [(1_500, "1.5s"), (120_000, "2m0s"), (121_001, "2m1.001s"), (90_000_000, "25h0m0s")];
        for (millis, expected) in cases {
            assert_eq!(go_duration(Duration::from_millis(millis)), expected);
        }
    }
}
