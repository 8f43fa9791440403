//! `kubently version`.

use serde::Serialize;

use crate::{args::client::DataArgs, exit, output::Output};

/// What this binary is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    client_version: &'static str,
}

pub(super) fn run(args: &DataArgs, output: &mut Output) -> anyhow::Result<u8> {
    let client_version = env!("CARGO_PKG_VERSION");
    output.word(args.format, &Version { client_version }, &format!("kubently {client_version}"))?;
    Ok(exit::OK)
}
