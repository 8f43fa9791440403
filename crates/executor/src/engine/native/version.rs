//! `version`

use kubently_core::kubectl::{OutputFormat, VersionCommand};
use kubently_render::{json as go_json, yaml};
use serde_json::{Value, json};

use super::{
    Ended,
    api::{Api, JSON},
    fault::Fault,
};
use crate::runner::Output;

/// What stands where kubectl names itself.
const CLIENT: &str = concat!("v", env!("CARGO_PKG_VERSION"), "+kubently");

pub(super) fn covers(version: &VersionCommand) -> bool {
    matches!(version.output, OutputFormat::Default | OutputFormat::Json | OutputFormat::Yaml)
}

/// The versions of this engine and of the server.
pub(super) async fn run(api: &Api<'_>, version: &VersionCommand, output: &Output) -> Ended {
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
        OutputFormat::Json => go_json::print(&whole),
        OutputFormat::Yaml => yaml::print(&whole),
        _ => {
            let server = whole["serverVersion"]["gitVersion"].as_str();
            let server = server.map(|version| format!("Server Version: {version}\n")).unwrap_or_default();
            format!("Client Version: {CLIENT}\n{server}")
        }
    }
}
