//! Services with the endpoints that follow from their selectors.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{
    Scene,
    identity::{self, Owner},
    pod::labels,
    text,
};

/// A service to be.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    namespace: &'static str,
    name: &'static str,
    age: Duration,
    kind: &'static str,
    selector: Map<String, Value>,
    port: (&'static str, u16, u16),
    protocol: &'static str,
    /// A fixed address, or `None` as text for a headless service.
    address: Option<&'static str>,
    labels: Map<String, Value>,
}

/// A pod that a service's selector chose.
struct Backend {
    name: String,
    ip: String,
    node: String,
    ready: bool,
}

impl Service {
    /// A service that selects the pods whose label `app` is its name; `port` is its name, number and target.
    pub(crate) fn new(
        namespace: &'static str,
        name: &'static str,
        age: Duration,
        port: (&'static str, u16, u16),
    ) -> Self {
        let selector = labels(&[("app", name)]);
        let own = selector.clone();
        Self { namespace, name, age, kind: "ClusterIP", selector, port, protocol: "TCP", address: None, labels: own }
    }

    pub(crate) fn selects(mut self, key: &str, value: &str) -> Self {
        self.selector = labels(&[(key, value)]);
        self
    }

    pub(crate) fn udp(mut self) -> Self {
        self.protocol = "UDP";
        self
    }

    pub(crate) fn headless(mut self) -> Self {
        self.address = Some("None");
        self
    }

    /// Makes it one of the cluster's own services, which `cluster-info` tells, at a known address.
    pub(crate) fn of_cluster(mut self, title: &str, address: &'static str) -> Self {
        self.address = Some(address);
        self.labels.insert("kubernetes.io/cluster-service".to_owned(), json!("true"));
        self.labels.insert("kubernetes.io/name".to_owned(), json!(title));
        self
    }

    pub(crate) fn load_balancer(mut self) -> Self {
        self.kind = "LoadBalancer";
        self
    }

    fn cluster_ip(&self) -> String {
        if let Some(address) = self.address {
            return address.to_owned();
        }
        let seed = identity::uid("Service", self.namespace, self.name);
        let octet = |at: usize| seed.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(1);
        format!("10.96.{}.{}", octet(0), octet(2).max(1))
    }

    fn ports(&self, with_target: bool) -> Value {
        let (name, port, target) = self.port;
        if with_target {
            json!([{ "name": name, "protocol": self.protocol, "port": port, "targetPort": target }])
        } else {
            json!([{ "name": name, "protocol": self.protocol, "port": target }])
        }
    }
}

impl Scene {
    /// Adds a service. The pods it selects must be there already: its endpoints are worked out now.
    pub(crate) fn service(&mut self, service: &Service) {
        let ip = service.cluster_ip();
        let mut spec = json!({
            "type": service.kind, "clusterIP": ip, "clusterIPs": [ip], "ports": service.ports(true),
            "selector": service.selector, "sessionAffinity": "None", "internalTrafficPolicy": "Cluster",
            "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack",
        });
        let mut balancer = json!({});
        if service.kind == "LoadBalancer" {
            spec["ports"][0]["nodePort"] = json!(31_443);
            spec["externalTrafficPolicy"] = json!("Cluster");
            spec["allocateLoadBalancerNodePorts"] = json!(true);
            balancer = json!({ "ingress": [{ "ip": "203.0.113.24", "ipMode": "VIP" }] });
        }
        let mut metadata = self.metadata(service.namespace, service.name, service.age);
        metadata["labels"] = json!(service.labels);
        self.add(json!({
            "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec,
            "status": { "loadBalancer": balancer },
        }));
        let backends = self.selected(service);
        self.endpoints(service, &backends);
        self.endpoint_slice(service, &backends);
    }

    fn selected(&self, service: &Service) -> Vec<Backend> {
        let Some(pods) = self.shelves.get(&("", "pods")) else { return Vec::new() };
        let chosen = |pod: &&Value| {
            let has = |(key, value): (&String, &Value)| pod["metadata"]["labels"].get(key) == Some(value);
            text(pod, "/metadata/namespace") == service.namespace && service.selector.iter().all(has)
        };
        let backend = |pod: &Value| Backend {
            name: text(pod, "/metadata/name").to_owned(),
            ip: text(pod, "/status/podIP").to_owned(),
            node: text(pod, "/spec/nodeName").to_owned(),
            ready: is_ready(pod),
        };
        pods.iter().filter(chosen).map(backend).filter(|backend| !backend.ip.is_empty()).collect()
    }

    fn endpoints(&mut self, service: &Service, backends: &[Backend]) {
        let addresses = |ready: bool| {
            let chosen = backends.iter().filter(|backend| backend.ready == ready);
            chosen
                .map(|b| json!({ "ip": b.ip, "nodeName": b.node, "targetRef": target(service, b) }))
                .collect::<Vec<_>>()
        };
        let mut metadata = self.metadata(service.namespace, service.name, service.age);
        metadata["labels"] = json!({ "endpoints.kubernetes.io/managed-by": "endpoint-controller" });
        let mut endpoints = json!({ "apiVersion": "v1", "kind": "Endpoints", "metadata": metadata });
        if !backends.is_empty() {
            let mut subset = json!({ "ports": service.ports(false) });
            for (field, addresses) in [("addresses", addresses(true)), ("notReadyAddresses", addresses(false))] {
                if !addresses.is_empty() {
                    subset[field] = json!(addresses);
                }
            }
            endpoints["subsets"] = json!([subset]);
        }
        self.add(endpoints);
    }

    fn endpoint_slice(&mut self, service: &Service, backends: &[Backend]) {
        let name = format!("{}-{}", service.name, identity::suffix(service.name));
        let mut metadata = self.metadata(service.namespace, &name, service.age);
        metadata["generateName"] = json!(format!("{}-", service.name));
        metadata["generation"] = json!(1);
        metadata["labels"] = json!({
            "kubernetes.io/service-name": service.name,
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        });
        metadata["ownerReferences"] = Owner::new("v1", "Service", service.name).references(service.namespace);
        let endpoint = |b: &Backend| {
            let conditions = json!({ "ready": b.ready, "serving": b.ready, "terminating": false });
            let (name, target) = (&b.node, target(service, b));
            json!({ "addresses": [b.ip], "conditions": conditions, "nodeName": name, "targetRef": target })
        };
        let mut slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": metadata, "addressType": "IPv4",
            "endpoints": backends.iter().map(endpoint).collect::<Vec<_>>(), "ports": service.ports(false),
        });
        if backends.is_empty() {
            slice["endpoints"] = Value::Null;
            slice["ports"] = Value::Null;
        }
        self.add(slice);
    }
}

fn target(service: &Service, backend: &Backend) -> Value {
    let uid = identity::uid("Pod", service.namespace, &backend.name);
    json!({ "kind": "Pod", "namespace": service.namespace, "name": backend.name, "uid": uid })
}

fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|c| c["type"] == "Ready" && c["status"] == "True"))
}
