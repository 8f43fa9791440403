//! What the pods of a node ask for and may use, and how much of the node that is.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::super::writer::{Writer, put};
use crate::{
    fields::Fields,
    quantity::Quantity,
    time::{age, parse},
};

/// Amounts by resource.
type Amounts = BTreeMap<String, Quantity>;

/// Writes the pods and their sums.
pub(super) fn put(writer: &mut Writer, node: &Value, pods: &[Value], now: Timestamp) {
    let field = if node.map("status.allocatable").is_empty() { "status.capacity" } else { "status.allocatable" };
    let has = |name: &str| Quantity::of(&node.at(field)[name]);
    put!(writer, 0, "Non-terminated Pods:\t({} in total)\n", pods.len());
    put!(writer, 1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge\n");
    put!(writer, 1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---\n");
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for pod in pods {
        let (asked, most) = (amounts_of(pod, "requests"), amounts_of(pod, "limits"));
        let cell = |amounts: &Amounts, name: &str| share(amounts.get(name), &has(name), name == "cpu");
        let cells = [cell(&asked, "cpu"), cell(&most, "cpu"), cell(&asked, "memory"), cell(&most, "memory")];
        let old = age(parse(pod.text("metadata.creationTimestamp")), now);
        let (namespace, name) = (pod.text("metadata.namespace"), pod.text("metadata.name"));
        put!(writer, 1, "{namespace}\t{name}\t\t{}\t{old}\n", cells.join("\t"));
        add(&mut requests, &asked);
        add(&mut limits, &most);
    }
    sums(writer, &node.map(field), &requests, &limits);
}

fn sums(writer: &mut Writer, node: &[(&str, &Value)], requests: &Amounts, limits: &Amounts) {
    put!(writer, 0, "Allocated resources:\n  (Total limits may be over 100 percent, i.e., overcommitted.)\n");
    put!(writer, 1, "Resource\tRequests\tLimits\n");
    put!(writer, 1, "--------\t--------\t------\n");
    let of_node = |name: &str| node.iter().find(|(one, _)| *one == name).map(|(_, amount)| Quantity::of(amount));
    let huge = node.iter().map(|(name, _)| *name).filter(|name| name.starts_with("hugepages-"));
    for name in ["cpu", "memory", "ephemeral-storage"].into_iter().chain(huge) {
        let has = of_node(name).unwrap_or_default();
        let part = |amounts: &Amounts| match has.is_zero() {
            true => format!("{} (0%)", amounts.get(name).cloned().unwrap_or_default()),
            false => share(amounts.get(name), &has, name == "cpu"),
        };
        put!(writer, 1, "{name}\t{}\t{}\n", part(requests), part(limits));
    }
    for (name, _) in node.iter().filter(|(name, _)| is_extended(name)) {
        let amount = |amounts: &Amounts| amounts.get(*name).cloned().unwrap_or_default();
        put!(writer, 1, "{name}\t{}\t{}\n", amount(requests), amount(limits));
    }
}

fn is_extended(name: &str) -> bool {
    !name.starts_with("hugepages-") && !matches!(name, "cpu" | "memory" | "ephemeral-storage" | "pods")
}

/// An amount and how many percent of the whole it is.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "percentages, as kubectl computes them"
)]
fn share(part: Option<&Quantity>, whole: &Quantity, millis: bool) -> String {
    let part = part.cloned().unwrap_or_default();
    let number = |quantity: &Quantity| if millis { quantity.millis() } else { quantity.value() };
    let fraction = number(&part) as f64 / number(whole) as f64 * 100.0;
    let percent = if fraction.is_finite() { fraction as i64 } else { i64::MIN };
    format!("{part} ({percent}%)")
}

fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        match to.get_mut(name) {
            Some(sum) => *sum += amount,
            None => {
                to.insert(name.clone(), amount.clone());
            }
        }
    }
}

fn at_least(to: &mut Amounts, other: &Amounts) {
    for (name, amount) in other {
        if to.get(name).is_none_or(|known| amount > known) {
            to.insert(name.clone(), amount.clone());
        }
    }
}

fn amounts(object: &Value, path: &str) -> Amounts {
    object.map(path).into_iter().map(|(name, amount)| (name.to_owned(), Quantity::of(amount))).collect()
}

