//! The broken shop: an online shop on three nodes, and what is wrong with it today.
//!
//! | namespace | workload | defect |
//! |---|---|---|
//! | shop | `frontend`, `catalog` | none |
//! | shop | `orders` | crash loop since a rollout: its database host name has a typo; the (previous) log says so |
//! | shop | `basket` | pods run, but the service selects another label: no endpoints, and the frontend logs it |
//! | shop | `search` | runs, never ready: its index is not loaded |
//! | payments | `gateway` | none; an init container and a sidecar |
//! | payments | `ledger` | a rollout stuck on an image tag that does not exist; the old pods still serve |
//! | payments | `fraud-check` | killed for its memory every few minutes; the previous log shows why |
//! | warehouse | `stock-db` | scaled to two; the second pod is unschedulable: its claim names a storage class that was deleted |
//! | warehouse | `packing-planner` | unschedulable: wants more processor than any node has, and a label none has |
//! | warehouse | `label-import` | a job that failed: a row of its input is malformed |
//! | warehouse | `nightly-stocktake` | none; a cron job |
//! | kube-system | `log-shipper` | its pod on the silent node `oak-3` is lost |
//! | (cluster) | node `oak-3` | NotReady for 38 minutes: the kubelet stopped posting |
//! | crowd | `crowd` | none: as many pods as a test asks for, else not there |
//! | lab | `demo-firehose`, `demo-slow` | none: logs of 8 MiB, and of a line per 200 ms, for tests |

mod crowd;
mod lab;
mod payments;
mod shop;
mod system;
mod warehouse;

use jiff::Timestamp;

use crate::scene::{Scene, days};

/// Builds the scene as it is at `now`, and a crowd of so many pods.
pub(crate) fn scene(now: Timestamp, crowd: u32) -> Scene {
    let mut scene = Scene::empty(now);
    for (namespace, age) in [
        ("default", 212),
        ("kube-node-lease", 212),
        ("kube-public", 212),
        ("kube-system", 212),
        ("lab", 12),
        ("payments", 164),
        ("shop", 187),
        ("warehouse", 96),
    ] {
        scene.namespace(namespace, days(age));
    }
    system::build(&mut scene);
    shop::build(&mut scene);
    payments::build(&mut scene);
    warehouse::build(&mut scene);
    lab::build(&mut scene);
    crowd::build(&mut scene, crowd);
    scene.sealed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{self, RESOURCES};

    #[test]
    fn the_same_moment_gives_the_same_scene() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let (one, two) = (scene(now, 3), scene(now, 3));
        for resource in RESOURCES {
            assert_eq!(one.all(resource), two.all(resource), "{}", resource.plural);
        }
    }

    #[test]
    fn names_are_unique_and_events_point_at_objects() {
        let scene = scene(Timestamp::from_second(1_800_000_000).unwrap(), 700);
        for resource in RESOURCES {
            let mut names: Vec<_> = scene
                .all(resource)
                .iter()
                .map(|o| (&o["metadata"]["namespace"], &o["metadata"]["name"]))
                .map(|(a, b)| format!("{a}{b}"))
                .collect();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count, "{}", resource.plural);
        }
        for event in scene.all(catalog::find("", "v1", "events").unwrap()) {
            let about = &event["involvedObject"];
            let text = |field: &str| about[field].as_str().unwrap_or_default();
            let kind = catalog::of_object(text("apiVersion"), text("kind")).unwrap();
            let object = scene.get(kind, text("namespace"), text("name"));
            assert!(object.is_some(), "{about}");
            assert!(kind.kind == "Node" || object.unwrap()["metadata"]["uid"] == about["uid"], "{about}");
        }
    }

    #[test]
    fn what_is_found_by_key_is_what_a_look_at_all_finds() {
        let scene = scene(Timestamp::from_second(1_800_000_000).unwrap(), 7);
        for resource in RESOURCES {
            for object in scene.all(resource) {
                let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
                let found = scene.get(resource, namespace, object["metadata"]["name"].as_str().unwrap());
                assert_eq!(found, Some(object));
                let here = scene.within(resource, namespace).iter();
                let there = scene.all(resource).iter();
                let there = there.filter(|one| one["metadata"]["namespace"].as_str().unwrap_or_default() == namespace);
                assert!(here.eq(there), "{}", resource.plural);
            }
            assert!(!resource.namespaced || scene.within(resource, "nope").is_empty(), "{}", resource.plural);
            assert_eq!(scene.get(resource, "shop", "nope"), None);
        }
    }
}
