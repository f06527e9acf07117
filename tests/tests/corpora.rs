//! Every committed input of the fuzz targets, on stable: what was found once stays found.

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use std::alloc::System;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, panic};
use throng_core::hub::Config;
use throng_core::trace::Recorder;
use throng_tests::fuzzing::reach::{self, Depth};
use throng_tests::fuzzing::{TARGETS, memory};

/// After a change of a format, and after `cargo run -p throng-tests --bin fuzz-seeds`.
const RENEW: &str =
    "fuzz/README.md says how a corpus is renewed: `fuzz/run 300 TARGET`, then `fuzz/minimise TARGET`";

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
    the_dictionary_of_traces_has_their_magic_and_version();
    the_corpus_of_traces_is_of_their_format();
    the_corpus_of_hub_events_reaches_what_there_is();
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
        let mut names: Vec<_> = text(file).lines().filter_map(name).map(str::to_owned).collect();
        names.sort();
        names
    };
    let in_script = listed("run", |line| line.strip_prefix("    \"")?.strip_suffix('"')?.split(' ').next());
    assert_eq!(in_script, known, "fuzz/run");
    let in_manifest =
        listed("Cargo.toml", |line| line.strip_prefix("path = \"targets/")?.strip_suffix(".rs\""));
    assert_eq!(in_manifest, known, "fuzz/Cargo.toml");
}

/// The file's text, found from the folder of the fuzz targets.
fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn the_dictionary_of_traces_has_their_magic_and_version() {
    let log = Recorder::new(&Config::default()).take();
    let (magic, version) = (log[..8].escape_ascii(), &log[8..10]);
    let line = format!("magic=\"{magic}\\x{:02x}\\x{:02x}\"", version[0], version[1]);
    let dictionary = text("dictionaries/trace.dict");
    assert!(dictionary.lines().any(|found| found == line), "fuzz/dictionaries/trace.dict must have {line}");
}

/// Logs of another version, or of another layout, are refused: all of them pass, and not one finds anything.
fn the_corpus_of_traces_is_of_their_format() {
    let (mut known, mut reached) = (BTreeSet::new(), BTreeSet::new());
    for (_, log) in files(&folder("seeds", "trace_file")) {
        reach::trace_file(&log, &mut known);
    }
    let corpus = files(&folder("corpus", "trace_file"));
    let depths: Vec<_> = corpus.iter().map(|(_, log)| reach::trace_file(log, &mut reached)).collect();
    for (depth, percent) in [(Depth::Read, 50), (Depth::Replayed, 20)] {
        let count = depths.iter().filter(|&&found| found >= depth).count();
        assert!(
            100 * count >= percent * corpus.len(),
            "only {count} of {} logs of fuzz/corpus/trace_file get as far as {depth:?}; {RENEW}",
            corpus.len(),
        );
    }
    let missed: Vec<_> = known.difference(&reached).collect();
    assert!(missed.is_empty(), "fuzz/corpus/trace_file replays nothing with {missed:?}; {RENEW}");
}

/// Bytes stand for other operations as soon as there is one more kind of them.
fn the_corpus_of_hub_events_reaches_what_there_is() {
    let model = text("../tests/model/reach.rs");
    let mut wanted: BTreeSet<_> = model
        .lines()
        .filter_map(|line| line.strip_prefix("    \"")?.strip_suffix("\",").map(str::to_owned))
        .collect();
    assert!(wanted.len() > 60, "tests/model/reach.rs names what a run can reach: {wanted:?}");
    let (mut by_seeds, mut by_corpus) = (BTreeSet::new(), BTreeSet::new());
    for (of, reached) in [("seeds", &mut by_seeds), ("corpus", &mut by_corpus)] {
        for (_, input) in files(&folder(of, "hub_events")) {
            reach::hub_events(&input, reached);
        }
    }
    // The seeds are noise, which is every kind of operation; a corpus is not there for what they reach already.
    wanted.extend(by_seeds.iter().filter(|name| name.starts_with("Op::")).cloned());
    by_seeds.retain(|name| !name.starts_with("Op::"));
    by_corpus.append(&mut by_seeds);
    let missed: Vec<_> = wanted.difference(&by_corpus).collect();
    assert!(missed.is_empty(), "fuzz/corpus/hub_events does not reach {missed:?}; {RENEW}");
}
