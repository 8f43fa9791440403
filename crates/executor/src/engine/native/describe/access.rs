//! Who may do what: `ServiceAccount`, roles and their bindings.

use kubently_render::{describe, fields::Fields};
use serde_json::Value;

use super::{Described, View};
use crate::engine::native::{api::Path, catalog::Resource};

/// Describes kinds of this family.
pub(super) async fn describe(view: &View<'_>, resource: &Resource, object: &Value) -> Described {
    match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "ServiceAccount") => Some(Ok(service_account(view, object).await)),
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => Some(Ok(describe::role(object))),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => Some(Ok(describe::role_binding(object))),
        _ => None,
    }
}

/// Without the secrets, where they may not be seen, the account is described all the same.
async fn service_account(view: &View<'_>, object: &Value) -> String {
    let path = format!("/api/v1/namespaces/{}/secrets", object.text("metadata.namespace"));
    let (secrets, events) = tokio::join!(view.list(|| Path::new(path.clone())), view.events(object));
    describe::service_account(object, secrets.ok().as_deref(), view.events_of(events.as_deref()))
}
