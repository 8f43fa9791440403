//! Compiles the contracts in `proto/`. This is the build script of `crates/proto`
//! (`build = "../../build.rs"`), kept at the root beside the contracts it reads.

use std::{env, error::Error, path::PathBuf};

/// Every contract, by path below `proto/`.
const CONTRACTS: [&str; 6] = [
    "kubently/v1/command.proto",
    "kubently/v1/debug.proto",
    "kubently/v1/clusters.proto",
    "kubently/v1/admin.proto",
    "kubently/v1/executor.proto",
    "kubently/bus/v1/bus.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join("../../proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let descriptors = out.join("kubently_descriptor.bin");
    let files: Vec<PathBuf> = CONTRACTS.iter().map(|path| root.join(path)).collect();
    println!("cargo:rerun-if-changed={}", root.display());

    let mut prost = tonic_prost_build::Config::new();
    prost
        .protoc_executable(protoc_bin_vendored::protoc_bin_path()?)
        .bytes(["."])
        .compile_well_known_types()
        .extern_path(".google.protobuf", "::pbjson_types");
    tonic_prost_build::configure().file_descriptor_set_path(&descriptors).compile_with_config(
        prost,
        &files,
        &[root],
    )?;

    pbjson_build::Builder::new().register_descriptors(&std::fs::read(descriptors)?)?.build(&[".kubently.v1"])?;
    Ok(())
}
