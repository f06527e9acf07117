//! A file holds one idea, and is found by its name: no source is longer than 500 lines. How long a function may be, clippy says
//! (`too_many_lines`, with the number in `clippy.toml`).

use std::fs;
use std::path::{Path, PathBuf};

const MOST: usize = 500;

/// The folders of all packages, those of tests and examples included.
const FOLDERS: [&str; 5] = ["core", "fuzz", "runtime-async-std", "runtime-tokio", "tests"];

/// What builds and tests leave there.
const LEFT_OUT: [&str; 4] = ["target", "node_modules", "corpus", ".venv"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it is a folder") {
        let entry = entry.expect("it can be read");
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().expect("it has one").is_dir() {
            if !LEFT_OUT.iter().any(|left_out| name == *left_out) {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    for folder in FOLDERS {
        sources(&root.join(folder), &mut found);
    }
    assert!(found.len() > 500, "only {} sources are found", found.len());
    let mut long = Vec::new();
    for path in found {
        let lines = fs::read_to_string(&path).expect("it is UTF-8").lines().count();
        if lines > MOST {
            long.push(format!("{}: {lines}", path.strip_prefix(&root).unwrap_or(&path).display()));
        }
    }
    long.sort();
    assert!(long.is_empty(), "longer than {MOST} lines:\n{}", long.join("\n"));
}
