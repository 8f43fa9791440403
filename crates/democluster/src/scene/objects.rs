//! The kinds of object that stand alone: nodes, namespaces, configuration, policies.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Note, Scene, Subject, hours, mins, secs};
use crate::clock;

/// A node to be.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) name: &'static str,
    pub(crate) number: u8,
    pub(crate) age: Duration,
    pub(crate) role: &'static str,
    /// How long its kubelet has been silent, if it is.
    pub(crate) silent: Option<Duration>,
}

/// How long the silent node has been silent, and the pods on it lost.
pub(crate) const SILENCE: Duration = mins(38);

const PRESSURES: [(&str, &str, &str); 3] = [
    ("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    ("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    ("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
];

impl Scene {
    /// Adds a node with its lease and, if it is silent, what the node controller made of that.
    pub(crate) fn node(&mut self, node: &Node) {
        let mut metadata = self.metadata("", node.name, node.age);
        metadata["labels"] = json!({
            "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "kubernetes.io/hostname": node.name,
            "topology.kubernetes.io/zone": if node.number == 3 { "hall-b" } else { "hall-a" },
            "node.kubernetes.io/instance-type": "oak.xlarge",
        });
        if !node.role.is_empty() {
            metadata["labels"][format!("node-role.kubernetes.io/{}", node.role)] = json!("");
        }
        let cidr = format!("10.42.{}.0/24", node.number);
        let mut spec = json!({ "podCIDR": cidr, "podCIDRs": [cidr], "providerID": format!("demo://{}", node.name) });
        if let Some(silent) = node.silent {
            let taint = |effect: &str, at: Duration| json!({ "key": "node.kubernetes.io/unreachable", "effect": effect, "timeAdded": self.ago(at) });
            spec["taints"] = json!([taint("NoSchedule", silent), taint("NoExecute", silent.saturating_sub(secs(5)))]);
        }
        let status = self.node_status(node);
        self.add(json!({ "apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec, "status": status }));
        self.node_lease(node);
        if let Some(silent) = node.silent {
            let subject = Subject::new("v1", "Node", "", node.name);
            let message = format!("Node {} status is now: NodeNotReady", node.name);
            self.note(&subject, &Note::normal("node-controller", "NodeNotReady", message).at(silent));
        }
    }

    fn node_status(&self, node: &Node) -> Value {
        let amounts = |cpu: &str, memory: &str, disk: &str| json!({ "cpu": cpu, "memory": memory, "pods": "110", "ephemeral-storage": disk, "hugepages-2Mi": "0" });
        json!({
            "addresses": [
                { "type": "InternalIP", "address": format!("10.20.0.1{}", node.number) },
                { "type": "Hostname", "address": node.name },
            ],
            "capacity": amounts("4", "16384Mi", "101430960Ki"), "allocatable": amounts("3920m", "15360Mi", "93478772Ki"),
            "conditions": self.node_conditions(node),
            "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
            "nodeInfo": {
                "machineID": "", "systemUUID": "", "bootID": "", "architecture": "amd64", "operatingSystem": "linux",
                "kernelVersion": "6.12.48-demo", "osImage": "Kubently Demo Linux 1.0", "kubeProxyVersion": "",
                "containerRuntimeVersion": "containerd://2.1.4", "kubeletVersion": "v1.33.5",
            },
        })
    }

    fn node_conditions(&self, node: &Node) -> Value {
        let (heartbeat, changed) = match node.silent {
            Some(silent) => (self.ago(silent + secs(48)), self.ago(silent)),
            None => (self.ago(secs(40)), self.ago(node.age)),
        };
        let condition = |kind: &str, status: &str, reason: &str, message: &str| {
            let silent = node.silent.is_some();
            json!({
                "type": kind, "status": if silent { "Unknown" } else { status },
                "reason": if silent { "NodeStatusUnknown" } else { reason },
                "message": if silent { "Kubelet stopped posting node status." } else { message },
                "lastHeartbeatTime": heartbeat, "lastTransitionTime": changed,
            })
        };
        let mut conditions: Vec<Value> =
            PRESSURES.map(|(kind, reason, why)| condition(kind, "False", reason, why)).into();
        conditions.push(condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"));
        json!(conditions)
    }

    fn node_lease(&mut self, node: &Node) {
        let renewed = clock::earlier(self.now, node.silent.map_or(secs(3), |silent| silent + secs(41)));
        self.lease("kube-node-lease", node.name, node.name, node.age, &clock::rfc3339_micro(renewed));
    }

    /// Adds a lease.
    pub(crate) fn lease(&mut self, namespace: &str, name: &str, holder: &str, age: Duration, renewed: &str) {
        let metadata = self.metadata(namespace, name, age);
        let spec = json!({ "holderIdentity": holder, "leaseDurationSeconds": 40, "renewTime": renewed });
        self.add(
            json!({ "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec }),
        );
    }

    /// Adds a namespace with what every namespace has.
    pub(crate) fn namespace(&mut self, name: &str, age: Duration) {
        let mut metadata = self.metadata("", name, age);
        metadata["labels"] = json!({ "kubernetes.io/metadata.name": name });
        self.add(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": metadata,
            "spec": { "finalizers": ["kubernetes"] }, "status": { "phase": "Active" },
        }));
        self.service_account(name, "default", age);
        let authority = "-----BEGIN CERTIFICATE-----\nZGVtbyBjbHVzdGVyLCBubyBUTFM=\n-----END CERTIFICATE-----\n";
        self.config_map(name, "kube-root-ca.crt", age, &[("ca.crt", authority)]);
    }

    pub(crate) fn service_account(&mut self, namespace: &str, name: &str, age: Duration) {
        let metadata = self.metadata(namespace, name, age);
        self.add(json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata }));
    }

    pub(crate) fn config_map(&mut self, namespace: &str, name: &str, age: Duration, data: &[(&str, &str)]) {
        let metadata = self.metadata(namespace, name, age);
        let data: Map<String, Value> = data.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
        self.add(json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data }));
    }

    /// Adds a secret as `kubectl apply` leaves it, with its values a second time in the annotation: what redaction has
    /// to find.
    pub(crate) fn secret(&mut self, namespace: &str, name: &str, kind: &str, age: Duration, data: &[(&str, &str)]) {
        let data: Map<String, Value> =
            data.iter().map(|(key, value)| ((*key).to_owned(), json!(base64(value.as_bytes())))).collect();
        let applied = json!({
            "apiVersion": "v1", "kind": "Secret", "type": kind, "data": data,
            "metadata": { "annotations": {}, "name": name, "namespace": namespace },
        });
        let mut metadata = self.metadata(namespace, name, age);
        metadata["annotations"] = json!({ "kubectl.kubernetes.io/last-applied-configuration": format!("{applied}\n") });
        self.add(json!({ "apiVersion": "v1", "kind": "Secret", "type": kind, "metadata": metadata, "data": data }));
    }

    /// Adds an autoscaler of a deployment by processor use, in percent of a request of 100m.
    pub(crate) fn autoscaler(
        &mut self,
        namespace: &str,
        target: &str,
        bounds: (u32, u32),
        replicas: u32,
        cpu: (u32, u32),
    ) {
        let (used, wanted) = cpu;
        let metadata = self.metadata(namespace, target, super::days(21));
        let percent = json!({ "type": "Utilization", "averageUtilization": wanted });
        let spec = json!({
            "minReplicas": bounds.0, "maxReplicas": bounds.1,
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": target },
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": percent } }],
        });
        let condition = |kind: &str, reason: &str, message: &str, ago| json!({ "type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": ago });
        let current = json!({ "averageUtilization": used, "averageValue": format!("{used}m") });
        let found = "the HPA was able to successfully calculate a replica count from cpu resource utilization \
                     (percentage of request)";
        let status = json!({
            "currentReplicas": replicas, "desiredReplicas": replicas, "lastScaleTime": self.ago(hours(7)),
            "currentMetrics": [{ "type": "Resource", "resource": { "name": "cpu", "current": current } }],
            "conditions": [
                condition("AbleToScale", "ReadyForNewScale", "recommended size matches current size", self.ago(hours(7))),
                condition("ScalingActive", "ValidMetricFound", found, self.ago(mins(90))),
            ],
        });
        self.add(json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": metadata, "spec": spec, "status": status,
        }));
    }
}

/// Standard base64 with padding, as secrets carry their values.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let [a, b, c] = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or_default()));
        let group = a << 16 | b << 8 | c;
        for at in 0..4_usize {
            let six = usize::try_from(group >> (18 - 6 * at) & 63).unwrap_or_default();
            text.push(if at <= chunk.len() { char::from(ALPHABET[six]) } else { '=' });
        }
    }
    text
}
