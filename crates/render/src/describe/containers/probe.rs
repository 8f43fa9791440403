//! Probes in one line.

use serde_json::Value;

use super::super::config::number_or_percent;
use crate::fields::Fields;

/// What a probe does, and how often.
pub(super) fn text(probe: &Value) -> String {
    let number = |name: &str| probe.int(name).unwrap_or_default();
    let times = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number("initialDelaySeconds"),
        number("timeoutSeconds"),
        number("periodSeconds"),
        number("successThreshold"),
        number("failureThreshold")
    );
    if probe["exec"].is_object() {
        let command: Vec<_> = probe.list("exec.command").iter().filter_map(Value::as_str).collect();
        format!("exec [{}] {times}", command.join(" "))
    } else if probe["httpGet"].is_object() {
        format!("http-get {} {times}", url(&probe["httpGet"]))
    } else if probe["tcpSocket"].is_object() {
        let socket = &probe["tcpSocket"];
        format!("tcp-socket {}:{} {times}", socket.text("host"), number_or_percent(&socket["port"]))
    } else if probe["grpc"].is_object() {
        let port = probe.int("grpc.port").unwrap_or_default();
        format!("grpc <pod>:{port} {} {times}", probe.text("grpc.service"))
    } else {
        format!("unknown {times}")
    }
}

fn url(get: &Value) -> String {
    let (host, port) = (get.text("host"), number_or_percent(&get["port"]));
    let host = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let path = get.text("path");
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    format!("{}://{host}{slash}{path}", get.text("scheme").to_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_kind_has_its_words() {
        let times = "delay=0s timeout=1s period=0s #success=0 #failure=0";
        let cases = [
            (json!({"exec": {"command": ["a", "b"]}}), "exec [a b]"),
            (json!({"httpGet": {"scheme": "HTTP", "port": "web", "path": "/x"}}), "http-get http://:web/x"),
            (
                json!({"httpGet": {"scheme": "HTTPS", "host": "::1", "port": 8, "path": "x"}}),
                "http-get https://[::1]:8/x",
            ),
            (json!({"tcpSocket": {"port": 80}}), "tcp-socket :80"),
            (json!({"grpc": {"port": 9, "service": "s"}}), "grpc <pod>:9 s"),
            (json!({}), "unknown"),
        ];
        for (mut probe, expected) in cases {
            probe["timeoutSeconds"] = 1.into();
            assert_eq!(text(&probe), format!("{expected} {times}"));
        }
    }
}
