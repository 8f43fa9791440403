//! Where volumes come from: every kind of source with its fields, for pods and for persistent volumes.

mod sources;

use serde_json::Value;

use self::sources::{
    How::{self, Flag, Joined, List, Map, Number, Or, Reference, Text},
    IN_PODS, IN_VOLUMES, SOURCES, Source,
};
use super::{
    claim,
    metadata::shortened,
    writer::{Writer, put},
};
use crate::{fields::Fields, quantity::Quantity};

/// Longest attribute of a CSI volume, in bytes.
const MAX_ATTRIBUTE: usize = 140;

/// The volumes of a pod or template; `space` stands before what belongs to a template.
pub(crate) fn volumes(writer: &mut Writer, spec: &Value, space: &str) {
    let volumes = spec.list("volumes");
    if volumes.is_empty() {
        return put!(writer, 0, "{space}Volumes:\t<none>\n");
    }
    put!(writer, 0, "{space}Volumes:\n");
    let indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        put!(writer, 1, "{indent}{}:\n", volume.text("name"));
        of_pod(writer, volume);
    }
}

fn of_pod(writer: &mut Writer, volume: &Value) {
    if volume["emptyDir"].is_object() {
        empty_dir(writer, &volume["emptyDir"]);
    } else if volume["projected"].is_object() {
        projected(writer, &volume["projected"]);
    } else if volume["downwardAPI"].is_object() {
        downward(writer, &volume["downwardAPI"]);
    } else if volume["ephemeral"].is_object() {
        put!(
            writer,
            2,
            "Type:\tEphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)\n"
        );
        let template = volume.at("ephemeral.volumeClaimTemplate");
        if template.is_object() {
            claim::template(writer, template, 2);
        }
    } else {
        source(writer, volume, IN_PODS);
    }
}

/// The source of a persistent volume.
pub(crate) fn of_persistent_volume(writer: &mut Writer, spec: &Value) {
    source(writer, spec, IN_VOLUMES);
}

fn source(writer: &mut Writer, volume: &Value, others: &[Source]) {
    let Some((key, title, fields)) = SOURCES.iter().chain(others).find(|(key, ..)| volume[*key].is_object()) else {
        return put!(writer, 1, "<unknown>\n");
    };
    put!(writer, 2, "Type:\t{title}\n");
    for (label, path, how) in *fields {
        put!(writer, 0, "    {label}{}\n", printed(volume[*key].at(path), *how));
    }
    if *key == "csi" {
        attributes(writer, &volume["csi"]);
    }
}

fn printed(value: &Value, how: How) -> String {
    let texts = || value.as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    match how {
        Text => value.as_str().unwrap_or_default().to_owned(),
        Number => value.as_i64().unwrap_or_default().to_string(),
        Flag => value.as_bool().unwrap_or_default().to_string(),
        List => format!("[{}]", texts().join(" ")),
        Joined => texts().join(", "),
        Reference => reference(value),
        Or(none) if value.is_null() => none.to_owned(),
        Or(_) => value.as_str().map_or_else(|| value.to_string(), str::to_owned),
        Map => {
            let pairs = value.as_object().into_iter().flatten();
            let mut pairs: Vec<_> =
                pairs.map(|(name, value)| format!("{name}:{}", value.as_str().unwrap_or_default())).collect();
            pairs.sort_unstable();
            format!("map[{}]", pairs.join(" "))
        }
    }
}

/// As Go prints a pointer to one.
fn reference(value: &Value) -> String {
    match (value.is_object(), value["namespace"].as_str()) {
        (false, _) => "nil".to_owned(),
        (true, None) => format!("&LocalObjectReference{{Name:{},}}", value.text("name")),
        (true, Some(namespace)) => format!("&SecretReference{{Name:{},Namespace:{namespace},}}", value.text("name")),
    }
}

