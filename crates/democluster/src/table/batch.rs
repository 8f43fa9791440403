//! Jobs and cron jobs.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    cell,
    columns::{Printer, boolean, integer, text as column, wide},
};
use crate::{clock, scene::text};

pub(super) const JOBS: Printer = Printer {
    columns: &[
        column("Name"),
        column("Status"),
        column("Completions"),
        column("Duration"),
        column("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |job, now| {
        let completions =
            format!("{}/{}", cell::number(job, "/status/succeeded"), cell::number(job, "/spec/completions"));
        let (status, duration) = (json!(status(job)), json!(duration(job, now)));
        let mut cells = vec![cell::name(job), status, json!(completions), duration, cell::age(job, now)];
        cells.extend(cell::containers(job, "/spec/template"));
        cells.push(cell::labels(job, "/spec/selector/matchLabels"));
        cells
    },
};

pub(super) const CRON_JOBS: Printer = Printer {
    columns: &[
        column("Name"),
        column("Schedule"),
        column("Timezone"),
        boolean("Suspend"),
        integer("Active"),
        column("Last Schedule"),
        column("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |job, now| {
        let last = text(job, "/status/lastScheduleTime");
        let suspended = job["spec"]["suspend"] == true;
        let mut cells = vec![
            cell::name(job),
            json!(text(job, "/spec/schedule")),
            cell::or_none(text(job, "/spec/timeZone")),
            // The column is a boolean's, the cell its text.
            json!(if suspended { "True" } else { "False" }),
            json!(cell::list(job, "/status/active").len()),
            json!(if last.is_empty() { "<none>".to_owned() } else { cell::since(last, now) }),
            cell::age(job, now),
        ];
        cells.extend(cell::containers(job, "/spec/jobTemplate/spec/template"));
        cells.push(cell::labels(job, "/spec/jobTemplate/spec/selector/matchLabels"));
        cells
    },
};

fn status(job: &Value) -> &'static str {
    let has =
        |kind: &str| cell::list(job, "/status/conditions").iter().any(|c| c["type"] == kind && c["status"] == "True");
    if has("Complete") {
        "Complete"
    } else if has("Failed") {
        "Failed"
    } else if has("Suspended") {
        "Suspended"
    } else if has("FailureTarget") {
        "FailureTarget"
    } else if has("SuccessCriteriaMet") {
        "SuccessCriteriaMet"
    } else {
        "Running"
    }
}

/// Until it completed; a job that failed has no such time and is counted until now.
fn duration(job: &Value, now: Timestamp) -> String {
    let Some(start) = cell::moment(text(job, "/status/startTime")) else { return String::new() };
    let end = cell::moment(text(job, "/status/completionTime")).unwrap_or(now);
    cell::human(clock::since(end, start))
}
