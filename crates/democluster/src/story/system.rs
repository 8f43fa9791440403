//! The cluster's own parts: nodes, name service, metrics, the log shipper.

use serde_json::json;

use crate::{
    clock,
    scene::{Container, Deployment, Node, SILENCE, Scene, Script, Service, Set, Template, days, mins, secs},
};

const NS: &str = "kube-system";

pub(super) fn build(scene: &mut Scene) {
    for (name, number, role, silent) in
        [("oak-1", 1, "control-plane", None), ("oak-2", 2, "", None), ("oak-3", 3, "", Some(SILENCE))]
    {
        scene.node(&Node { name, number, age: days(212), role, silent });
    }
    for controller in ["kube-controller-manager", "kube-scheduler"] {
        let renewed = clock::rfc3339_micro(clock::earlier(scene.now(), secs(2)));
        scene.lease(NS, controller, &format!("oak-1_{controller}"), days(212), &renewed);
    }
    scene.deployment(&Deployment::new(NS, "coredns", days(212), coredns()).replicas(2));
    scene.service(
        &Service::new(NS, "kube-dns", days(212), ("dns", 53, 53))
            .selects("app", "coredns")
            .udp()
            .of_cluster("CoreDNS", "10.96.0.10"),
    );
    scene.deployment(&Deployment::new(NS, "metrics-server", days(105), metrics_server()));
    scene.service(&Service::new(NS, "metrics-server", days(105), ("https", 443, 10_250)));
    let shipper = Set { namespace: NS, name: "log-shipper", age: days(64), template: log_shipper() };
    scene.daemon_set(&shipper, &["oak-1", "oak-2", "oak-3"], &["oak-3"]);
    api_service(scene);
    reader_role(scene);
}

fn coredns() -> Template {
    let coredns = Container::new("coredns", "registry.k8s.io/coredns/coredns:v1.12.1")
        .port("dns", 53)
        .requests("100m", "70Mi")
        .limits("", "170Mi")
        .uses(6, 24)
        .says(Script {
            opening: &[".:53", "[INFO] plugin/reload: Running configuration SHA512 = 1b226df79860026c6a52e67daa10d7f0"],
            cycle: &["[ERROR] plugin/errors: 2 orders-bd.shop.svc. A: NXDOMAIN ({n} times)"],
            every: mins(4),
        });
    Template::of(coredns)
}

fn metrics_server() -> Template {
    let server = Container::new("metrics-server", "registry.k8s.io/metrics-server/metrics-server:v0.8.0")
        .port("https", 10_250)
        .requests("100m", "200Mi")
        .uses(9, 33)
        .says(Script {
            opening: &["Serving securely on [::]:10250"],
            cycle: &["\"Failed to scrape node\" err=\"Get https://10.20.0.13:10250/metrics/resource: i/o timeout\" node=\"oak-3\""],
            every: secs(60),
        });
    Template::of(server)
}

fn log_shipper() -> Template {
    let shipper = Container::new("shipper", "registry.oakshop.example/log-shipper:3.0.5")
        .requests("20m", "40Mi")
        .mount("logs", "/var/log")
        .uses(7, 35)
        .says(Script {
            opening: &["log-shipper 3.0.5, reading /var/log/containers"],
            cycle: &["shipped {n} lines"],
            every: secs(15),
        });
    Template::of(shipper).volume("logs", "hostPath", &json!({ "path": "/var/log", "type": "" }))
}

/// The `kubernetes` service, which has no selector: its endpoint is the API server.
fn api_service(scene: &mut Scene) {
    let ports = json!([{ "name": "https", "protocol": "TCP", "port": 443, "targetPort": 6443 }]);
    let mut metadata = scene.metadata("default", "kubernetes", days(212));
    metadata["labels"] = json!({ "component": "apiserver", "provider": "kubernetes" });
    scene.add(json!({
        "apiVersion": "v1", "kind": "Service", "metadata": metadata,
        "spec": {
            "type": "ClusterIP", "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "ports": ports,
            "sessionAffinity": "None", "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
            "internalTrafficPolicy": "Cluster",
        },
        "status": { "loadBalancer": {} },
    }));
    let (ip, port) = ("10.20.0.11", json!({ "name": "https", "protocol": "TCP", "port": 6443 }));
    let metadata = scene.metadata("default", "kubernetes", days(212));
    let subsets = json!([{ "addresses": [{ "ip": ip }], "ports": [port] }]);
    scene.add(json!({ "apiVersion": "v1", "kind": "Endpoints", "metadata": metadata, "subsets": subsets }));
    let mut metadata = scene.metadata("default", "kubernetes", days(212));
    metadata["labels"] = json!({ "kubernetes.io/service-name": "kubernetes" });
    let endpoint = json!({ "addresses": [ip], "conditions": { "ready": true } });
    scene.add(json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, "addressType": "IPv4",
        "endpoints": [endpoint], "ports": [port],
    }));
}

fn reader_role(scene: &mut Scene) {
    let metadata = scene.metadata("", "demo-reader", days(212));
    let rule = json!({ "apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"] });
    scene.add(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": metadata, "rules": [rule],
    }));
    let metadata = scene.metadata("", "demo-reader", days(212));
    let (api_group, kind) = ("rbac.authorization.k8s.io", "ClusterRoleBinding");
    scene.add(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata,
        "roleRef": { "apiGroup": api_group, "kind": "ClusterRole", "name": "demo-reader" },
        "subjects": [{ "apiGroup": api_group, "kind": "User", "name": "demo" }],
    }));
}
