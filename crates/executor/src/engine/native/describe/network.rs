//! Network: `Service`, `Endpoints`, `EndpointSlice`, `Ingress`, `IngressClass`, `NetworkPolicy` and others.

use std::collections::HashMap;

use futures::future::join_all;
use kubently_render::{describe, fields::Fields};
use serde_json::Value;

use super::{Described, View};
use crate::engine::native::{
    api::{Path, encode},
    catalog::Resource,
    fault::Fault,
};

/// Names the service that an endpoint slice belongs to.
const SERVICE: &str = "kubernetes.io/service-name";

/// Describes kinds of this family.
pub(super) async fn describe(view: &View<'_>, resource: &Resource, object: &Value) -> Described {
    let text = match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Service") => return Some(Ok(service(view, object).await)),
        ("networking.k8s.io" | "extensions", "Ingress") => return Some(Ok(ingress(view, object).await)),
        ("networking.k8s.io", "NetworkPolicy") => return Some(Ok(describe::network_policy(object))),
        ("", "Endpoints") => describe::endpoints,
        ("discovery.k8s.io", "EndpointSlice") => describe::endpoint_slice,
        ("networking.k8s.io", "IngressClass") => describe::ingress_class,
        ("networking.k8s.io", "ServiceCIDR") => describe::service_cidr,
        ("networking.k8s.io", "IPAddress") => describe::ip_address,
        _ => return None,
    };
    let found = view.events(object).await;
    Some(Ok(text(object, view.events_of(found.as_deref()))))
}

async fn service(view: &View<'_>, object: &Value) -> String {
    let (namespace, name) = (object.text("metadata.namespace"), object.text("metadata.name"));
    let (slices, found) = tokio::join!(slices(view, namespace, name), view.events(object));
    // As kubectl has it: without the slices there are no endpoints.
    describe::service(object, &slices.unwrap_or_default(), view.events_of(found.as_deref()))
}

/// All slices of a service in one request, as kubectl asks for them.
async fn slices(view: &View<'_>, namespace: &str, service: &str) -> Result<Vec<Value>, Fault> {
    let path = Path::new(format!("/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices"));
    let path = path.query("labelSelector", format!("{SERVICE}={service}")).build();
    view.api.object(&path).await.map(kubently_render::object::items_of)
}

/// What was found behind a service.
type Behind = Result<(Vec<Value>, Value), String>;

async fn ingress(view: &View<'_>, object: &Value) -> String {
    let namespace = object.text("metadata.namespace");
    let paths = object.list("spec.rules").iter().flat_map(|rule| rule.list("http.paths")).map(|path| &path["backend"]);
    let backends = std::iter::once(object.at("spec.defaultBackend")).chain(paths);
    let mut services: Vec<_> =
        backends.map(|backend| backend.text("service.name")).filter(|name| !name.is_empty()).collect();
    services.sort_unstable();
    services.dedup();
    let asked: Vec<_> = services.iter().map(|name| behind(view, namespace, name)).collect();
    let (found, events) = tokio::join!(join_all(asked), view.events(object));
    let found: HashMap<&str, Behind> = services.into_iter().zip(found).collect();
    let nothing: Behind = Ok((Vec::new(), Value::Null));
    let backend = |one: &Value| describe::backend(one, found.get(one.text("service.name")).unwrap_or(&nothing));
    describe::ingress(object, &backend, view.events_of(events.as_deref()))
}

async fn behind(view: &View<'_>, namespace: &str, service: &str) -> Behind {
    let mut path = format!("/api/v1/namespaces/{namespace}/services/");
    encode(&mut path, service);
    let object = async { view.api.object(&path).await };
    tokio::try_join!(slices(view, namespace, service), object).map_err(|fault| fault.words())
}
