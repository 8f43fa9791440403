//! Who may do what: `ServiceAccount`, `Role`, `ClusterRole` and their bindings.

use serde_json::Value;

use super::{
    Events,
    config::head,
    metadata::{annotations, labels},
    writer::{Writer, put},
};
use crate::{fields::Fields, rbac::compact};

/// Describes a `ServiceAccount` with the secrets of its namespace; none where they may not be seen.
#[must_use]
pub fn service_account(object: &Value, secrets: Option<&[Value]>, events: Events<'_>) -> String {
    let mut writer = Writer::default();
    head(&mut writer, object);
    let exists = |name: &str| secrets.is_none_or(|all| all.iter().any(|one| one.text("metadata.name") == name));
    let references = |path: &str| -> Vec<&str> { object.list(path).iter().map(|one| one.text("name")).collect() };
    let tokens = secrets.unwrap_or_default().iter().filter(|secret| is_token_of(secret, object));
    let tokens: Vec<_> = tokens.map(|secret| secret.text("metadata.name")).collect();
    let lists = [
        ("Image pull secrets:", references("imagePullSecrets")),
        ("Mountable secrets: ", references("secrets")),
        ("Tokens:            ", tokens),
    ];
    for (header, names) in lists {
        if names.is_empty() {
            put!(writer, 0, "{header}\t<none>\n");
        }
        for (at, name) in names.into_iter().enumerate() {
            let header = if at == 0 { header } else { "                   " };
            let missing = if exists(name) { "" } else { " (not found)" };
            put!(writer, 0, "{header}\t{name}{missing}\n");
        }
    }
    events.put(&mut writer);
    writer.finish()
}

fn is_token_of(secret: &Value, account: &Value) -> bool {
    let annotation = |name: &str| secret["metadata"]["annotations"][name].as_str().unwrap_or_default();
    secret.text("type") == "kubernetes.io/service-account-token"
        && annotation("kubernetes.io/service-account.name") == account.text("metadata.name")
        && annotation("kubernetes.io/service-account.uid") == account.text("metadata.uid")
}

/// Describes a `Role` or `ClusterRole`.
#[must_use]
pub fn role(object: &Value) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    labels(&mut writer, "Labels", object, "metadata.labels");
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    put!(writer, 0, "PolicyRule:\n");
    put!(writer, 1, "Resources\tNon-Resource URLs\tResource Names\tVerbs\n");
    put!(writer, 1, "---------\t-----------------\t--------------\t-----\n");
    for rule in compact(object.list("rules")) {
        put!(writer, 1, "{}\n", rule.cells().join("\t"));
    }
    writer.finish()
}

/// Describes a `RoleBinding` or `ClusterRoleBinding`.
#[must_use]
pub fn role_binding(object: &Value) -> String {
    let mut writer = Writer::default();
    put!(writer, 0, "Name:\t{}\n", object.text("metadata.name"));
    labels(&mut writer, "Labels", object, "metadata.labels");
    annotations(&mut writer, "Annotations", object, "metadata.annotations");
    put!(writer, 0, "Role:\n");
    put!(writer, 1, "Kind:\t{}\n", object.text("roleRef.kind"));
    put!(writer, 1, "Name:\t{}\n", object.text("roleRef.name"));
    put!(writer, 0, "Subjects:\n");
    put!(writer, 1, "Kind\tName\tNamespace\n");
    put!(writer, 1, "----\t----\t---------\n");
    for subject in object.list("subjects") {
        let [kind, name, namespace] = ["kind", "name", "namespace"].map(|field| subject.text(field));
        put!(writer, 1, "{kind}\t{name}\t{namespace}\n");
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::time::parse;

    #[test]
    fn secrets_that_are_not_there_are_marked() {
        let account = json!({"metadata": {"name": "a", "uid": "u"}, "secrets": [{"name": "s"}, {"name": "gone"}]});
        let token = json!({"metadata": {"name": "t", "annotations": {"kubernetes.io/service-account.name": "a",
            "kubernetes.io/service-account.uid": "u"}}, "type": "kubernetes.io/service-account-token"});
        let secrets = [json!({"metadata": {"name": "s"}}), token];
        let events = Events { found: None, now: parse("2026-01-01T00:00:00Z").unwrap() };
        let text = service_account(&account, Some(&secrets), events);
        let expected = "\
Image pull secrets:  <none>
Mountable secrets:   s
                     gone (not found)
Tokens:              t
";
        assert!(text.ends_with(expected), "{text}");
        assert!(!service_account(&account, None, events).contains("not found"));
    }
}
