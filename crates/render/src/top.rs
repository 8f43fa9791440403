//! `top`: what nodes and pods use.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    fields::Fields,
    pdq::sort,
    quantity::Quantity,
    tab::{Layout, align},
};

const MEBIBYTE: i64 = 1 << 20;
const UNKNOWN: &str = "<unknown>";

/// What lines are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortBy {
    /// Names.
    #[default]
    Name,
    /// The most CPU first.
    Cpu,
    /// The most memory first.
    Memory,
}

/// How pods are printed.
#[derive(Debug, Clone, Copy, Default)]
pub struct PodStyle {
    /// A line per container instead of per pod.
    pub containers: bool,
    /// With a first column of namespaces.
    pub with_namespace: bool,
    /// Without the line of headers.
    pub no_headers: bool,
    /// See [`SortBy`].
    pub sort_by: SortBy,
    /// With a last line of sums.
    pub sum: bool,
}

/// CPU and memory.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Usage {
    cpu: Quantity,
    memory: Quantity,
}

impl Usage {
    fn of(resources: &Value) -> Self {
        Self { cpu: Quantity::of(&resources["cpu"]), memory: Quantity::of(&resources["memory"]) }
    }

    fn of_pod(metrics: &Value) -> Self {
        Self::sum(metrics.list("containers").iter().map(|container| Self::of(&container["usage"])))
    }

    fn sum(usages: impl Iterator<Item = Self>) -> Self {
        usages.fold(Self::default(), |mut sum, usage| {
            sum.cpu += &usage.cpu;
            sum.memory += &usage.memory;
            sum
        })
    }

    fn mebibytes(&self) -> i64 {
        self.memory.value() / MEBIBYTE
    }

    fn cells(&self) -> String {
        format!("{}m\t{}Mi\t", self.cpu.millis(), self.mebibytes())
    }

    /// What it is sorted by; the most comes first.
    fn amount(&self, sort_by: SortBy) -> i64 {
        match sort_by {
            SortBy::Name => 0,
            SortBy::Cpu => self.cpu.millis(),
            SortBy::Memory => self.memory.value(),
        }
    }
}

/// Rows in kubectl's order, which is Go's where two use the same.
fn sorted<T>(rows: Vec<(Usage, T)>, sort_by: SortBy, name: impl Fn(&T) -> (&str, &str)) -> Vec<(Usage, T)> {
    let order = sort(rows.len(), |one, other| match (rows.get(one), rows.get(other), sort_by) {
        (Some((_, one)), Some((_, other)), SortBy::Name) => name(one) < name(other),
        (Some((one, _)), Some((other, _)), _) => one.amount(sort_by) > other.amount(sort_by),
        _ => false,
    });
    let mut rows: Vec<_> = rows.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| rows.get_mut(at)?.take()).collect()
}

/// The table of `top node`: metrics of nodes, and how much each node has, by name. Nodes without metrics come last.
#[must_use]
pub fn nodes(metrics: &[Value], available: &BTreeMap<String, Value>, no_headers: bool, sort_by: SortBy) -> String {
    let mut out = String::new();
    if !no_headers {
        out += "NAME\tCPU(cores)\tCPU(%)\tMEMORY(bytes)\tMEMORY(%)\t\n";
    }
    let rows = metrics.iter().map(|node| (Usage::of(&node["usage"]), node.text("metadata.name"))).collect();
    let rows = sorted(rows, sort_by, |name| ("", name));
    for (usage, name) in &rows {
        out += &node(name, usage, available.get(*name));
    }
    let measured: Vec<_> = rows.iter().map(|(_, name)| *name).collect();
    for name in available.keys().filter(|name| !measured.contains(&name.as_str())) {
        out += &format!("{name}\t{UNKNOWN}\t{UNKNOWN}\t{UNKNOWN}\t{UNKNOWN}\t\n");
    }
    align(&out, Layout::TABLE)
}