fn of_container(container: &Value, kind: &str) -> Amounts {
    amounts(container, &format!("resources.{kind}"))
}

/// What a running container asks for. While its pod is being resized (KEP-1287) it is what was asked for before or is
/// asked for now, whichever is more, and only what it has where the new amounts cannot be had.
fn requests_of_running(pod: &Value, container: &Value) -> Amounts {
    let name = container.text("name");
    let status = pod.list("status.containerStatuses").iter().rfind(|status| status.text("name") == name);
    let asked = of_container(container, "requests");
    let Some(status) = status.filter(|status| status["resources"].is_object()) else { return asked };
    let mut most = if is_infeasible(pod) { Amounts::new() } else { asked };
    at_least(&mut most, &of_container(status, "requests"));
    at_least(&mut most, &amounts(status, "allocatedResources"));
    most
}

fn is_infeasible(pod: &Value) -> bool {
    let pending = pod.list("status.conditions").iter().find(|condition| condition.text("type") == "PodResizePending");
    pending.is_some_and(|condition| condition.text("reason") == "Infeasible")
}

/// What a pod asks for or may use: its containers together, or what starting it takes if that is more, and its overhead.
fn amounts_of(pod: &Value, kind: &str) -> Amounts {
    let mut sum = Amounts::new();
    for container in pod.list("spec.containers") {
        let requests = kind == "requests";
        let own = if requests { requests_of_running(pod, container) } else { of_container(container, kind) };
        add(&mut sum, &own);
    }
    let (mut sidecars, mut starting) = (Amounts::new(), Amounts::new());
    for container in pod.list("spec.initContainers") {
        let mut needed = of_container(container, kind);
        if container.text("restartPolicy") == "Always" {
            add(&mut sum, &needed);
            add(&mut sidecars, &needed);
            needed = sidecars.clone();
        } else {
            add(&mut needed, &sidecars);
        }
        at_least(&mut starting, &needed);
    }
    at_least(&mut sum, &starting);
    for (name, amount) in pod.map("spec.overhead") {
        let overhead = Quantity::of(amount);
        match sum.get_mut(name) {
            Some(sum) if kind == "requests" || !sum.is_zero() => *sum += &overhead,
            None if kind == "requests" => {
                sum.insert(name.to_owned(), overhead);
            }
            _ => {}
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(pod: &Value, kind: &str) -> String {
        let amounts = amounts_of(pod, kind).into_iter();
        amounts.map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_pod_that_is_resized_counts_with_the_larger_amounts() {
        let mut pod = json!({"spec": {"containers": [{"name": "a", "resources": {"requests": {"cpu": "100m"}}}]},
            "status": {"containerStatuses": [{"name": "a", "allocatedResources": {"cpu": "150m"},
                "resources": {"requests": {"cpu": "50m", "memory": "1Mi"}}}]}});
        assert_eq!(text(&pod, "requests"), "cpu=150m memory=1Mi");
        pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "2".into();
        assert_eq!(text(&pod, "requests"), "cpu=2 memory=1Mi");
        pod["status"]["conditions"] = json!([{"type": "PodResizePending", "status": "True", "reason": "Infeasible"}]);
        assert_eq!(text(&pod, "requests"), "cpu=150m memory=1Mi");
        pod["status"]["containerStatuses"][0]["resources"] = Value::Null;
        assert_eq!(text(&pod, "requests"), "cpu=2");
    }

    #[test]
    fn starting_counts_where_it_takes_more_than_running() {
        let container = |cpu: &str| json!({"resources": {"requests": {"cpu": cpu}, "limits": {"cpu": cpu}}});
        let mut sidecar = container("50m");
        sidecar["restartPolicy"] = "Always".into();
        let pod = json!({"spec": {"containers": [container("100m"), container("100m")],
            "initContainers": [sidecar, container("400m")], "overhead": {"cpu": "10m", "memory": "1Mi"}}});
        assert_eq!(text(&pod, "requests"), "cpu=460m memory=1Mi");
        assert_eq!(text(&pod, "limits"), "cpu=460m");
        let small = json!({"spec": {"containers": [container("1000m")]}});
        assert_eq!(text(&small, "requests"), "cpu=1");
    }
}
