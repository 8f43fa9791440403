//! `api-resources` and `api-versions`

use kubently_core::kubectl::{ApiResourcesCommand, OutputFormat};
use kubently_render::table::align;

use super::{Ended, Native, api::Api, catalog::Resource, fault::Fault};
use crate::runner::Output;

/// What cannot be asked for.
fn check(command: &ApiResourcesCommand) -> Result<(), Fault> {
    if !matches!(command.output, OutputFormat::Default | OutputFormat::Wide | OutputFormat::Name) {
        return Err(Fault::Plain(format!("--output {} is not available", command.output)));
    }
    match command.sort_by.as_deref() {
        None | Some("name" | "kind") => Ok(()),
        Some(_) => Err(Fault::Plain("--sort-by accepts only name or kind".to_owned())),
    }
}

/// Prints the types the cluster serves.
pub(super) async fn run(native: &Native, api: &Api<'_>, command: &ApiResourcesCommand, output: &Output) -> Ended {
    check(command)?;
    let catalog = native.discovery.catalog(api).await?;
    let mut resources: Vec<_> = catalog.preferred().filter(|resource| is_wanted(command, resource)).collect();
    resources.sort_by(|one, other| sort_key(command, one).cmp(&sort_key(command, other)));
    if command.output == OutputFormat::Name {
        let names: String = resources.iter().map(|resource| resource.full_name() + "\n").collect();
        output.out(&names);
        return Ok(());
    }
    let wide = command.output == OutputFormat::Wide;
    let headers = ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES"];
    let headers = headers.iter().take(if wide { 7 } else { 5 }).map(ToString::to_string).collect();
    let mut lines: Vec<_> = if command.no_headers { Vec::new() } else { vec![headers] };
    lines.extend(resources.into_iter().map(|resource| line(resource, wide)));
    output.out(&align(&lines));
    Ok(())
}

fn is_wanted(command: &ApiResourcesCommand, resource: &Resource) -> bool {
    let contains_all = |have: &[String], want: &[String]| want.iter().all(|want| have.contains(want));
    !resource.verbs.is_empty()
        && command.namespaced.is_none_or(|namespaced| namespaced == resource.namespaced)
        && command.api_group.as_ref().is_none_or(|group| *group == resource.group)
        && contains_all(&resource.verbs, &command.verbs)
        && contains_all(&resource.categories, &command.categories)
}

fn sort_key<'a>(command: &ApiResourcesCommand, resource: &'a Resource) -> (&'a str, &'a str) {
    let first = match command.sort_by.as_deref() {
        Some("name") => &resource.plural,
        Some("kind") => &resource.kind,
        _ => &resource.group,
    };
    (first, &resource.plural)
}

fn line(resource: &Resource, wide: bool) -> Vec<String> {
    let mut line = vec![
        resource.plural.clone(),
        resource.short_names.join(","),
        resource.api_version(),
        resource.namespaced.to_string(),
        resource.kind.clone(),
    ];
    if wide {
        line.extend([resource.verbs.join(","), resource.categories.join(",")]);
    }
    line
}

/// Groups of Kubernetes whose types kubectl reads as anybody's.
const UNREGISTERED: [&str; 3] = ["apiextensions.k8s.io", "apiregistration.k8s.io", "metrics.k8s.io"];

/// Some verbs are only for types that kubectl was built with.
pub(super) fn known_to_kubectl(resource: &Resource, is_list: bool) -> Result<(), Fault> {
    let group = resource.group.as_str();
    if !group.contains('.') || (group.ends_with(".k8s.io") && !UNREGISTERED.contains(&group)) {
        return Ok(());
    }
    let (kind, list, version) = (&resource.kind, if is_list { "List" } else { "" }, resource.api_version());
    Err(Fault::Plain(format!(
        "no kind \"{kind}{list}\" is registered for version \"{version}\" in scheme \"pkg/scheme/scheme.go:28\""
    )))
}

/// Prints the served group versions, sorted.
pub(super) async fn versions(native: &Native, api: &Api<'_>, output: &Output) -> Ended {
    let catalog = native.discovery.catalog(api).await?;
    let mut versions = catalog.versions.clone();
    versions.sort_unstable();
    output.out(&versions.into_iter().map(|version| version + "\n").collect::<String>());
    Ok(())
}
