//! Network: `Service`, `Endpoints`, `EndpointSlice`, `Ingress`, `IngressClass`, `ServiceCIDR`, `IPAddress`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Events,
    claim::{texts, time},
    config::{head, number_or_percent},
    metadata::{annotations, labels},
    writer::{Writer, put},
};
use crate::{fields::Fields, labels::format_labels};

/// Addresses shown before the rest is only counted.
const MAX_ADDRESSES: usize = 3;

/// A list of texts with commas.
fn joined(object: &Value, path: &str, separator: &str) -> String {
    object.list(path).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(separator)
}

fn or_none(text: String) -> String {
    if text.is_empty() { "<none>".to_owned() } else { text }
}

/// The ready addresses behind ports of one name, three of them at most.
#[must_use]
pub fn endpoints_of(slices: &[Value], port_name: &str) -> String {
    if slices.is_empty() {
        return "<none>".to_owned();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ready = slice.list("endpoints").iter().filter(|one| one.at("conditions.ready").as_bool().unwrap_or(true));
        let addresses: Vec<_> = ready.filter_map(|one| one.list("addresses").first()?.as_str()).collect();
        if slice.list("ports").is_empty() {
            all.extend(addresses.iter().map(|address| (*address).to_owned()));
        }
        for port in slice.list("ports").iter().filter(|port| port.text("name") == port_name) {
            let number = port.int("port").unwrap_or_default();
            all.extend(addresses.iter().map(|address| host_port(address, number)));
        }
    }
    let shown = all.iter().take(MAX_ADDRESSES).map(String::as_str).collect::<Vec<_>>().join(",");
    match all.len().checked_sub(MAX_ADDRESSES) {
        Some(more) if more > 0 => format!("{shown} + {more} more..."),
        _ => shown,
    }
}

fn host_port(address: &str, port: i64) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// Describes a `Service` with its endpoint slices.
#[must_use]
pub fn service(object: &Value, slices: &[Value], events: Events<'_>) -> String {
    let mut writer = Writer::default();
    head(&mut writer, object);
    put!(writer, 0, "Selector:\t{}\n", format_labels(object, "spec.selector"));
    let spec = &object["spec"];
    put!(writer, 0, "Type:\t{}\n", spec.text("type"));
    if spec.has("ipFamilyPolicy") {
        put!(writer, 0, "IP Family Policy:\t{}\n", spec.text("ipFamilyPolicy"));
    }
    put!(writer, 0, "IP Families:\t{}\n", or_none(joined(spec, "ipFamilies", ",")));
    put!(writer, 0, "IP:\t{}\n", spec.text("clusterIP"));
    put!(writer, 0, "IPs:\t{}\n", or_none(joined(spec, "clusterIPs", ",")));
    let addresses = load_balancer(object);
    let texts = [
        ("External IPs", joined(spec, "externalIPs", ",")),
        ("Desired LoadBalancer IP", spec.text("loadBalancerIP").to_owned()),
        ("External Name", spec.text("externalName").to_owned()),
        ("LoadBalancer Ingress", addresses),
    ];
    for (title, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        put!(writer, 0, "{title}:\t{text}\n");
    }
    for port in spec.list("ports") {
        put_port(&mut writer, port, slices);
    }
    policies(&mut writer, spec);
    events.put(&mut writer);
    writer.finish()
}

fn put_port(writer: &mut Writer, port: &Value, slices: &[Value]) {
    let (name, protocol) = (port.text("name"), port.text("protocol"));
    let title = if name.is_empty() { "<unset>" } else { name };
    put!(writer, 0, "Port:\t{title}\t{}/{protocol}\n", port.int("port").unwrap_or_default());
    put!(writer, 0, "TargetPort:\t{}/{protocol}\n", number_or_percent(&port["targetPort"]));
    if let Some(node) = port.int("nodePort").filter(|node| *node != 0) {
        put!(writer, 0, "NodePort:\t{title}\t{node}/{protocol}\n");
    }
    put!(writer, 0, "Endpoints:\t{}\n", endpoints_of(slices, name));
}

