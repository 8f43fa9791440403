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

/// As Go puts a URL together: the path is escaped as a whole, so a query in it does not stay one.
fn url(get: &Value) -> String {
    let (host, port) = (get.text("host"), number_or_percent(&get["port"]));
    let host = match port.as_str() {
        "" => host.to_owned(),
        port if host.contains([':', '%']) => format!("[{host}]:{port}"),
        port => format!("{host}:{port}"),
    };
    let path = match get.text("path") {
        "*" => "*".to_owned(),
        path => escaped(path, b"$&+,/:;=@"),
    };
    let slash = if path.is_empty() || path.starts_with('/') || host.is_empty() { "" } else { "/" };
    let scheme = match get.text("scheme") {
        "" => String::new(),
        scheme => format!("{}:", scheme.to_lowercase()),
    };
    let slashes = if scheme.is_empty() && host.is_empty() || host.is_empty() && path.is_empty() { "" } else { "//" };
    format!("{scheme}{slashes}{}{slash}{path}", escaped(&host, b"!$&'()*+,;=:[]<>\""))
}

/// Every byte that needs it as `%XX`; letters, digits, `-_.~` and `also` stay.
fn escaped(text: &str, also: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) || also.contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
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
            (
                json!({"httpGet": {"scheme": "HTTP", "port": 1, "path": "/a b?full=1&c=%2F"}}),
                "http-get http://:1/a%20b%3Ffull=1&c=%252F",
            ),
            (json!({"httpGet": {"port": 1, "path": "/x", "host": "fe80::1%eth0"}}), "http-get //[fe80::1%25eth0]:1/x"),
            (json!({"httpGet": {"scheme": "HTTP", "port": 1, "path": "*"}}), "http-get http://:1/*"),
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
