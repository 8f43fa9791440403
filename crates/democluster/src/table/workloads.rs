//! Controllers of pods, and what watches over them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    cell,
    columns::{Printer, integer, text as column, wide},
};
use crate::scene::text;

pub(super) const DEPLOYMENTS: Printer = Printer {
    columns: &[
        column("Name"),
        column("Ready"),
        column("Up-to-date"),
        column("Available"),
        column("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |object, now| {
        let mut cells = vec![
            cell::name(object),
            ready_of(object),
            json!(cell::number(object, "/status/updatedReplicas")),
            json!(cell::number(object, "/status/availableReplicas")),
            cell::age(object, now),
        ];
        cells.extend(cell::containers(object, "/spec/template"));
        cells.push(cell::labels(object, "/spec/selector/matchLabels"));
        cells
    },
};

pub(super) const REPLICA_SETS: Printer =
    Printer { columns: REPLICA_COLUMNS, cells: |object, now| replica_cells(object, now, "/spec/selector/matchLabels") };

pub(super) const REPLICATION_CONTROLLERS: Printer =
    Printer { columns: REPLICA_COLUMNS, cells: |object, now| replica_cells(object, now, "/spec/selector") };

const REPLICA_COLUMNS: &[super::Column] = &[
    column("Name"),
    integer("Desired"),
    integer("Current"),
    integer("Ready"),
    column("Age"),
    wide("Containers"),
    wide("Images"),
    wide("Selector"),
];

pub(super) const STATEFUL_SETS: Printer = Printer {
    columns: &[column("Name"), column("Ready"), column("Age"), wide("Containers"), wide("Images")],
    cells: |object, now| {
        let mut cells = vec![cell::name(object), ready_of(object), cell::age(object, now)];
        cells.extend(cell::containers(object, "/spec/template"));
        cells
    },
};

pub(super) const DAEMON_SETS: Printer = Printer {
    columns: &[
        column("Name"),
        integer("Desired"),
        integer("Current"),
        integer("Ready"),
        integer("Up-to-date"),
        integer("Available"),
        column("Node Selector"),
        column("Age"),
        wide("Containers"),
        wide("Images"),
        wide("Selector"),
    ],
    cells: |object, now| {
        let counts = [
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
        ];
        let mut cells = vec![cell::name(object)];
        cells.extend(counts.map(|count| json!(cell::number(object, &format!("/status/{count}")))));
        cells.push(cell::labels(object, "/spec/template/spec/nodeSelector"));
        cells.push(cell::age(object, now));
        cells.extend(cell::containers(object, "/spec/template"));
        cells.push(cell::labels(object, "/spec/selector/matchLabels"));
        cells
    },
};

pub(super) const REVISIONS: Printer = Printer {
    columns: &[column("Name"), column("Controller"), column("Revision"), column("Age")],
    cells: |object, now| {
        let owner = cell::list(object, "/metadata/ownerReferences").first().map_or_else(String::new, |owner| {
            let group = text(owner, "/apiVersion").split('/').next().unwrap_or_default();
            format!("{}.{group}/{}", text(owner, "/kind").to_lowercase(), text(owner, "/name"))
        });
        vec![cell::name(object), cell::or_none(owner), json!(cell::number(object, "/revision")), cell::age(object, now)]
    },
};

pub(super) const AUTOSCALERS: Printer = Printer {
    columns: &[
        column("Name"),
        column("Reference"),
        column("Targets"),
        column("MinPods"),
        column("MaxPods"),
        column("Replicas"),
        column("Age"),
    ],
    cells: |object, now| {
        let target = &object["spec"]["scaleTargetRef"];
        vec![
            cell::name(object),
            json!(format!("{}/{}", text(target, "/kind"), text(target, "/name"))),
            json!(targets(object)),
            json!(cell::number(object, "/spec/minReplicas").to_string()),
            json!(cell::number(object, "/spec/maxReplicas")),
            json!(cell::number(object, "/status/currentReplicas")),
            cell::age(object, now),
        ]
    },
};

pub(super) const DISRUPTION_BUDGETS: Printer = Printer {
    columns: &[
        column("Name"),
        column("Min Available"),
        column("Max Unavailable"),
        integer("Allowed Disruptions"),
        column("Age"),
    ],
    cells: |object, now| {
        let bound = |field: &str| match &object["spec"][field] {
            Value::Null => json!("N/A"),
            Value::String(percent) => json!(percent),
            number => json!(number.to_string()),
        };
        let allowed = cell::number(object, "/status/disruptionsAllowed");
        vec![cell::name(object), bound("minAvailable"), bound("maxUnavailable"), json!(allowed), cell::age(object, now)]
    },
};

fn ready_of(object: &Value) -> Value {
    json!(format!("{}/{}", cell::number(object, "/status/readyReplicas"), cell::number(object, "/spec/replicas")))
}

fn replica_cells(object: &Value, now: Timestamp, selector: &str) -> Vec<Value> {
    let mut cells = vec![
        cell::name(object),
        json!(cell::number(object, "/spec/replicas")),
        json!(cell::number(object, "/status/replicas")),
        json!(cell::number(object, "/status/readyReplicas")),
        cell::age(object, now),
    ];
    cells.extend(cell::containers(object, "/spec/template"));
    cells.push(cell::labels(object, selector));
    cells
}

/// `cpu: 34%/75%` for each metric by use.
fn targets(object: &Value) -> String {
    let current = cell::list(object, "/status/currentMetrics");
    let target = |(index, metric): (usize, &Value)| {
        let wanted = cell::number(metric, "/resource/target/averageUtilization");
        let used = current.get(index).map(|c| cell::number(c, "/resource/current/averageUtilization"));
        let used = used.map_or_else(|| "<unknown>".to_owned(), |used| format!("{used}%"));
        format!("{}: {used}/{wanted}%", text(metric, "/resource/name"))
    };
    cell::list(object, "/spec/metrics").iter().enumerate().map(target).collect::<Vec<_>>().join(", ")
}
