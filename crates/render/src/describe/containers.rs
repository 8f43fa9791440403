//! The containers of a pod or of a pod template.

mod environment;
mod probe;
mod state;

use serde_json::Value;

use super::writer::{Writer, put};
use crate::{fields::Fields, jsonpath::go::quote, quantity::Quantity};

/// Whose containers they are.
#[derive(Clone, Copy)]
pub(crate) struct Owner<'a> {
    /// A pod, for the statuses of its containers and for references to its own fields; null for a template.
    pub(crate) pod: &'a Value,
    /// Stands before what belongs to a template.
    pub(crate) space: &'a str,
}

/// Writes containers under a title; their statuses are at a path of the pod.
pub(crate) fn containers(writer: &mut Writer, title: &str, all: &[Value], statuses: &str, owner: Owner<'_>) {
    let none = if all.is_empty() { " <none>" } else { "" };
    put!(writer, 0, "{}{title}:{none}\n", owner.space);
    for container in all {
        let named = |status: &&Value| status.text("name") == container.text("name");
        let status = owner.pod.list(statuses).iter().rev().find(named);
        basics(writer, container, status, owner.space);
        command(writer, container);
        if let Some(status) = status {
            state::put(writer, status);
        }
        resources(writer, 2, &container["resources"]);
        for (title, field) in
            [("Liveness", "livenessProbe"), ("Readiness", "readinessProbe"), ("Startup", "startupProbe")]
        {
            if container[field].is_object() {
                put!(writer, 2, "{title}:\t{}\n", probe::text(&container[field]));
            }
        }
        environment::put(writer, container, owner.pod);
        mounts(writer, container);
    }
}

fn basics(writer: &mut Writer, container: &Value, status: Option<&Value>, space: &str) {
    let indent = if space.is_empty() { "" } else { " " };
    put!(writer, 1, "{indent}{}:\n", container.text("name"));
    if let Some(status) = status {
        put!(writer, 2, "Container ID:\t{}\n", status.text("containerID"));
    }
    put!(writer, 2, "Image:\t{}\n", container.text("image"));
    if let Some(status) = status {
        put!(writer, 2, "Image ID:\t{}\n", status.text("imageID"));
    }
    for (one, field) in [("Port", "containerPort"), ("Host Port", "hostPort")] {
        let ports = ports(container, field);
        let (plural, ports) = match ports.as_str() {
            "" => ("", "<none>"),
            ports if ports.contains(',') => ("s", ports),
            ports => ("", ports),
        };
        put!(writer, 2, "{one}{plural}:\t{ports}\n");
    }
    let profile = container.at("securityContext.seccompProfile");
    if profile.is_object() {
        put!(writer, 2, "SeccompProfile:\t{}\n", profile.text("type"));
        if profile.text("type") == "Localhost" {
            put!(writer, 3, "LocalhostProfile:\t{}\n", profile.text("localhostProfile"));
        }
    }
}

fn ports(container: &Value, field: &str) -> String {
    let port = |port: &Value| format!("{}/{}", port.int(field).unwrap_or_default(), port.text("protocol"));
    container.list("ports").iter().map(port).collect::<Vec<_>>().join(", ")
}

fn command(writer: &mut Writer, container: &Value) {
    for (title, field) in [("Command", "command"), ("Args", "args")] {
        let words = container.list(field);
        if !words.is_empty() {
            put!(writer, 2, "{title}:\n");
        }
        for line in words.iter().flat_map(|word| word.as_str().unwrap_or_default().split('\n')) {
            put!(writer, 3, "{line}\n");
        }
    }
}

/// Limits and requests.
pub(crate) fn resources(writer: &mut Writer, level: usize, resources: &Value) {
    for (title, field) in [("Limits", "limits"), ("Requests", "requests")] {
        let amounts = resources.map(field);
        if !amounts.is_empty() {
            put!(writer, level, "{title}:\n");
        }
        for (name, amount) in amounts {
            put!(writer, level + 1, "{name}:\t{}\n", Quantity::of(amount));
        }
    }
}

fn mounts(writer: &mut Writer, container: &Value) {
    let mut mounts: Vec<_> = container.list("volumeMounts").iter().collect();
    mounts.sort_by_key(|mount| mount.text("mountPath"));
    let none = if mounts.is_empty() { "\t<none>" } else { "" };
    put!(writer, 2, "Mounts:{none}\n");
    for mount in mounts {
        let access = if mount.is("readOnly") { "ro" } else { "rw" };
        let path = match mount.text("subPath") {
            "" => String::new(),
            path => format!(",path={}", quote(path)),
        };
        put!(writer, 3, "{} from {} ({access}{path})\n", mount.text("mountPath"), mount.text("name"));
    }
    let mut devices: Vec<_> = container.list("volumeDevices").iter().collect();
    devices.sort_by_key(|device| device.text("devicePath"));
    if !devices.is_empty() {
        put!(writer, 2, "Devices:{none}\n");
    }
    for device in devices {
        put!(writer, 3, "{} from {}\n", device.text("devicePath"), device.text("name"));
    }
}
