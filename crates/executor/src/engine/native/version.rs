//! `version`

use kubently_core::kubectl::{OutputFormat, VersionCommand};
use kubently_render::yaml;
use serde_json::{Value, json};

use super::{
    Ended,
    api::{Api, JSON},
    fault::Fault,
};
use crate::runner::Output;

/// What stands where kubectl names itself.
const CLIENT: &str = concat!("v", env!("CARGO_PKG_VERSION"), "+kubently");

/// The fields of `version.Info`, in the order of Kubernetes' `apimachinery/pkg/version`.
const FIELDS: [&str; 13] = [
    "major",
    "minor",
    "emulationMajor",
    "emulationMinor",
    "minCompatibilityMajor",
    "minCompatibilityMinor",
    "gitVersion",
    "gitCommit",
    "gitTreeState",
    "buildDate",
    "goVersion",
    "compiler",
    "platform",
];

/// The versions of this engine and of the server.
pub(super) async fn run(api: &Api<'_>, version: &VersionCommand, output: &Output) -> Ended {
    if !matches!(version.output, OutputFormat::Default | OutputFormat::Json | OutputFormat::Yaml) {
        return Err(vec![Fault::Plain("--output must be 'yaml' or 'json'".to_owned())]);
    }
    let server: Result<Option<Value>, Fault> =
        if version.client { Ok(None) } else { api.read("/version", JSON).await.map(Some) };
    let known = server.as_ref().ok().cloned().flatten();
    output.out(&text(&version.output, known));
    server.map(drop).map_err(Vec::from)
}

fn text(format: &OutputFormat, server: Option<Value>) -> String {
    let mut whole = json!({"clientVersion": {"gitVersion": CLIENT}});
    if let Some(server) = server {
        whole["serverVersion"] = server;
    }
    match format {
        OutputFormat::Json => as_json(&whole),
        // kubectl ends the line of a text that ends with one.
        OutputFormat::Yaml => yaml::print(&whole) + "\n",
        _ => {
            let server = whole["serverVersion"]["gitVersion"].as_str();
            let server = server.map(|version| format!("Server Version: {version}\n")).unwrap_or_default();
            format!("Client Version: {CLIENT}\n{server}")
        }
    }
}

/// As Go writes these types: two spaces deep, fields in their own order, those that it does not know left out.
fn as_json(versions: &Value) -> String {
    let version = |name: &str| {
        let fields = FIELDS.iter().filter_map(|field| Some((field, versions[name][field].as_str()?)));
        let lines: Vec<_> = fields.map(|(field, text)| format!("    \"{field}\": {}", Value::from(text))).collect();
        (!lines.is_empty()).then(|| format!("  \"{name}\": {{\n{}\n  }}", lines.join(",\n")))
    };
    let versions: Vec<_> = ["clientVersion", "serverVersion"].into_iter().filter_map(version).collect();
    format!("{{\n{}\n}}\n", versions.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_order_of_gos_types() {
        let server = json!({"gitVersion": "v1.33.1", "minor": "33", "major": "1", "unknown": "x"});
        let expected = format!(
            "{{\n  \"clientVersion\": {{\n    \"gitVersion\": \"{CLIENT}\"\n  }},\n  \"serverVersion\": {{\n    \
             \"major\": \"1\",\n    \"minor\": \"33\",\n    \"gitVersion\": \"v1.33.1\"\n  }}\n}}\n"
        );
        assert_eq!(text(&OutputFormat::Json, Some(server)), expected);
        assert!(text(&OutputFormat::Yaml, None).ends_with("kubently\n\n"));
    }
}
