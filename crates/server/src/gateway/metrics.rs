//! `GET /metrics`: for Prometheus, in the format that it asks for.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};

use super::{Shared, extract::header as text_of};

const OPEN_METRICS: &str = "application/openmetrics-text";
const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What this server counts about itself: OpenMetrics where `Accept` names it, else the older text format.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses((status = 200, description = "The exposition", content(
        (String = "text/plain"), (String = "application/openmetrics-text"),
    ))),
)]
pub(super) async fn metrics(State(gateway): State<Shared>, headers: HeaderMap) -> Response {
    let exposition = gateway.services.exposition();
    match text_of(&headers, header::ACCEPT.as_str()).is_some_and(|accept| accept.contains(OPEN_METRICS)) {
        true => ([(header::CONTENT_TYPE, OPEN_METRICS_TYPE)], exposition).into_response(),
        false => ([(header::CONTENT_TYPE, PLAIN_TYPE)], older(&exposition)).into_response(),
    }
}

/// The exposition in the older format, which knows no `info`, no units and no end mark, and calls
/// a metric by the name of its samples.
fn older(exposition: &str) -> String {
    let kinds = exposition.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let suffix_of = |name: &str| {
        let kind = kinds.clone().find(|(typed, _)| *typed == name).map(|(_, kind)| kind);
        match kind {
            Some("counter") => "_total",
            Some("info") => "_info",
            _ => "",
        }
    };
    let mut text = String::with_capacity(exposition.len());
    for line in exposition.lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            ["#", "EOF"] | ["#", "UNIT", ..] => continue,
            ["#", "TYPE", name, "info"] => text.push_str(&format!("# TYPE {name}_info gauge")),
            ["#", word @ ("TYPE" | "HELP"), name, rest @ ..] => {
                text.push_str(&format!("# {word} {name}{} {}", suffix_of(name), rest.join(" ")));
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_format_has_only_what_it_knows() {
        let open = "# HELP k_build The build.\n# TYPE k_build info\nk_build_info{version=\"1\"} 1\n# HELP k_runs Runs.\n\
                    # TYPE k_runs counter\nk_runs_total 3\n# HELP k_up Up.\n# TYPE k_up gauge\n# UNIT k_up x\nk_up 1\n# EOF\n";
        let expected = "# HELP k_build_info The build.\n# TYPE k_build_info gauge\nk_build_info{version=\"1\"} 1\n\
                        # HELP k_runs_total Runs.\n# TYPE k_runs_total counter\nk_runs_total 3\n# HELP k_up Up.\n\
                        # TYPE k_up gauge\nk_up 1\n";
        assert_eq!(older(open), expected);
    }
}