fn attributes(writer: &mut Writer, csi: &Value) {
    put!(writer, 2, "VolumeAttributes:\t");
    let attributes = csi.map("volumeAttributes");
    if attributes.is_empty() {
        return put!(writer, 0, "<none>\n");
    }
    for (at, (name, value)) in attributes.into_iter().enumerate() {
        if at > 0 {
            put!(writer, 2, "");
            put!(writer, 2, "\t");
        }
        let line = format!("{name}={}", value.as_str().unwrap_or_default());
        put!(writer, 2, "{}\n", shortened(&line, MAX_ATTRIBUTE));
    }
}

fn empty_dir(writer: &mut Writer, volume: &Value) {
    let limit = Quantity::of(&volume["sizeLimit"]);
    let limit = if limit > Quantity::default() { limit.to_string() } else { "<unset>".to_owned() };
    put!(writer, 2, "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)\n");
    put!(writer, 0, "    Medium:\t{}\n    SizeLimit:\t{limit}\n", volume.text("medium"));
}

fn projected(writer: &mut Writer, volume: &Value) {
    put!(writer, 2, "Type:\tProjected (a volume that contains injected data from multiple sources)\n");
    for source in volume.list("sources") {
        let optional = |kind: &str| source[kind].is("optional");
        if source["secret"].is_object() {
            put!(writer, 2, "SecretName:\t{}\n    Optional:\t{}\n", source.text("secret.name"), optional("secret"));
        } else if source["downwardAPI"].is_object() {
            put!(writer, 2, "DownwardAPI:\ttrue\n");
        } else if source["configMap"].is_object() {
            put!(
                writer,
                2,
                "ConfigMapName:\t{}\n    Optional:\t{}\n",
                source.text("configMap.name"),
                optional("configMap")
            );
        } else if source["serviceAccountToken"].is_object() {
            let seconds = source.int("serviceAccountToken.expirationSeconds").unwrap_or_default();
            put!(writer, 2, "TokenExpirationSeconds:\t{seconds}\n");
        }
    }
}

fn downward(writer: &mut Writer, volume: &Value) {
    put!(writer, 2, "Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:\n");
    for item in volume.list("items") {
        for path in ["fieldRef.fieldPath", "resourceFieldRef.resource"] {
            if item.has(path) {
                put!(writer, 3, "{} -> {}\n", item.text(path), item.text("path"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(volume: &Value) -> String {
        let mut writer = Writer::default();
        of_pod(&mut writer, volume);
        writer.finish()
    }

    #[test]
    fn every_source_says_what_it_is() {
        for (key, title, fields) in SOURCES.iter().chain(IN_PODS) {
            let printed = text(&json!({(*key): {}}));
            assert!(printed.starts_with("    Type:") && printed.contains(title), "{key}: {printed}");
            let lines = printed.lines().count();
            assert_eq!(lines, 1 + fields.len() + usize::from(*key == "csi"), "{key}: {printed}");
        }
        assert_eq!(text(&json!({"new": {}})), "  <unknown>\n");
    }

    #[test]
    fn fields_are_printed_as_go_prints_them() {
        let rbd = json!({"rbd": {"monitors": ["a", "b"], "image": "i", "secretRef": {"name": "s"}}});
        let printed = text(&rbd);
        assert!(
            printed.contains("CephMonitors:  [a b]\n") && printed.contains("&LocalObjectReference{Name:s,}"),
            "{printed}"
        );
        let flex = json!({"flexVolume": {"driver": "d", "options": {"b": "2", "a": "1"}}});
        assert!(text(&flex).contains("map[a:1 b:2]") && text(&flex).contains("SecretRef:  nil"), "{}", text(&flex));
    }

    #[test]
    fn projected_volumes_name_their_sources() {
        let volume = json!({"projected": {"sources": [{"serviceAccountToken": {"expirationSeconds": 3607}},
            {"configMap": {"name": "kube-root-ca.crt"}}, {"downwardAPI": {}}, {"secret": {"name": "s", "optional": true}}]}});
        let expected = "    \
    Type:                    Projected (a volume that contains injected data from multiple sources)
    TokenExpirationSeconds:  3607
    ConfigMapName:           kube-root-ca.crt
    Optional:                false
    DownwardAPI:             true
    SecretName:              s
    Optional:                true
";
        assert_eq!(text(&volume), expected);
    }
}
