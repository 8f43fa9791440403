//! `api-resources` and `api-versions`

use kubently_core::kubectl::{ApiResourcesCommand, OutputFormat};
use kubently_render::table::align;

use super::{Ended, Native, api::Api, catalog::Resource};
use crate::runner::Output;

pub(super) fn covers(command: &ApiResourcesCommand) -> bool {
    let format = matches!(command.output, OutputFormat::Default | OutputFormat::Wide | OutputFormat::Name);
    format && matches!(command.sort_by.as_deref(), None | Some("name" | "kind"))
}

/// Prints the types the cluster serves.
pub(super) async fn run(native: &Native, api: &Api<'_>, command: &ApiResourcesCommand, output: &Output) -> Ended {
    let catalog = native.discovery.catalog(api).await?;
    let mut resources: Vec<_> = catalog.preferred().filter(|resource| is_wanted(command, resource)).collect();
    resources.sort_by(|one, other| sort_key(command, one).cmp(&sort_key(command, other)));
    if command.output == OutputFormat::Name {
        let names: String = resources.iter().map(|resource| full_name(resource) + "\n").collect();
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

fn full_name(resource: &Resource) -> String {
    if resource.group.is_empty() { resource.plural.clone() } else { format!("{}.{}", resource.plural, resource.group) }
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

/// Prints the served group versions, sorted.
pub(super) async fn versions(native: &Native, api: &Api<'_>, output: &Output) -> Ended {
    let catalog = native.discovery.catalog(api).await?;
    let mut versions = catalog.versions.clone();
    versions.sort_unstable();
    output.out(&versions.into_iter().map(|version| version + "\n").collect::<String>());
    Ok(())
}
