//! A small API server that knows a few types, has one object of each, and writes down what it is asked.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

/// A type: group version, plural, singular, short name, kind, whether it lives in namespaces.
type Type = (&'static str, &'static str, &'static str, &'static str, &'static str, bool);

const TYPES: &[Type] = &[
    ("v1", "configmaps", "configmap", "cm", "ConfigMap", true),
    ("v1", "endpoints", "endpoints", "ep", "Endpoints", true),
    ("v1", "events", "event", "ev", "Event", true),
    ("v1", "limitranges", "limitrange", "limits", "LimitRange", true),
    ("v1", "namespaces", "namespace", "ns", "Namespace", false),
    ("v1", "nodes", "node", "no", "Node", false),
    ("v1", "persistentvolumeclaims", "persistentvolumeclaim", "pvc", "PersistentVolumeClaim", true),
    ("v1", "persistentvolumes", "persistentvolume", "pv", "PersistentVolume", false),
    ("v1", "pods", "pod", "po", "Pod", true),
    ("v1", "replicationcontrollers", "replicationcontroller", "rc", "ReplicationController", true),
    ("v1", "resourcequotas", "resourcequota", "quota", "ResourceQuota", true),
    ("v1", "secrets", "secret", "", "Secret", true),
    ("v1", "serviceaccounts", "serviceaccount", "sa", "ServiceAccount", true),
    ("v1", "services", "service", "svc", "Service", true),
    ("apps/v1", "controllerrevisions", "controllerrevision", "", "ControllerRevision", true),
    ("apps/v1", "daemonsets", "daemonset", "ds", "DaemonSet", true),
    ("apps/v1", "deployments", "deployment", "deploy", "Deployment", true),
    ("apps/v1", "replicasets", "replicaset", "rs", "ReplicaSet", true),
    ("apps/v1", "statefulsets", "statefulset", "sts", "StatefulSet", true),
    ("autoscaling/v2", "horizontalpodautoscalers", "horizontalpodautoscaler", "hpa", "HorizontalPodAutoscaler", true),
    ("batch/v1", "cronjobs", "cronjob", "cj", "CronJob", true),
    ("batch/v1", "jobs", "job", "", "Job", true),
    ("cert-manager.io/v1", "certificates", "certificate", "", "Certificate", true),
    ("db.example.com/v1", "databases", "database", "", "Database", true),
    ("metrics.k8s.io/v1beta1", "nodes", "node", "", "NodeMetrics", false),
    ("metrics.k8s.io/v1beta1", "pods", "pod", "", "PodMetrics", true),
    ("networking.k8s.io/v1", "ingresses", "ingress", "ing", "Ingress", true),
    ("networking.k8s.io/v1", "networkpolicies", "networkpolicy", "netpol", "NetworkPolicy", true),
    ("policy/v1", "poddisruptionbudgets", "poddisruptionbudget", "pdb", "PodDisruptionBudget", true),
    ("rbac.authorization.k8s.io/v1", "clusterroles", "clusterrole", "", "ClusterRole", false),
    ("rbac.authorization.k8s.io/v1", "roles", "role", "", "Role", true),
];

/// What is in the category `all`.
const IN_ALL: &[&str] = &["pods", "services", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs"];

/// A running server; it ends with the test's process.
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    pub(crate) fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let (address, asked) = (listener.local_addr()?, Arc::new(Mutex::new(Vec::new())));
        let recorder = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let recorder = Arc::clone(&recorder);
                thread::spawn(move || serve(&stream, &recorder));
            }
        });
        Ok(Self { address, asked })
    }

    /// What was asked since the last call, but for discovery, sorted: the order of what runs at once says nothing.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut asked = self.asked.lock().map(|mut asked| std::mem::take(&mut *asked)).unwrap_or_default();
        asked.sort();
        asked
    }
}

fn serve(mut stream: &TcpStream, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let (mut accept, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("accept") => accept = value.to_owned(),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, answer) = answer(&first, &body);
    if !is_discovery(&first) {
        let body = String::from_utf8_lossy(&body);
        asked.lock().ok()?.push(format!("{} | {accept} | {}", in_order(first.trim_end()), body.trim_end()));
    }
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(answer.as_bytes()).ok()
}

/// The request line without what client-go leaves to chance: the order of the selector for one object's events, which is
/// that of a map, and how long a watch may take.
fn in_order(request: &str) -> String {
    let sorted = |parameter: &str| {
        if parameter.starts_with("timeoutSeconds=") && request.contains("watch=true") {
            return "timeoutSeconds".to_owned();
        }
        let Some(selector) = parameter.strip_prefix("fieldSelector=involvedObject.") else {
            return parameter.to_owned();
        };
        let mut parts: Vec<_> = selector.split("%2CinvolvedObject.").collect();
        parts.sort_unstable();
        format!("fieldSelector=involvedObject.{}", parts.join("%2CinvolvedObject."))
    };
    let Some((path, query)) = request.split_once('?') else { return request.to_owned() };
    let query: Vec<_> = query.split('&').map(sorted).collect();
    format!("{path}?{}", query.join("&"))
}

