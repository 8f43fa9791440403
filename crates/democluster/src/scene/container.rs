//! What a container is, what becomes of it, and what it says.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Usage, secs};

/// What became of a container.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// Up, ready, never restarted.
    Running,
    /// Up and ready again after it had ended `restarts` times, the last time so long ago.
    Restarted { restarts: u32, exit_code: u8, reason: &'static str, ago: Duration },
    /// Up, but its readiness probe says this.
    Unready { probe: &'static str },
    /// Ends each time soon after its start; now waits for the next try.
    Crashing { restarts: u32, exit_code: u8, reason: &'static str },
    /// Never started: its image cannot be pulled.
    ImageMissing,
    /// Ended well.
    Completed,
    /// Ended with this exit code, for good.
    Failed { exit_code: u8 },
}

/// What a container writes: `opening` once at its start, then `cycle` over and over, a line `every` so often. A container
/// that ends writes `opening` only. In a line, `{n}` stands for a number that changes from line to line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    pub(crate) opening: &'static [&'static str],
    pub(crate) cycle: &'static [&'static str],
    pub(crate) every: Duration,
}

/// One container of a pod template. The builder's methods take values as Kubernetes spells them.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub(crate) name: &'static str,
    pub(crate) image: &'static str,
    pub(crate) fate: Fate,
    pub(crate) script: Script,
    /// What the ended run before this one wrote, where that differs from the script's opening.
    pub(crate) last_words: &'static [&'static str],
    pub(crate) usage: Usage,
    pub(crate) ports: Vec<(&'static str, u16)>,
    args: &'static [&'static str],
    env: Vec<Value>,
    requests: Map<String, Value>,
    limits: Map<String, Value>,
    mounts: Vec<Value>,
    ready_path: Option<&'static str>,
}

impl Container {
    pub(crate) fn new(name: &'static str, image: &'static str) -> Self {
        Self {
            name,
            image,
            fate: Fate::Running,
            script: Script { opening: &[], cycle: &[], every: secs(30) },
            last_words: &[],
            usage: Usage { cpu_millis: 4, memory_mi: 38 },
            ports: Vec::new(),
            args: &[],
            env: Vec::new(),
            requests: Map::new(),
            limits: Map::new(),
            mounts: Vec::new(),
            ready_path: None,
        }
    }

    pub(crate) fn args(mut self, args: &'static [&'static str]) -> Self {
        self.args = args;
        self
    }

    pub(crate) fn port(mut self, name: &'static str, port: u16) -> Self {
        self.ports.push((name, port));
        self
    }

    pub(crate) fn ready_at(mut self, path: &'static str) -> Self {
        self.ready_path = Some(path);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push(json!({ "name": name, "value": value }));
        self
    }

    pub(crate) fn secret_env(mut self, name: &str, secret: &str, key: &str) -> Self {
        self.env.push(json!({ "name": name, "valueFrom": { "secretKeyRef": { "name": secret, "key": key } } }));
        self
    }

    pub(crate) fn requests(mut self, cpu: &str, memory: &str) -> Self {
        self.requests = resources(cpu, memory);
        self
    }

    pub(crate) fn limits(mut self, cpu: &str, memory: &str) -> Self {
        self.limits = resources(cpu, memory);
        self
    }

    pub(crate) fn request(mut self, resource: &str, amount: &str) -> Self {
        self.requests.insert(resource.to_owned(), json!(amount));
        self.limits.insert(resource.to_owned(), json!(amount));
        self
    }

    pub(crate) fn mount(mut self, volume: &str, path: &str) -> Self {
        self.mounts.push(json!({ "name": volume, "mountPath": path }));
        self
    }

    pub(crate) fn uses(mut self, cpu_millis: u64, memory_mi: u64) -> Self {
        self.usage = Usage { cpu_millis, memory_mi };
        self
    }

    pub(crate) fn fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    pub(crate) fn says(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    pub(crate) fn last_words(mut self, lines: &'static [&'static str]) -> Self {
        self.last_words = lines;
        self
    }

    /// The container in a pod's or template's spec. `token` is the volume that holds the service account's token, which
    /// only pods have.
    pub(crate) fn spec(&self, token: Option<&str>) -> Value {
        let mut spec = json!({
            "name": self.name, "image": self.image, "imagePullPolicy": "IfNotPresent", "resources": self.resources(),
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
        });
        let mounts = self.mounts(token);
        let ports: Vec<Value> = self.ports.iter().map(port_spec).collect();
        for (field, values) in [("env", &self.env), ("volumeMounts", &mounts), ("ports", &ports)] {
            if !values.is_empty() {
                spec[field] = json!(values);
            }
        }
        if !self.args.is_empty() {
            spec["args"] = json!(self.args);
        }
        if let (Some(path), Some((port, _))) = (self.ready_path, self.ports.first()) {
            spec["readinessProbe"] = json!({
                "httpGet": { "path": path, "port": port, "scheme": "HTTP" },
                "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
            });
        }
        spec
    }

    /// Its volume mounts, the token's last.
    pub(crate) fn mounts(&self, token: Option<&str>) -> Vec<Value> {
        const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
        let mut mounts = self.mounts.clone();
        mounts.extend(token.map(|name| json!({ "name": name, "readOnly": true, "mountPath": TOKEN_PATH })));
        mounts
    }

    /// Its `resources`, also repeated in its status.
    pub(crate) fn resources(&self) -> Value {
        let mut resources = json!({});
        for (field, amounts) in [("requests", &self.requests), ("limits", &self.limits)] {
            if !amounts.is_empty() {
                resources[field] = json!(amounts);
            }
        }
        resources
    }

    pub(crate) fn has_resources(&self) -> bool {
        !self.requests.is_empty() || !self.limits.is_empty()
    }

    /// Whether requests and limits are the same, as the Guaranteed class of service wants.
    pub(crate) fn is_guaranteed(&self) -> bool {
        !self.limits.is_empty() && self.requests == self.limits
    }

    /// What a run that ended wrote.
    pub(super) fn script_of_end(&self) -> Script {
        let opening = if self.last_words.is_empty() { self.script.opening } else { self.last_words };
        Script { opening, ..self.script }
    }

    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.fate, Fate::Running | Fate::Restarted { .. })
    }

    pub(crate) fn is_up(&self) -> bool {
        self.is_ready() || matches!(self.fate, Fate::Unready { .. })
    }
}

fn resources(cpu: &str, memory: &str) -> Map<String, Value> {
    let amounts = [("cpu", cpu), ("memory", memory)];
    amounts.iter().filter(|(_, v)| !v.is_empty()).map(|(k, v)| ((*k).to_owned(), json!(v))).collect()
}

fn port_spec((name, port): &(&'static str, u16)) -> Value {
    json!({ "name": name, "containerPort": port, "protocol": "TCP" })
}
