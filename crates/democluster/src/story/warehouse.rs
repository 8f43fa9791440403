//! Moving parcels.

use serde_json::json;

use crate::{
    catalog::CUSTOM_GROUP,
    scene::{
        Claim, Container, CronJob, Deployment, Fate, Job, Scene, Script, Service, Set, Template, days, hours, mins,
        secs,
    },
};

const NS: &str = "warehouse";

const NO_CLAIM: &str = "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes \
                        are available: 3 Preemption is not helpful for scheduling.";
const NO_NODE: &str = "0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 2 \
                       Insufficient cpu, 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/3 nodes are \
                       available: 3 Preemption is not helpful for scheduling.";

pub(super) fn build(scene: &mut Scene) {
    let set = Set { namespace: NS, name: "stock-db", age: days(96), template: stock_db() };
    let claim = Claim { name: "data", class: "oak-nvme", size: "20Gi" };
    scene.stateful_set(&set, claim, &stock_db().unschedulable(NO_CLAIM), mins(52));
    scene.service(&Service::new(NS, "stock-db", days(96), ("sql", 5432, 5432)).headless());
    scene.deployment(&Deployment::new(NS, "packing-planner", hours(2), packing_planner()));
    let name = "label-import".to_owned();
    scene.job(&Job { namespace: NS, name, template: label_import(), age: mins(34), tries: 4 });
    let (name, template) = ("nightly-stocktake", stocktake());
    scene.cron_job(&CronJob { namespace: NS, name, hour: 2, minute: 15, template });
    storage_class(scene);
    conveyors(scene);
}

fn stock_db() -> Template {
    let database = Container::new("stock-db", "registry.oakshop.example/postgres:17.2")
        .port("sql", 5432)
        .requests("250m", "512Mi")
        .mount("data", "/var/lib/postgresql/data")
        .uses(31, 388)
        .says(Script {
            opening: &["LOG:  starting PostgreSQL 17.2", "LOG:  database system is ready to accept connections"],
            cycle: &[
                "LOG:  checkpoint starting: time",
                "LOG:  checkpoint complete: wrote {n} buffers",
                "WARNING:  no standby connected, synchronous_standby_names ignored",
            ],
            every: secs(45),
        });
    Template::of(database)
}

fn packing_planner() -> Template {
    let planner = Container::new("planner", "registry.oakshop.example/packing-planner:0.9.0")
        .requests("16", "24Gi")
        .request("oakshop.example/gpu", "1");
    Template::of(planner).node_selector("oakshop.example/accelerator", "gpu").unschedulable(NO_NODE)
}

fn label_import() -> Template {
    let import = Container::new("import", "registry.oakshop.example/labels:1.3.3")
        .args(&["--input", "/in/labels-2024.csv"])
        .fate(Fate::Failed { exit_code: 2 })
        .says(Script {
            opening: &[
                "importing /in/labels-2024.csv",
                "1000 rows imported",
                "2000 rows imported",
                "error: row 2417: expected 6 columns, found 5: \"OAK-2417;shelf 9;;EUR\"",
                "import aborted, nothing was written",
            ],
            cycle: &[],
            every: secs(1),
        });
    Template::of(import).restart_policy("Never")
}

fn stocktake() -> Template {
    let count =
        Container::new("stocktake", "registry.oakshop.example/stocktake:2.2.0").fate(Fate::Completed).says(Script {
            opening: &["counting 18422 products", "3 differences found, report written", "done"],
            cycle: &[],
            every: secs(1),
        });
    Template::of(count).restart_policy("OnFailure")
}

/// The class the claims name, `oak-nvme`, is the one that is gone.
fn storage_class(scene: &mut Scene) {
    let mut metadata = scene.metadata("", "oak-standard", days(212));
    metadata["annotations"] = json!({ "storageclass.kubernetes.io/is-default-class": "true" });
    scene.add(json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata,
        "provisioner": "csi.oakstore.example", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
        "allowVolumeExpansion": true,
    }));
}

/// A custom resource and its definition.
fn conveyors(scene: &mut Scene) {
    let name = format!("conveyors.{CUSTOM_GROUP}");
    let mut metadata = scene.metadata("", &name, days(96));
    metadata["generation"] = json!(1);
    let names = json!({
        "plural": "conveyors", "singular": "conveyor", "kind": "Conveyor", "listKind": "ConveyorList",
        "shortNames": ["belt"],
    });
    let column = |name: &str, kind: &str, path: &str| json!({ "name": name, "type": kind, "jsonPath": path });
    let schema = json!({ "openAPIV3Schema": { "type": "object", "x-kubernetes-preserve-unknown-fields": true } });
    let version = json!({
        "name": "v1", "served": true, "storage": true, "schema": schema, "subresources": { "status": {} },
        "additionalPrinterColumns": [
            column("Hall", "string", ".spec.hall"), column("Speed", "integer", ".spec.parcelsPerMinute"),
            column("State", "string", ".status.state"), column("Age", "date", ".metadata.creationTimestamp"),
        ],
    });
    let condition = |kind: &str, reason: &str| json!({ "type": kind, "status": "True", "reason": reason, "message": "", "lastTransitionTime": scene.ago(days(96)) });
    let conditions = [condition("NamesAccepted", "NoConflicts"), condition("Established", "InitialNamesAccepted")];
    scene.add(json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": metadata,
        "spec": {
            "group": CUSTOM_GROUP, "scope": "Namespaced", "names": names, "versions": [version],
            "conversion": { "strategy": "None" },
        },
        "status": { "acceptedNames": names, "storedVersions": ["v1"], "conditions": conditions },
    }));
    for (name, hall, speed, state) in [("inbound-1", "a", 40, "Running"), ("sorter-2", "b", 0, "Jammed")] {
        let mut metadata = scene.metadata(NS, name, days(41));
        metadata["generation"] = json!(2);
        metadata["labels"] = json!({ "hall": hall });
        scene.add(json!({
            "apiVersion": format!("{CUSTOM_GROUP}/v1"), "kind": "Conveyor", "metadata": metadata,
            "spec": { "hall": hall, "parcelsPerMinute": speed }, "status": { "state": state },
        }));
    }
}