fn path_of(request: &str) -> &str {
    request.split(' ').nth(1).and_then(|url| url.split('?').next()).unwrap_or_default()
}

/// Whether the request is about what types there are, or a kubectl that stands for several asks which one to run.
fn is_discovery(request: &str) -> bool {
    let path = path_of(request);
    if request.contains(" /version?timeout=5s ") {
        return true;
    }
    path == "/api" || path == "/apis" || TYPES.iter().any(|(version, ..)| path == root(version))
}

fn root(version: &str) -> String {
    format!("{}/{version}", if version.contains('/') { "/apis" } else { "/api" })
}

fn answer(request: &str, body: &[u8]) -> (u16, String) {
    let path = path_of(request);
    if path == "/version" {
        let version = json!({"major": "1", "minor": "33", "gitVersion": "v1.33.1", "platform": "linux/amd64"});
        return (200, version.to_string());
    }
    if let Some(document) = discovery(path) {
        return (200, document.to_string());
    }
    if request.starts_with("POST") {
        let mut review: Value = serde_json::from_slice(body).unwrap_or_default();
        review["status"] = json!({"allowed": true, "userInfo": {"username": "u"}, "resourceRules": [], "nonResourceRules": [], "incomplete": false});
        return (201, review.to_string());
    }
    if request.contains("watch=") {
        return (200, String::new());
    }
    match object_at(path) {
        Some(object) => (200, object),
        None => (404, json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404}).to_string()),
    }
}

fn discovery(path: &str) -> Option<Value> {
    if path == "/api" {
        return Some(json!({"kind": "APIVersions", "versions": ["v1"]}));
    }
    if path == "/apis" {
        let mut versions: Vec<_> = TYPES.iter().filter_map(|(version, ..)| version.split_once('/')).collect();
        versions.dedup();
        let group = |(group, version): &(&str, &str)| {
            let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
            json!({"name": group, "versions": [version], "preferredVersion": version})
        };
        let groups: Vec<_> = versions.iter().map(group).collect();
        return Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}));
    }
    let types: Vec<_> = TYPES.iter().filter(|(version, ..)| path == root(version)).collect();
    let resource = |(_, plural, singular, short, kind, namespaced): &&Type| {
        let short: Vec<_> = std::iter::once(short).filter(|short| !short.is_empty()).collect();
        let categories = if IN_ALL.contains(plural) { vec!["all"] } else { vec![] };
        json!({"name": plural, "singularName": singular, "namespaced": namespaced, "kind": kind, "shortNames": short,
            "categories": categories, "verbs": ["get", "list", "watch"]})
    };
    let (version, ..) = types.first()?;
    let resources: Vec<_> = types.iter().map(resource).collect();
    Some(json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}))
}

/// The object, list or log at `path`.
fn object_at(path: &str) -> Option<String> {
    let mut versions: Vec<&str> = TYPES.iter().map(|(version, ..)| *version).collect();
    versions.dedup();
    let (version, rest) =
        versions.iter().find_map(|version| Some((*version, path.strip_prefix(&format!("{}/", root(version)))?)))?;
    let parts: Vec<&str> = rest.split('/').collect();
    let (namespace, parts) = match parts.as_slice() {
        ["namespaces", namespace, rest @ ..] if !rest.is_empty() && *rest != ["status"] => (Some(*namespace), rest),
        parts => (None, parts),
    };
    let (plural, parts) = parts.split_first()?;
    let of_type = TYPES.iter().find(|(of, name, ..)| *of == version && name == plural)?;
    match parts {
        [] => Some(list(of_type, namespace).to_string()),
        [_, "log"] => Some("a line\n".to_owned()),
        [name, ..] => Some(object(of_type, namespace, name).to_string()),
    }
}

fn list(of_type: &Type, namespace: Option<&str>) -> Value {
    let (version, _, _, _, kind, namespaced) = of_type;
    let namespace = namespace.or(namespaced.then_some("shop"));
    json!({"kind": format!("{kind}List"), "apiVersion": version, "metadata": {"resourceVersion": "1"},
        "items": [object(of_type, namespace, "web")]})
}

fn object((version, plural, _, _, kind, _): &Type, namespace: Option<&str>, name: &str) -> Value {
    let labels = json!({"app": "web"});
    let selector = match *plural {
        "services" | "replicationcontrollers" => labels.clone(),
        _ => json!({"matchLabels": labels}),
    };
    let pod = json!({"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": "x"}]}});
    let uid = format!("{plural}-{name}");
    json!({"kind": kind, "apiVersion": version,
        "metadata": {"name": name, "namespace": namespace, "uid": uid, "labels": labels, "generation": 1},
        "spec": {"selector": selector, "template": pod, "containers": pod["spec"]["containers"], "replicas": 1},
        "status": {"phase": "Running"}, "usage": {"cpu": "1m", "memory": "1Mi"},
        "containers": [{"name": "app", "usage": {"cpu": "1m", "memory": "1Mi"}}]})
}
