//! `NetworkPolicy`

use serde_json::Value;

use super::{
    config::{names, number_or_percent},
    metadata::{annotations, labels},
    writer::{Writer, put},
};
use crate::{fields::Fields, labels::format_selector, time::parse};

const INDENT: &str = "    ";

/// What is different between the two directions.
struct Direction {
    rules: &'static str,
    peers: &'static str,
    word: &'static str,
    isolated: &'static str,
    any: &'static str,
}

const INGRESS: Direction = Direction {
    rules: "ingress",
    peers: "from",
    word: "From",
    isolated: "<none> (Selected pods are isolated for ingress connectivity)",
    any: "From: <any> (traffic not restricted by source)",
};
const EGRESS: Direction = Direction {
    rules: "egress",
    peers: "to",
    word: "To",
    isolated: "<none> (Selected pods are isolated for egress connectivity)",
    any: "To: <any> (traffic not restricted by destination)",
};

/// Describes a `NetworkPolicy`.
#[must_use]
pub fn network_policy(object: &Value) -> String {
    let mut writer = Writer::default();
    names(&mut writer, object);
    let created = parse(object.text("metadata.creationTimestamp"));
    let created = created.map(|at| at.strftime("%Y-%m-%d %H:%M:%S +0000 UTC").to_string()).unwrap_or_default();
    put!(writer, 0, "Created on:\t{created}\n");
    labels(&mut writer, "Labels", object, "metadata.labels");
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    let spec = &object["spec"];
    put!(writer, 0, "Spec:\n");
    put!(writer, 1, "PodSelector: ");
    let is_empty =
        spec.map("podSelector.matchLabels").is_empty() && spec.list("podSelector.matchExpressions").is_empty();
    match is_empty {
        true => put!(writer, 2, "<none> (Allowing the specific traffic to all pods in this namespace)\n"),
        false => put!(writer, 2, "{}\n", format_selector(&spec["podSelector"])),
    }
    let types: Vec<_> = spec.list("policyTypes").iter().filter_map(Value::as_str).collect();
    for (name, direction) in [("Ingress", &INGRESS), ("Egress", &EGRESS)] {
        if types.contains(&name) {
            put!(writer, 1, "Allowing {} traffic:\n", direction.rules);
            rules(&mut writer, spec.list(direction.rules), direction);
        } else {
            put!(writer, 1, "Not affecting {} traffic\n", direction.rules);
        }
    }
    put!(writer, 1, "Policy Types: {}\n", if types.is_empty() { "<none>".to_owned() } else { types.join(", ") });
    writer.finish()
}

fn rules(writer: &mut Writer, rules: &[Value], direction: &Direction) {
    if rules.is_empty() {
        put!(writer, 0, "{INDENT}{}\n", direction.isolated);
    }
    for (at, rule) in rules.iter().enumerate() {
        if rule.list("ports").is_empty() {
            put!(writer, 0, "{INDENT}To Port: <any> (traffic allowed to all ports)\n");
        }
        for port in rule.list("ports") {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            let number = if port.has("port") { number_or_percent(&port["port"]) } else { "<nil>".to_owned() };
            match port.int("endPort") {
                None => put!(writer, 0, "{INDENT}To Port: {number}/{protocol}\n"),
                Some(end) => put!(writer, 0, "{INDENT}To Port Range: {number}-{end}/{protocol}\n"),
            }
        }
        if rule.list(direction.peers).is_empty() {
            put!(writer, 0, "{INDENT}{}\n", direction.any);
        }
        for peer in rule.list(direction.peers) {
            put!(writer, 0, "{INDENT}{}:\n", direction.word);
            put_peer(writer, peer);
        }
        if at + 1 != rules.len() {
            put!(writer, 0, "{INDENT}----------\n");
        }
    }
}

fn put_peer(writer: &mut Writer, peer: &Value) {
    let selectors = [("NamespaceSelector", &peer["namespaceSelector"]), ("PodSelector", &peer["podSelector"])];
    let mut has_selector = false;
    for (title, selector) in selectors.into_iter().filter(|(_, selector)| selector.is_object()) {
        has_selector = true;
        put!(writer, 1, "{INDENT}{title}: {}\n", format_selector(selector));
    }
    let block = &peer["ipBlock"];
    if !has_selector && block.is_object() {
        let except: Vec<_> = block.list("except").iter().filter_map(Value::as_str).collect();
        put!(writer, 1, "{INDENT}IPBlock:\n");
        put!(writer, 2, "{INDENT}CIDR: {}\n", block.text("cidr"));
        put!(writer, 2, "{INDENT}Except: {}\n", except.join(", "));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rules_say_from_where_and_to_which_ports() {
        let object = json!({"spec": {"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress", "Egress"], "ingress": [
            {"ports": [{"port": 80}, {"port": 1, "endPort": 9, "protocol": "UDP"}], "from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]},
            {"from": [{"podSelector": {}, "namespaceSelector": {"matchLabels": {"n": "m"}}}]}]}});
        let text = network_policy(&object);
        let expected = "\
Spec:
  PodSelector:     a=b
  Allowing ingress traffic:
    To Port: 80/TCP
    To Port Range: 1-9/UDP
    From:
      IPBlock:
        CIDR: 10.0.0.0/8
        Except: 10.1.0.0/16
    ----------
    To Port: <any> (traffic allowed to all ports)
    From:
      NamespaceSelector: n=m
      PodSelector: <none>
  Allowing egress traffic:
    <none> (Selected pods are isolated for egress connectivity)
  Policy Types: Ingress, Egress
";
        assert!(text.ends_with(expected), "{text}");
    }
}