fn policies(writer: &mut Writer, spec: &Value) {
    put!(writer, 0, "Session Affinity:\t{}\n", spec.text("sessionAffinity"));
    for (title, field) in
        [("External Traffic Policy", "externalTrafficPolicy"), ("Internal Traffic Policy", "internalTrafficPolicy")]
    {
        if !spec.text(field).is_empty() {
            put!(writer, 0, "{title}:\t{}\n", spec.text(field));
        }
    }
    if let Some(port) = spec.int("healthCheckNodePort").filter(|port| *port != 0) {
        put!(writer, 0, "HealthCheck NodePort:\t{port}\n");
    }
    if !spec.list("loadBalancerSourceRanges").is_empty() {
        put!(writer, 0, "LoadBalancer Source Ranges:\t{}\n", joined(spec, "loadBalancerSourceRanges", ","));
    }
}

fn load_balancer(object: &Value) -> String {
    let one = |ingress: &Value| match (ingress.text("ip"), ingress.text("ipMode")) {
        ("", _) => ingress.text("hostname").to_owned(),
        (ip, "") => ip.to_owned(),
        (ip, mode) => format!("{ip} ({mode})"),
    };
    object.list("status.loadBalancer.ingress").iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Describes `Endpoints`.
#[must_use]
pub fn endpoints(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    head(&mut writer, object);
    put!(writer, 0, "Subsets:\n");
    for subset in object.list("subsets") {
        for (title, field) in [("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")] {
            let all: Vec<_> = subset.list(field).iter().map(|address| address.text("ip")).collect();
            put!(writer, 1, "{title}:\t{}\n", or_none(all.join(",")));
        }
        ports(&mut writer, 2, subset, "<unset>");
        put!(writer, 0, "\n");
    }
    events.put(&mut writer);
    writer.finish()
}

fn ports(writer: &mut Writer, level: usize, object: &Value, unset: &str) {
    if object.list("ports").is_empty() {
        return;
    }
    put!(writer, level - 1, "Ports:\n");
    put!(writer, level, "Name\tPort\tProtocol\n");
    put!(writer, level, "----\t----\t--------\n");
    for port in object.list("ports") {
        let name = if port.text("name").is_empty() { unset } else { port.text("name") };
        let number = port.int("port").map_or_else(|| unset.to_owned(), |number| number.to_string());
        put!(writer, level, "{name}\t{number}\t{}\n", port.text("protocol"));
    }
}

/// Describes an `EndpointSlice`.
#[must_use]
pub fn endpoint_slice(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    head(&mut writer, object);
    put!(writer, 0, "AddressType:\t{}\n", object.text("addressType"));
    if object.list("ports").is_empty() {
        put!(writer, 0, "Ports: <unset>\n");
    }
    ports(&mut writer, 1, object, "<unset>");
    let all = object.list("endpoints");
    put!(writer, 0, "{}\n", if all.is_empty() { "Endpoints: <none>" } else { "Endpoints:" });
    for endpoint in all {
        let text = |field: &str| endpoint[field].as_str().unwrap_or("<unset>");
        put!(writer, 1, "- Addresses:\t{}\n", or_none(joined(endpoint, "addresses", ", ")));
        let ready = endpoint.at("conditions.ready").as_bool();
        put!(writer, 2, "Conditions:\n");
        put!(writer, 3, "Ready:\t{}\n", ready.map_or_else(|| "<unset>".to_owned(), |ready| ready.to_string()));
        put!(writer, 2, "Hostname:\t{}\n", text("hostname"));
        let target = &endpoint["targetRef"];
        if target.is_object() {
            put!(writer, 2, "TargetRef:\t{}/{}\n", target.text("kind"), target.text("name"));
        }
        put!(writer, 2, "NodeName:\t{}\n", text("nodeName"));
        put!(writer, 2, "Zone:\t{}\n", text("zone"));
    }
    events.put(&mut writer);
    writer.finish()
}

/// Describes an `Ingress`; `backend` tells what is behind a backend.
#[must_use]
pub fn ingress(object: &Value, backend: &dyn Fn(&Value) -> String, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    labels(&mut writer, "Labels", object, "metadata.labels");
    put!(writer, 0, "Namespace:\t{}\n", object.text("metadata.namespace"));
    let addresses: BTreeSet<_> = object.list("status.loadBalancer.ingress").iter().map(address).collect();
    let addresses: Vec<_> = addresses.into_iter().filter(|address| !address.is_empty()).collect();
    put!(writer, 0, "Address:\t{}\n", addresses.join(","));
    put!(writer, 0, "Ingress Class:\t{}\n", object.at("spec.ingressClassName").as_str().unwrap_or("<none>"));
    let default = object.at("spec.defaultBackend");
    let default = if default.is_object() { backend(default) } else { "<default>".to_owned() };
    put!(writer, 0, "Default backend:\t{default}\n");
    let tls = object.list("spec.tls");
    if !tls.is_empty() {
        put!(writer, 0, "TLS:\n");
    }
    for one in tls {
        let hosts = joined(one, "hosts", ",");
        match one.text("secretName") {
            "" => put!(writer, 1, "SNI routes {hosts}\n"),
            secret => put!(writer, 1, "{secret} terminates {hosts}\n"),
        }
    }
    rules(&mut writer, object, backend, &default);
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    events.put(&mut writer);
    writer.finish()
}

fn address(ingress: &Value) -> &str {
    if ingress.text("ip").is_empty() { ingress.text("hostname") } else { ingress.text("ip") }
}

fn rules(writer: &mut Writer, object: &Value, backend: &dyn Fn(&Value) -> String, default: &str) {
    put!(writer, 0, "Rules:\n  Host\tPath\tBackends\n");
    put!(writer, 1, "----\t----\t--------\n");
    let mut rules = object.list("spec.rules").iter().filter(|rule| rule["http"].is_object()).peekable();
    if rules.peek().is_none() {
        put!(writer, 1, "*\t*\t{default}\n");
    }
    for rule in rules {
        let host = if rule.text("host").is_empty() { "*" } else { rule.text("host") };
        put!(writer, 1, "{host}\t\n");
        for path in rule.list("http.paths") {
            put!(writer, 2, "\t{} \t{}\n", path.text("path"), backend(&path["backend"]));
        }
    }
}

/// A backend, and the addresses behind it, or why they could not be had.
#[must_use]
pub fn backend(backend: &Value, found: &Result<(Vec<Value>, Value), String>) -> String {
    let service = &backend["service"];
    if service.is_object() {
        let port = service.int("port.number").filter(|number| *number != 0);
        let shown = port.map_or_else(|| service.text("port.name").to_owned(), |number| number.to_string());
        let what = format!("{}:{shown}", service.text("name"));
        let (slices, service_object) = match found {
            Ok(found) => found,
            Err(error) => return format!("{what} (<error: {error}>)"),
        };
        let wanted = service.text("port.name");
        let is_it = |one: &&Value| match port {
            Some(number) => one.int("port") == Some(number),
            None => !wanted.is_empty() && one.text("name") == wanted,
        };
        let name = service_object.list("spec.ports").iter().rev().find(is_it).map_or("", |port| port.text("name"));
        return format!("{what} ({})", endpoints_of(slices, name));
    }
    let resource = &backend["resource"];
    if !resource.is_object() {
        return String::new();
    }
    let group = resource["apiGroup"].as_str().unwrap_or("<none>");
    format!("APIGroup: {group}, Kind: {}, Name: {}", resource.text("kind"), resource.text("name"))
}

/// Describes an `IngressClass`.
#[must_use]
pub fn ingress_class(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    meta(&mut writer, object);
    put!(writer, 0, "Controller:\t{}\n", object.text("spec.controller"));
    let parameters = object.at("spec.parameters");
    if parameters.is_object() {
        put!(writer, 0, "Parameters:\n");
        for (title, field) in [("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name")] {
            if field != "apiGroup" || parameters.has(field) {
                put!(writer, 1, "{title}:\t{}\n", parameters.text(field));
            }
        }
    }
    events.put(&mut writer);
    writer.finish()
}

fn meta(writer: &mut Writer, object: &Value) {
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    labels(writer, "Labels", object, "metadata.labels");
    annotations(writer, "Annotations", object, "metadata.annotations");
}

/// Describes a `ServiceCIDR`.
#[must_use]
pub fn service_cidr(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    meta(&mut writer, object);
    put!(writer, 0, "CIDRs:\t{}\n", joined(object, "spec.cidrs", ", "));
    let conditions = object.list("status.conditions");
    if !conditions.is_empty() {
        put!(writer, 0, "Status:\nConditions:\n");
        put!(writer, 1, "Type\tStatus\tLastTransitionTime\tReason\tMessage\n");
        put!(writer, 1, "----\t------\t------------------\t------\t-------\n");
    }
    for condition in conditions {
        let [kind, status, reason, message] = ["type", "status", "reason", "message"].map(|name| condition.text(name));
        put!(writer, 1, "{kind}\t{status}\t{}\t{reason}\t{message}\n", time(condition.text("lastTransitionTime")));
    }
    events.put(&mut writer);
    writer.finish()
}

/// Describes an `IPAddress`.
#[must_use]
pub fn ip_address(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    meta(&mut writer, object);
    let parent = object.at("spec.parentRef");
    if parent.is_object() {
        put!(writer, 0, "Parent Reference:\n");
        for (title, field) in
            [("Group", "group"), ("Resource", "resource"), ("Namespace", "namespace"), ("Name", "name")]
        {
            put!(writer, 1, "{title}:\t{}\n", parent.text(field));
        }
    }
    events.put(&mut writer);
    writer.finish()
}

/// Describes a `CSINode`.
#[must_use]
pub fn csi_node(object: &Value, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    meta(&mut writer, object);
    put!(writer, 0, "CreationTimestamp:\t{}\n", time(object.text("metadata.creationTimestamp")));
    put!(writer, 0, "Spec:\n");
    if object.has("spec.drivers") {
        put!(writer, 1, "Drivers:\n");
    }
    for driver in object.list("spec.drivers") {
        put!(writer, 2, "{}:\n", driver.text("name"));
        put!(writer, 3, "Node ID:\t{}\n", driver.text("nodeID"));
        if let Some(count) = driver.int("allocatable.count") {
            put!(writer, 3, "Allocatables:\n");
            put!(writer, 4, "Count:\t{count}\n");
        }
        if driver.has("topologyKeys") {
            put!(writer, 3, "Topology Keys:\t{}\n", texts(driver, "topologyKeys"));
        }
    }
    events.put(&mut writer);
    writer.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::parse;

    #[test]
    fn three_addresses_are_shown_and_only_ready_ones() {
        let endpoint = |address: &str, ready: Value| json!({"addresses": [address], "conditions": {"ready": ready}});
        let slice = json!({"ports": [{"name": "http", "port": 80}, {"name": "x", "port": 1}], "endpoints": [
            endpoint("a", true.into()), endpoint("b", false.into()), endpoint("c", Value::Null), endpoint("d::1", true.into()),
            endpoint("e", true.into())]});
        assert_eq!(endpoints_of(std::slice::from_ref(&slice), "http"), "a:80,c:80,[d::1]:80 + 1 more...");
        assert_eq!(endpoints_of(std::slice::from_ref(&slice), "nope"), "");
        assert_eq!(endpoints_of(&[], "http"), "<none>");
    }

    #[test]
    fn an_ingress_without_rules_has_its_default_backend() {
        let object = json!({"spec": {"defaultBackend": {"resource": {"kind": "B", "name": "b"}}, "tls": [{"hosts": ["h"]}]},
            "status": {"loadBalancer": {"ingress": [{"hostname": "z"}, {"ip": "1"}]}}});
        let none = Err("unused".to_owned());
        let text = ingress(
            &object,
            &|one| backend(one, &none),
            Events { found: None, now: parse("2026-01-01T00:00:00Z").unwrap() },
        );
        let lines: Vec<_> = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for line in ["Address: 1,z", "SNI routes h", "* * APIGroup: <none>, Kind: B, Name: b"] {
            assert!(lines.iter().any(|one| one == line), "{line}\n{text}");
        }
    }
}
