//! Every committed input of the fuzz targets, on stable: what was found once stays found.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::path::{Path, PathBuf};
use std::{fs, panic};
use throng_tests::fuzzing::{TARGETS, memory};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn folder(of: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(of).join(target)
}

/// The files of a folder in the order of their names.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries
        .map(|entry| {
            let entry = entry.expect("the folder can be read");
            let name = entry.file_name().into_string().expect("names are ASCII");
            (name, fs::read(entry.path()).expect("the file can be read"))
        })
        .collect();
    files.sort();
    files
}

// One test in this binary and not more: while a target runs, what is allocated is counted.
#[test]
fn every_committed_input_passes_its_target_and_the_seeds_are_those_that_are_made() {
    every_target_is_listed_wherever_targets_are();
    memory::count_with(|| ALLOCATOR.stats().bytes_allocated);
    let mut failed = Vec::new();
    for target in TARGETS {
        let seeds = files(&folder("seeds", target.name));
        let mut made = (target.seeds)();
        made.sort();
        assert_eq!(seeds, made, "`cargo run -p throng-tests --bin fuzz-seeds` writes them anew");
        let found = files(&folder("corpus", target.name));
        assert!(!found.is_empty(), "`fuzz/minimise` has written no corpus of {}", target.name);
        for (name, bytes) in seeds.iter().chain(&found) {
            if panic::catch_unwind(|| (target.run)(bytes)).is_err() {
                failed.push(format!("{}/{name}", target.name));
            }
        }
    }
    assert!(failed.is_empty(), "these fail: {failed:?}");
}

/// What the fuzzers run is what is run here.
fn every_target_is_listed_wherever_targets_are() {
    let mut known: Vec<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    known.sort();
    let listed = |file: &str, name: fn(&str) -> Option<&str>| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(file);
        let text = fs::read_to_string(path).expect("the file can be read");
        let mut names: Vec<_> = text.lines().filter_map(name).map(str::to_owned).collect();
        names.sort();
        names
    };
    let in_script = listed("run", |line| line.strip_prefix("    \"")?.strip_suffix('"')?.split(' ').next());
    assert_eq!(in_script, known, "fuzz/run");
    let in_manifest =
        listed("Cargo.toml", |line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""));
    assert_eq!(in_manifest, known, "fuzz/Cargo.toml");
}
