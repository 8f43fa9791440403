//! `cluster-info`

use kubently_core::kubectl::{ClusterInfoCommand, NamespaceScope};
use kubently_render::{fields::Fields, object::items_of};
use serde_json::Value;

use super::{
    Ended,
    api::{Api, Path},
    fault::Fault,
};
use crate::runner::Output;

/// Marks services that belong to the cluster itself.
const LABEL: &str = "kubernetes.io/cluster-service=true";

/// Prints where the API server and the cluster's own services are. The advice comes last, whatever went wrong.
pub(super) async fn run(api: &Api<'_>, command: &ClusterInfoCommand, output: &Output) -> Ended {
    let namespace = match &command.common.namespace {
        NamespaceScope::Named(name) => name,
        _ => "kube-system",
    };
    let listed = services(api, namespace).await;
    if let Ok(services) = &listed {
        let url = api.url().to_string();
        output.out(&addresses(url.trim_end_matches('/'), services));
    }
    output.out("\nTo further debug and diagnose cluster problems, use 'kubectl cluster-info dump'.\n");
    Ok(listed.map(drop)?)
}

async fn services(api: &Api<'_>, namespace: &str) -> Result<Vec<Value>, Fault> {
    let path = format!("/api/v1/namespaces/{namespace}/services");
    let path = Path::new(path).query("labelSelector", LABEL).build();
    Ok(items_of(api.object(&path).await?))
}

fn addresses(host: &str, services: &[Value]) -> String {
    let mut text = format!("Kubernetes control plane is running at {host}\n");
    for service in services {
        let label = service["metadata"]["labels"]["kubernetes.io/name"].as_str().filter(|name| !name.is_empty());
        let name = label.unwrap_or_else(|| service.text("metadata.name"));
        text += &format!("{name} is running at {}\n", link(host, service));
    }
    text
}

fn link(host: &str, service: &Value) -> String {
    let ports = service.list("spec.ports");
    if let Some(ingress) = service.list("status.loadBalancer.ingress").first() {
        let address = if ingress.text("ip").is_empty() { ingress.text("hostname") } else { ingress.text("ip") };
        let urls = ports.iter().map(|port| format!("http://{address}:{} ", port.int("port").unwrap_or_default()));
        return urls.collect();
    }
    let (namespace, name) = (service.text("metadata.namespace"), service.text("metadata.name"));
    let name = match ports.first() {
        None => name.to_owned(),
        Some(port) if port.text("name") == "https" || port.int("port") == Some(443) => {
            format!("https:{name}:{}", port.text("name"))
        }
        Some(port) if port.text("name").is_empty() => name.to_owned(),
        Some(port) => format!("{name}:{}", port.text("name")),
    };
    format!("{host}/api/v1/namespaces/{namespace}/services/{name}/proxy")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn services_are_reached_through_the_api_or_their_own_address() {
        let service = |ports: Value, ingress: Value| {
            json!({"metadata": {"name": "dns", "namespace": "kube-system"}, "spec": {"ports": ports},
                "status": {"loadBalancer": {"ingress": ingress}}})
        };
        let cases = [
            (
                service(json!([{"name": "dns", "port": 53}]), json!([])),
                "h/api/v1/namespaces/kube-system/services/dns:dns/proxy",
            ),
            (service(json!([{"port": 443}]), json!([])), "h/api/v1/namespaces/kube-system/services/https:dns:/proxy"),
            (service(json!([]), json!([])), "h/api/v1/namespaces/kube-system/services/dns/proxy"),
            (service(json!([{"port": 80}]), json!([{"hostname": "x"}])), "http://x:80 "),
        ];
        for (service, expected) in cases {
            assert_eq!(link("h", &service), expected);
        }
    }
}
