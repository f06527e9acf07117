//! The hub alone is free of std, and pulls only what it names.

use std::path::Path;
use std::process::Command;

fn cargo() -> Command {
    Command::new(env!("CARGO"))
}

#[test]
fn a_binary_without_std_links_the_hub_and_runs_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("no_std");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no_std");
    let built = cargo()
        .args(["build", "--quiet", "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()
        .expect("cargo starts");
    assert!(built.success(), "the binary without std does not build");
    let ran = Command::new(target.join("debug/throng-no-std")).status().expect("the binary starts");
    assert_eq!(ran.code(), Some(0), "both clients are given the frame");
}

#[test]
fn the_hub_alone_pulls_only_its_named_packages() {
    let tree = cargo()
        .args(["tree", "--package", "throng-core", "--no-default-features", "--edges", "normal"])
        .args(["--prefix", "none", "--format", "{lib}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let mut packages: Vec<_> =
        str::from_utf8(&tree.stdout).expect("names are text").split_whitespace().collect();
    packages.sort_unstable();
    assert_eq!(packages, ["bytes", "hashbrown", "siphasher", "slab", "throng_core"]);
}
