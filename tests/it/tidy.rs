//! The arrows of ARCHITECTURE.md, checked: who may import whom.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

async fn metadata() -> Value {
    let mut cargo = tokio::process::Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--no-deps", "--offline"]);
    let output = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Our crates with their dependencies at run time.
async fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata().await;
    let crates = metadata["packages"].as_array().unwrap().iter().map(|package| {
        let all = package["dependencies"].as_array().unwrap().iter();
        let normal = all.filter(|dependency| dependency["kind"].is_null());
        let names = normal.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect();
        (package["name"].as_str().unwrap().to_owned(), names)
    });
    crates.collect()
}

#[tokio::test]
async fn our_crates_import_each_other_as_drawn() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = [
        ("kubently-core", vec![]),
        ("kubently-proto", vec!["kubently-core"]),
        ("kubently-policy", vec!["kubently-core"]),
        ("kubently-server", vec!["kubently-core", "kubently-policy", "kubently-proto"]),
        ("kubently-render", vec![]),
        ("kubently-executor", vec!["kubently-core", "kubently-policy", "kubently-proto", "kubently-render"]),
        ("kubently-democluster", vec![]),
        ("kubently-bench", vec!["kubently-core", "kubently-proto", "kubently-democluster"]),
        (
            "kubently",
            vec![
                "kubently-core",
                "kubently-policy",
                "kubently-proto",
                "kubently-server",
                "kubently-executor",
                "kubently-democluster",
            ],
        ),
    ]
    .map(|(name, uses)| (name, uses.into_iter().collect()))
    .into();
    for (name, uses) in dependencies().await {
        let ours: BTreeSet<&str> =
            uses.iter().map(String::as_str).filter(|name| name.starts_with("kubently")).collect();
        let allowed = allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} is not drawn in ARCHITECTURE.md"));
        assert!(ours.is_subset(allowed), "{name} uses {ours:?}, allowed is {allowed:?}");
    }
}

#[tokio::test]
async fn foreign_crates_stay_in_their_rooms() {
    let programs = &["kubently", "kubently-bench"][..];
    let rooms = [
        ("redis", &["kubently-server"][..]),
        ("kube", &["kubently-executor"]),
        ("clap", programs),
        ("anyhow", programs),
    ];
    let dependencies = dependencies().await;
    for (foreign, rooms) in rooms {
        let users: Vec<&String> =
            dependencies.iter().filter(|(_, uses)| uses.contains(foreign)).map(|(name, _)| name).collect();
        assert_eq!(users, rooms, "{foreign}");
    }
    let core = &dependencies["kubently-core"];
    for io in ["tokio", "tonic", "serde", "reqwest", "axum", "prost"] {
        assert!(!core.contains(io), "kubently-core does no I/O and promises no format, but uses {io}");
    }
}

/// Every source file outside tests, by path.
fn sources(dir: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn faces_never_reach_past_the_services() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/server/src");
    let mut files = Vec::new();
    for face in ["grpc", "gateway"] {
        sources(&root.join(face), &mut files);
        files.push(root.join(format!("{face}.rs")));
    }
    assert!(files.len() > 10);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for hidden in ["crate::bus", "crate::store", "crate::journal", "crate::redis"] {
            assert!(!text.contains(hidden), "{} uses {hidden}", file.display());
        }
        let other = if file.to_string_lossy().contains("grpc") { "crate::gateway" } else { "crate::grpc" };
        assert!(!text.contains(other), "{} uses the other face", file.display());
    }
}

#[test]
fn files_stay_short_and_there_is_no_mod_rs() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for dir in ["src", "crates", "tests"] {
        sources(&root.join(dir), &mut files);
    }
    for file in files {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 500, "{} has {lines} lines", file.display());
        assert_ne!(file.file_name().unwrap(), "mod.rs", "{}", file.display());
    }
}
