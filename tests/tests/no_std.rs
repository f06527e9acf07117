//! The hub, and its traces, are free of std.

use std::path::Path;
use std::process::Command;

fn cargo() -> Command {
    Command::new(env!("CARGO"))
}

#[test]
fn a_binary_without_std_links_the_hub_runs_and_replays_it() {
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
    assert_eq!(ran.code(), Some(0), "both clients are given the frame, and again in the replay");
}
