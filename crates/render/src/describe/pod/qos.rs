//! The quality of service that a pod gets.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{fields::Fields, quantity::Quantity};

/// What counts for it.
const COUNTED: [&str; 2] = ["cpu", "memory"];

/// The class that the status says, or that follows from what the containers ask for where it says none.
pub(super) fn class(pod: &Value) -> &str {
    match pod.text("status.qosClass") {
        "" => of_containers(&pod["spec"]),
        class => class,
    }
}

fn of_containers(spec: &Value) -> &'static str {
    let (mut requests, mut limits) = (BTreeMap::new(), BTreeMap::new());
    let mut all_limited = true;
    for container in spec.list("containers").iter().chain(spec.list("initContainers")) {
        add(&mut requests, &container["resources"]["requests"]);
        all_limited &= add(&mut limits, &container["resources"]["limits"]) == COUNTED.len();
    }
    if requests.is_empty() && limits.is_empty() {
        return "BestEffort";
    }
    let same = |(name, asked): (&&str, &Quantity)| {
        limits.get(name).is_some_and(|limit| limit.partial_cmp(asked).is_some_and(std::cmp::Ordering::is_eq))
    };
    if all_limited && requests.len() == limits.len() && requests.iter().all(same) { "Guaranteed" } else { "Burstable" }
}

/// Adds the amounts above zero, and says how many there were.
fn add(sums: &mut BTreeMap<&'static str, Quantity>, amounts: &Value) -> usize {
    let mut count = 0;
    for name in COUNTED {
        let amount = Quantity::of(&amounts[name]);
        if amount > Quantity::default() {
            count += 1;
            *sums.entry(name).or_default() += &amount;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_class_follows_from_requests_and_limits() {
        let both = json!({"cpu": "1", "memory": "1Gi"});
        let cases = [
            (json!([{}]), json!([]), "BestEffort"),
            (json!([{"resources": {"requests": {"cpu": "0", "gpu": "1"}}}]), json!([]), "BestEffort"),
            (json!([{"resources": {"requests": {"cpu": "1m"}}}]), json!([]), "Burstable"),
            (json!([{"resources": {"requests": both, "limits": both}}]), json!([]), "Guaranteed"),
            (
                json!([{"resources": {"requests": both, "limits": {"cpu": "1000m", "memory": "1024Mi"}}}]),
                json!([]),
                "Guaranteed",
            ),
            (
                json!([{"resources": {"requests": both, "limits": {"cpu": "2", "memory": "1Gi"}}}]),
                json!([]),
                "Burstable",
            ),
            (json!([{"resources": {"limits": both}}]), json!([]), "Burstable"),
            (json!([{"resources": {"requests": both, "limits": both}}]), json!([{}]), "Burstable"),
        ];
        for (containers, first, expected) in cases {
            let pod = json!({"spec": {"containers": containers, "initContainers": first}});
            assert_eq!(class(&pod), expected, "{pod}");
        }
        assert_eq!(class(&json!({"status": {"qosClass": "Burstable"}})), "Burstable");
    }
}