fn node(name: &str, usage: &Usage, available: Option<&Value>) -> String {
    let share = |part: &Quantity, resource: &str| match available.map_or(&Value::Null, |all| &all[resource]) {
        Value::Null => String::new(),
        whole => format!("{}%\t", percent(part.millis(), Quantity::of(whole).millis())),
    };
    let (cpu, memory) = (share(&usage.cpu, "cpu"), share(&usage.memory, "memory"));
    format!("{name}\t{}m\t{cpu}{}Mi\t{memory}\n", usage.cpu.millis(), usage.mebibytes())
}

/// Cut to a whole number, as Go converts it; nothing of nothing is what Go makes of that.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "percentages, as kubectl computes them"
)]
fn percent(part: i64, whole: i64) -> i64 {
    let fraction = part as f64 / whole as f64 * 100.0;
    if fraction.is_finite() { fraction as i64 } else { i64::MIN }
}

/// The table of `top pod`.
#[must_use]
pub fn pods(metrics: &[Value], style: PodStyle) -> String {
    let mut out = String::new();
    if !style.no_headers {
        out += if style.with_namespace { "NAMESPACE\t" } else { "" };
        out += if style.containers { "POD\t" } else { "" };
        out += "NAME\tCPU(cores)\tMEMORY(bytes)\t\n";
    }
    let rows: Vec<_> = metrics.iter().map(|pod| (Usage::of_pod(pod), pod)).collect();
    let rows = sorted(rows, style.sort_by, |pod| {
        (if style.with_namespace { pod.text("metadata.namespace") } else { "" }, pod.text("metadata.name"))
    });
    for (usage, pod) in &rows {
        out += &lines(pod, usage, style);
    }
    if style.sum {
        let total = Usage::sum(rows.iter().map(|(usage, _)| usage.clone()));
        let before = 1
            + usize::from(style.with_namespace && !style.no_headers)
            + usize::from(style.containers && !style.no_headers);
        out += &format!("{0}________\t________\t\n{0}{1}\n", "\t".repeat(before), total.cells());
    }
    align(&out, Layout::TABLE)
}

fn lines(pod: &Value, usage: &Usage, style: PodStyle) -> String {
    let namespace = if style.with_namespace { format!("{}\t", pod.text("metadata.namespace")) } else { String::new() };
    let name = pod.text("metadata.name");
    if !style.containers {
        return format!("{namespace}{name}\t{}\n", usage.cells());
    }
    let containers = pod.list("containers").iter().map(|one| (Usage::of(&one["usage"]), one.text("name"))).collect();
    let containers = sorted(containers, style.sort_by, |name| ("", name));
    containers.iter().map(|(usage, container)| format!("{namespace}{name}\t{container}\t{}\n", usage.cells())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, cpu: &str, memory: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "shop"}, "containers": [
            {"name": "b", "usage": {"cpu": cpu, "memory": memory}}, {"name": "a", "usage": {"cpu": "1n", "memory": "1Mi"}}]})
    }

    #[test]
    fn pods_are_sorted_and_summed() {
        let metrics = [pod("x", "10m", "10Mi"), pod("y", "30m", "5Mi")];
        let by_cpu = PodStyle { sort_by: SortBy::Cpu, sum: true, ..PodStyle::default() };
        let expected = "\
NAME   CPU(cores)   MEMORY(bytes)   
y      31m          6Mi             
x      11m          11Mi            
       ________     ________        
       41m          17Mi            
";
        // Parts of a thousandth are added before they are rounded up.
        assert_eq!(pods(&metrics, by_cpu), expected);
        let each = PodStyle { containers: true, with_namespace: true, no_headers: true, ..PodStyle::default() };
        assert!(
            pods(&metrics, each).starts_with("shop   x     a     1m    1Mi    \nshop   x     b     10m   10Mi   \n")
        );
    }

    #[test]
    fn nodes_without_metrics_come_last() {
        let metrics = [json!({"metadata": {"name": "b"}, "usage": {"cpu": "500m", "memory": "1Gi"}})];
        let available = ["a", "b"].map(|name| (name.to_owned(), json!({"cpu": "2", "memory": "4Gi"}))).into();
        let expected = "\
NAME   CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   
b      500m         25%         1024Mi          25%         
a      <unknown>    <unknown>   <unknown>       <unknown>   
";
        assert_eq!(nodes(&metrics, &available, false, SortBy::Name), expected);
    }
}
