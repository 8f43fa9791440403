//! Services and what is around them.

use serde_json::{Value, json};

use super::{
    cell,
    columns::{Printer, text as column, wide},
};
use crate::scene::text;

pub(super) const SERVICES: Printer = Printer {
    columns: &[
        column("Name"),
        column("Type"),
        column("Cluster-IP"),
        column("External-IP"),
        column("Port(s)"),
        column("Age"),
        wide("Selector"),
    ],
    cells: |service, now| {
        vec![
            cell::name(service),
            json!(text(service, "/spec/type")),
            cell::or_none(text(service, "/spec/clusterIP")),
            json!(external_ip(service)),
            json!(ports(service)),
            cell::age(service, now),
            cell::labels(service, "/spec/selector"),
        ]
    },
};

pub(super) const ENDPOINTS: Printer = Printer {
    columns: &[column("Name"), column("Endpoints"), column("Age")],
    cells: |endpoints, now| vec![cell::name(endpoints), json!(addresses(endpoints)), cell::age(endpoints, now)],
};

pub(super) const ENDPOINT_SLICES: Printer = Printer {
    columns: &[column("Name"), column("AddressType"), column("Ports"), column("Endpoints"), column("Age")],
    cells: |slice, now| {
        let ports = cell::list(slice, "/ports").iter().map(|port| cell::number(port, "/port").to_string());
        let addresses = cell::list(slice, "/endpoints").iter().flat_map(|e| cell::list(e, "/addresses"));
        let addresses = addresses.filter_map(Value::as_str).map(str::to_owned);
        vec![
            cell::name(slice),
            json!(text(slice, "/addressType")),
            json!(shortened(ports.collect(), "<unset>")),
            json!(shortened(addresses.collect(), "<unset>")),
            cell::age(slice, now),
        ]
    },
};

pub(super) const INGRESSES: Printer = Printer {
    columns: &[column("Name"), column("Class"), column("Hosts"), column("Address"), column("Ports"), column("Age")],
    cells: |ingress, now| {
        let hosts = cell::list(ingress, "/spec/rules").iter().map(|rule| text(rule, "/host").to_owned());
        let has_tls = !cell::list(ingress, "/spec/tls").is_empty();
        vec![
            cell::name(ingress),
            cell::or_none(text(ingress, "/spec/ingressClassName")),
            json!(shortened(hosts.filter(|host| !host.is_empty()).collect(), "*")),
            json!(cell::joined(cell::list(ingress, "/status/loadBalancer/ingress"), "/ip")),
            json!(if has_tls { "80, 443" } else { "80" }),
            cell::age(ingress, now),
        ]
    },
};

pub(super) const INGRESS_CLASSES: Printer = Printer {
    columns: &[column("Name"), column("Controller"), column("Parameters"), column("Age")],
    cells: |class, now| {
        vec![cell::name(class), json!(text(class, "/spec/controller")), json!("<none>"), cell::age(class, now)]
    },
};

pub(super) const NETWORK_POLICIES: Printer = Printer {
    columns: &[column("Name"), column("Pod-Selector"), column("Age")],
    cells: |policy, now| {
        vec![cell::name(policy), cell::labels(policy, "/spec/podSelector/matchLabels"), cell::age(policy, now)]
    },
};

fn external_ip(service: &Value) -> String {
    let ingress = cell::list(service, "/status/loadBalancer/ingress");
    match (text(service, "/spec/type"), ingress.is_empty()) {
        ("LoadBalancer", true) => "<pending>".to_owned(),
        ("LoadBalancer", false) => cell::joined(ingress, "/ip"),
        ("ExternalName", _) => text(service, "/spec/externalName").to_owned(),
        _ => "<none>".to_owned(),
    }
}

fn ports(service: &Value) -> String {
    let port = |port: &Value| {
        let (number, node, protocol) =
            (cell::number(port, "/port"), cell::number(port, "/nodePort"), text(port, "/protocol"));
        if node > 0 { format!("{number}:{node}/{protocol}") } else { format!("{number}/{protocol}") }
    };
    let ports: Vec<String> = cell::list(service, "/spec/ports").iter().map(port).collect();
    if ports.is_empty() { "<none>".to_owned() } else { ports.join(",") }
}

/// The ready addresses with their ports; `<none>` where there is no subset at all, nothing where none is ready.
fn addresses(endpoints: &Value) -> String {
    let subsets = cell::list(endpoints, "/subsets");
    if subsets.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for subset in subsets {
        for port in cell::list(subset, "/ports") {
            let ready = cell::list(subset, "/addresses").iter();
            all.extend(ready.map(|address| format!("{}:{}", text(address, "/ip"), cell::number(port, "/port"))));
        }
    }
    shortened(all, "")
}

/// At most three, then how many more.
fn shortened(all: Vec<String>, none: &str) -> String {
    const SHOWN: usize = 3;
    if all.is_empty() {
        return none.to_owned();
    }
    let more = all.len().saturating_sub(SHOWN);
    let shown = all.into_iter().take(SHOWN).collect::<Vec<_>>().join(",");
    if more > 0 { format!("{shown} + {more} more...") } else { shown }
}
